/**
 * Owns the giving back of memory once a crowd has gone: the host's heap keeps the room that it once needed.
 *
 * Everything that lives has a deadline: subscriptions, registrations, requests on their way, answers to be repeated. So their number
 * tells a crowd; and to give back is quick when few are left, since what lives is all that has to be looked at.
 */
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";

/** Milliseconds between two looks. */
const LOOK_MILLIS = 10_000;
/** Fewer are no crowd: they need less room than the start did. */
const CROWD_COUNT = 2_000;
/** A crowd has gone when less than this share of it is left. */
const LEFT_SHARE = 1 / 8;

/** Watches for a crowd that has gone. */
export class CrowdWatch implements TimerOwner {
  readonly #timers: Timers;
  readonly #giveBack: () => void;
  readonly #due = new TimerEntry(this);
  /** The most that lived at once since memory was given back. */
  #most = 0;

  /**
   * Looks from now on.
   *
   * @param parts.giveBack Has the host give back what it does not need.
   */
  constructor(parts: { timers: Timers; giveBack: () => void }) {
    this.#timers = parts.timers;
    this.#giveBack = parts.giveBack;
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }

  timerFired(): void {
    const living = this.#timers.armedCount;
    this.#most = Math.max(this.#most, living);
    if (this.#most >= CROWD_COUNT && living < this.#most * LEFT_SHARE) {
      this.#giveBack();
      this.#most = living;
    }
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }
}
