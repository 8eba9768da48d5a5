/**
 * Owns one subscription: what a watcher asked for, what it was last told, and what it is still owed.
 */
import type { HoleFill, RenderedBody } from "../body/rendered.ts";
import type { Dialog } from "../dialog/dialog.ts";
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import { TimerEntry, type TimerOwner } from "../runtime/timers.ts";
import type { Message } from "../sip/message.ts";
import type { ClientTransaction, ClientUser } from "../transaction/transaction.ts";
import type { Flow, TransportName } from "../transport/transport.ts";
import type { DocumentKind, EventPackage, Watched } from "./event_package.ts";
import type { ListView } from "./lists/list_view.ts";
import type { NotifyHead } from "./notify_template.ts";
import { type SubscriptionInput, type SubscriptionState, subscriptionTransitions } from "./subscription_transitions.ts";
import type { TerminationReason } from "./subscription_transitions.ts";

/** Who acts on what happens to subscriptions. */
export interface SubscriptionOwner {
  /** Its NOTIFY got a final answer; `response` is undefined for none in time or a broken transport (status 408, 503). */
  notifyAnswered(subscription: Subscription, status: number, response: Message | undefined): void;
  /** Its lifetime is over. */
  subscriptionExpired(subscription: Subscription): void;
  /** The wait before another attempt is over. */
  retryDue(subscription: Subscription): void;
}

/** A flow as plain data. */
export interface FlowRecord {
  /** Name of the listener. */
  readonly listener: string;
  readonly transport: TransportName;
  /** The peer's address, IPv6 without brackets, and port. */
  readonly address: string;
  readonly port: number;
}

/** What a new subscription is made of. */
export interface SubscriptionParts {
  readonly owner: SubscriptionOwner;
  readonly eventPackage: EventPackage;
  readonly eventHeader: string;
  readonly eventId: string | undefined;
  readonly watched: Watched;
  readonly endpoint: string;
  readonly dialog: Dialog;
  readonly phone: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly createdAt: EpochMillis;
  readonly fill: HoleFill;
  readonly kind: DocumentKind;
}

/** What a phone subscribes to, of which it has one subscription at most: the newer replaces the older. */
export type Interest = Pick<SubscriptionParts, "endpoint" | "phone" | "eventPackage" | "eventId" | "watched">;

/** One watcher's standing interest in one resource. Source: RFC 6665 §4.2. */
export class Subscription implements ClientUser, TimerOwner {
  readonly owner: SubscriptionOwner;
  readonly eventPackage: EventPackage;
  /** Value of Event in every NOTIFY. */
  readonly eventHeader: string;
  readonly eventId: string | undefined;
  readonly watched: Watched;
  /** Name of the endpoint that subscribed. */
  readonly endpoint: string;
  readonly dialog: Dialog;
  /** What tells phones of one endpoint apart: `+sip.instance`, or the URI of the first Contact. */
  readonly phone: string;
  /** Address of the SUBSCRIBE that made it: binds endpoints without credentials. */
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly createdAt: EpochMillis;
  /** What fills the holes of shared bodies for this watcher. */
  readonly fill: HoleFill;
  /** The kind of document it gets. */
  kind: DocumentKind;

  state: SubscriptionState = "init";
  reason: TerminationReason | undefined;
  /** Monotonic end of the granted lifetime. */
  expiresAt: Millis = 0;
  grantedSeconds = 0;
  flow: Flow | undefined;
  /** Where its last request came from, while no flow is known: after a restart. */
  source: FlowRecord | undefined;
  head: NotifyHead | undefined;
  /** The peer was found to have no TCP: large NOTIFYs go by UDP all the same. */
  isDatagramOnly = false;
  /** A flow is being opened for it. */
  isConnecting = false;

  /** What its watcher knows of each member, where it watches a list. */
  list: ListView | undefined;

  /** A NOTIFY is owed whatever the state is: first, refresh, last. */
  isNotifyOwed = false;
  /** Changes since the last NOTIFY was written. */
  changeCount = 0;
  /** Monotonic instant of the first of them; -1 without one. */
  changedAt: Millis = -1;
  isQueued = false;
  /** Its neighbours among all, as they came. Only the index of subscriptions writes them. */
  older: Subscription | undefined;
  newer: Subscription | undefined;
  nextQueued: Subscription | undefined;
  outstanding: ClientTransaction | undefined;
  /** The outstanding NOTIFY counts in the window; only the window writes it. */
  hasPlace = false;
  /** Monotonic instant at which the newest NOTIFY left; -1 before the first. */
  sentAt: Millis = -1;
  /** What the wall clock said then. */
  sentWall: EpochMillis = 0;
  /** Its final status: 0 while it is unanswered, 408 when no answer came, 503 when it could not be sent. */
  answerStatus = 0;
  /** Monotonic instant of that. */
  answeredAt: Millis = -1;
  /** The document last sent; a list keeps its own. */
  sentBody: RenderedBody | undefined;
  failureCount = 0;
  /** CSeq at which half of the numbers are used that a restart skips; 0 where it is not kept. */
  countedAt = 0;
  /** Number of its record; 0 where it is not kept. */
  keptId = 0;
  /** More than the numbers in its record has changed since that was written. */
  isRecordStale = true;

  readonly expiry = new TimerEntry(this);
  retry: TimerEntry | undefined;

  constructor(parts: SubscriptionParts) {
    this.owner = parts.owner;
    this.eventPackage = parts.eventPackage;
    this.eventHeader = parts.eventHeader;
    this.eventId = parts.eventId;
    this.watched = parts.watched;
    this.endpoint = parts.endpoint;
    this.dialog = parts.dialog;
    this.phone = parts.phone;
    this.sourceAddress = parts.sourceAddress;
    this.userAgent = parts.userAgent;
    this.createdAt = parts.createdAt;
    this.fill = parts.fill;
    this.kind = parts.kind;
  }

  /** Takes `input`; returns false when the state has no such input. */
  step(input: SubscriptionInput): boolean {
    const next = subscriptionTransitions[this.state][input];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** Whole seconds left of the granted lifetime, rounded up. */
  secondsLeft(now: Millis): number {
    return Math.max(0, Math.ceil((this.expiresAt - now) / 1_000));
  }

  /** Whether it is a subscription to the same thing by the same phone. */
  isFor({ endpoint, phone, eventPackage, eventId, watched }: Interest): boolean {
    return this.phone === phone && this.watched.exten === watched.exten && this.eventPackage === eventPackage &&
      this.eventId === eventId && this.endpoint === endpoint && this.watched.context === watched.context &&
      this.watched.variety === watched.variety;
  }

  receiveResponse(response: Message, _transaction: ClientTransaction): void {
    if (response.status >= 200) this.owner.notifyAnswered(this, response.status, response);
  }

  transactionTimedOut(_transaction: ClientTransaction): void {
    this.owner.notifyAnswered(this, 408, undefined);
  }

  transactionFailed(_transaction: ClientTransaction): void {
    this.owner.notifyAnswered(this, 503, undefined);
  }

  timerFired(entry: TimerEntry): void {
    if (entry === this.expiry) this.owner.subscriptionExpired(this);
    else this.owner.retryDue(this);
  }
}
