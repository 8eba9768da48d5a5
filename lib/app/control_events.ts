/**
 * Owns what page, API and webhooks are told of as it happens: one event for each change, with the row as it was then.
 *
 * Subscriptions come, go and are notified by the thousand, and mostly nobody looks. So their rows, and that of a hint which has other
 * watchers, are made when somebody looks, and tell what is true by then. Answered NOTIFYs, and hints whose watchers come and go, are
 * told of once in a while, so that neither a fan-out nor a crowd drowns the rest.
 */
import type { Watched } from "../event/event_package.ts";
import type { Subscription } from "../event/subscription.ts";
import type { SubscriptionEvent } from "../event/fanout.ts";
import type { Change, ControlEvent, HintRow, SubscriptionRow } from "../http/controls.ts";
import type { Clock } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import type { Resource } from "../state/resource.ts";
import type { Core } from "./core.ts";
import { contactRow, deviceRow, hintRow, mailboxRow, presenceRow, type Present, subscriptionRow } from "./rows.ts";

/** What is gathered is told once in this span. */
const GATHERED_MILLIS = 500;

/** What happened to a subscription. */
class SubscriptionTold {
  readonly type = "subscription";
  readonly change: Change;
  readonly #subscription: Subscription;
  readonly #present: () => Present;

  constructor(subscription: Subscription, change: Change, present: () => Present) {
    this.#subscription = subscription;
    this.change = change;
    this.#present = present;
  }

  get item(): SubscriptionRow {
    return subscriptionRow(this.#subscription, this.#present());
  }
}

/** That a hint has other watchers than before, whose number is a part of its row. */
class WatchersTold {
  readonly type = "hint";
  readonly change = "changed";
  readonly isOfWatchers = true;
  readonly #core: Core;
  readonly #resource: Resource;

  constructor(core: Core, resource: Resource) {
    this.#core = core;
    this.#resource = resource;
  }

  get item(): HintRow {
    return hintRow(this.#core, this.#resource);
  }
}

/** The events of a running core. */
export class ControlEvents {
  readonly #core: Core;
  readonly #timers: Timers;
  readonly #present: () => Present;
  readonly #listeners = new Set<(event: ControlEvent) => void>();
  /** Subscriptions whose NOTIFY was answered. */
  readonly #notified = new Set<Subscription>();
  /** What has other watchers than before. */
  readonly #watched = new Set<Watched>();
  readonly #gatheredDue = new TimerEntry({ timerFired: () => this.#tellGathered() });

  /** Listens to `core` from now on. */
  constructor(core: Core, clock: Clock, timers: Timers) {
    this.#core = core;
    this.#timers = timers;
    this.#present = () => ({ now: timers.now(), wall: clock.wall() });
    const { engine } = core;
    engine.onChange((resource, change) => {
      if (this.#listeners.size === 0) return;
      const kind = change === "added" || change === "removed" ? change : "changed";
      this.tell({ type: "hint", change: kind, item: hintRow(core, resource) });
    });
    engine.onSource({
      deviceChanged: (key) => {
        if (this.#listeners.size === 0) return;
        this.tell({ type: "device-state", change: "changed", item: deviceRow(core, key) });
      },
      presenceChanged: (key) => {
        if (this.#listeners.size === 0) return;
        this.tell({ type: "presence-state", change: "changed", item: presenceRow(core, key) });
      },
      mailboxChanged: (key) => {
        if (this.#listeners.size === 0) return;
        this.tell({ type: "mailbox", change: "changed", item: mailboxRow(core, key) });
      },
    });
    core.onEvent({
      subscriptionChanged: (subscription, what) => this.#subscriptionChanged(subscription, what),
      contactChanged: (contact, change) => {
        if (this.#listeners.size > 0) this.tell({ type: "contact", change, item: contactRow(contact) });
      },
      problemChanged: (row, isNew) => this.tell({ type: "problem", change: isNew ? "added" : "changed", item: row }),
    });
  }

  /** Calls `listener` with each event until the returned function is called. */
  onEvent(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody of `event`. */
  tell(event: ControlEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #subscriptionChanged(subscription: Subscription, what: SubscriptionEvent): void {
    if (this.#listeners.size === 0 || what === "counted") return;
    if (what === "notified") {
      const isNoted = this.#notified.size < limits.notifiedEventCount && subscription.state === "active";
      if (isNoted) this.#notified.add(subscription);
    } else {
      this.#notified.delete(subscription);
      if (what !== "refreshed") this.#watched.add(subscription.watched);
      const change = what === "started" ? "added" : what === "ended" ? "removed" : "changed";
      this.tell(new SubscriptionTold(subscription, change, this.#present));
    }
    if (!this.#gatheredDue.isArmed) this.#timers.arm(this.#gatheredDue, GATHERED_MILLIS);
  }

  #tellGathered(): void {
    for (const each of this.#notified) this.tell(new SubscriptionTold(each, "changed", this.#present));
    this.#notified.clear();
    for (const watched of this.#watched) {
      const resource = this.#core.engine.lookup(watched.context, watched.exten);
      if (resource === watched) this.tell(new WatchersTold(this.#core, resource));
    }
    this.#watched.clear();
  }
}
