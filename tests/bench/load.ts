/**
 * Plays many watchers over UDP, in a process of its own, and measures a fan-out: from the change of one state to the last
 * NOTIFY, and what each NOTIFY, its answer included, costs the server's processor.
 *
 * Run: bun tests/bench/load.ts --port PORT --pid PID --watchers N [--rounds N] (--control SOCKET | --floor)
 * `--control` is hintd's control socket, over which Custom:door is set; `--floor` means `floor.ts`.
 * Prints one line of JSON. All watchers are guest, each with a Contact of its own, and watch 2000.
 */
import { parseArgs } from "node:util";
import { cpuNanos } from "./proc.ts";

/** Sockets of the watchers: the answers of a window must fit their kernel buffers. */
const SOCKET_COUNT = 8;
/** SUBSCRIBEs without an answer at once. */
const WINDOW = 48;
const STATES = ["RINGING", "INUSE"];
const PATIENCE_MILLIS = 30_000;

type Round = { millis: number; cpuMicrosPerNotify: number; notifiesPerSecond: number };

/** What the run found. */
export type LoadResult = {
  watchers: number;
  subscribeMillis: number;
  subscribeCpuMicros: number;
  /** NOTIFYs that came more than once: an answer or the NOTIFY before was lost. */
  repeatedCount: number;
  rounds: Round[];
};

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    pid: { type: "string" },
    watchers: { type: "string", default: "1000" },
    rounds: { type: "string", default: "6" },
    control: { type: "string" },
    floor: { type: "boolean", default: false },
  },
});
const port = Number(values.port);
const pid = Number(values.pid);
const watcherCount = Number(values.watchers);

/** CSeq of the last NOTIFY of each watcher; one that differs is news. The floor repeats its own. */
const lastCseq = new Int32Array(watcherCount).fill(-1);
let newsCount = 0;
let answeredCount = 0;
let repeatedCount = 0;
let isReady: () => boolean = () => false;
let ready: () => void = () => {};

/** Resolves as soon as `condition` holds; it is looked at after each datagram. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`${what}: ${newsCount} NOTIFYs and ${answeredCount} answers for ${watcherCount} watchers`)),
    PATIENCE_MILLIS,
  );
  isReady = condition;
  ready = resolve;
  if (condition()) resolve();
  await promise;
  clearTimeout(timer);
}

function receive(socket: Bun.udp.Socket<"buffer">, data: Buffer): void {
  const text = data.toString("latin1");
  if (text.startsWith("SIP/2.0 200")) answeredCount++;
  else if (text.startsWith("NOTIFY ")) receiveNotify(socket, text);
  else throw new Error(`Unexpected:\n${text}`);
  if (isReady()) ready();
}

function receiveNotify(socket: Bun.udp.Socket<"buffer">, text: string): void {
  let answer = "SIP/2.0 200 OK\r\n";
  let watcher = 0;
  let cseq = 0;
  for (let start = text.indexOf("\r\n") + 2; text.charCodeAt(start) !== 13;) {
    const end = text.indexOf("\r\n", start) + 2;
    const name = text.slice(start, text.indexOf(":", start));
    if (name === "Call-ID") watcher = parseInt(text.slice(start + 9, end));
    if (name === "CSeq") cseq = parseInt(text.slice(start + 6, end));
    if (name === "Via" || name === "From" || name === "To" || name === "Call-ID" || name === "CSeq") {
      answer += text.slice(start, end);
    }
    start = end;
  }
  socket.send(answer + "Content-Length: 0\r\n\r\n", port, "127.0.0.1");
  if (lastCseq[watcher] === cseq && !values.floor) return void repeatedCount++;
  lastCseq[watcher] = cseq;
  newsCount++;
}

const sockets = await Promise.all(
  Array.from(
    { length: SOCKET_COUNT },
    () => Bun.udpSocket({ hostname: "127.0.0.1", socket: { data: receive, error: () => {} } }),
  ),
);

function subscribe(watcher: number): void {
  const socket = sockets[watcher % SOCKET_COUNT]!;
  const request = [
    "SUBSCRIBE sip:2000@127.0.0.1 SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.1:${socket.port};rport;branch=z9hG4bKload${watcher}`,
    "Max-Forwards: 70",
    `From: <sip:guest@127.0.0.1>;tag=t${watcher}`,
    "To: <sip:2000@127.0.0.1>",
    `Call-ID: ${watcher}-load`,
    "CSeq: 1 SUBSCRIBE",
    `Contact: <sip:w${watcher}@127.0.0.1:${socket.port}>`,
    "Event: dialog",
    "Accept: application/dialog-info+xml",
    "Expires: 3600",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  socket.send(request, port, "127.0.0.1");
}

async function change(round: number): Promise<void> {
  if (values.floor) return void sockets[0]!.send("CHANGE", port, "127.0.0.1");
  const response = await fetch("http://localhost/api/v1/device-states/Custom:door", {
    method: "PUT",
    unix: values.control!,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ state: STATES[round % STATES.length] }),
  });
  if (!response.ok) throw new Error(await response.text());
}

const subscribeBegin = performance.now();
const subscribeCpu = cpuNanos(pid);
for (let watcher = 0; watcher < watcherCount; watcher++) {
  subscribe(watcher);
  await until(() => watcher + 1 - Math.min(answeredCount, newsCount) < WINDOW, "subscribing");
}
await until(() => answeredCount === watcherCount && newsCount === watcherCount, "subscribing");
const result: LoadResult = {
  watchers: watcherCount,
  subscribeMillis: performance.now() - subscribeBegin,
  subscribeCpuMicros: (cpuNanos(pid) - subscribeCpu) / 1e3 / watcherCount,
  repeatedCount: 0,
  rounds: [],
};
for (let round = 0; round < Number(values.rounds); round++) {
  newsCount = 0;
  const cpu = cpuNanos(pid);
  const begin = performance.now();
  await Promise.all([change(round), until(() => newsCount >= watcherCount, `round ${round}`)]);
  const millis = performance.now() - begin;
  result.rounds.push({
    millis,
    cpuMicrosPerNotify: (cpuNanos(pid) - cpu) / 1e3 / watcherCount,
    notifiesPerSecond: watcherCount / millis * 1e3,
  });
}
result.repeatedCount = repeatedCount;
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
