/**
 * Owns the two notions of time of the appliance: a monotonic instant for timers, a wall instant for people and disk.
 */

import type { Histogram } from "./histogram.ts";

/** Milliseconds on the monotonic time line; only differences mean something. */
export type Millis = number & { readonly __unit?: "ms monotonic" };

/** Milliseconds since 1970-01-01T00:00:00Z; may jump when the operator sets the clock. */
export type EpochMillis = number & { readonly __unit?: "ms since 1970" };

/** Source of time; injected everywhere so that tests own it. */
export interface Clock {
  /** Monotonic instant: never goes back, not even when the wall clock is set. */
  now(): Millis;
  /** Wall-clock instant, for timestamps that leave the process. */
  wall(): EpochMillis;
}

/** A power of two. */
const STEPS_PER_MILLI = 1_024;

/**
 * A clock whose monotonic instant stands still within a turn of the event loop: a NOTIFY and its answer ask for it ten times, and the
 * machine's answer costs more than what is done with it. What takes long within a turn is not to be measured by it.
 *
 * @param spans Told how long each turn took in which somebody asked: nobody else is served meanwhile.
 * @param schedule Calls back once, when all is done in the present turn.
 */
export function turnClock(clock: Clock, spans: Histogram, schedule: (over: () => void) => void): Clock {
  let instant: Millis = 0;
  let isKnown = false;
  const forget = () => {
    isKnown = false;
    spans.observe(clock.now() - instant);
  };
  return {
    now() {
      if (!isKnown) {
        // In steps that a double holds exactly: a span added to an instant and taken from it again leaves nothing over.
        instant = Math.floor(clock.now() * STEPS_PER_MILLI) / STEPS_PER_MILLI;
        isKnown = true;
        schedule(forget);
      }
      return instant;
    },
    wall: () => clock.wall(),
  };
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};
