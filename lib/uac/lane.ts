/**
 * Owns the way to one server: how many requests may be on it at once, and when again after the server has failed.
 *
 * Theory. A thousand publications want to leave at start. They stand in one queue, and a few at a time are admitted. When the
 * server does not answer, nobody is admitted for a while that doubles from failure to failure; then one goes ahead to see, and
 * the others follow when it is answered. Failures of those that left before the last pause began say nothing new.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import { backoffMillis } from "../runtime/backoff.ts";

/** Who stands in the queue. */
export interface LaneUser {
  /** It may send now; `leave` follows when it is done. May be called inside `enter`. */
  proceed(): void;
}

/** What a lane is made of. */
export interface LaneParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly entropy: Entropy;
  /** The server stopped answering; told once until it answers again. */
  serverFailed(why: string): void;
  /** It answers again. */
  serverRecovered(): void;
}

/** The queue in front of one server. */
export class Lane implements TimerOwner {
  readonly #parts: LaneParts;
  readonly #waiting = new Set<LaneUser>();
  /** Who was admitted, and in which era. */
  readonly #admitted = new Map<LaneUser, number>();
  readonly #pause = new TimerEntry(this);
  #isPaused = false;
  /** Failures in a row. */
  #failures = 0;
  /** Counts the pauses. */
  #era = 0;
  #failingSince: EpochMillis | undefined = undefined;

  /** An empty one. */
  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Since when the server does not answer; undefined while it does. */
  get failingSince(): EpochMillis | undefined {
    return this.#failingSince;
  }

  /** Admits a user, at once or later, in the order of asking. */
  enter(user: LaneUser): void {
    this.#waiting.add(user);
    this.#admit();
  }

  /** Takes a user out, whether it waits, was admitted or neither. */
  leave(user: LaneUser): void {
    this.#waiting.delete(user);
    if (this.#admitted.delete(user)) this.#admit();
  }

  /** The server answered. */
  answered(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#parts.timers.cancel(this.#pause);
    this.#isPaused = false;
    this.#parts.serverRecovered();
    this.#admit();
  }

  /**
   * The server did not answer an admitted user, or said that it cannot.
   *
   * @param why In words for the operator.
   * @param retryAfterSeconds Value of Retry-After; 0 without one.
   */
  failed(user: LaneUser, why: string, retryAfterSeconds: number): void {
    if (this.#admitted.get(user) !== this.#era) return;
    const { clock, timers, entropy } = this.#parts;
    this.#era++;
    this.#failures++;
    this.#isPaused = true;
    timers.arm(this.#pause, backoffMillis(this.#failures, retryAfterSeconds, entropy));
    if (this.#failingSince !== undefined) return;
    this.#failingSince = clock.wall();
    this.#parts.serverFailed(why);
  }

  /** Admits nobody any more. */
  stop(): void {
    this.#parts.timers.cancel(this.#pause);
    this.#waiting.clear();
    this.#admitted.clear();
  }

  timerFired(): void {
    this.#isPaused = false;
    this.#admit();
  }

  #admit(): void {
    for (const user of this.#waiting) {
      const width = this.#failures === 0 ? limits.publishOutstandingCount : 1;
      if (this.#isPaused || this.#admitted.size >= width) return;
      this.#waiting.delete(user);
      this.#admitted.set(user, this.#era);
      user.proceed();
    }
  }
}
