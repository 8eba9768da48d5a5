/**
 * Owns the indexes of all living subscriptions: by dialog, by watched resource, by phone, and how many each endpoint has.
 */
import type { Watched } from "./event_package.ts";
import type { Interest, Subscription } from "./subscription.ts";

const NONE: ReadonlySet<Subscription> = new Set();

/** All living subscriptions. */
export class Subscriptions {
  readonly #byTag = new Map<string, Subscription>();
  readonly #byWatched = new Map<Watched, Set<Subscription>>();
  /** First subscription of each phone; the others follow by `nextOfPhone`, newest first. */
  readonly #byPhone = new Map<string, Subscription>();
  readonly #countByEndpoint = new Map<string, number>();

  /** How many there are. */
  get count(): number {
    return this.#byTag.size;
  }

  /** The subscription whose dialog has this tag of ours. */
  byTag(localTag: string): Subscription | undefined {
    return this.#byTag.get(localTag);
  }

  /** The subscription of the same phone to the same thing. */
  byInterest(interest: Interest): Subscription | undefined {
    let found = this.#byPhone.get(interest.phone);
    while (found !== undefined && !found.isFor(interest)) found = found.nextOfPhone;
    return found;
  }

  /** Those who watch `watched`. */
  watchersOf(watched: Watched): ReadonlySet<Subscription> {
    return this.#byWatched.get(watched) ?? NONE;
  }

  /** How many `endpoint` has. */
  countOf(endpoint: string): number {
    return this.#countByEndpoint.get(endpoint) ?? 0;
  }

  /** Every subscription, oldest first. */
  all(): IterableIterator<Subscription> {
    return this.#byTag.values();
  }

  /** Notes that `subscription` also watches `watched`, as a member of its list. */
  watch(subscription: Subscription, watched: Watched): void {
    const watchers = this.#byWatched.get(watched);
    if (watchers === undefined) this.#byWatched.set(watched, new Set([subscription]));
    else watchers.add(subscription);
  }

  /** Ends one `watch`. */
  unwatch(subscription: Subscription, watched: Watched): void {
    const watchers = this.#byWatched.get(watched);
    watchers?.delete(subscription);
    if (watchers?.size === 0) this.#byWatched.delete(watched);
  }

  /** Adds `subscription`, which is in no index; another one of the same interest was removed before. */
  add(subscription: Subscription): void {
    this.#byTag.set(subscription.dialog.localTag, subscription);
    subscription.nextOfPhone = this.#byPhone.get(subscription.phone);
    this.#byPhone.set(subscription.phone, subscription);
    this.watch(subscription, subscription.watched);
    this.#countByEndpoint.set(subscription.endpoint, this.countOf(subscription.endpoint) + 1);
  }

  /** Removes `subscription`; false when it was not there. */
  remove(subscription: Subscription): boolean {
    if (!this.#byTag.delete(subscription.dialog.localTag)) return false;
    this.#removeOfPhone(subscription);
    this.unwatch(subscription, subscription.watched);
    const left = this.countOf(subscription.endpoint) - 1;
    if (left > 0) this.#countByEndpoint.set(subscription.endpoint, left);
    else this.#countByEndpoint.delete(subscription.endpoint);
    return true;
  }

  #removeOfPhone(subscription: Subscription): void {
    const { phone, nextOfPhone } = subscription;
    let before = this.#byPhone.get(phone);
    if (before === subscription) {
      if (nextOfPhone === undefined) this.#byPhone.delete(phone);
      else this.#byPhone.set(phone, nextOfPhone);
    } else {
      while (before !== undefined && before.nextOfPhone !== subscription) before = before.nextOfPhone;
      if (before !== undefined) before.nextOfPhone = nextOfPhone;
    }
    subscription.nextOfPhone = undefined;
  }
}
