/**
 * A stranger to the load, a process of its own: sends an OPTIONS and a SUBSCRIBE of a new phone every few milliseconds until it
 * is told to end, and prints how long the slowest of each waited.
 *
 * Run: bun tests/bench/prober.ts PORT [EXTEN]; without EXTEN it sends OPTIONS only. Prints a line once it has begun and one of JSON after SIGTERM.
 */
import { percentile } from "./proc.ts";

/** Milliseconds between two probes: a stall that is longer shows in full but for this. */
const EVERY_MILLIS = 8;
const ADDRESS = "127.0.0.1";

/** What a prober found, in milliseconds. */
export type Probes = {
  readonly count: number;
  /** Until the 200 to an OPTIONS came: what keeps everybody waiting. */
  readonly options: { readonly p50: number; readonly p99: number; readonly last: number };
  /** Until the 200 to a new SUBSCRIBE came. */
  readonly subscribe: { readonly p50: number; readonly p99: number; readonly last: number };
  /** Probes that were never answered. */
  readonly lostCount: number;
};

const [port, exten] = [Number(process.argv[2]), process.argv[3]];
const sentAt = new Map<string, number>();
const waits = { OPTIONS: [] as number[], SUBSCRIBE: [] as number[] };
let count = 0;

const socket = await Bun.udpSocket({
  hostname: ADDRESS,
  socket: {
    data(socket, data) {
      const text = data.toString("latin1");
      if (text.startsWith("NOTIFY ")) return void socket.send(okTo(text), port, ADDRESS);
      const [, callId, , method] = /\r\nCall-ID: (\S+)\r\n(.*\r\n)*?CSeq: \d+ (\w+)/.exec(text)!;
      const at = sentAt.get(callId!);
      if (at === undefined) return;
      sentAt.delete(callId!);
      waits[method as keyof typeof waits].push(performance.now() - at);
    },
  },
});

function okTo(notify: string): string {
  const kept = notify.split("\r\n").filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
  return ["SIP/2.0 200 OK", ...kept, "Content-Length: 0", "", ""].join("\r\n");
}

function send(method: keyof typeof waits, headers: readonly string[]): void {
  const id = `probe${++count}-${socket.port}`;
  const uri = exten === undefined ? `sip:${ADDRESS}` : `sip:${exten}@${ADDRESS}`;
  const text = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${ADDRESS}:${socket.port};rport;branch=z9hG4bK${id}`,
    "Max-Forwards: 70",
    `From: <sip:guest@${ADDRESS}>;tag=${id}`,
    `To: <${uri}>`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:${id}@${ADDRESS}:${socket.port}>`,
    ...headers,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  sentAt.set(id, performance.now());
  socket.send(text, port, ADDRESS);
}

const probing = setInterval(() => {
  send("OPTIONS", []);
  if (exten !== undefined) send("SUBSCRIBE", ["Event: dialog", "Expires: 600"]);
}, EVERY_MILLIS);
process.stdout.write("probing\n");

process.once("SIGTERM", () => {
  clearInterval(probing);
  const summary = (list: number[]) => ({
    p50: percentile(list, 0.5),
    p99: percentile(list, 0.99),
    last: percentile(list, 1),
  });
  // What was sent last may be on its way.
  const old = [...sentAt.values()].filter((at) => performance.now() - at > 1_000);
  const found: Probes = {
    count,
    options: summary(waits.OPTIONS),
    subscribe: summary(waits.SUBSCRIBE),
    lostCount: old.length,
  };
  process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exit(0);
});
