/**
 * The load generator, a process of its own: plays watchers against a server and measures what they cost it.
 *
 * 1. Has all watchers come and leave again, `--warm-comings` times. 2. Subscribes them, `--window` at a time; `--comings` times, between
 * which they leave again. Before the last of them the first `--pioneers` subscribe, and are told of a few changes. 3. Changes every watched
 * resource at once and waits until each watcher was told, `--warm-changes` times. 4. The same, `--changes` times. 5. Refreshes every
 * subscription, `--refreshes` times. 6. Rests for `--rest` seconds. What is warm only is not measured.
 *
 * Processor time is that of the server's processes, read from /proc before and after. Before each phase it says that it is ready, and waits
 * for a line on its standard input: so several generators can take turns, each with a server of its own.
 *
 * Run: bun tests/bench/load.ts --port PORT --pid PID --watchers N [--resources N] [--event dialog|presence]
 *   [--trigger dialog|presence|floor] [--transport udp|tcp] [--password WORD] [--window N] [--pioneers N] [--warm-comings N]
 *   [--warm-changes N] [--comings N] [--changes N] [--refreshes N] [--rest N]
 * Prints one line of JSON at the end: a LoadResult.
 */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { untilSo } from "../e2e/hintd.ts";
import { type LoadResult, type Phase, READY } from "./load_result.ts";
import { Phones } from "./phones.ts";
import { cpuNanosOf, droppedDatagrams, percentile, pssMegabytesOf, treeOf } from "./proc.ts";
import { Publisher, type Trigger } from "./publisher.ts";
import type { Transport } from "./wires.ts";

/** First of the watched users. */
const FIRST_EXTEN = 2_000;
const ADDRESS = "127.0.0.1";
/** An even number: all ends as it began. */
const PIONEER_CHANGES = 4;
/** Unanswered changes: a publisher that says a hundred things at once would be what overflows the server's buffer. */
const CHANGES_AT_ONCE = 16;
const PATIENCE_MILLIS = 60_000;

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    pid: { type: "string" },
    watchers: { type: "string", default: "1000" },
    resources: { type: "string", default: "1" },
    event: { type: "string", default: "dialog" },
    trigger: { type: "string", default: "dialog" },
    "warm-comings": { type: "string", default: "0" },
    "warm-changes": { type: "string", default: "0" },
    comings: { type: "string", default: "1" },
    pioneers: { type: "string", default: "0" },
    changes: { type: "string", default: "5" },
    refreshes: { type: "string", default: "0" },
    window: { type: "string", default: "40" },
    rest: { type: "string", default: "0" },
    password: { type: "string" },
    transport: { type: "string", default: "udp" },
  },
});
const port = Number(values.port);
const pids = treeOf(Number(values.pid));
const watchers = Number(values.watchers);
const subscribeWindow = Number(values.window);
const resources = Array.from({ length: Number(values.resources) }, (_, i) => String(FIRST_EXTEN + i));
const phones = await Phones.open({
  address: ADDRESS,
  port,
  watchers,
  resources,
  event: values.event as "dialog" | "presence",
  expires: 3_600,
  user: values.password === undefined ? "guest" : "member",
  password: values.password,
  transport: values.transport as Transport,
});
const turns = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const publisher = new Publisher(phones, { address: ADDRESS, port, trigger: values.trigger as Trigger });

/** Resolves as soon as `condition` holds; it is looked at after each datagram. */
function until(condition: () => boolean, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${what}: ${phones.newsCount} NOTIFYs, ${phones.grantedCount} grants`));
    }, PATIENCE_MILLIS);
    const look = () => {
      if (!condition()) return;
      clearTimeout(timer);
      phones.onProgress(() => {});
      resolve();
    };
    phones.onProgress(look);
    look();
  });
}

/** Measures `action`, which makes `count` messages and returns how long each took. */
async function measure(count: number, action: () => Promise<number[]>): Promise<Phase> {
  process.stdout.write(`${READY}\n`);
  if ((await turns.next()).done === true) process.exit(1);
  const own = process.cpuUsage();
  const cpu = cpuNanosOf(pids);
  const begin = performance.now();
  const latencies = await action();
  const millis = performance.now() - begin;
  const { user, system } = process.cpuUsage(own);
  return {
    count,
    millis,
    cpuMicrosEach: (cpuNanosOf(pids) - cpu) / 1e3 / count,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    last: percentile(latencies, 1),
    busyShare: (user + system) / 1e3 / millis,
  };
}

/** Sends the SUBSCRIBEs of watchers [first, end), a window at a time; done when all were granted and told. */
async function subscribe(first: number, end: number, expires?: number): Promise<number[]> {
  phones.newsCount = phones.grantedCount = 0;
  const sentAt = new Float64Array(end - first);
  for (let count = 0; count < end - first; count++) {
    sentAt[count] = performance.now();
    phones.subscribe(first + count, expires);
    if (count % 16 === 15) {
      await until(() => count - Math.min(phones.grantedCount, phones.newsCount) < subscribeWindow, "subscribing");
    }
  }
  await until(() => phones.grantedCount >= end - first && phones.newsCount >= end - first, "subscribing");
  return Array.from(sentAt, (at, i) => phones.notifiedAt(first + i) - at);
}

/** Changes all resources, of which the first `count` watchers are told. */
async function changeAll(round: number, count: number = watchers): Promise<number[]> {
  phones.newsCount = 0;
  const changedAt: number[] = [];
  const changeMore = async () => {
    while (changedAt.length < resources.length) {
      const exten = resources[changedAt.length]!;
      changedAt.push(performance.now());
      await publisher.change(exten, round % 2 === 0);
    }
  };
  await Promise.all(Array.from({ length: CHANGES_AT_ONCE }, changeMore));
  await until(() => phones.newsCount >= count, `change ${round}`);
  return Array.from({ length: count }, (_, i) => phones.notifiedAt(i) - changedAt[i % resources.length]!);
}

async function phases(count: number, action: (round: number) => Promise<number[]>): Promise<Phase[]> {
  const found: Phase[] = [];
  for (let round = 0; round < count; round++) found.push(await measure(watchers, () => action(round)));
  return found;
}

async function leave(): Promise<void> {
  await subscribe(0, watchers, 0);
  phones.forgetDialogs();
}

for (let round = 0; round < Number(values["warm-comings"]); round++) {
  await subscribe(0, watchers);
  await leave();
}
const comings: Phase[] = [];
while (comings.length < Number(values.comings) - 1) {
  comings.push(await measure(watchers, () => subscribe(0, watchers)));
  await leave();
}
// What a server needs once, its code and the room for recent messages, it needs for the first thousand: the others tell what each needs.
const pioneers = Number(values.pioneers);
if (pioneers > 0) {
  await subscribe(0, pioneers);
  for (let round = 0; round < PIONEER_CHANGES; round++) await changeAll(round, pioneers);
}
const before = pssMegabytesOf(pids);
comings.push(await measure(watchers - pioneers, () => subscribe(pioneers, watchers)));
// An even number of these, too: what follows begins as it would without them.
for (let round = 0; round < Number(values["warm-changes"]); round++) await changeAll(round);
const changes = await phases(Number(values.changes), changeAll);
const full = pssMegabytesOf(pids);
const refreshes = await phases(Number(values.refreshes), () => subscribe(0, watchers));
const restedAt = performance.now() + Number(values.rest) * 1_000;
await untilSo(() => Promise.resolve(performance.now() >= restedAt));
const rested = pssMegabytesOf(pids);
const { repeatedCount, retransmittedCount } = phones;
const result: LoadResult = {
  comings,
  changes,
  refreshes,
  pss: { before, full, rested },
  repeatedCount,
  retransmittedCount,
  droppedCount: droppedDatagrams(port),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
