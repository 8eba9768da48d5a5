/**
 * Owns the order in which a request is examined, and turns refusals into responses: the one place where that happens.
 */
import { fitChallenges } from "../auth/challenge.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Log } from "../runtime/log.ts";
import type { Reject } from "../runtime/result.ts";
import { checkSyntax } from "../sip/check.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { type ResponseOptions, writeResponse } from "../sip/response.ts";
import type { ServerTransaction, TransactionUser } from "../transaction/transaction.ts";

/** What answers wait for: that what they promise is on the disk. */
export interface Durability {
  /** Something waits for the end of this turn. */
  readonly isDue: boolean;
  /** Tells, at the end of this turn, whether it is written, so that it outlives this process: undefined for yes. */
  whenWritten(settled: (problem: Error | undefined) => void): void;
  /** Tells, as soon as it is known, whether it is on the disk, so that it outlives everything. */
  whenDurable(settled: (problem: Error | undefined) => void): void;
}

/** Handles one method: the parts of the response, or a refusal. */
export interface MethodHandler {
  /** Method id, see `Method`. */
  readonly method: number;
  /** As Allow names it. */
  readonly name: string;
  /** Option tags that such a request may require. Source: RFC 3261 §8.2.2.3. */
  readonly options: readonly string[];
  /** Grants anybody's request, so that being granted proves nothing. */
  readonly isForAnybody?: boolean;
  /**
   * What becomes of a granted request whose effect the disk refused: it gets a 503, or is answered all the same because a memory of it
   * is only wished for. Absent where nothing is stored.
   */
  readonly whenUnstored?: "refuse" | "answer";
  /**
   * Serves a request that may be served: the final response, or why it is refused.
   *
   * @throws ParseFailure for a header that cannot be read; it becomes a 400 that names the header.
   */
  handle(request: Message, transaction: ServerTransaction): ResponseOptions | Reject;
}

/** The disk refused after the request was granted. Source: RFC 3261 §21.5.4. */
const unstored: ResponseOptions = { status: 503, headers: [["Retry-After", "60"]] };

/** Counts of the router, by status class and by cause. */
export interface RouterCounters extends Counters {
  /** New requests, ACK and CANCEL not among them. */
  requests: number;
  /** Answered with 2xx. */
  granted: number;
  /** Answered with 401. */
  challenged: number;
  /** Answered with anything else. */
  refused: number;
}

/** Fresh counters. */
export function routerCounters(): RouterCounters {
  return { requests: 0, granted: 0, challenged: 0, refused: 0 };
}

/** Examines requests as RFC 3261 §8.2 orders it and hands them to the handler of their method. */
export class Router implements TransactionUser {
  /** Refused requests by method and status: `SUBSCRIBE 404`; of methods that are not served, `other 405`. */
  readonly refusals: Counters = {};
  /** By method. */
  readonly #handlers: readonly (MethodHandler | undefined)[];
  readonly #allow: string;
  readonly #counters: RouterCounters;
  readonly #log: Log;
  readonly #durability: Durability;
  readonly #closed: Reject | undefined;
  /** Granted in this turn, and what they are told once the effect is written. */
  #granted: ServerTransaction[] = [];
  #answers: Uint8Array[] = [];
  readonly #answerGranted = () => {
    const [granted, answers] = [this.#granted, this.#answers];
    [this.#granted, this.#answers] = [[], []];
    for (let i = 0; i < granted.length; i++) granted[i]!.respond(answers[i]!);
  };

  /** @param parts `closed`: why nothing is served at all; every request is refused so. */
  constructor(
    parts: {
      handlers: readonly MethodHandler[];
      counters: RouterCounters;
      log: Log;
      durability: Durability;
      closed?: Reject | undefined;
    },
  ) {
    const handlers: (MethodHandler | undefined)[] = [];
    for (const handler of parts.handlers) handlers[handler.method] = handler;
    this.#handlers = handlers;
    this.#closed = parts.closed;
    this.#allow = parts.handlers.map((handler) => handler.name).join(", ");
    this.#counters = parts.counters;
    this.#log = parts.log;
    this.#durability = parts.durability;
  }

  /** Answers a new request; never throws but ParseFailure, which the transaction layer answers with 400. */
  receiveRequest(request: Message, transaction: ServerTransaction): void {
    this.#counters.requests++;
    this.#note(request, transaction, "received");
    // Until the sender is known, it is answered as most phones behind NAT need it.
    transaction.isRportForced = true;
    transaction.isSenderProven = false;
    const failure = checkSyntax(request);
    if (failure !== undefined) throw failure;
    const handler = this.#handlers[request.method];
    const outcome = this.#closed ??
      (handler === undefined
        ? this.#methodNotAllowed(request)
        : this.#examine(request, handler) ?? handler.handle(request, transaction));
    if ("why" in outcome) return this.#refuse(request, transaction, outcome);
    this.#counters.granted++;
    this.#note(request, transaction, "granted");
    transaction.isSenderProven = handler?.isForAnybody !== true;
    if (handler?.whenUnstored === undefined || !this.#durability.isDue) return transaction.answer(request, outcome);
    this.#answerOnceStored(request, transaction, outcome, handler.whenUnstored);
  }

  /** RFC 3261 §8.2.1: a method that is not served, with the list of those that are. */
  #methodNotAllowed(request: Message): Reject {
    return { status: 405, headers: [["Allow", this.#allow]], why: `method ${request.methodText} is not served` };
  }

  #examine(request: Message, handler: MethodHandler): Reject | undefined {
    // RFC 3261 §16.3: only OPTIONS is answered by whoever meets it with no hops left.
    if (request.maxForwards === 0 && request.method !== Method.options) {
      return { status: 483, why: "Max-Forwards is 0" };
    }
    // RFC 3261 §8.2.2.3: every required extension that is unknown is named.
    const { require } = request;
    if (require.length === 0) return undefined;
    const unknown = require.filter((tag) => !handler.options.includes(tag)).join(", ");
    if (unknown === "") return undefined;
    return { status: 420, headers: [["Unsupported", unknown]], why: `unknown extension ${unknown}` };
  }

  #answerOnceStored(
    request: Message,
    transaction: ServerTransaction,
    outcome: ResponseOptions,
    whenUnstored: "refuse" | "answer",
  ): void {
    const granted = transaction.prepare(request, outcome);
    if (whenUnstored === "answer") {
      if (this.#granted.length === 0) this.#durability.whenWritten(this.#answerGranted);
      this.#granted.push(transaction);
      this.#answers.push(granted);
      return;
    }
    const refused = transaction.prepare(request, unstored);
    this.#durability.whenDurable((problem) => transaction.respond(problem === undefined ? granted : refused));
  }

  #refuse(request: Message, transaction: ServerTransaction, reject: Reject): void {
    if (reject.status === 401) return this.#challenge(request, transaction, reject);
    const { status, headers = [] } = reject;
    transaction.answer(
      request,
      reject.reason === undefined ? { status, headers } : { status, headers, reason: reject.reason },
    );
    this.#counters.refused++;
    const cause = `${this.#handlers[request.method]?.name ?? "other"} ${status}`;
    this.refusals[cause] = (this.refusals[cause] ?? 0) + 1;
    this.#note(request, transaction, `refused with ${status}: ${reject.why}`);
  }

  /** Tells whoever follows requests what became of one. */
  #note(request: Message, { flow }: ServerTransaction, what: string): void {
    if (!this.#log.isDebugging("uas")) return;
    this.#log.debug("uas", `${request.methodText} ${what}`, {
      transaction: request.branch,
      callId: request.callId,
      from: flow.remoteAddress,
    });
  }

  /** Challenges within what the request has paid for: a source address may be forged. */
  #challenge(request: Message, transaction: ServerTransaction, reject: Reject): void {
    this.#counters.challenged++;
    this.#note(request, transaction, `challenged: ${reject.why}`);
    const { flow } = transaction;
    const bytes = fitChallenges(request.end - request.start, reject.headers ?? [], (headers) =>
      writeResponse(request, {
        status: reject.status,
        headers,
        toTag: transaction.localTag,
        received: flow.remoteAddress,
        rport: flow.remotePort,
        isRportForced: transaction.isRportForced,
      }));
    if (bytes === undefined) transaction.ignore();
    else transaction.respond(bytes);
  }
}
