/**
 * Owns what is kept of a subscription over a restart, and how it comes back.
 *
 * Theory. Neither CSeq nor document version may go back, yet no NOTIFY waits for the disk. So a record holds for the next
 * `SEQUENCE_RESERVE` NOTIFYs, and each restart since it was written adds as many to both numbers. Restarts are counted on the disk, once
 * per start. A record is written when the subscription is granted. A refresh that changes nothing but numbers writes these
 * alone, and so does a subscription that has used half of those it may use.
 */
import { escapeText } from "../body/text.ts";
import type { Dialog } from "../dialog/dialog.ts";
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import type { Timers } from "../runtime/timers.ts";
import type { EventPackage, Watched } from "./event_package.ts";
import type { ListRecord } from "./lists/list_view.ts";
import type { FlowRecord } from "./subscription.ts";
import { Subscription, type SubscriptionOwner } from "./subscription.ts";

/** NOTIFYs for which a record holds. */
export const SEQUENCE_RESERVE = 1_024;

/** A subscription as plain data. */
export interface SubscriptionRecord {
  readonly event: string;
  readonly eventHeader: string;
  readonly eventId: string | null;
  readonly context: string;
  readonly exten: string;
  readonly endpoint: string;
  readonly dialog: Dialog;
  readonly version: number;
  /** Number of the start by which it was written. */
  readonly start: number;
  /** What tells phones of one endpoint apart. */
  readonly phone: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly createdAt: EpochMillis;
  /** Watched URI as the watcher wrote it, escaped. */
  readonly entity: string;
  readonly mediaType: string;
  readonly grantedSeconds: number;
  readonly expiresAt: EpochMillis;
  /** How it was reached; null where its Contact says. */
  readonly flow: FlowRecord | null;
  /** What its list is; null where it watches no list. */
  readonly list: ListRecord | null;
}

/** What changes in a record with each refresh. */
export interface SubscriptionNumbers {
  /** CSeq of the last NOTIFY, and of the last SUBSCRIBE. */
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly version: number;
  readonly start: number;
  readonly grantedSeconds: number;
  readonly expiresAt: EpochMillis;
}

/** A record and its number. */
export interface KeptSubscription {
  /** From 1; newer ones are higher. */
  readonly id: number;
  readonly record: SubscriptionRecord;
}

/** Where subscriptions are kept. */
export interface SubscriptionsPort {
  /** Everything that was kept. */
  load(): Iterable<KeptSubscription>;
  /** Number of this start, from 1; higher than that of any before. */
  readonly start: number;
  /** Keeps a record, as it is now, under its number; written before this turn's answers leave. */
  save(id: number, record: SubscriptionRecord): void;
  /** Keeps newer numbers of a record that is kept; written as the record. */
  saveNumbers(id: number, numbers: SubscriptionNumbers): void;
  /** Forgets the record of that number. */
  remove(id: number): void;
}

/** What records are written and read with. */
export interface RecordContext {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Number of this start. */
  readonly start: number;
}

/** The numbers of a subscription as they are now; from here on it counts up to the next ones. */
export function numbersOf(subscription: Subscription, { clock, timers, start }: RecordContext): SubscriptionNumbers {
  const { localSequence, remoteSequence } = subscription.dialog;
  subscription.countedAt = localSequence + SEQUENCE_RESERVE / 2;
  return {
    localSequence,
    remoteSequence,
    version: subscription.fill.version,
    start,
    grantedSeconds: subscription.grantedSeconds,
    expiresAt: clock.wall() + Math.round(subscription.expiresAt - timers.now()),
  };
}

/** The record of a subscription as it is now; its dialog goes on changing. */
export function recordOf(subscription: Subscription, context: RecordContext): SubscriptionRecord {
  const { watched, dialog, fill, flow, source } = subscription;
  const { version, start, grantedSeconds, expiresAt } = numbersOf(subscription, context);
  return {
    event: subscription.eventPackage.name,
    eventHeader: subscription.eventHeader,
    eventId: subscription.eventId ?? null,
    context: watched.context,
    exten: watched.exten,
    endpoint: subscription.endpoint,
    dialog,
    version,
    start,
    phone: subscription.phone,
    sourceAddress: subscription.sourceAddress,
    userAgent: subscription.userAgent,
    createdAt: subscription.createdAt,
    entity: fill.entity,
    mediaType: subscription.kind.mediaType,
    grantedSeconds,
    expiresAt,
    flow: flow === undefined ? source ?? null : {
      listener: flow.listener.name,
      transport: flow.transport,
      address: flow.remoteAddress,
      port: flow.remotePort,
    },
    list: subscription.list?.record ?? null,
  };
}

/**
 * Makes the subscription of a record, in state `init`, with numbers higher than any that was used.
 *
 * @param secondsLeft Of its lifetime.
 */
export function subscriptionOf(
  record: SubscriptionRecord,
  secondsLeft: number,
  parts: RecordContext & { eventPackage: EventPackage; watched: Watched; owner: SubscriptionOwner },
): Subscription {
  const { eventPackage, watched, owner, timers } = parts;
  const skipped = (parts.start - record.start) * SEQUENCE_RESERVE;
  const subscription = new Subscription({
    owner,
    eventPackage,
    eventHeader: record.eventHeader,
    eventId: record.eventId ?? undefined,
    watched,
    endpoint: record.endpoint,
    dialog: { ...record.dialog, localSequence: record.dialog.localSequence + skipped },
    phone: record.phone,
    sourceAddress: record.sourceAddress,
    userAgent: record.userAgent,
    createdAt: record.createdAt,
    fill: {
      entity: record.entity,
      remote: escapeText(record.dialog.remoteUri),
      version: record.version + skipped,
      guid: record.dialog.localTag,
    },
    kind: eventPackage.kindFor(record.mediaType, record.endpoint, record.userAgent),
  });
  subscription.countedAt = subscription.dialog.localSequence + SEQUENCE_RESERVE / 2;
  subscription.source = record.flow ?? undefined;
  subscription.grantedSeconds = record.grantedSeconds;
  subscription.expiresAt = timers.now() + secondsLeft * 1_000;
  return subscription;
}
