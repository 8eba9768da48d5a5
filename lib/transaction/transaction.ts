/**
 * Owns what a transaction user sees of transactions: the two sides' handles and the calls upwards.
 */
import type { Message } from "../sip/message.ts";
import type { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { Flow } from "../transport/transport.ts";

/** A request that awaits its answer. */
export interface ServerTransaction {
  /** By which the request came. */
  readonly flow: Flow;
  /** Tag that a To without one gets in every response to this request. */
  readonly localTag: string;
  /**
   * Answers go to the source port even where the request has no `rport`: the endpoint's `force_rport`. May be set until
   * the first answer.
   */
  isRportForced: boolean;
  /**
   * Whether the answer may be as long as it is; until then all answers together, repeated ones included, stay within
   * `limits.amplification` of what came in. True unless told, and may be set until the first answer.
   */
  isSenderProven: boolean;
  /**
   * Writes a response and sends it, retransmitting as the transport asks: adds `received`, `rport` and, unless told, the
   * local tag. `request` is the one that was handed up, and still is the present one.
   *
   * Where the sender is not proven, an answer that is too long is sent without the last headers of `options`, and one that
   * is too long even without all of them is not sent.
   */
  answer(request: Message, options: ResponseOptions): void;
  /**
   * Writes a response as `answer` does, for `respond` to send later: at the end of the turn, once what it promises is stored.
   * Until then repeated requests are absorbed.
   *
   * @returns The whole response.
   */
  prepare(request: Message, options: ResponseOptions): Uint8Array;
  /**
   * Sends a response that is already written; whether it is final is read from its status line. A 408, or anything
   * after a final one, is dropped.
   *
   * @param bytes The whole response; not copied. Source: RFC 3261 §17.2, RFC 4320 §4.2.
   */
  respond(bytes: Uint8Array): void;
  /** Ends it without an answer; the same request again is a new one. */
  ignore(): void;
}

/** A request of ours on its way. Valid until its user is told the end; the object is used again then. */
export interface ClientTransaction {
  /** By which the request leaves. */
  readonly flow: Flow;
  /** Method of the request. */
  readonly method: Method;
  /** Value of the branch parameter of the request's Via; `TransactionLayer.branchLength` bytes, valid until the end. */
  readonly branch: Uint8Array;
  /**
   * Room of exactly `length` bytes to write the request in, for `send` to take. Whatever was in it is there to be overwritten; it is
   * the transaction's, and another one's after the end.
   */
  room(length: number): Uint8Array;
  /**
   * Sends the request and repeats it as the transport asks. Called once; never calls its user back before returning.
   *
   * @param bytes The whole request, its top Via with `branch`; not copied.
   */
  send(bytes: Uint8Array): void;
  /** Ends it without telling the user; late answers are absorbed. */
  abandon(): void;
}

/** Who sent a request. Exactly one final call ends each transaction. */
export interface ClientUser {
  /**
   * A response: provisional ones any number of times, then one final one. `response` is valid during the call only; of a 2xx to a
   * NOTIFY it may hold nothing but status, branch and CSeq's method.
   */
  receiveResponse(response: Message, transaction: ClientTransaction): void;
  /** No final answer within Timer F. */
  transactionTimedOut(transaction: ClientTransaction): void;
  /** The flow broke. */
  transactionFailed(transaction: ClientTransaction): void;
}

/** Who answers requests. */
export interface TransactionUser {
  /**
   * A new request, CANCEL and ACK excepted. It is answered now or later, once.
   *
   * @param request Valid during the call only.
   * @throws ParseFailure for a header that cannot be read; the sender gets a 400 that names it.
   */
  receiveRequest(request: Message, transaction: ServerTransaction): void;
}

/** Where an answer goes when the request's own flow will not do; `Transports` knows. */
export interface ResponseRoutes {
  /**
   * The flow for a response: the request's own, unless it is closed or its sender asks for another port.
   *
   * @param sentByPort Port of the top Via's sent-by, or the transport's default.
   * @param isToSource The answer goes to the source port: `rport`, or forced.
   * Source: RFC 3261 §18.2.2, RFC 3581 §4.
   */
  responseFlow(flow: Flow, sentByPort: number, isToSource: boolean): Flow | undefined | Promise<Flow | undefined>;
}

/** Spans of RFC 3261 §17, in milliseconds. */
export interface TransactionTimings {
  /** Estimate of a round trip; `[timers].t1_ms`. */
  readonly t1Millis: number;
  /** Longest wait between two retransmissions. */
  readonly t2Millis: number;
  /** Longest life of a message in the network. */
  readonly t4Millis: number;
  /** Timer B and F, and H and J with them: how long a transaction lasts; `[timers].timer_b_ms`. */
  readonly timerBMillis: number;
}

/** Timings of the two values in `config.toml`; T2 and T4 are RFC 3261's. Source: RFC 3261 §17.1.1.1, table 4. */
export function transactionTimings(t1Millis = 500, timerBMillis: number = 64 * t1Millis): TransactionTimings {
  return { t1Millis, t2Millis: Math.max(4_000, t1Millis), t4Millis: 5_000, timerBMillis };
}
