/**
 * Owns the giving back of memory once a crowd has come, or gone: the host's heap keeps the room that the coming once needed.
 *
 * Almost everything that lives has a deadline: subscriptions, registrations, requests on their way; answers to be repeated have one
 * together. So the number of both tells a crowd, and when it stands still nobody comes or goes. To give back costs a look at all that
 * lives: once for a crowd, when nobody comes or goes.
 */
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";

/** Milliseconds between two looks. */
const LOOK_MILLIS = 10_000;
/** Fewer are no crowd: they need less room than the start did. */
const CROWD_COUNT = 2_000;
/** A number stands still when it moves by no more than this share of it. */
const STILL_SHARE = 1 / 64;

/** Watches for crowds. */
export class CrowdWatch implements TimerOwner {
  readonly #timers: Timers;
  readonly #livingCount: () => number;
  readonly #giveBack: () => void;
  readonly #due = new TimerEntry(this);
  /** What lived at the last look. */
  #living = 0;
  /** The least and the most that lived since memory was given back. */
  #least = 0;
  #most = 0;

  /**
   * Looks from now on.
   *
   * @param parts.livingCount Deadlines and answers.
   * @param parts.giveBack Has the host give back what it does not need, beside the work that goes on.
   */
  constructor(parts: { timers: Timers; livingCount: () => number; giveBack: () => void }) {
    this.#timers = parts.timers;
    this.#livingCount = parts.livingCount;
    this.#giveBack = parts.giveBack;
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }

  timerFired(): void {
    const living = this.#livingCount();
    const isStill = Math.abs(living - this.#living) <= Math.max(living, CROWD_COUNT) * STILL_SHARE;
    this.#living = living;
    this.#least = Math.min(this.#least, living);
    this.#most = Math.max(this.#most, living);
    // Half of those who live have come, or as many have gone as live.
    const moved = Math.max(living - this.#least, this.#most - living);
    if (isStill && living <= limits.collectedLivingCount && moved >= Math.max(CROWD_COUNT, living / 2)) {
      this.#giveBack();
      this.#least = this.#most = living;
    }
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }
}
