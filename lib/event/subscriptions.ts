/**
 * Owns the indexes of all living subscriptions: by dialog, by watched resource, by phone, and how many each endpoint has.
 */
import type { Watched } from "./event_package.ts";
import type { Subscription } from "./subscription.ts";

const NONE: ReadonlySet<Subscription> = new Set();

/** All living subscriptions. */
export class Subscriptions {
  readonly #byTag = new Map<string, Subscription>();
  readonly #byWatched = new Map<Watched, Set<Subscription>>();
  readonly #byPeer = new Map<string, Subscription>();
  readonly #countByEndpoint = new Map<string, number>();

  /** How many there are. */
  get count(): number {
    return this.#byTag.size;
  }

  /** The subscription whose dialog has this tag of ours. */
  byTag(localTag: string): Subscription | undefined {
    return this.#byTag.get(localTag);
  }

  /** The subscription with the same phone, event and resource. */
  byPeer(peerKey: string): Subscription | undefined {
    return this.#byPeer.get(peerKey);
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

  /** Adds `subscription`, which is in no index; another one of the same peer key was removed before. */
  add(subscription: Subscription): void {
    this.#byTag.set(subscription.dialog.localTag, subscription);
    this.#byPeer.set(subscription.peerKey, subscription);
    this.watch(subscription, subscription.watched);
    this.#countByEndpoint.set(subscription.endpoint, this.countOf(subscription.endpoint) + 1);
  }

  /** Removes `subscription`; false when it was not there. */
  remove(subscription: Subscription): boolean {
    if (!this.#byTag.delete(subscription.dialog.localTag)) return false;
    if (this.#byPeer.get(subscription.peerKey) === subscription) this.#byPeer.delete(subscription.peerKey);
    this.unwatch(subscription, subscription.watched);
    const left = this.countOf(subscription.endpoint) - 1;
    if (left > 0) this.#countByEndpoint.set(subscription.endpoint, left);
    else this.#countByEndpoint.delete(subscription.endpoint);
    return true;
  }
}
