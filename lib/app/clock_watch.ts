/**
 * Owns the watch over the wall clock: one that is set while hintd runs is told of, because passwords, lifetimes on the disk and
 * the times that people read hang on it. hintd's own deadlines do not: they follow the monotonic clock.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { Problems } from "./problems.ts";

/** Milliseconds between two looks. */
const LOOK_MILLIS = 10_000;
/** So much is no jump: a time server corrects by less. */
const JUMP_MILLIS = 2_000;
/** How long a jump is told of. */
const TOLD_MILLIS = 3_600_000;

/** Watches over the wall clock. */
export class ClockWatch implements TimerOwner {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #problems: Problems;
  readonly #log: Log;
  readonly #due = new TimerEntry(this);
  /** What the wall clock is ahead of the monotonic one. */
  #lead: Millis;
  #toldUntil: Millis = -Infinity;

  /** Looks from now on. */
  constructor(parts: { clock: Clock; timers: Timers; problems: Problems; log: Log }) {
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#problems = parts.problems;
    this.#log = parts.log;
    this.#lead = this.#clock.wall() - this.#clock.now();
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }

  timerFired(): void {
    const lead = this.#clock.wall() - this.#clock.now();
    const jump = lead - this.#lead;
    this.#lead = lead;
    if (Math.abs(jump) >= JUMP_MILLIS) this.#tell(jump);
    else if (this.#clock.now() >= this.#toldUntil) this.#problems.clear("clock");
    this.#timers.arm(this.#due, LOOK_MILLIS);
  }

  #tell(jump: Millis): void {
    const seconds = Math.round(Math.abs(jump) / 1_000);
    const message = `The clock jumped ${jump > 0 ? "ahead" : "back"} by ${seconds} seconds`;
    this.#log.warn("clock", message);
    this.#problems.report({
      severity: "warning",
      area: "clock",
      message,
      remedy: "Lamps go on; times shown before it are of the former clock. Does a time server set it (timedatectl)?",
    });
    this.#toldUntil = this.#clock.now() + TOLD_MILLIS;
  }
}
