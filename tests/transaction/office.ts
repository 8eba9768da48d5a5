/** Us and one phone on a memory network: the transaction layer under test, a recording user, and literal messages. */
import { entropyFrom } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { Message } from "../../lib/sip/message.ts";
import { Method } from "../../lib/sip/method.ts";
import {
  type ClientTransaction,
  type ClientUser,
  type ServerTransaction,
  transactionTimings,
} from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer, type TransactionParts } from "../../lib/transaction/transactions.ts";
import type { Flow, FlowReceiver, TransportName } from "../../lib/transport/transport.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MemoryNetwork } from "../support/memory_network.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Random bytes that are the same in every run. */
export function scriptedEntropy() {
  let state = 1;
  return entropyFrom((target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      target[i] = state >>> 16;
    }
  });
}

/** A party that remembers what it received. */
export class Recorder implements FlowReceiver {
  readonly texts: string[] = [];
  readonly flows: Flow[] = [];

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.texts.push(decoder.decode(bytes.subarray(start, end)));
    this.flows.push(flow);
  }

  receiveUnframed(): void {}

  flowClosed(): void {}

  /** First lines of everything received. */
  get firstLines(): string[] {
    return this.texts.map((text) => text.slice(0, text.indexOf("\r\n")));
  }
}

/** A client user that notes what it is told. */
export class Watcher implements ClientUser {
  readonly told: (number | "timeout" | "failure")[] = [];

  receiveResponse(response: Message): void {
    this.told.push(response.status);
  }

  transactionTimedOut(): void {
    this.told.push("timeout");
  }

  transactionFailed(): void {
    this.told.push("failure");
  }
}

/** Values that a literal request is made of. */
export interface RequestText {
  readonly method?: string;
  readonly branch?: string;
  readonly sentBy?: string;
  readonly transport?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly sequence?: number;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly extra?: string;
}

/** A request of the phone. */
export function requestText(parts: RequestText = {}): string {
  const { method = "OPTIONS", branch = "z9hG4bK-1", sentBy = "192.0.2.20", transport = "UDP" } = parts;
  const via = parts.via ?? `SIP/2.0/${transport} ${sentBy}${branch === "" ? "" : `;branch=${branch}`}`;
  const toTag = parts.toTag === undefined ? "" : `;tag=${parts.toTag}`;
  const cseqMethod = method;
  return `${method} sip:1000@192.0.2.1 SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\n` +
    `From: <sip:alice@192.0.2.1>;tag=${parts.fromTag ?? "a1"}\r\nTo: <sip:1000@192.0.2.1>${toTag}\r\n` +
    `Call-ID: ${parts.callId ?? "c1"}\r\nCSeq: ${parts.sequence ?? 1} ${cseqMethod}\r\n${parts.extra ?? ""}` +
    "Content-Length: 0\r\n\r\n";
}

/** A NOTIFY of ours with the branch of its transaction. */
export function notifyBytes(transaction: ClientTransaction): Uint8Array {
  const branch = decoder.decode(transaction.branch);
  return encoder.encode(
    `NOTIFY sip:alice@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=${branch}\r\n` +
      "Max-Forwards: 70\r\nFrom: <sip:1000@192.0.2.1>;tag=h1\r\nTo: <sip:alice@192.0.2.1>;tag=a1\r\n" +
      "Call-ID: c1\r\nCSeq: 7 NOTIFY\r\nContent-Length: 0\r\n\r\n",
  );
}

/** The phone's answer to a request of ours. */
export function responseTo(request: string, status: number, cseqMethod?: string): string {
  const lines = request.split("\r\n").filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  const text = `SIP/2.0 ${status} Answer\r\n${lines.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`;
  return cseqMethod === undefined ? text : text.replace(/^(CSeq: \d+) .*$/m, `$1 ${cseqMethod}`);
}

/** A header's value in a literal message; empty when absent. */
export function headerOf(text: string, name: string): string {
  return new RegExp(`^${name}: (.*)\r$`, "m").exec(text)?.[1] ?? "";
}

/** What the user above does with a new request. */
export type Answering = (request: Message, transaction: ServerTransaction) => void;

/** Us at 192.0.2.1:5060, the phone at 192.0.2.20:5060, both by UDP and TCP. */
export function openOffice(options: Partial<TransactionParts> = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const timers = clock.timers();
  const layer = new TransactionLayer({
    timers,
    entropy: scriptedEntropy(),
    log: silentLog,
    counters: transactionCounters(),
    timings: transactionTimings(),
    isRportForced: false,
    ...options,
  });
  const requests: string[] = [];
  const transactions: ServerTransaction[] = [];
  const office = {
    clock,
    network,
    timers,
    layer,
    counters: layer.counters,
    /** Methods of the requests that were handed up. */
    requests,
    transactions,
    /** Answers 200 unless a test has other wishes. */
    answering: ((request, transaction) => transaction.answer(request, { status: 200 })) as Answering,
    phone: new Recorder(),
    /** The phone sends a message; everything due arrives. */
    say(text: string, transport: TransportName = "udp"): void {
      phoneEnds[transport as "udp" | "tcp"].flowTo("192.0.2.1")!.send(encoder.encode(text));
      clock.advance(0);
    },
    /** The flow by which we reach the phone. */
    ourFlow(transport: TransportName = "udp"): Flow {
      return ourEnds[transport as "udp" | "tcp"].flowTo("192.0.2.20")!;
    },
    /** Opens a client transaction towards the phone and sends a NOTIFY. */
    notify(user: ClientUser, transport: TransportName = "udp"): ClientTransaction {
      const transaction = layer.begin(office.ourFlow(transport), Method.notify, user)!;
      transaction.send(notifyBytes(transaction));
      clock.advance(0);
      return transaction;
    },
  };
  layer.attach({
    receiveRequest(request, transaction) {
      requests.push(request.methodText);
      transactions.push(transaction);
      office.answering(request, transaction);
    },
  }, network);
  const ourEnds = {
    udp: network.bind({ address: "192.0.2.1" }, layer),
    tcp: network.bind({ address: "192.0.2.1", transport: "tcp" }, layer),
  };
  const phoneEnds = {
    udp: network.bind({ address: "192.0.2.20" }, office.phone),
    tcp: network.bind({ address: "192.0.2.20", transport: "tcp" }, office.phone),
  };
  return office;
}
