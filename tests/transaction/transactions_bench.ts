/**
 * Measures one NOTIFY's life in the transaction layer: begin, send, the phone's 200 parsed and matched, the slot released.
 *
 * Run: node_modules/bun/bin/bun.exe tests/transaction/transactions_bench.ts. Budget: 3 µs with the parser. Prints one JSON
 * line, so that two runs can be compared. The engine tells no allocation per call; the code has none to make.
 */
import { systemClock } from "../../lib/runtime/clock.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { systemAlarm, Timers } from "../../lib/runtime/timers.ts";
import { Method } from "../../lib/sip/method.ts";
import { type ClientUser, transactionTimings } from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../lib/transaction/transactions.ts";
import { flowInto } from "../bench/flow.ts";

const window = 160;
const notify = new Uint8Array(900);
const response = new TextEncoder().encode([
  "SIP/2.0 200 OK",
  "Via: SIP/2.0/UDP 192.168.1.10:5060;rport=5060;received=192.168.1.10;branch=z9hG4bK0000000000000000",
  "From: <sip:2900@192.168.1.10>;tag=85b0fda1dae94f96854c38beecd6f270",
  'To: "Alice" <sip:alice@192.168.1.20>;tag=kimwul7ohg',
  "Call-ID: i3z3k602yy7misle@192.168.1.20",
  "CSeq: 32603 NOTIFY",
  "Contact: <sip:alice@192.168.1.20:5060>",
  "User-Agent: Yealink SIP-T54W 96.86.0.20",
  "Content-Length: 0",
  "",
  "",
].join("\r\n"));
const branchAt = new TextDecoder().decode(response).indexOf("z9hG4bK");

let answered = 0;
const user: ClientUser = {
  receiveResponse() {
    answered++;
  },
  transactionTimedOut() {},
  transactionFailed() {},
};
const flow = flowInto(["192.168.1.10", 5060], ["192.168.1.20", 5060], () => true);
const timers = new Timers(systemClock, systemAlarm());
const layer = new TransactionLayer({
  timers,
  entropy: systemEntropy,
  log: silentLog,
  counters: transactionCounters(),
  timings: transactionTimings(),
});
const branches = Array.from({ length: window }, () => new Uint8Array(layer.branchLength));

/** One window of NOTIFYs out, then their answers in. */
function round(): void {
  for (let i = 0; i < window; i++) {
    const transaction = layer.begin(flow, Method.notify, user)!;
    branches[i]!.set(transaction.branch);
    transaction.send(notify);
  }
  for (let i = 0; i < window; i++) {
    response.set(branches[i]!, branchAt);
    layer.receiveMessage(response, 0, response.length, flow);
  }
}

for (let i = 0; i < 1_000; i++) round();
let best = Infinity;
for (let run = 0; run < 20; run++) {
  const begin = Bun.nanoseconds();
  for (let i = 0; i < 200; i++) round();
  best = Math.min(best, (Bun.nanoseconds() - begin) / (200 * window));
}
timers.stop();
const result = { notifyAndAnswerNanos: Math.round(best), answered, stray: layer.counters.responsesStray };
process.stdout.write(`${JSON.stringify(result)}\n`);
