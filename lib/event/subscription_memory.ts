/**
 * Owns the memory of subscriptions: what is kept while hintd runs, and what comes back at a start.
 */
import type { Clock } from "../runtime/clock.ts";
import type { Timers } from "../runtime/timers.ts";
import { workBegins } from "../runtime/host.ts";
import type { EventPackage } from "./event_package.ts";
import type { Fanout, SubscriptionEvent } from "./fanout.ts";
import type { ResourceLists } from "./lists/resource_lists.ts";
import { isReject } from "./refusals.ts";
import type { Subscription } from "./subscription.ts";
import {
  numbersOf,
  type RecordContext,
  recordOf,
  subscriptionOf,
  type SubscriptionRecord,
  type SubscriptionsPort,
} from "./subscription_record.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** So many that come back are much work, of which the first are enough to begin with. */
const MANY = 200;

/** What the memory is made of. */
export interface SubscriptionMemoryParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly port: SubscriptionsPort;
  readonly packages: readonly EventPackage[];
  readonly subscriptions: Subscriptions;
  readonly fanout: Fanout;
  readonly lists: ResourceLists;
  /** Whether the configuration still lets `endpoint` subscribe. */
  maySubscribe(endpoint: string): boolean;
}

/** Keeps subscriptions over restarts. */
export class SubscriptionMemory {
  readonly #parts: SubscriptionMemoryParts;
  readonly #context: RecordContext;
  #lastId = 0;

  /** Nothing is read before `resume`. */
  constructor(parts: SubscriptionMemoryParts) {
    this.#parts = parts;
    this.#context = { clock: parts.clock, timers: parts.timers, start: parts.port.start };
  }

  /** Notes what became of a subscription. */
  note(subscription: Subscription, what: SubscriptionEvent): void {
    if (what === "notified") return;
    if (what === "ended") {
      if (subscription.keptId > 0) this.#parts.port.remove(subscription.keptId);
      return;
    }
    const { port } = this.#parts;
    if (subscription.keptId === 0) subscription.keptId = ++this.#lastId;
    if (subscription.isRecordStale) port.save(subscription.keptId, recordOf(subscription, this.#context));
    else port.saveNumbers(subscription.keptId, numbersOf(subscription, this.#context));
    subscription.isRecordStale = false;
  }

  /**
   * Takes up the subscriptions that were kept, once; each living one is owed a NOTIFY with the true state. One whose hint
   * is gone ends with `noresource`, one whose endpoint may not subscribe any more with `rejected`; those that ended while
   * hintd was down are forgotten.
   *
   * @returns How many live.
   */
  resume(): number {
    const { clock, port } = this.#parts;
    const wall = clock.wall();
    let count = 0;
    let loaded = 0;
    for (const { id, record } of port.load()) {
      if (++loaded === MANY) workBegins();
      this.#lastId = Math.max(this.#lastId, id);
      // A clock that went back, as on a board without battery, prolongs no lifetime.
      const secondsLeft = Math.min(record.grantedSeconds, (record.expiresAt - wall) / 1_000);
      if (secondsLeft > 0 && this.#take(id, record, secondsLeft)) count++;
      else if (secondsLeft <= 0) port.remove(id);
    }
    return count;
  }

  #take(id: number, record: SubscriptionRecord, secondsLeft: number): boolean {
    const { packages, subscriptions, fanout, timers } = this.#parts;
    const eventPackage = packages.find((one) => one.name === record.event);
    if (eventPackage === undefined) {
      this.#parts.port.remove(id);
      return false;
    }
    const query = { endpoint: record.endpoint, context: record.context, exten: record.exten };
    const list = record.list === null ? undefined : this.#parts.lists.resume(eventPackage, query, record.list);
    const found = list ?? eventPackage.find(query);
    const watched = isReject(found) ? eventPackage.absent(query) : found;
    const subscription = subscriptionOf(record, secondsLeft, {
      ...this.#context,
      eventPackage,
      watched,
      owner: fanout,
    });
    subscription.keptId = id;
    subscription.isRecordStale = false;
    if (list !== undefined) this.#parts.lists.attach(subscription, list);
    subscription.step("grant");
    subscriptions.add(subscription);
    if (list !== undefined) this.#parts.lists.begin(subscription);
    else eventPackage.retain(watched);
    timers.arm(subscription.expiry, secondsLeft * 1_000);
    if (isReject(found) || list?.isGone) fanout.end(subscription, "noresource");
    else if (!this.#parts.maySubscribe(record.endpoint)) fanout.end(subscription, "rejected");
    else fanout.remind(subscription);
    return subscription.state === "active";
  }
}
