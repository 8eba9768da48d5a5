/**
 * Owns how many NOTIFYs await their answer at once.
 *
 * Theory. The kernel's receive buffer holds a few hundred answers; what comes beyond is lost. So at most `limits.notifyWindow` datagrams are
 * on their way at once. A stream loses nothing, and what leaves by it together costs one call: of those there may be more,
 * `limits.streamNotifyWindow`. Who is unanswered after T1 is a dead or slow phone: its transaction goes on, but it gives its place to
 * others.
 *
 * Data plane: no allocation but the arrays' growth.
 */
import type { Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { Subscription } from "./subscription.ts";

/** How long an unanswered NOTIFY holds its place. T1. */
const HOLD_MILLIS = 500;

/** Places of which so many are passed are cut off in front. */
const PASSED_COUNT = 4_096;

/** The places of subscriptions whose NOTIFY awaits its answer; `Subscription.hasPlace` says who has one. */
export class NotifyWindow {
  /** Oldest first from `#first`; answered ones stay until they come to the front. */
  #flight: Subscription[] = [];
  #since: Millis[] = [];
  #first = 0;
  #datagramCount = 0;
  #streamCount = 0;

  /** Whether nobody may enter. */
  get isFull(): boolean {
    return this.#datagramCount >= limits.notifyWindow || this.#streamCount >= limits.streamNotifyWindow;
  }

  /** Whether nobody has a place. */
  get isEmpty(): boolean {
    return this.#datagramCount + this.#streamCount === 0;
  }

  /** Gives `subscription` a place, whose NOTIFY leaves. */
  enter(subscription: Subscription): void {
    subscription.hasPlace = true;
    this.#count(subscription, 1);
    this.#flight.push(subscription);
    this.#since.push(subscription.sentAt);
  }

  /** Takes the place of `subscription`, whose NOTIFY still is outstanding; false where it has none. */
  leave(subscription: Subscription): boolean {
    if (!subscription.hasPlace) return false;
    subscription.hasPlace = false;
    this.#count(subscription, -1);
    return true;
  }

  /** When somebody may have had a place for too long, at the earliest; of a window that is not empty. */
  get nextRelease(): Millis {
    return this.#since[this.#first]! + HOLD_MILLIS;
  }

  /** Takes the places of those who have had them for too long. */
  releaseSlow(now: Millis): void {
    while (this.#first < this.#flight.length) {
      const subscription = this.#flight[this.#first]!;
      const since = this.#since[this.#first]!;
      if (subscription.hasPlace && subscription.sentAt === since) {
        if (since + HOLD_MILLIS > now) break;
        this.leave(subscription);
      }
      this.#first++;
    }
    if (this.#first === this.#flight.length) {
      this.#flight.length = this.#since.length = this.#first = 0;
    } else if (this.#first > PASSED_COUNT) {
      this.#flight = this.#flight.slice(this.#first);
      this.#since = this.#since.slice(this.#first);
      this.#first = 0;
    }
  }

  #count(subscription: Subscription, by: 1 | -1): void {
    if (subscription.outstanding!.flow.isReliable) this.#streamCount += by;
    else this.#datagramCount += by;
  }
}
