/**
 * Measures hintd where it hurts: strangers amid a fan-out to 20,000, a change among 100,000 subscriptions to other extensions,
 * a pulled plug with 20,000 subscriptions on the disk, 20,000 that settle, and 20,000 that come and go. Prints a Markdown table.
 *
 * Run: `deno task bench:edges [--only PART OF A NAME]`, after `deno task build --host`; takes eight minutes and 2 GB, most of it the phones'.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { untilAnswered, untilSo } from "../e2e/hintd.ts";
import { Phones } from "./phones.ts";
import type { Probes } from "./prober.ts";
import { cpuNanos, droppedDatagrams, median, pssMegabytes } from "./proc.ts";
import { Publisher } from "./publisher.ts";
import { longestTurn, type MeasuredHintd, startMeasuredHintd } from "./servers.ts";

const ADDRESS = "127.0.0.1";
/** Fan-outs whose middle counts. */
const CHANGE_COUNT = 5;
const WINDOW = 200;
/** Fan-outs of a thousand until what they need is compiled, and after that. */
const WARM_COUNT = 100;
const AMONG_COUNT = 200;
/** hintd looks every ten seconds whether a crowd stands still, and then gives memory back. */
const GIVEN_BACK_MILLIS = 25_000;
const LOOK_MILLIS = 500;
const STEADY_MEGABYTES = 3;
/** Times that all come and go. */
const COME_AND_GO_COUNT = 4;

type Line = readonly [what: string, found: string, wanted: string, isReached: boolean];
const lines: Line[] = [];

function openPhones(port: number, watchers: number, resources: readonly string[]): Promise<Phones> {
  return Phones.open({ address: ADDRESS, port, watchers, resources, event: "dialog", expires: 3_600, user: "guest" });
}

/** Resolves once `condition` holds; it is looked at after each datagram. */
function until(phones: Phones, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!condition()) return;
      phones.onProgress(() => {});
      resolve();
    };
    phones.onProgress(look);
    look();
  });
}

async function subscribeAll(phones: Phones, watchers: number, expires?: number): Promise<void> {
  phones.newsCount = phones.grantedCount = 0;
  for (let watcher = 0; watcher < watchers; watcher++) {
    phones.subscribe(watcher, expires);
    if (watcher % 16 === 15) {
      await until(phones, () => watcher - Math.min(phones.grantedCount, phones.newsCount) < WINDOW);
    }
  }
  await until(phones, () => phones.grantedCount >= watchers && phones.newsCount >= watchers);
}

/** Changes an extension; resolves when all who watch it were told. */
async function change(phones: Phones, publisher: Publisher, watchers: number, round: number): Promise<void> {
  phones.newsCount = 0;
  await publisher.change("2000", round % 2 === 0);
  await until(phones, () => phones.newsCount >= watchers);
}

/** @param exten What the probes subscribe to; without, they only ask for options. */
async function probeDuring(port: number, action: () => Promise<void>, exten?: string): Promise<Probes> {
  const command = [process.execPath, join(import.meta.dir, "prober.ts"), String(port), ...(exten ? [exten] : [])];
  const prober = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const reader = prober.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  await action();
  prober.kill("SIGTERM");
  let text = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
  return JSON.parse(text) as Probes;
}

const millis = (value: number) => `${value.toFixed(0)} ms`;

/** Does something, and says how long its longest turn of the event loop was: between two bounds of the histogram. */
async function noteTurns<T>(hintd: MeasuredHintd, what: string, action: () => Promise<T>): Promise<T> {
  const before = await hintd.turnCounts();
  const result = await action();
  const bound = longestTurn(before, await hintd.turnCounts());
  lines.push([`longest turn of the event loop, ${what}`, `≤ ${millis(bound)}`, "≤ 50 ms", bound <= 50]);
  return result;
}

/** A fan-out to 20,000 with strangers in it, and a pulled plug after it. */
async function measureManyOfOne(): Promise<void> {
  const watchers = 20_000;
  const hintd = await startMeasuredHintd();
  try {
    const phones = await openPhones(hintd.port, watchers, ["2000"]);
    await subscribeAll(phones, watchers);
    const publisher = new Publisher(phones, { address: ADDRESS, port: hintd.port, trigger: "dialog" });
    for (let round = 0; round < 2; round++) await change(phones, publisher, watchers, round);
    const fanOut = async () => {
      for (let round = 0; round < CHANGE_COUNT; round++) await change(phones, publisher, watchers, round);
    };
    const probes = await noteTurns(hintd, "fan-outs to 20,000", () => probeDuring(hintd.port, fanOut, "2001"));
    const { options, subscribe, lostCount } = probes;
    lines.push(
      ["OPTIONS amid fan-outs to 20,000: slowest answer", millis(options.last), "≤ 50 ms", options.last <= 50],
      [
        "new SUBSCRIBE amid fan-outs to 20,000: slowest answer",
        millis(subscribe.last),
        "≤ 50 ms",
        subscribe.last <= 50,
      ],
      ["probes without an answer", String(lostCount), "0", lostCount === 0],
    );

    await hintd.kill();
    phones.newsCount = 0;
    const startedAt = performance.now();
    const started = hintd.startAgain();
    await untilAnswered(hintd.port, { everyMillis: 5 });
    const answered = performance.now() - startedAt;
    await Promise.all([started, until(phones, () => phones.newsCount >= watchers)]);
    const told = performance.now() - startedAt;
    lines.push(
      ["start with 20,000 subscriptions on the disk: first answer", millis(answered), "≤ 1000 ms", answered <= 1_000],
      ["the same: all told anew", millis(told), "≤ 3000 ms", told <= 3_000],
      [
        "NOTIFYs that came twice, SUBSCRIBEs sent again, datagrams dropped",
        lossOf(phones, hintd.port),
        "0, 0, 0",
        lossOf(phones, hintd.port) === "0, 0, 0",
      ],
    );
  } finally {
    await hintd.end();
  }
}

function lossOf({ repeatedCount, retransmittedCount }: Phones, port: number): string {
  return `${repeatedCount}, ${retransmittedCount}, ${droppedDatagrams(port)}`;
}

/** A hintd with watchers of one extension, and what its changes cost. */
class WatchedHintd {
  /** µs of processor time per NOTIFY, of each change. */
  readonly costs: number[] = [];
  readonly #hintd: MeasuredHintd;
  readonly #watchers: number;
  readonly #phones: Phones;
  readonly #publisher: Publisher;

  private constructor(hintd: MeasuredHintd, watchers: number, phones: Phones) {
    this.#hintd = hintd;
    this.#watchers = watchers;
    this.#phones = phones;
    this.#publisher = new Publisher(phones, { address: ADDRESS, port: hintd.port, trigger: "dialog" });
  }

  static async open(hintd: MeasuredHintd, watchers: number): Promise<WatchedHintd> {
    const phones = await openPhones(hintd.port, watchers, ["2000"]);
    await subscribeAll(phones, watchers);
    return new WatchedHintd(hintd, watchers, phones);
  }

  async change(round: number): Promise<void> {
    const before = cpuNanos(this.#hintd.pid);
    await change(this.#phones, this.#publisher, this.#watchers, round);
    this.costs.push((cpuNanos(this.#hintd.pid) - before) / 1e3 / this.#watchers);
  }
}

/**
 * What a change of one extension costs among 100,000 subscriptions to others, beside a hintd that has none of those: both take turns, so
 * that a machine that drifts drifts for both.
 */
async function measureAmongOthers(): Promise<void> {
  const [watchers, others] = [1_000, 100_000];
  const hintds: MeasuredHintd[] = [];
  try {
    for (let i = 0; i < 2; i++) hintds.push(await startMeasuredHintd());
    const [alone, among] = await Promise.all(hintds.map((hintd) => WatchedHintd.open(hintd, watchers)));
    const crowd = await openPhones(hintds[1]!.port, others, Array.from({ length: 99 }, (_, i) => String(2_001 + i)));
    await subscribeAll(crowd, others);
    for (let round = 0; round < WARM_COUNT + AMONG_COUNT; round++) {
      for (const each of round % 2 === 0 ? [alone!, among!] : [among!, alone!]) await each.change(round);
    }
    const [without, found] = [alone!, among!].map(({ costs }) => median(costs.slice(WARM_COUNT))) as [number, number];
    const ratio = found / without;
    lines.push([
      "CPU per NOTIFY with 100,000 subscriptions to others",
      `${found.toFixed(1)} µs, without ${without.toFixed(1)} µs: ${ratio.toFixed(2)}`,
      "≤ 1.10",
      ratio <= 1.1,
    ]);
  } finally {
    for (const hintd of hintds) await hintd.end();
  }
}

/**
 * How long anybody waits while 20,000 subscribe and refresh; what memory a subscription takes then, and once memory was given
 * back; and what the fan-out is like that comes next.
 */
async function measureSettled(): Promise<void> {
  const watchers = 20_000;
  const hintd = await startMeasuredHintd();
  try {
    const before = pssMegabytes(hintd.pid);
    const kilobytesEach = () => (pssMegabytes(hintd.pid) - before) * 1024 / watchers;
    const phones = await openPhones(hintd.port, watchers, ["2000"]);
    const publisher = new Publisher(phones, { address: ADDRESS, port: hintd.port, trigger: "dialog" });
    const told = async (round: number) => {
      const begin = performance.now();
      await change(phones, publisher, watchers, round);
      return performance.now() - begin;
    };
    const subscribing = () => probeDuring(hintd.port, () => subscribeAll(phones, watchers));
    const coming = await noteTurns(hintd, "20,000 subscribe to a hintd just started", subscribing);
    const refreshing = await noteTurns(hintd, "20,000 refresh", subscribing);
    const warm: number[] = [];
    for (let round = 0; round < CHANGE_COUNT; round++) warm.push(await told(round));
    const full = kilobytesEach();
    // The answers to them are there to be repeated for 32 s; what is no longer needed then is given back soon.
    await untilSo(async () => await hintd.livingCount() <= watchers * 1.1);
    await noteTurns(hintd, "memory is given back", () => untilGivenBack(hintd.pid));
    const settled = kilobytesEach();
    const next = await told(1);
    const judged = ({ options: { last } }: Probes) => [millis(last), "≤ 50 ms", last <= 50] as const;
    lines.push(
      ["OPTIONS while 20,000 subscribe: slowest answer", ...judged(coming)],
      ["OPTIONS while 20,000 refresh: slowest answer", ...judged(refreshing)],
      [
        "memory per subscription, 20,000 of one",
        `${settled.toFixed(1)} KB, while they come ${full.toFixed(1)} KB`,
        "≤ 3 KB",
        settled <= 3,
      ],
      [
        "the next fan-out to 20,000: last one told",
        `${millis(next)}, before ${millis(median(warm))}`,
        "≤ 500 ms",
        next <= 500,
      ],
    );
  } finally {
    await hintd.end();
  }
}

/** Resolves once a process has needed the same memory for so long that it would have given back more by now. */
async function untilGivenBack(pid: number): Promise<void> {
  let steady = pssMegabytes(pid);
  let looks = 0;
  await untilSo(() => {
    const now = pssMegabytes(pid);
    if (Math.abs(now - steady) > STEADY_MEGABYTES) [steady, looks] = [now, 0];
    return Promise.resolve(++looks * LOOK_MILLIS > GIVEN_BACK_MILLIS);
  }, LOOK_MILLIS);
}

/** Whether memory comes back: as many subscribe, are told and leave, again and again. */
async function measureComeAndGo(): Promise<void> {
  const watchers = 20_000;
  const hintd = await startMeasuredHintd();
  try {
    const phones = await openPhones(hintd.port, watchers, ["2000"]);
    const publisher = new Publisher(phones, { address: ADDRESS, port: hintd.port, trigger: "dialog" });
    await publisher.change("2000", false);
    const before = await hintd.livingCount();
    const [sizes, peaks]: [number[], number[]] = [[], []];
    for (let round = 0; round < COME_AND_GO_COUNT; round++) {
      await subscribeAll(phones, watchers);
      await change(phones, publisher, watchers, round);
      const peak = pssMegabytes(hintd.pid);
      await subscribeAll(phones, watchers, 0);
      phones.forgetDialogs();
      // The answers to those who left are there to be repeated for 32 s.
      await untilSo(async () => await hintd.livingCount() <= before);
      await untilGivenBack(hintd.pid);
      sizes.push(pssMegabytes(hintd.pid));
      peaks.push(peak);
    }
    const [first, last] = [sizes[0]!, sizes.at(-1)!];
    lines.push([
      `memory after 20,000 had come and gone ${COME_AND_GO_COUNT} times`,
      `${last.toFixed(0)} MB, after the first time ${first.toFixed(0)} MB; with them there ${peaks[0]!.toFixed(0)} MB`,
      "no more than after the first time",
      last <= first * 1.1,
    ]);
  } finally {
    await hintd.end();
  }
}

const parts = {
  "many of one": measureManyOfOne,
  settled: measureSettled,
  "come and go": measureComeAndGo,
  "among others": measureAmongOthers,
};
const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
for (const [name, measure] of Object.entries(parts)) {
  if (name.includes(values.only)) await measure();
}
process.stdout.write(
  [
    "| | found | wanted |",
    "|---|---|---|",
    ...lines.map(([what, found, wanted, isReached]) =>
      `| ${what} | ${isReached ? found : `**${found}**`} | ${wanted} |`
    ),
    "",
  ].join("\n"),
);
process.exit(0);
