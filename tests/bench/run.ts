/**
 * Measures the compiled binary of this machine: start, idle memory, subscriptions and fan-out beside the floor. Ends with 1 when
 * a budget is broken or something was lost; other times are for people.
 *
 * Run: `deno task bench`, after `deno task build --host`. `HINTD_BINARY` names another binary; empty means the source.
 * `--json` prints one line that two runs can be compared by.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, testedBinary } from "../e2e/binary.ts";

const scratch = mkdtempSync(join(tmpdir(), "hintd-bench-"));
const binary = testedBinary();
// A copy of its own: pages of a binary that somebody else runs as well would count in part only.
if (binary !== "") copyFileSync(binary, join(scratch, "hintd"));
process.env.HINTD_BINARY = binary === "" ? "" : join(scratch, "hintd");
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const { Hintd, untilAnswered } = await import("../e2e/hintd.ts");
const { freePort } = await import("../e2e/ports.ts");
const { median, pssMegabytes, rssMegabytes } = await import("./proc.ts");
const { load, startFloor, startMeasuredHintd } = await import("./servers.ts");

type Server = import("./servers.ts").Server;
type LoadResult = import("./load_result.ts").LoadResult;
type Phase = import("./load_result.ts").Phase;

const START_BUDGET_MILLIS = 150;
const IDLE_BUDGET_MEGABYTES = 64;
const START_COUNT = 15;
const WATCHERS = 2_000;
/** OPTIONS answered before memory is taken for idle, one every tenth of a second. */
const IDLE_EXCHANGES = 20;

/** The shipped configuration with its sockets moved to free ports of loopback and its data beside it. */
async function shippedConfig(directory: string) {
  const [sipPort, httpPort] = [await freePort(), await freePort()];
  const text = readFileSync(join(root, "config.toml"), "utf8")
    .replace(/^(\s*bind\s*=\s*)"[^"]*:5060"/gm, `$1"127.0.0.1:${sipPort}"`)
    .replace(/^(\s*bind\s*=\s*)"[^"]*:8080"/gm, `$1"127.0.0.1:${httpPort}"`);
  const configFile = join(directory, "config.toml");
  writeFileSync(configFile, text);
  return { configFile, office: { sipPort, httpPort, dataDir: join(directory, "data") } };
}

/** Milliseconds from the start of the process to its first answered OPTIONS, and what it weighs afterwards. */
async function measureStart() {
  const { configFile, office } = await shippedConfig(scratch);
  const starts: number[] = [];
  let idle = { pss: 0, rss: 0 };
  for (let i = 0; i < START_COUNT; i++) {
    const hintd = new Hintd(office, configFile, scratch);
    const begin = performance.now();
    await hintd.begin({ probeMillis: 1 });
    starts.push(performance.now() - begin);
    if (i === START_COUNT - 1) {
      for (let n = 0; n < IDLE_EXCHANGES; n++) await untilAnswered(office.sipPort, { afterMillis: 100 });
      idle = { pss: pssMegabytes(hintd.pid), rss: rssMegabytes(hintd.pid) };
    }
    await hintd.end();
  }
  return { first: starts[0]!, median: median(starts), worst: Math.max(...starts), idle };
}

/** What is lost or said twice is a fault, whatever the machine; times are for people. */
function faultsOf(name: string, { comings, changes, repeatedCount, retransmittedCount }: LoadResult): string[] {
  const faults: string[] = [];
  if ([...comings, ...changes].some(({ count }) => count !== WATCHERS)) {
    faults.push("were not all told");
  }
  if (repeatedCount > 0) faults.push(`${repeatedCount} NOTIFYs came twice`);
  if (retransmittedCount > 0) faults.push(`${retransmittedCount} SUBSCRIBEs were sent again`);
  return faults.map((fault) => `${name}: ${fault}`);
}

async function measure(start: () => Promise<Server>, flags: readonly string[]): Promise<LoadResult> {
  const server = await start();
  try {
    return await load(server, ["--watchers", String(WATCHERS), "--resources", "20", ...flags]);
  } finally {
    await server.end();
  }
}

function loadLines(name: string, { comings, changes, refreshes }: LoadResult): string[] {
  const line = (what: string, phases: readonly Phase[]) => {
    const of = (key: keyof Phase) => median(phases.map((phase) => phase[key]));
    return `${name.padEnd(8)} ${what}: ${of("cpuMicrosEach").toFixed(0)} µs CPU each, ` +
      `50 % after ${of("p50").toFixed(0)} ms, last after ${of("last").toFixed(0)} ms`;
  };
  return [
    line(`${WATCHERS} new subscriptions`, comings),
    line(`${WATCHERS} told of a change`, changes),
    line(`${WATCHERS} refreshes`, refreshes),
  ];
}

/** A machine that was busy with something else is asked again. */
async function measureStartInPeace() {
  let start = await measureStart();
  for (let again = 0; again < 2 && start.median > START_BUDGET_MILLIS; again++) start = await measureStart();
  return start;
}

const start = await measureStartInPeace();
const hintd = await measure(startMeasuredHintd, ["--changes", "8", "--refreshes", "2"]);
const floor = await measure(startFloor, ["--changes", "8", "--refreshes", "2", "--trigger", "floor"]);
const faults = [
  ...(start.median > START_BUDGET_MILLIS ? [`start: beyond ${START_BUDGET_MILLIS} ms`] : []),
  ...(start.idle.pss > IDLE_BUDGET_MEGABYTES ? [`idle: beyond ${IDLE_BUDGET_MEGABYTES} MB`] : []),
  ...faultsOf("hintd", hintd),
];
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ bench: "appliance", start, hintd, floor, faults })}\n`);
} else {
  process.stdout.write(
    [
      `start    ${start.median.toFixed(0)} ms to the first answered OPTIONS (first ${start.first.toFixed(0)}, ` +
      `worst ${start.worst.toFixed(0)} of ${START_COUNT}); budget ${START_BUDGET_MILLIS} ms`,
      `idle     ${start.idle.pss.toFixed(1)} MB PSS (${
        start.idle.rss.toFixed(1)
      } MB RSS); budget ${IDLE_BUDGET_MEGABYTES} MB`,
      ...loadLines("hintd", hintd),
      ...loadLines("floor", floor),
      ...(faults.length === 0 ? ["within budget, nothing lost"] : faults),
      "",
    ].join("\n"),
  );
}
process.exit(faults.length === 0 ? 0 : 1);
