/**
 * Owns the transaction layer: what arrives by a flow becomes a retransmission, an answer to us, or a new request.
 *
 * Theory. One `Message` is filled with everything received, and is read by whoever is called from here; with a 2xx to a
 * NOTIFY just so far as to know what it is. A response finds its transaction by the slot index in its branch, without a map;
 * requests by key. Refusals that need no memory (bad bytes, merged requests, CANCEL, overload) are answered statelessly, with a
 * To tag computed from the request, so that a repeated request gets the same. Errors thrown above end here: a ParseFailure
 * becomes a 400, our own faults a 500.
 *
 * Budget: 3 µs for one NOTIFY and its 200, parsing included, no allocation (tests/transaction/transactions_bench.ts).
 */
import type { Millis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import type { Timers } from "../runtime/timers.ts";
import { glanceAtSuccess } from "../sip/glance.ts";
import { Header } from "../sip/header_names.ts";
import { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { parseMessage } from "../sip/parse.ts";
import { ParseFailure } from "../sip/parse_failure.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { Flow, FlowReceiver } from "../transport/transport.ts";
import { AnsweredRequests } from "./answered_requests.ts";
import { branchIndex, branchIndexMax, branchLength, renewBranch } from "./branch.ts";
import { ClientSlots } from "./client_slots.ts";
import type { ClientHost, ClientSlot } from "./client_transaction.ts";
import { Complaints } from "./complaints.ts";
import { bytesPaidBy, fitResponse } from "./fit_response.ts";
import { RequestKeys, tagIn, type TransactionKey } from "./key.ts";
import { returnPathOf, sendResponse } from "./return_path.ts";
import { ServerTable } from "./server_table.ts";
import { type ServerHost, ServerMachine } from "./server_transaction.ts";
import type {
  ClientTransaction,
  ClientUser,
  ResponseRoutes,
  TransactionTimings,
  TransactionUser,
} from "./transaction.ts";
import type { TransactionCounters } from "./transaction_counters.ts";

/** What the layer is made of. */
export interface TransactionParts {
  /** Where all deadlines wait. */
  readonly timers: Timers;
  /** Source of branches and tags. */
  readonly entropy: Entropy;
  /** Told of garbage once per source, and of our own faults. */
  readonly log: Log;
  /** Incremented in place. */
  readonly counters: TransactionCounters;
  /** Spans at the start; see `TransactionLayer.timings`. */
  readonly timings: TransactionTimings;
  /** Answers go to the source port until an endpoint's `force_rport` says otherwise; true unless told. */
  readonly isRportForced?: boolean;
  /** Server transactions remembered; `limits.serverTransactionCount`, and 32 MiB, unless told. */
  readonly serverBounds?: ServerBounds;
  /** Client transactions at once; `limits.clientTransactionCount` unless told. */
  readonly clientMax?: number;
}

/** The layer, for the status page. */
export interface TransactionsSnapshot {
  /** Requests remembered. */
  readonly serverCount: number;
  /** Requests of ours on their way. */
  readonly clientCount: number;
  /** A copy. */
  readonly counters: TransactionCounters;
}

/** How much is remembered of requests. */
export interface ServerBounds {
  /** Requests. */
  readonly count: number;
  /** Their answers, and what each needs besides: a request of 64 KiB may leave about as much behind. */
  readonly bytes: number;
}

/** An ordinary transaction keeps less than a KiB; only a flood of long requests meets the bound on bytes first. */
const defaultServerBounds: ServerBounds = { count: limits.serverTransactionCount, bytes: 33_554_432 };

/** Seconds after which a refused peer may come again. */
const retryAfterSeconds = 5;

/** All transactions of the appliance. */
export class TransactionLayer implements FlowReceiver, ClientHost, ServerHost {
  /** Bytes of every branch. */
  readonly branchLength: number = branchLength;
  /** Where all deadlines wait. */
  readonly timers: Timers;
  /** Source of branches and tags. */
  readonly entropy: Entropy;
  /** Incremented in place. */
  readonly counters: TransactionCounters;
  /** Spans of transactions; new ones hold for what begins after the change. */
  timings: TransactionTimings;
  readonly #log: Log;
  readonly #isRportForced: boolean;
  readonly #message = new Message();
  readonly #servers = new ServerTable();
  readonly #answered: AnsweredRequests;
  readonly #serverBounds: ServerBounds;
  readonly #clients: ClientSlots;
  readonly #complaints = new Complaints(limits.complaintCount);
  readonly #tagSeed: number;
  readonly #keys: RequestKeys;
  #user: TransactionUser | undefined;
  #routes: ResponseRoutes | undefined;

  /** An idle layer; `attach` follows. */
  constructor(parts: TransactionParts) {
    this.timers = parts.timers;
    this.entropy = parts.entropy;
    this.counters = parts.counters;
    this.timings = parts.timings;
    this.#log = parts.log;
    this.#isRportForced = parts.isRportForced ?? true;
    this.#answered = new AnsweredRequests(parts.timers);
    this.#serverBounds = parts.serverBounds ?? defaultServerBounds;
    this.#clients = new ClientSlots(this, Math.min(parts.clientMax ?? limits.clientTransactionCount, branchIndexMax));
    this.#tagSeed = parts.entropy.uint32();
    this.#keys = new RequestKeys([parts.entropy.uint32(), parts.entropy.uint32()]);
  }

  /** Names the neighbours above and below; before the first message. */
  attach(user: TransactionUser, routes: ResponseRoutes): void {
    this.#user = user;
    this.#routes = routes;
  }

  /** Where answers go. */
  get routes(): ResponseRoutes {
    return this.#routes!;
  }

  /**
   * Opens a client transaction; `send`, or `abandon`, follows in the same turn.
   *
   * @param flow By which the request will leave.
   * @returns `undefined` when too many are on their way.
   */
  begin(flow: Flow, method: Method, user: ClientUser): ClientTransaction | undefined {
    const slot = this.#clients.take(this.timers.now());
    if (slot === undefined) {
      this.counters.clientsRefused++;
      return undefined;
    }
    renewBranch(slot.branch, this.entropy);
    slot.begin(flow, method, user);
    return slot;
  }

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const message = this.#message;
    try {
      if (glanceAtSuccess(bytes, start, end, message) && this.#takeSuccess(message)) return;
      const failure = parseMessage(bytes, start, end, message);
      if (failure !== undefined) this.#receiveGarbage(failure, failure.isAnswerable, flow);
      else if (message.isRequest) this.#receiveRequest(message, flow);
      else this.#receiveResponse(message);
    } catch (error) {
      this.userFailed(error);
    }
  }

  receiveUnframed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const message = this.#message;
    const own = parseMessage(bytes, start, end, message);
    const isAnswerable = own === undefined ? message.isRequest && message.method !== Method.ack : own.isAnswerable;
    try {
      this.#receiveGarbage(failure, isAnswerable, flow);
    } catch (error) {
      this.userFailed(error);
    }
  }

  flowClosed(flow: Flow): void {
    for (const slot of this.#clients.all) slot.flowClosed(flow);
  }

  /** Answers kept to be repeated; they have one deadline together. */
  get answeredCount(): number {
    return this.#answered.count;
  }

  /** Describes the layer. */
  snapshot(): TransactionsSnapshot {
    return {
      serverCount: this.#servers.count + this.#answered.count,
      clientCount: this.#clients.takenCount,
      counters: { ...this.counters },
    };
  }

  /** Ends all transactions without telling anybody. */
  stop(): void {
    this.#servers.clear();
    this.#answered.clear();
    for (const slot of this.#clients.all) slot.abandon();
  }

  clientEnded(slot: ClientSlot, reusableAt: Millis): void {
    this.#clients.release(slot, reusableAt);
  }

  serverEnded(transaction: ServerMachine): void {
    this.#servers.remove(transaction);
  }

  serverAnswered(transaction: ServerMachine, response: Uint8Array): void {
    this.#answered.add(transaction, response, this.timings.timerBMillis);
  }

  serverGrew(bytes: number): void {
    this.#servers.grew(bytes);
  }

  userFailed(error: unknown): void {
    this.counters.faults++;
    this.#log.error("transaction", error instanceof Error ? error.stack ?? error.message : String(error));
  }

  /** Takes a 2xx to a NOTIFY, of which nobody wants to know more than that it is one; false for anything else. */
  #takeSuccess(response: Message): boolean {
    const slot = response.method === Method.notify ? this.#slotOf(response) : undefined;
    slot?.receive(response);
    return slot !== undefined;
  }

  #receiveResponse(response: Message): void {
    const slot = this.#slotOf(response);
    if (slot !== undefined) slot.receive(response);
    else this.counters.responsesStray++;
  }

  /** Of the request that a response answers. */
  #slotOf(response: Message): ClientSlot | undefined {
    const slot = this.#clients.at(branchIndex(response.bytes, response.branchStart, response.branchEnd));
    return slot?.matches(response) === true ? slot : undefined;
  }

  #receiveRequest(request: Message, flow: Flow): void {
    const key = this.#keys.ofTransaction(request);
    if (request.method === Method.ack) this.#receiveAck(request, key);
    else if (this.#receiveRepeated(request, key)) {
      this.counters.requestsRepeated++;
      if (this.#log.isDebugging("transaction")) this.#note(request, flow, `${request.methodText} repeated`);
    } else if (request.method === Method.cancel) this.#receiveCancel(request, key, flow);
    else this.#receiveNewRequest(request, key, flow);
  }

  #receiveAck(request: Message, key: TransactionKey): void {
    const known = this.#servers.find(key, request);
    if (known === undefined) this.counters.acksStray++;
    else known.step("ack");
  }

  /** Does what is done about a request that came before; false for one that did not. */
  #receiveRepeated(request: Message, key: TransactionKey): boolean {
    const answer = this.#answered.find(key, request.end - request.start);
    if (answer === undefined) {
      const known = this.#servers.find(key, request);
      known?.receiveRepeated(request);
      return known !== undefined;
    }
    if (answer.response !== undefined) {
      this.counters.responsesRepeated++;
      sendResponse(this.routes, answer.path, answer.isRportForced, answer.response);
    }
    return true;
  }

  /** RFC 3261 §9.2: 481 when there is nothing to cancel; otherwise 200, and no effect, for all is answered at once. */
  #receiveCancel(request: Message, key: TransactionKey, flow: Flow): void {
    this.counters.cancelsReceived++;
    const toTag = this.#servers.findCancelled(key)?.localTag ?? toTagOf(this.#answered.answerOf(key));
    this.#answerStateless(request, flow, toTag === undefined ? { status: 481 } : { status: 200, toTag });
  }

  #receiveNewRequest(request: Message, key: TransactionKey, flow: Flow): void {
    const mergeKey = this.#keys.ofMerged(request);
    if (mergeKey !== undefined && (this.#answered.hasMerged(mergeKey) || this.#servers.hasMerged(mergeKey))) {
      this.counters.requestsMerged++;
      if (this.#log.isDebugging("transaction")) this.#note(request, flow, `${request.methodText} came by two ways`);
      return this.#answerStateless(request, flow, { status: 482 });
    }
    if (!this.#makeRoom()) {
      this.counters.requestsRefused++;
      const headers = [["Retry-After", String(retryAfterSeconds)]] as const;
      return this.#answerStateless(request, flow, { status: 503, headers });
    }
    this.counters.requestsReceived++;
    const transaction = new ServerMachine(request, {
      host: this,
      flow,
      key,
      mergeKey,
      isRportForced: this.#isRportForced,
    });
    this.#servers.add(transaction);
    this.#handUp(request, transaction);
    if (transaction.isUnanswered) transaction.awaitAnswer(request);
  }

  /**
   * Makes room for one more: when all is full the oldest that have their answer are forgotten, and if one of those is repeated it is handled
   * anew. Of answered requests and INVITEs those give way that are more, so that a flood shuts nobody out.
   *
   * @returns False when there is none, because the oldest still await their answers.
   */
  #makeRoom(): boolean {
    const bounds = this.#serverBounds;
    const [answered, servers] = [this.#answered, this.#servers];
    while (
      answered.count + servers.count >= bounds.count || answered.heldBytes + servers.heldBytes >= bounds.bytes
    ) {
      const [more, fewer] = answered.count >= servers.count ? [answered, servers] : [servers, answered];
      if (!more.forgetOldest() && !fewer.forgetOldest()) return false;
      this.counters.requestsForgotten++;
    }
    return true;
  }

  #handUp(request: Message, transaction: ServerMachine): void {
    try {
      this.#user!.receiveRequest(request, transaction);
    } catch (error) {
      if (error instanceof ParseFailure) {
        this.counters.garbageAnswered++;
        this.#complain(error, transaction.flow);
        transaction.answer(request, { status: error.status, reason: error.reasonPhrase });
      } else {
        this.userFailed(error);
        transaction.answer(request, { status: 500 });
      }
    }
  }

  #receiveGarbage(failure: ParseFailure, isAnswerable: boolean, flow: Flow): void {
    this.#complain(failure, flow);
    if (!isAnswerable) {
      this.counters.garbageIgnored++;
      return;
    }
    this.counters.garbageAnswered++;
    this.#answerStateless(this.#message, flow, { status: failure.status, reason: failure.reasonPhrase });
  }

  #note(request: Message, flow: Flow, what: string): void {
    this.#log.debug("transaction", what, { transaction: request.branch, from: flow.remoteAddress });
  }

  #complain(failure: ParseFailure, flow: Flow): void {
    if (!this.#complaints.isFirst(flow.remoteAddress)) return;
    this.#log.warn(
      "transaction",
      `Unreadable message: ${failure.message}; further ones of this sender are only counted`,
      {
        from: flow.remoteAddress,
        transport: flow.transport,
        rule: failure.source,
        transaction: this.#message.branchStart < 0 ? undefined : this.#message.branch,
      },
    );
  }

  /** Answers without remembering, within what the request has paid for. Source: RFC 3261 §8.2.7. */
  #answerStateless(request: Message, flow: Flow, options: ResponseOptions): void {
    const whole = {
      received: flow.remoteAddress,
      rport: flow.remotePort,
      isRportForced: this.#isRportForced,
      toTag: this.#statelessTag(request),
      ...options,
    };
    const bytes = fitResponse(request, whole, bytesPaidBy(request.end - request.start));
    if (bytes === undefined) {
      this.counters.responsesSuppressed++;
      return;
    }
    this.counters.responsesSent++;
    sendResponse(this.routes, returnPathOf(request, flow), this.#isRportForced, bytes);
  }

  /** RFC 3261 §8.2.7: the same request gets the same To tag again. FNV-1a over the top Via, with a secret start. */
  #statelessTag(request: Message): string {
    let hash = this.#tagSeed;
    for (let at = request.topViaStart; at < request.topViaEnd; at++) {
      hash = Math.imul(hash ^ request.bytes[at]!, 0x01000193);
    }
    return (hash >>> 0).toString(36);
  }
}

/** Tag in the To of a response of ours. */
function toTagOf(response: Uint8Array | undefined): string | undefined {
  if (response === undefined) return undefined;
  const message = new Message();
  parseMessage(response, 0, response.length, message);
  return tagIn(message, Header.to);
}
