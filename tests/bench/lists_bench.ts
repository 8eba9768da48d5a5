/**
 * What a member's change costs a watcher of a list of a thousand: to mark it, choose it and write its multipart. Budget: 3 µs; exits with 1
 * beyond it.
 * Run: node_modules/bun/bin/bun.exe tests/bench/lists_bench.ts [--json]
 */
import { limits } from "../../lib/runtime/limits.ts";
import { Site } from "../support/site.ts";

const BUDGET_NS = 3_000;
const MEMBER_COUNT = 1_000;
const CHANGES = 100_000;

const extens = Array.from({ length: MEMBER_COUNT }, (_, i) => String(2000 + i));
const site = await Site.start(
  `
[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
[contexts.default.hints]
${extens.map((exten) => `${exten} = "Custom:d${exten}"`).join("\n")}
[lists.panel]
event = "dialog"
list_item = [${extens.map((exten) => `"${exten}"`).join(", ")}]
`,
  ["tcp"],
);
const phone = site.phone("192.0.2.10", "tcp");
phone.subscribe({ exten: "panel", event: "dialog", expires: 3600, extra: ["Supported: eventlist"] });
await site.pass();
const [subscription] = [...site.core.subscriptions.all()];
const { list, fill } = subscription!;
const members = extens.map((exten) => site.core.engine.lookup("default", exten)!);

let best = Infinity;
let bytes = 0;
for (let round = 0; round < 7; round++) {
  const start = performance.now();
  for (let i = 0; i < CHANGES; i++) {
    list!.memberChanged(members[i * 7 % MEMBER_COUNT]!);
    list!.settle();
    bytes = list!.compose(limits.messageBytes).byteLength();
    list!.sent();
    list!.delivered();
    fill.version++;
  }
  best = Math.min(best, (performance.now() - start) / CHANGES * 1e6);
}

const report = { members: MEMBER_COUNT, bytes, changeNanos: Math.round(best), budgetNanos: BUDGET_NS };
process.stdout.write(
  process.argv.includes("--json")
    ? `${JSON.stringify(report)}\n`
    : `a change in a list of ${MEMBER_COUNT}: ${bytes} bytes, ${report.changeNanos} ns\n`,
);
process.exit(report.changeNanos > BUDGET_NS ? 1 : 0);
