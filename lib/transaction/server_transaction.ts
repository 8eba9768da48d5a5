/**
 * Owns the machine of one server transaction, and its one deadline.
 */
import type { Millis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { type ResponseOptions, writeResponse } from "../sip/response.ts";
import type { Flow } from "../transport/transport.ts";
import type { AnsweredRequest } from "./answered_requests.ts";
import { bytesPaidBy, fitResponse } from "./fit_response.ts";
import { isOldStyle, type RequestKey, tagIn, type TransactionKey } from "./key.ts";
import { type ReturnPath, returnPathOf, sendResponse } from "./return_path.ts";
import {
  inviteServerTransitions,
  nonInviteServerTransitions,
  type ServerInput,
  type ServerState,
  type ServerTransitions,
} from "./server_transitions.ts";
import type { ResponseRoutes, ServerTransaction, TransactionTimings } from "./transaction.ts";
import type { TransactionCounters } from "./transaction_counters.ts";

/** What a server transaction demands of its layer. */
export interface ServerHost {
  /** Where Timers G, H, I and L wait. */
  readonly timers: Timers;
  /** Spans of what is entered now. */
  readonly timings: TransactionTimings;
  /** Source of tags. */
  readonly entropy: Entropy;
  /** The layer's counters. */
  readonly counters: TransactionCounters;
  /** Where answers go. */
  readonly routes: ResponseRoutes;
  /** The transaction is over. */
  serverEnded(transaction: ServerMachine): void;
  /** Its final response has left, and is to be said again when the request comes again. */
  serverAnswered(transaction: ServerMachine, response: Uint8Array): void;
  /** The transaction keeps so many bytes more. */
  serverGrew(bytes: number): void;
}

/** What a transaction needs besides its responses, roughly. */
const MACHINE_BYTES = 512;

/** RFC 3261 §17.2.1: an INVITE gets a 100 unless its user answers within 200 ms. */
const inviteTryingMillis = 200;

/** One request that was received. */
export class ServerMachine implements ServerTransaction, AnsweredRequest, TimerOwner {
  readonly flow: Flow;
  /** See `RequestKeys.ofTransaction`. */
  readonly key: TransactionKey;
  /** Key among requests that a proxy may have forked; `undefined` inside a dialog. */
  readonly mergeKey: RequestKey | undefined;
  /** Method id. */
  readonly method: Method;
  readonly path: ReturnPath;
  isRportForced: boolean;
  isSenderProven = true;
  /** Only `step` and `abandon` write it. */
  state: ServerState;
  /** What it keeps of what it received and sent, roughly. */
  heldBytes: number;
  /** Others of the same key: a CANCEL's target, other methods. Only the table reads and writes it. */
  next: ServerMachine | undefined = undefined;
  /** Its neighbours among all, as they came. Only the table reads and writes them. */
  older: ServerMachine | undefined = undefined;
  newer: ServerMachine | undefined = undefined;
  readonly #host: ServerHost;
  readonly #transitions: ServerTransitions;
  /** To tag of the INVITE of an RFC 2543 peer; `undefined` for others. */
  readonly #oldToTag: string | undefined;
  /** Most are answered at once and have none. */
  #deadline: TimerEntry | undefined = undefined;
  #isPrepared = false;
  #localTag: string | undefined = undefined;
  /** The last response; the 100 to come while the user thinks. */
  #response: Uint8Array | undefined = undefined;
  #trying: Uint8Array | undefined = undefined;
  /** End of the present state, and the present span of Timer G. */
  #endsAt: Millis = 0;
  #intervalMillis = 0;
  /** Bytes that came in and that left, for senders that are not proven. */
  #paidBytes: number;
  #sentBytes = 0;

  /** A transaction in its first state, not yet in the table; copies what it needs of `request`. */
  constructor(
    request: Message,
    parts: {
      host: ServerHost;
      flow: Flow;
      key: TransactionKey;
      mergeKey: RequestKey | undefined;
      isRportForced: boolean;
    },
  ) {
    this.flow = parts.flow;
    this.key = parts.key;
    this.mergeKey = parts.mergeKey;
    this.isRportForced = parts.isRportForced;
    this.heldBytes = MACHINE_BYTES;
    this.method = request.method;
    this.#host = parts.host;
    this.path = returnPathOf(request, parts.flow);
    this.#paidBytes = request.end - request.start;
    this.#oldToTag = this.#isInvite && isOldStyle(request) ? tagIn(request, Header.to) : undefined;
    this.#transitions = this.#isInvite ? inviteServerTransitions : nonInviteServerTransitions;
    this.state = this.#isInvite ? "proceeding" : "trying";
  }

  get localTag(): string {
    return this.#localTag ??= this.#host.entropy.token(12);
  }

  get #isInvite(): boolean {
    return this.method === Method.invite;
  }

  /** Whether the user still owes its answer, and has none ready. */
  get isUnanswered(): boolean {
    return !this.#isPrepared && (this.state === "trying" || this.state === "proceeding");
  }

  /** Whether its final answer has left. */
  get isAnswered(): boolean {
    return this.state === "completed" || this.state === "accepted" || this.state === "confirmed";
  }

  /** Whether a request with this transaction's key belongs to it. Source: RFC 3261 §17.2.3. */
  matches(request: Message, { kind }: TransactionKey): boolean {
    if (request.method !== Method.ack) return kind === this.key.kind;
    return this.#isInvite &&
      (this.#oldToTag === undefined || tagIn(request, Header.to) === (this.#oldToTag || this.localTag));
  }

  /** The user has not answered yet: a 100 is made ready for later. */
  awaitAnswer(request: Message): void {
    const { timers, timings } = this.#host;
    this.#trying = this.#keep(this.#write(request, { status: 100 }));
    const now = timers.now();
    this.#endsAt = now + timings.timerBMillis;
    // RFC 4320 §4.1: the 100 to a non-INVITE goes out when the client's Timer E has grown to T2, and no earlier.
    this.#arm(this.#isInvite ? inviteTryingMillis : slowMillis(timings));
    this.#intervalMillis = 0;
  }

  answer(request: Message, options: ResponseOptions): void {
    const bytes = this.isSenderProven
      ? this.#write(request, options)
      : fitResponse(request, this.#completed(options), bytesPaidBy(this.#paidBytes) - this.#sentBytes);
    if (bytes === undefined) this.ignore();
    else this.respond(bytes);
  }

  ignore(): void {
    this.#host.counters.responsesSuppressed++;
    this.step("expiry");
  }

  /** The same request came again. */
  receiveRepeated(request: Message): void {
    this.#paidBytes += request.end - request.start;
    this.step("request");
  }

  prepare(request: Message, options: ResponseOptions): Uint8Array {
    this.#isPrepared = true;
    return this.#write(request, options);
  }

  respond(bytes: Uint8Array): void {
    const status = statusOf(bytes);
    // RFC 4320 §4.2: a 408 to a non-INVITE would come too late for everybody.
    if (status === 408 && !this.#isInvite) return this.ignore();
    this.step(status < 200 ? "provisional" : status < 300 ? "success" : "refusal", bytes);
  }

  timerFired(_entry: TimerEntry, now: Millis): void {
    if (now >= this.#endsAt) this.step("expiry");
    else this.step(this.state === "completed" ? "repeat" : "slow");
  }

  /** Forgets everything without a word. */
  abandon(): void {
    this.#disarm();
    this.state = "terminated";
  }

  /** Applies one input of the tables. */
  step(input: ServerInput, response?: Uint8Array): void {
    const cell = this.#transitions[this.state][input];
    if (cell === undefined) return;
    const former = this.state;
    this.state = cell[0];
    const { counters } = this.#host;
    switch (cell[1]) {
      case "send":
        counters.responsesSent++;
        this.#response = this.#keep(response!);
        this.#send(response);
        break;
      case "sendLast":
        counters.responsesSent++;
        this.#send(response);
        this.#disarm();
        this.#host.serverEnded(this);
        if (this.#isToBeRepeated(response!)) this.#host.serverAnswered(this, response!);
        break;
      case "sendTrying":
        if (this.#response !== undefined) break;
        counters.responsesSent++;
        this.#response = this.#trying;
        this.#send(this.#trying);
        break;
      case "resend":
        if (this.#response !== undefined && this.#send(this.#response)) counters.responsesRepeated++;
        break;
      case "suppress":
        counters.responsesSuppressed++;
        break;
      case "absorb":
        if (input === "ack") counters.acksAbsorbed++;
        break;
      case "forget":
        break;
    }
    if (this.state !== former) this.#enter();
    else if (input === "repeat" || input === "slow") this.#armNext();
  }

  /** Arms the timers of a state that has been entered. */
  #enter(): void {
    const { timers, timings } = this.#host;
    const isReliable = this.flow.isReliable;
    switch (this.state) {
      case "completed":
        this.#trying = undefined;
        if (!this.#isInvite) return;
        this.#endsAt = timers.now() + timings.timerBMillis; // Timer H
        this.#intervalMillis = isReliable ? 0 : timings.t1Millis; // Timer G
        return this.#armNext();
      case "accepted":
        return this.#endAfter(timings.timerBMillis); // Timer L
      case "confirmed":
        return this.#endAfter(isReliable ? 0 : timings.t4Millis); // Timer I
      case "proceeding":
        return this.#armNext();
      case "terminated":
        this.#disarm();
        this.#response = undefined;
        this.#trying = undefined;
        this.#host.serverEnded(this);
    }
  }

  #endAfter(millis: number): void {
    if (millis === 0) return this.step("expiry");
    this.#endsAt = this.#host.timers.now() + millis;
    this.#arm(millis);
  }

  /** Arms whatever comes first: the next retransmission, which doubles up to T2, or the end. */
  #armNext(): void {
    const { timers, timings } = this.#host;
    const left = this.#endsAt - timers.now();
    if (this.#intervalMillis === 0) return this.#arm(left);
    this.#arm(Math.min(this.#intervalMillis, left));
    this.#intervalMillis = Math.min(this.#intervalMillis * 2, timings.t2Millis);
  }

  #arm(millis: number): void {
    this.#host.timers.arm(this.#deadline ??= new TimerEntry(this), millis);
  }

  #disarm(): void {
    if (this.#deadline !== undefined) this.#host.timers.cancel(this.#deadline);
  }

  /**
   * RFC 3261 §17.2.2: over a stream no request comes again. §26.3.2.4: of whom is only challenged nothing is remembered; the same request
   * again is challenged again. COMPAT(phones that repeat a challenged request with credentials but the same CSeq): so it is not a merged one.
   */
  #isToBeRepeated(response: Uint8Array): boolean {
    const status = statusOf(response);
    return !this.flow.isReliable && status !== 401 && status !== 407;
  }

  #keep(bytes: Uint8Array): Uint8Array {
    this.heldBytes += bytes.length;
    this.#host.serverGrew(bytes.length);
    return bytes;
  }

  #write(request: Message, options: ResponseOptions): Uint8Array {
    return writeResponse(request, this.#completed(options));
  }

  #completed(options: ResponseOptions): ResponseOptions {
    this.#localTag ??= options.toTag;
    const { status, reason, toTag, headers, body, contentType } = options;
    return {
      status,
      reason,
      // RFC 3261 §8.2.6.2: a 100 needs no tag.
      toTag: toTag ?? (status === 100 ? undefined : this.localTag),
      headers,
      body,
      contentType,
      received: this.flow.remoteAddress,
      rport: this.flow.remotePort,
      isRportForced: this.isRportForced,
    };
  }

  /** Sends what the sender may get; returns whether it did. */
  #send(bytes: Uint8Array | undefined): boolean {
    if (bytes === undefined || !this.#mayLeave(bytes)) return false;
    this.#sentBytes += bytes.length;
    sendResponse(this.#host.routes, this.path, this.isRportForced, bytes);
    return true;
  }

  #mayLeave(bytes: Uint8Array): boolean {
    return this.isSenderProven || this.#sentBytes + bytes.length <= bytesPaidBy(this.#paidBytes);
  }
}

/** Time until a client's Timer E has grown to T2: T1 + 2·T1 + … Source: RFC 4320 §4.1. */
function slowMillis({ t1Millis, t2Millis }: TransactionTimings): number {
  let total = 0;
  for (let interval = t1Millis; interval < t2Millis; interval *= 2) total += interval;
  return total;
}

/** Status code of a written response, `SIP/2.0 nnn …`. */
function statusOf(bytes: Uint8Array): number {
  return (bytes[8]! - 48) * 100 + (bytes[9]! - 48) * 10 + bytes[10]! - 48;
}
