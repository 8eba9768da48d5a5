/**
 * Owns one publication at a server: its entity-tag, its one request at a time, its one deadline.
 *
 * Theory. RFC 3903 §4 as a machine; `news` is a change of what is published, `lane` the permission to send.
 *
 *     idle ──news, refresh due──▶ queued ──lane──▶ connecting ──flow──▶ waiting ──2xx──▶ idle
 *       ▲                           ▲                  │ none             │
 *       │                           └──────────────────┴──silence, 408, 503 (the lane pauses)
 *       └──deadline── held ◀──5xx, Retry-After, refusal───────────────────┤
 *                                              401, 407, 412, 423: again ─┘ at once, a few times
 *
 * What is sent is decided at the moment of sending: news as a document, initial or under the tag; without news a refresh. So
 * changes coalesce while a request is on its way, and the latest wins. `remove` ends it at the next rest, with Expires 0 where
 * the server holds something; so does a document that the server would not take as a change of what it holds.
 */
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner } from "../runtime/timers.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ClientTransaction, ClientUser } from "../transaction/transaction.ts";
import { datagramRequestBytes, type Flow } from "../transport/transport.ts";
import { backoffMillis, refusedMillis } from "../runtime/backoff.ts";
import type { Lane, LaneUser } from "./lane.ts";
import type { PublicationParts, PublicationSubject } from "./publication_ports.ts";
import { type PublishDocument, writePublish } from "./publish_request.ts";
import { judgeResponse, type Verdict } from "./verdict.ts";

/** To whom a publication belongs. */
export interface PublicationOwner {
  readonly lane: Lane;
  /** Event package. */
  readonly event: string;
  /** Lifetime to ask for; raised by what a 423 demands. */
  expiresSeconds: number;
  /** The server has taken what was sent. */
  publicationGranted(publication: Publication): void;
  /** The server will not have it. */
  publicationRefused(publication: Publication, why: string): void;
  /** Another tag names it at the server; empty when the server holds nothing. */
  publicationTagged(publication: Publication, former: string, tag: string, expiresSeconds: number): void;
  /** It is gone: removed, or given up. */
  publicationEnded(publication: Publication): void;
}

/** How long a flow may take to come. */
const CONNECT_MILLIS = 32_000;

type State = "idle" | "queued" | "connecting" | "waiting" | "held" | "ended";

/** One publication. */
export class Publication implements LaneUser, ClientUser, TimerOwner {
  readonly subject: PublicationSubject;
  readonly #owner: PublicationOwner;
  readonly #parts: PublicationParts;
  readonly #deadline = new TimerEntry(this);
  readonly #callId: string;
  readonly #fromTag: string;
  #state: State = "idle";
  #isLeaving = false;
  #isRefreshDue = false;
  /** Empty while the server holds nothing. */
  #tag = "";
  /** When the next refresh is due; Infinity while the server holds nothing. */
  #refreshAt: Millis = Infinity;
  #sequence = 0;
  #repeats = 0;
  /** Passing failures in a row. */
  #failures = 0;
  #transaction: ClientTransaction | undefined = undefined;
  /** What the outstanding request carries, and for how long it asks; 0 removes. */
  #document: PublishDocument | undefined = undefined;
  #askedSeconds = 0;
  #lastStatus = 0;
  #why = "";
  #grantedSeconds = 0;
  #failingSince: EpochMillis | undefined = undefined;

  /**
   * One that has told nothing yet; `wake` follows.
   *
   * @param tag Under which the server may hold it since an earlier run; empty for none.
   */
  constructor(subject: PublicationSubject, owner: PublicationOwner, parts: PublicationParts, tag: string) {
    this.#tag = tag;
    this.subject = subject;
    this.#owner = owner;
    this.#parts = parts;
    this.#callId = parts.entropy.token(24);
    this.#fromTag = parts.entropy.token(12);
  }

  /** Status of the last final answer; 0 before the first, or when nobody answered. */
  get lastStatus(): number {
    return this.#lastStatus;
  }

  /** What the last request came to, in words; empty when it was granted. */
  get why(): string {
    return this.#why;
  }

  /** Lifetime granted last; 0 while the server holds nothing. */
  get grantedSeconds(): number {
    return this.#tag === "" ? 0 : this.#grantedSeconds;
  }

  /** Since when it fails; undefined while it does not. */
  get failingSince(): EpochMillis | undefined {
    return this.#failingSince;
  }

  /** Nothing is on its way, and nothing waits. */
  get isSettled(): boolean {
    return this.#state === "idle" || this.#state === "ended";
  }

  /** Tells what is new as soon as it may. */
  wake(): void {
    if (this.#state === "idle" && this.#hasWork()) this.#queue();
  }

  /** Has the server forget it, then ends. */
  remove(): void {
    this.#isLeaving = true;
    const isUnsent = this.#state !== "waiting" && this.#state !== "ended";
    if (isUnsent && this.#tag === "") this.#end();
    else if (this.#state === "idle" || this.#state === "held") this.#queue();
  }

  /** Ends at once, telling no server. */
  abandon(): void {
    this.#transaction?.abandon();
    this.#end();
  }

  proceed(): void {
    if (!this.#hasWork()) {
      this.#failingSince = undefined;
      return this.#rest();
    }
    this.#repeats = 0;
    this.subject.digest.begin();
    this.#connect();
  }

  timerFired(): void {
    switch (this.#state) {
      case "idle":
        this.#isRefreshDue = true;
        this.#refreshAt = Infinity;
        // A server that gave no tag is told everything again.
        if (this.#tag === "") this.subject.content.forgotten();
        return this.#queue();
      case "held":
        return this.#queue();
      case "connecting":
        return this.#silent("no way to the server was found in time");
    }
  }

  receiveResponse(response: Message, { flow }: ClientTransaction): void {
    if (response.status < 200) return;
    this.#transaction = undefined;
    this.#lastStatus = response.status;
    this.#why = `${response.status} ${response.reasonText}`;
    const verdict = judgeResponse(response);
    if (verdict.is === "unavailable") {
      this.#parts.flows.noteFailure(flow);
      return this.#unreachable(this.#why, verdict.retryAfterSeconds);
    }
    this.#owner.lane.answered();
    switch (verdict.is) {
      case "granted":
        return this.#granted(verdict, flow);
      case "challenged":
        return this.#challenged(response, flow);
      case "forgotten":
        return this.#forgotten(flow);
      case "tooBrief":
        return this.#tooBrief(verdict.minExpiresSeconds, flow);
      case "failed":
        return this.#failed(verdict.retryAfterSeconds);
      case "refused":
        return this.#refused();
    }
  }

  transactionTimedOut({ flow }: ClientTransaction): void {
    this.#broken(flow, "nobody answered");
  }

  transactionFailed({ flow }: ClientTransaction): void {
    this.#broken(flow, "the connection broke");
  }

  #hasWork(): boolean {
    return this.#isLeaving || this.subject.content.hasNews || (this.#isRefreshDue && this.#tag !== "");
  }

  #setTag(tag: string): void {
    const former = this.#tag;
    this.#tag = tag;
    if (tag !== former) this.#owner.publicationTagged(this, former, tag, this.#grantedSeconds);
  }

  #queue(): void {
    this.#state = "queued";
    this.#parts.timers.cancel(this.#deadline);
    this.#owner.lane.enter(this);
  }

  /** @param fallback Taken when no stream is to be had for a large request. */
  #connect(fallback?: Flow): void {
    const { timers, flows } = this.#parts;
    this.#state = "connecting";
    timers.arm(this.#deadline, CONNECT_MILLIS);
    const sequence = ++this.#sequence;
    flows.flowFor(this.subject.addresses.requestUri, fallback !== undefined).then((found) => {
      if (this.#state !== "connecting" || this.#sequence !== sequence) return;
      const flow = found ?? fallback;
      if (flow === undefined) this.#silent("there is no way to the server");
      else this.#send(flow, fallback !== undefined);
    });
  }

  /** Sends what is to be told now. */
  #send(flow: Flow, isLastFlow: boolean): void {
    const { transactions, timers, counters, userAgent } = this.#parts;
    const { addresses, content, digest } = this.subject;
    timers.cancel(this.#deadline);
    const transaction = transactions.begin(flow, Method.publish, this);
    if (transaction === undefined) return this.#silent("too many requests are on their way");
    const isRemoval = this.#isLeaving || (this.#tag !== "" && content.hasNews && content.isEnded);
    const isRefresh = !isRemoval && this.#tag !== "" && !content.hasNews;
    // RFC 3903 §4.3, §4.5: neither a refresh nor a removal has a body.
    this.#document = isRemoval || isRefresh ? undefined : content.take();
    this.#askedSeconds = isRemoval ? 0 : this.#owner.expiresSeconds;
    const bytes = writePublish({
      addresses,
      flow,
      branch: transaction.branch,
      callId: this.#callId,
      fromTag: this.#fromTag,
      sequence: this.#sequence,
      event: this.#owner.event,
      tag: this.#tag,
      expiresSeconds: this.#askedSeconds,
      document: this.#document,
      authorization: digest.headers({ method: "PUBLISH", uri: addresses.requestUri }),
      userAgent: userAgent(),
    });
    if (bytes.length > datagramRequestBytes && !flow.isReliable && !isLastFlow) {
      transaction.abandon();
      return this.#connect(flow);
    }
    this.#state = "waiting";
    this.#transaction = transaction;
    if (this.#askedSeconds === 0) counters.removalsSent++;
    else if (this.#document === undefined) counters.refreshesSent++;
    else counters.documentsSent++;
    transaction.send(bytes);
  }

  /** Source: RFC 3903 §4.2–§4.5. */
  #granted({ tag, expiresSeconds }: Verdict & { is: "granted" }, flow: Flow): void {
    const { counters, timers } = this.#parts;
    counters.granted++;
    if (this.#document !== undefined) this.subject.content.delivered();
    this.#grantedSeconds = expiresSeconds ?? this.#askedSeconds;
    const isHeld = this.#askedSeconds > 0 && this.#grantedSeconds > 0;
    this.#setTag(isHeld ? tag ?? "" : "");
    this.#refreshAt = isHeld ? timers.now() + refreshMillis(this.#grantedSeconds) : Infinity;
    this.#isRefreshDue = false;
    if (!isHeld && !this.#isLeaving) {
      this.subject.content.forgotten();
      if (this.#askedSeconds === 0) return this.#repeat(flow);
      this.#why = `${this.#why}, but for 0 seconds`;
      return this.#refused();
    }
    this.#why = "";
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#owner.publicationGranted(this);
    this.#rest();
  }

  #challenged(response: Message, flow: Flow): void {
    const outcome = this.subject.digest.receiveChallenge(response);
    if (outcome !== "answerable") {
      this.#why = `${this.#why}: ${outcome}`;
      return this.#refused();
    }
    this.#parts.counters.challengesAnswered++;
    this.#repeat(flow);
  }

  /** RFC 3903 §5: the tag MUST be discarded, and the publication begins anew. */
  #forgotten(flow: Flow): void {
    this.#parts.counters.tagsForgotten++;
    this.#setTag("");
    this.#refreshAt = Infinity;
    this.#isRefreshDue = false;
    const { content } = this.subject;
    content.forgotten();
    if (content.hasNews) this.#repeat(flow);
    else this.#rest();
  }

  #tooBrief(minExpiresSeconds: number, flow: Flow): void {
    const owner = this.#owner;
    const isUsable = minExpiresSeconds > this.#askedSeconds && minExpiresSeconds <= limits.demandedExpiresSeconds;
    if (this.#askedSeconds === 0 || !isUsable) return this.#refused();
    // RFC 3903 §5: equal to or greater than Min-Expires.
    owner.expiresSeconds = Math.max(owner.expiresSeconds, minExpiresSeconds);
    this.#repeat(flow);
  }

  /** Sends anew in the same turn. */
  #repeat(flow: Flow): void {
    if (this.#isLeaving && this.#tag === "") return this.#end();
    if (++this.#repeats > limits.publishRepeatCount) return this.#refused();
    this.#sequence++;
    this.#send(flow, false);
  }

  #failed(retryAfterSeconds: number): void {
    this.#failures++;
    if (this.#document !== undefined) this.subject.content.lost();
    this.#hold(backoffMillis(this.#failures, retryAfterSeconds, this.#parts.entropy));
  }

  #refused(): void {
    this.#owner.publicationRefused(this, this.#why);
    this.#hold(refusedMillis(this.#parts.entropy));
  }

  /** The server answered, but not as wished: nothing more of this publication until the deadline. */
  #hold(millis: number): void {
    const { counters, clock, timers } = this.#parts;
    counters.refused++;
    this.#failingSince ??= clock.wall();
    this.#document = undefined;
    // A removal is tried once: what is not removed expires.
    if (this.#isLeaving) return this.#end();
    this.#state = "held";
    timers.arm(this.#deadline, millis);
    this.#owner.lane.leave(this);
  }

  #broken(flow: Flow, why: string): void {
    this.#transaction = undefined;
    this.#parts.flows.noteFailure(flow);
    this.#silent(why);
  }

  #silent(why: string): void {
    this.#lastStatus = 0;
    this.#unreachable(why, 0);
  }

  /** Nobody answered, or the server is not able to: all of its publications wait. */
  #unreachable(why: string, retryAfterSeconds: number): void {
    const { counters, clock } = this.#parts;
    const { lane } = this.#owner;
    counters.unanswered++;
    if (this.#document !== undefined) this.subject.content.lost();
    this.#document = undefined;
    this.#why = why;
    this.#failingSince ??= clock.wall();
    lane.failed(this, why, retryAfterSeconds);
    if (this.#isLeaving) return this.#end();
    lane.leave(this);
    this.#queue();
  }

  /** The turn is over; the next one begins at once if something happened meanwhile. */
  #rest(): void {
    const { timers } = this.#parts;
    this.#document = undefined;
    if (this.#isLeaving && this.#tag === "") return this.#end();
    this.#state = "idle";
    this.#owner.lane.leave(this);
    if (this.#hasWork()) this.#queue();
    else if (this.#refreshAt < Infinity) timers.arm(this.#deadline, Math.max(0, this.#refreshAt - timers.now()));
  }

  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#transaction = undefined;
    this.#parts.timers.cancel(this.#deadline);
    this.#owner.lane.leave(this);
    this.#owner.publicationEnded(this);
  }
}

/** When to refresh what was granted for so long: a tenth before its end, at least five seconds, at most half its life. */
function refreshMillis(grantedSeconds: number): number {
  const marginSeconds = Math.min(grantedSeconds / 2, Math.max(5, grantedSeconds / 10));
  return (grantedSeconds - marginSeconds) * 1_000;
}
