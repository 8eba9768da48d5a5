/**
 * Owns the way from one change to many NOTIFYs: who is owed one, in which order they leave, how many are on their way.
 *
 * Theory. A subscription is in one of three conditions: nothing owed; queued; or outstanding, that is, its NOTIFY awaits
 * an answer, and whatever happens meanwhile only marks it. So a change costs one mark and one queue link per watcher, and
 * a watcher that is slow gets one NOTIFY with the newest state when it is ready for it. Queues are drained once per turn.
 * First, refresh and last NOTIFYs go ahead of changes: they answer somebody who is waiting.
 *
 * A window (`notify_window.ts`) bounds how many await their answer at once.
 *
 * Budget: 1.5 µs per NOTIFY without the transaction and the socket, no allocation (tests/bench/notify_bench.ts).
 */
import type { RenderedBody } from "../body/rendered.ts";
import { routeRequest } from "../dialog/route_set.ts";
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { Histogram } from "../runtime/histogram.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import { type Turn, TurnStep } from "../runtime/turn.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResourceChange } from "../state/resource.ts";
import type { ClientTransaction, ClientUser } from "../transaction/transaction.ts";
import type { Flow } from "../transport/transport.ts";
import { ownAddressOf } from "./contact.ts";
import { judgeNotifyAnswer, retryAfterOf, retryDelaySeconds } from "./notify_policy.ts";
import {
  headLength,
  keptHead,
  type NotifyHead,
  type NotifyPatch,
  writeNotify,
  writeNotifyHead,
} from "./notify_template.ts";
import type { Watched } from "./event_package.ts";
import { NotifyWindow } from "./notify_window.ts";
import type { Subscription, SubscriptionOwner } from "./subscription.ts";
import { SubscriptionQueue } from "./subscription_queue.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { TerminationReason } from "./subscription_transitions.ts";

/** What the fan-out demands of the transaction layer. */
export interface RequestSender {
  /** Bytes of every branch. */
  readonly branchLength: number;
  /** Opens a client transaction, or undefined when all are taken. */
  begin(flow: Flow, method: number, user: ClientUser): ClientTransaction | undefined;
}

/** What it demands of the transports. */
export interface FlowSource {
  /**
   * Finds or opens a flow towards a subscription's next hop.
   *
   * @param isReliableWanted The message is too large for a datagram: only a stream will do.
   * @returns undefined when there is none; never rejects.
   */
  flowFor(subscription: Subscription, isReliableWanted: boolean): Promise<Flow | undefined>;
}

/**
 * What became of a subscription; `counted`: half of the numbers that a restart skips are used, see `subscription_record.ts`.
 */
export type SubscriptionEvent = "started" | "refreshed" | "counted" | "notified" | "ended";

/** Who is told what became of subscriptions. */
export interface SubscriptionObserver {
  subscriptionChanged(subscription: Subscription, what: SubscriptionEvent): void;
}

/** What a Fanout is made of. */
export interface FanoutParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** At whose end NOTIFYs are written. */
  readonly turn: Turn;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly counters: FanoutCounters;
  readonly subscriptions: Subscriptions;
  readonly transactions: RequestSender;
  readonly flows: FlowSource;
  readonly observer: SubscriptionObserver;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: () => string;
}

/** Counts of the fan-out. */
export interface FanoutCounters extends Counters {
  notifySent: number;
  notifyAnswered: number;
  notifyFailed: number;
  notifyCoalesced: number;
  windowFull: number;
}

/** Fresh counters. */
export function fanoutCounters(): FanoutCounters {
  return { notifySent: 0, notifyAnswered: 0, notifyFailed: 0, notifyCoalesced: 0, windowFull: 0 };
}

/** A request within 200 bytes of an Ethernet's MTU leaves by a stream. Source: RFC 3261 §18.1.1. */
const DATAGRAM_BYTES = 1_300;

/** The largest message that anybody must take from a stream: as large as we take one. */
const STREAM_BYTES = limits.messageBytes;

/** Room for what the head does not count: CSeq, state, lengths. */
const PATCH_BYTES = 160;

const decoder = new TextDecoder();

/** What a line of the log says of a subscription and its NOTIFY. */
function noteFields({ endpoint, watched, eventPackage, dialog }: Subscription, transaction?: ClientTransaction) {
  return {
    endpoint,
    resource: watched.exten,
    event: eventPackage.name,
    transaction: transaction === undefined ? undefined : decoder.decode(transaction.branch),
    callId: dialog.callId,
  };
}

/** Sends NOTIFYs. */
export class Fanout implements SubscriptionOwner {
  /** From a change to the NOTIFY that tells it; what a list collects on purpose is in it. */
  readonly tellingSpans = new Histogram();
  /** From a NOTIFY to its 2xx. */
  readonly answerSpans = new Histogram();
  readonly #parts: FanoutParts;
  readonly #urgent = new SubscriptionQueue();
  readonly #changed = new SubscriptionQueue();
  readonly #patch: NotifyPatch;
  readonly #window = new NotifyWindow();
  readonly #stall: TimerEntry;
  readonly #pumpNow = () => this.#pump();
  #isPumpDue = false;
  #whenIdle: (() => void)[] = [];

  constructor(parts: FanoutParts) {
    this.#parts = parts;
    this.#patch = { branch: new Uint8Array(0), sequence: 0, expiresSeconds: 0, isPending: false, reason: undefined };
    this.#stall = new TimerEntry({ timerFired: this.#pumpNow });
  }

  /** NOTIFYs waiting to be written. */
  get queuedCount(): number {
    return this.#urgent.length + this.#changed.length;
  }

  /** Marks every watcher of `watched` whose package cares. */
  watchedChanged(watched: Watched, change: ResourceChange): void {
    const now = this.#parts.timers.now();
    for (const subscription of this.#parts.subscriptions.watchersOf(watched)) {
      if (!subscription.eventPackage.wakesOn(change)) continue;
      subscription.list?.memberChanged(watched);
      this.mark(subscription, now);
    }
  }

  /** Marks one watcher: something that it watches is another than before. */
  mark(subscription: Subscription, now: Millis = this.#parts.timers.now()): void {
    if (subscription.changeCount++ === 0) subscription.changedAt = now;
    const { list } = subscription;
    if (list !== undefined && list.batchMillis > 0 && !list.batch.isArmed) {
      this.#parts.timers.arm(list.batch, list.batchMillis);
    }
    this.#enqueue(subscription, this.#changed);
  }

  /** Owes `subscription` a NOTIFY whatever its state: after a grant, a refresh, an ending. */
  owe(subscription: Subscription): void {
    this.#oweAll(subscription);
    if (subscription.retry !== undefined) this.#parts.timers.cancel(subscription.retry);
    this.#enqueue(subscription, this.#urgent);
  }

  /** Owes `subscription` a NOTIFY that nobody is waiting for: after a restart. */
  remind(subscription: Subscription): void {
    this.#oweAll(subscription);
    this.#enqueue(subscription, this.#changed);
  }

  /** Has the next NOTIFY of everybody written anew: what its head says has changed. */
  forgetHeads(): void {
    for (const subscription of this.#parts.subscriptions.all()) subscription.head = undefined;
  }

  /** Resolves once nothing is queued and nothing in the window awaits its answer. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#schedulePump();
    });
  }

  /** Ends `subscription` with a last NOTIFY that says why. */
  end(subscription: Subscription, reason: TerminationReason): void {
    if (!subscription.step("end")) return;
    subscription.reason = reason;
    this.#forget(subscription);
    this.owe(subscription);
  }

  /** Ends `subscription` without a word: its phone does not know it, or has made another. */
  drop(subscription: Subscription): void {
    if (!subscription.step("drop")) return;
    this.#forget(subscription);
  }

  subscriptionExpired(subscription: Subscription): void {
    this.end(subscription, "timeout");
  }

  retryDue(subscription: Subscription): void {
    this.#enqueue(subscription, this.#changed);
  }

  notifyAnswered(subscription: Subscription, status: number, response: Message | undefined): void {
    const now = this.#parts.timers.now();
    const transaction = subscription.outstanding;
    const wasSent = transaction !== undefined;
    const hadPlace = this.#window.leave(subscription);
    subscription.outstanding = undefined;
    if (hadPlace && (this.queuedCount > 0 || this.#whenIdle.length > 0)) this.#schedulePump();
    if (this.#parts.log.isDebugging("event")) this.#note(subscription, `NOTIFY answered with ${status}`, transaction);
    subscription.answerStatus = status;
    subscription.answeredAt = now;
    if (subscription.state === "gone") return;
    const { list } = subscription;
    const retryAfterSeconds = response === undefined || status < 300 ? undefined : retryAfterOf(response);
    const verdict = judgeNotifyAnswer(status, retryAfterSeconds);
    if (verdict === "delivered") {
      this.#parts.counters.notifyAnswered++;
      this.answerSpans.observe(now - subscription.sentAt);
      list?.delivered();
    } else {
      this.#parts.counters.notifyFailed++;
      list?.failed();
    }
    if (subscription.state === "terminated") {
      // Whoever leaves and does not answer is told that it is over, and no more; whoever cannot be reached is not.
      if (verdict !== "delivered") list?.abandon();
      if (!subscription.isNotifyOwed || !wasSent) subscription.step("lastAnswer");
      else this.#enqueue(subscription, this.#urgent);
    } else if (verdict === "delivered") {
      subscription.failureCount = 0;
      if (subscription.isNotifyOwed) this.#enqueue(subscription, this.#urgent);
      else if (subscription.changeCount > 0) this.#enqueue(subscription, this.#changed);
    } else if (verdict === "end") {
      this.#complain(subscription, status, "ended by the phone's answer", transaction);
      this.drop(subscription);
    } else {
      this.#retryLater(subscription, status, retryAfterSeconds, now, transaction);
    }
    this.#parts.observer.subscriptionChanged(subscription, "notified");
  }

  #retryLater(
    subscription: Subscription,
    status: number,
    retryAfterSeconds: number | undefined,
    now: Millis,
    transaction?: ClientTransaction,
  ): void {
    subscription.failureCount++;
    subscription.isNotifyOwed = true;
    subscription.retry ??= new TimerEntry(subscription);
    const jitter = this.#parts.entropy.uint32() / 2 ** 32;
    const delaySeconds = retryDelaySeconds(subscription.failureCount, retryAfterSeconds, jitter);
    this.#parts.timers.arm(subscription.retry, delaySeconds * 1_000);
    if (subscription.failureCount === 1 && now < subscription.expiresAt) {
      this.#complain(subscription, status, "will be told again", transaction);
    }
  }

  #complain(subscription: Subscription, status: number, outcome: string, transaction?: ClientTransaction): void {
    this.#parts.log.warn("event", `NOTIFY failed: ${outcome}`, { ...noteFields(subscription, transaction), status });
  }

  /** Tells whoever follows NOTIFYs what became of one; asked before, because they are many. */
  #note(subscription: Subscription, what: string, transaction: ClientTransaction | undefined): void {
    this.#parts.log.debug("event", what, noteFields(subscription, transaction));
  }

  #forget(subscription: Subscription): void {
    this.#parts.subscriptions.remove(subscription);
    this.#parts.timers.cancel(subscription.expiry);
    if (subscription.retry !== undefined) this.#parts.timers.cancel(subscription.retry);
    if (subscription.list !== undefined) this.#parts.timers.cancel(subscription.list.batch);
    this.#parts.observer.subscriptionChanged(subscription, "ended");
  }

  /** Owes the whole state, at once: changes are collected no longer. */
  #oweAll(subscription: Subscription): void {
    subscription.isNotifyOwed = true;
    if (subscription.list === undefined) return;
    subscription.list.oweFull();
    this.#parts.timers.cancel(subscription.list.batch);
  }

  #enqueue(subscription: Subscription, queue: SubscriptionQueue): void {
    if (
      subscription.isQueued || subscription.outstanding !== undefined || subscription.isConnecting ||
      (subscription.retry !== undefined && subscription.retry.isArmed) ||
      (subscription.list !== undefined && subscription.list.batch.isArmed)
    ) return;
    subscription.isQueued = true;
    queue.push(subscription);
    this.#schedulePump();
  }

  #schedulePump(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#parts.turn.at(TurnStep.tell, this.#pumpNow);
  }

  #pump(): void {
    this.#isPumpDue = false;
    const now = this.#parts.timers.now();
    this.#window.releaseSlow(now);
    while (!this.#window.isFull) {
      const subscription = this.#urgent.shift() ?? this.#changed.shift();
      if (subscription === undefined) return this.#tellIdle();
      subscription.isQueued = false;
      this.#send(subscription, now);
    }
    if (this.queuedCount === 0) return;
    this.#parts.counters.windowFull++;
    if (!this.#stall.isArmed) this.#parts.timers.arm(this.#stall, this.#window.nextRelease - now);
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || !this.#window.isEmpty) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #send(subscription: Subscription, now: Millis): void {
    if (subscription.state === "gone") return;
    const { list } = subscription;
    const document = list === undefined
      ? subscription.eventPackage.bodyOf(subscription.watched, subscription.kind)
      : undefined;
    if (!this.#isDue(subscription, document)) {
      subscription.changedAt = -1;
      return;
    }
    const flow = subscription.flow;
    if (flow === undefined || !flow.isOpen) return this.#connect(subscription, false);
    const head = subscription.head ?? this.#writeHead(subscription, flow);
    const overhead = headLength(head) + PATCH_BYTES;
    const isNarrow = !flow.isReliable && subscription.isDatagramOnly;
    const body = document ?? list!.compose((isNarrow ? DATAGRAM_BYTES : STREAM_BYTES) - overhead);
    const length = overhead + body.byteLength(subscription.fill);
    if (length > DATAGRAM_BYTES && !flow.isReliable && !subscription.isDatagramOnly) {
      return this.#connect(subscription, true);
    }
    const transaction = this.#parts.transactions.begin(flow, Method.notify, subscription);
    if (transaction === undefined) return this.#retryLater(subscription, 503, 1, now);

    const patch = this.#patch;
    patch.branch = transaction.branch;
    patch.sequence = ++subscription.dialog.localSequence;
    patch.expiresSeconds = subscription.secondsLeft(now);
    patch.isPending = subscription.state === "pending";
    // A whole list may take several NOTIFYs: the last of them is the end.
    const isLast = list === undefined || list.isLast;
    patch.reason = isLast ? subscription.reason : undefined;
    const bytes = writeNotify(head, patch, body, subscription.fill, transaction);
    // RFC 4235 §4.1: the version grows with every document.
    subscription.fill.version++;
    subscription.sentBody = document;
    subscription.isNotifyOwed = !isLast;
    list?.sent();
    subscription.changeCount = 0;
    if (subscription.changedAt >= 0) {
      this.tellingSpans.observe(now - subscription.changedAt);
      subscription.changedAt = -1;
    }
    subscription.outstanding = transaction;
    subscription.sentAt = now;
    subscription.sentWall = this.#parts.clock.wall();
    subscription.answerStatus = 0;
    this.#window.enter(subscription);
    this.#parts.counters.notifySent++;
    transaction.send(bytes);
    if (this.#parts.log.isDebugging("event")) this.#note(subscription, "NOTIFY sent", transaction);
    if (subscription.dialog.localSequence === subscription.countedAt) {
      this.#parts.observer.subscriptionChanged(subscription, "counted");
    }
  }

  /** Whether there still is something to tell: changes that cancelled each other out are nothing. */
  #isDue(subscription: Subscription, document: RenderedBody | undefined): boolean {
    if (document === undefined) return this.#isListDue(subscription);
    if (subscription.isNotifyOwed) return true;
    if (subscription.changeCount > 1) {
      this.#parts.counters.notifyCoalesced += subscription.changeCount - 1;
      if (subscription.sentBody?.equals(document)) subscription.changeCount = 0;
    }
    return subscription.changeCount > 0;
  }

  #isListDue(subscription: Subscription): boolean {
    if (subscription.list!.settle() || subscription.isNotifyOwed) return true;
    subscription.changeCount = 0;
    return false;
  }

  /** Writes a head, and keeps it for a subscription that was told before: it will be told again. */
  #writeHead(subscription: Subscription, flow: Flow): NotifyHead {
    const head = writeNotifyHead({
      dialog: subscription.dialog,
      route: routeRequest(subscription.dialog),
      own: ownAddressOf(flow),
      event: subscription.eventHeader,
      userAgent: this.#parts.userAgent(),
      contentType: subscription.list?.contentType ?? subscription.kind.mediaType,
      isList: subscription.list !== undefined,
      branchLength: this.#parts.transactions.branchLength,
    });
    return subscription.dialog.localSequence === 0 ? head : subscription.head = keptHead(head);
  }

  #connect(subscription: Subscription, isReliableWanted: boolean): void {
    subscription.isConnecting = true;
    this.#parts.flows.flowFor(subscription, isReliableWanted).then((flow) => {
      subscription.isConnecting = false;
      if (subscription.state === "gone") return;
      if (flow?.isOpen) {
        subscription.flow = flow;
        subscription.head = undefined;
      } else if (isReliableWanted) {
        subscription.isDatagramOnly = true;
      } else {
        return this.notifyAnswered(subscription, 503, undefined);
      }
      this.#enqueue(subscription, this.#urgent);
    });
  }
}
