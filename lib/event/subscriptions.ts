/**
 * Owns the indexes of all living subscriptions: by dialog, by watched resource, by phone and what it wants, and how many each endpoint has.
 */
import { tableHash } from "../runtime/hash.ts";
import { HashTable } from "../runtime/hash_table.ts";
import type { Watched } from "./event_package.ts";
import type { Interest, Subscription } from "./subscription.ts";

const NONE: ReadonlySet<Subscription> = new Set();

/** All living subscriptions. */
export class Subscriptions {
  readonly #byTag = new HashTable<Subscription>();
  readonly #byInterest = new HashTable<Subscription>();
  readonly #byWatched = new Map<Watched, Set<Subscription>>();
  readonly #countByEndpoint = new Map<string, number>();
  /** Ends of the line in which all stand as they came. */
  #oldest: Subscription | undefined;
  #newest: Subscription | undefined;

  /** How many there are. */
  get count(): number {
    return this.#byTag.count;
  }

  /** The subscription whose dialog has this tag of ours. */
  byTag(localTag: string): Subscription | undefined {
    const table = this.#byTag;
    for (let place = table.first(tableHash(localTag)); place >= 0; place = table.next(place)) {
      if (table.at(place).dialog.localTag === localTag) return table.at(place);
    }
    return undefined;
  }

  /** The subscription of the same phone to the same thing. */
  byInterest(interest: Interest): Subscription | undefined {
    const table = this.#byInterest;
    for (let place = table.first(interestHash(interest)); place >= 0; place = table.next(place)) {
      if (table.at(place).isFor(interest)) return table.at(place);
    }
    return undefined;
  }

  /** Those who watch `watched`. */
  watchersOf(watched: Watched): ReadonlySet<Subscription> {
    return this.#byWatched.get(watched) ?? NONE;
  }

  /** How many `endpoint` has. */
  countOf(endpoint: string): number {
    return this.#countByEndpoint.get(endpoint) ?? 0;
  }

  /** Every subscription that lives now, oldest first. */
  all(): Subscription[] {
    const all: Subscription[] = [];
    for (let each = this.#oldest; each !== undefined; each = each.newer) all.push(each);
    return all;
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
    this.#byTag.add(tableHash(subscription.dialog.localTag), subscription);
    this.#byInterest.add(interestHash(subscription), subscription);
    this.#enterLine(subscription);
    this.watch(subscription, subscription.watched);
    this.#countByEndpoint.set(subscription.endpoint, this.countOf(subscription.endpoint) + 1);
  }

  /** Removes `subscription`; false when it was not there. */
  remove(subscription: Subscription): boolean {
    if (!this.#byTag.remove(tableHash(subscription.dialog.localTag), subscription)) return false;
    this.#byInterest.remove(interestHash(subscription), subscription);
    this.#leaveLine(subscription);
    this.unwatch(subscription, subscription.watched);
    const left = this.countOf(subscription.endpoint) - 1;
    if (left > 0) this.#countByEndpoint.set(subscription.endpoint, left);
    else this.#countByEndpoint.delete(subscription.endpoint);
    return true;
  }

  #enterLine(subscription: Subscription): void {
    subscription.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = subscription;
    else this.#newest.newer = subscription;
    this.#newest = subscription;
  }

  #leaveLine(subscription: Subscription): void {
    const { older, newer } = subscription;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    subscription.older = subscription.newer = undefined;
  }
}

/** What a subscription is told apart by from others of its phone, and its phone from others: most of it. */
function interestHash({ phone, watched }: Interest): number {
  return tableHash(watched.exten, tableHash(phone));
}
