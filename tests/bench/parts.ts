/**
 * Measures where the time of a new SUBSCRIBE goes, part by part, beside the least that such a part needs on this runtime: the
 * real core and the real disk on real bytes, without sockets, in this process. Prints a Markdown table of microseconds each.
 *
 * Run: `deno task bench:parts`; takes half a minute.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Core } from "../../lib/app/core.ts";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import type { SubscriptionsPort } from "../../lib/event/subscription_record.ts";
import { writeNotify, writeNotifyHead } from "../../lib/event/notify_template.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { systemAlarm, Timers } from "../../lib/runtime/timers.ts";
import { Turn } from "../../lib/runtime/turn.ts";
import { checkSyntax } from "../../lib/sip/check.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { writeResponse } from "../../lib/sip/response.ts";
import { BindingsStore } from "../../lib/store/bindings_store.ts";
import { type Database, openDatabase } from "../../lib/store/database.ts";
import { FeaturesStore } from "../../lib/store/features_store.ts";
import { Journal } from "../../lib/store/journal.ts";
import { PublicationsStore } from "../../lib/store/publications_store.ts";
import { StatesStore } from "../../lib/store/states_store.ts";
import { SubscriptionsStore } from "../../lib/store/subscriptions_store.ts";
import { TagsStore } from "../../lib/store/tags_store.ts";
import { branchLength, newBranch } from "../../lib/transaction/branch.ts";
import { sampleSubject, variantsOf } from "../body/samples.ts";
import { configOf } from "../support/site.ts";
import { flowInto } from "./flow.ts";
import { bestNanos } from "./micro.ts";
import { median } from "./proc.ts";

const ADDRESS = "127.0.0.1";
const EXTENSIONS = 100;
/** SUBSCRIBEs of one run, and those that arrive in one turn of the event loop. */
const COUNT = 4_000;
const TURN_COUNT = 40;
/** Runs, of which the second half counts. */
const RUNS = 14;

const directory = mkdtempSync(join(tmpdir(), "hintd-parts-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const config = await configOf(`
[[listen]]
transport = "udp"
bind = "${ADDRESS}:5060"
[defaults.endpoint]
max_subscriptions = 250000
[endpoints.guest]
[contexts.default.hints]
${Array.from({ length: EXTENSIONS }, (_, i) => `${2000 + i} = "Custom:d${2000 + i}"`).join("\n")}
`);

/** A disk with nothing on it. */
function openFresh(): Database {
  return openDatabase({ directory: mkdtempSync(join(directory, "disk-")), log: silentLog, clock: systemClock });
}

let unique = 0;

function subscribe(watcher: number): Uint8Array {
  const [exten, id] = [2000 + watcher % EXTENSIONS, `${watcher}.${++unique}`];
  return Buffer.from(
    `SUBSCRIBE sip:${exten}@${ADDRESS}:5060 SIP/2.0\r\nVia: SIP/2.0/UDP ${ADDRESS}:40000;rport;branch=z9hG4bK${id}\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:guest@${ADDRESS}>;tag=t${id}\r\nTo: <sip:${exten}@${ADDRESS}>\r\n` +
      `Call-ID: c${id}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:w${watcher}@${ADDRESS}:40000>\r\nEvent: dialog\r\n` +
      `Accept: application/dialog-info+xml\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** The 200 of a phone to a NOTIFY. */
function answerTo(notify: Uint8Array): Uint8Array {
  const text = Buffer.from(notify).toString("latin1");
  const lines = ["Via", "From", "To", "Call-ID", "CSeq"].map((name) =>
    new RegExp(`\r\n${name}: [^\r]*`).exec(text)![0]
  );
  return Buffer.from(`SIP/2.0 200 OK${lines.join("")}\r\nContent-Length: 0\r\n\r\n`, "latin1");
}

/** A turn that ends when it is told to. */
function manualTurn() {
  let end = () => {};
  const turn = new Turn((callback) => void (end = callback));
  return { turn, finish: () => end() };
}

/** A core whose sockets are arrays, on a disk; `isForgetful` keeps no subscriptions. */
function openCore(database: Database, isForgetful: boolean) {
  const { turn, finish } = manualTurn();
  const timers = new Timers(systemClock, systemAlarm({ isOptional: true }));
  const journal = new Journal({ database, turn, timers });
  const nowhere: SubscriptionsPort = { load: () => [], start: 1, save() {}, saveNumbers() {}, remove() {} };
  const sent: Uint8Array[] = [];
  const flow = flowInto([ADDRESS, 5060], [ADDRESS, 40_000], (bytes) => sent.push(bytes) > 0);
  const core = new Core({
    config,
    clock: systemClock,
    timers,
    turn,
    entropy: systemEntropy,
    log: silentLog,
    states: new StatesStore(database),
    features: new FeaturesStore(database),
    bindings: new BindingsStore(database, journal),
    subscriptions: isForgetful ? nowhere : new SubscriptionsStore(database, journal),
    publications: new PublicationsStore(database, journal),
    tags: new TagsStore(database, journal, systemClock),
    durability: journal,
    nonceSecret: new Uint8Array(32).fill(7),
    flows: { flowFor: () => Promise.resolve(flow) },
    contactFlows: { flowFor: () => Promise.resolve(flow) },
    serverFlows: { flowFor: () => Promise.resolve(flow), noteFailure() {} },
    routes: { responseFlow: () => flow },
  });
  core.begin();
  return { core, flow, sent, finish, timers };
}

/** Microseconds of processor per call of `action`, which makes COUNT of what is measured. */
function timed(action: () => void): number {
  const begin = Bun.nanoseconds();
  action();
  return (Bun.nanoseconds() - begin) / 1e3 / COUNT;
}

/** Microseconds of one SUBSCRIBE until its answer and NOTIFY are written, and of one 200 to a NOTIFY. */
type Cost = { subscribe: number; answer: number };

/** A core on a disk of its own, to which run after run more watchers subscribe. */
function wholeCore(isForgetful: boolean) {
  const database = openFresh();
  const { core, flow, sent, finish, timers } = openCore(database, isForgetful);
  const costs: Cost[] = [];
  const receive = (messages: readonly Uint8Array[]) => {
    for (const bytes of messages) core.receiveMessage(bytes, 0, bytes.length, flow);
    finish();
  };
  return {
    /** Has COUNT watchers subscribe and answer their NOTIFYs. */
    run() {
      const requests = Array.from({ length: COUNT }, (_, i) => subscribe(costs.length * COUNT + i));
      const cost = { subscribe: 0, answer: 0 };
      for (let first = 0; first < COUNT; first += TURN_COUNT) {
        const arriving = requests.slice(first, first + TURN_COUNT);
        cost.subscribe += timed(() => receive(arriving));
        const [granted, notifies] = [sent.splice(0, TURN_COUNT), sent.splice(0)];
        if (granted.some((each) => each[8] !== 50) || notifies.length !== TURN_COUNT) {
          throw new Error("not all were told");
        }
        const answers = notifies.map(answerTo);
        cost.answer += timed(() => receive(answers));
      }
      costs.push(cost);
    },
    /** Ends; what one SUBSCRIBE cost when warm, and what the 200 of its NOTIFY. */
    end(): Cost {
      if (core.subscriptions.count !== RUNS * COUNT || core.fanout.queuedCount > 0) {
        throw new Error("not all were told");
      }
      const rows = database.rows<{ count: number }>("SELECT count(*) AS count FROM subscriptions")[0]!.count;
      if (rows !== (isForgetful ? 0 : RUNS * COUNT)) throw new Error(`${rows} are kept`);
      timers.stop();
      database.close();
      const middle = (key: keyof Cost) => median(costs.slice(RUNS / 2).map((cost) => cost[key]));
      return { subscribe: middle("subscribe"), answer: middle("answer") };
    },
  };
}

/** The least that keeping costs: rows of that length, in transactions of that many. */
function bareInserts(): number {
  const database = openFresh();
  const insert = database.prepare<void, [number, string]>(
    "INSERT OR REPLACE INTO subscriptions (id, record) VALUES (?, ?)",
  );
  const row = "x".repeat(420);
  const costs = Array.from({ length: RUNS }, (_, run) =>
    timed(() => {
      for (let first = 0; first < COUNT; first += TURN_COUNT) {
        database.commit(() => {
          for (let i = 0; i < TURN_COUNT; i++) insert.run(run * COUNT + first + i, row);
        });
      }
    }));
  database.close();
  return median(costs.slice(RUNS / 2));
}

const request = subscribe(7);
const message = new Message();
const parse = (bytes: Uint8Array) => {
  if (parseMessage(bytes, 0, bytes.length, message) !== undefined) throw message.failure;
};
let sink = 0;
const micros = (rounds: number, step: (i: number) => void) => bestNanos(rounds, step) / 1e3;
/** Looks at every byte once. */
const look = (bytes: Uint8Array) => {
  for (let i = 0; i < bytes.length; i++) sink += bytes[i]!;
};
const copyOf = (bytes: Uint8Array) => void (sink += Buffer.from(bytes).length);

const options = {
  status: 200,
  toTag: "o240tp91qamltoen",
  headers: [["Expires", "3600"], ["Contact", `<sip:${ADDRESS}:5060>`]],
  received: ADDRESS,
  rport: 40_000,
} as const;
const body = new Generators().render("application/dialog-info+xml", sampleSubject(), variantsOf("asterisk")[0]!);
const fill = holeFill({ entity: `sip:2007@${ADDRESS}`, remote: `sip:guest@${ADDRESS}`, guid: "o240tp91qamltoen" });
const headParts = {
  dialog: {
    callId: "c7.1",
    localTag: "o240tp91qamltoen",
    remoteTag: "t7.1",
    localUri: `sip:2007@${ADDRESS}`,
    remoteUri: `sip:guest@${ADDRESS}`,
    localSequence: 1,
    remoteSequence: 1,
    remoteTarget: `sip:w7@${ADDRESS}:40000`,
    routeSet: [],
  },
  route: { requestUri: `sip:w7@${ADDRESS}:40000`, routes: [] },
  viaTransport: "UDP",
  sentBy: `${ADDRESS}:5060`,
  contact: `sip:${ADDRESS}:5060`,
  event: "dialog",
  userAgent: "hintd",
  contentType: "application/dialog-info+xml",
  isList: false,
  branchLength,
};
const head = writeNotifyHead(headParts);
const patch = { branch: newBranch(7), sequence: 1, expiresSeconds: 3_600, isPending: false, reason: undefined };
parse(request);
const granted = writeResponse(message, options);
const notify = writeNotify(head, patch, body, fill);
const answer = answerTo(notify);

const parsed = micros(20_000, () => parse(request));
const checked = micros(10_000, () => {
  parse(request);
  if (checkSyntax(message) !== undefined) throw new Error("refused");
}) - parsed;
const answered = micros(20_000, () => {
  sink += writeResponse(message, options).length;
});
const headed = micros(20_000, () => void (sink += writeNotifyHead(headParts).branchAt));
const notified = micros(20_000, () => void (sink += writeNotify(head, patch, body, fill).length));
const cores = [wholeCore(false), wholeCore(true)];
for (let run = 0; run < RUNS; run++) for (const core of cores) core.run();
const [kept, forgotten] = cores.map((core) => core.end()) as [Cost, Cost];

/** Texts that a subscription keeps of its SUBSCRIBE: Call-ID, tags, URIs. */
const texts = micros(20_000, () => {
  for (let i = 0; i < 6; i++) sink += Buffer.prototype.latin1Slice.call(request, 40 + i * 8, 70 + i * 8).length;
});

/** The least that remembering costs: objects by five keys, as many as the core remembers. */
function bareMaps(): number {
  const maps = Array.from({ length: 5 }, () => new Map<string, object>());
  const costs = Array.from({ length: RUNS }, (_, run) =>
    timed(() => {
      for (let i = run * COUNT; i < (run + 1) * COUNT; i++) {
        maps.forEach((map, n) => map.set(`${n}${i}`, { n, i, run, map, a: "", b: "", c: undefined, d: 0 }));
      }
    }));
  if (maps.some(({ size }) => size !== RUNS * COUNT)) throw new Error("not all are remembered");
  return median(costs.slice(RUNS / 2));
}

const parts: [part: string, own: number, floor: number, what: string][] = [
  ["index the request", parsed, micros(20_000, () => look(request)), "every byte looked at once"],
  ["check its syntax", checked, texts, "the six texts that are kept"],
  ["write the 200", answered, micros(20_000, () => copyOf(granted)), "as many bytes copied"],
  ["write the NOTIFY's head", headed, micros(20_000, () => copyOf(head.bytes)), "as many bytes copied"],
  ["write the NOTIFY", notified, micros(20_000, () => copyOf(notify)), "as many bytes copied"],
  [
    "take the NOTIFY's 200",
    forgotten.answer,
    micros(20_000, () => look(answer)),
    "every byte looked at once",
  ],
  [
    "keep the subscription on the disk",
    kept.subscribe - forgotten.subscribe,
    bareInserts(),
    "bare INSERTs of that length, as many at once",
  ],
];
const rest = forgotten.subscribe - parts.slice(0, 5).reduce((sum, [, own]) => sum + own, 0);
parts.push([
  "transaction, identity, dialog, indexes, queues, timers",
  rest,
  bareMaps(),
  "an object by five keys, kept",
]);
const sum = (column: 1 | 2) => parts.reduce((total, part) => total + part[column], 0).toFixed(1);

process.stdout.write(
  [
    "| part of a new SUBSCRIBE, without sockets | hintd | floor | what the floor is |",
    "|---|---|---|---|",
    ...parts.map(([part, own, floor, what]) => `| ${part} | ${own.toFixed(1)} µs | ${floor.toFixed(1)} µs | ${what} |`),
    `| together | ${sum(1)} µs | ${sum(2)} µs | |`,
    "",
  ].join("\n"),
);
process.exit(sink === 0 ? 1 : 0);
