/**
 * Owns a queue of subscriptions that wait for their NOTIFY: first in, first out, no allocation, each at most once.
 */
import type { Subscription } from "./subscription.ts";

/** A singly linked queue through `Subscription.nextQueued`. */
export class SubscriptionQueue {
  #first: Subscription | undefined;
  #last: Subscription | undefined;

  /** How many wait. */
  length = 0;

  /** Appends `subscription`, which is in no queue. */
  push(subscription: Subscription): void {
    if (this.#last === undefined) this.#first = subscription;
    else this.#last.nextQueued = subscription;
    this.#last = subscription;
    this.length++;
  }

  /** Takes the first one, or undefined. */
  shift(): Subscription | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = first.nextQueued;
    if (this.#first === undefined) this.#last = undefined;
    first.nextQueued = undefined;
    this.length--;
    return first;
  }
}
