/**
 * Owns the one host timer that drives the wheel.
 */
import type { Clock, Millis } from "./clock.ts";
import { TimerEntry, Wheel } from "./wheel.ts";

export { TimerEntry, type TimerOwner } from "./wheel.ts";

/** The host's way to be called back once; tests bring their own. */
export interface Alarm {
  /** Calls `ring` once after `millis`; replaces an earlier request. */
  set(millis: number, ring: () => void): void;
  /** Forgets the request. */
  clear(): void;
}

/** Makes an alarm on the host's event loop; the process does not end before it rings, unless it `isOptional`. */
export function systemAlarm({ isOptional = false } = {}): Alarm {
  let handle: ReturnType<typeof setTimeout> | undefined;
  return {
    set(millis, ring) {
      clearTimeout(handle);
      handle = setTimeout(ring, millis);
      if (isOptional) handle.unref();
    },
    clear() {
      clearTimeout(handle);
    },
  };
}

/** Arms and cancels deadlines; every layer shares one. */
export class Timers {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #wheel: Wheel;
  readonly #ring = () => this.#advance();
  /** Instant for which the alarm is set; Infinity when it is not. */
  #alarmAt: Millis = Infinity;
  #isStopped = false;

  constructor(clock: Clock, alarm: Alarm) {
    this.#clock = clock;
    this.#alarm = alarm;
    this.#wheel = new Wheel(clock.now());
  }

  /** The present monotonic instant. */
  now(): Millis {
    return this.#clock.now();
  }

  /** How many deadlines are armed. */
  get armedCount(): number {
    return this.#wheel.armedCount;
  }

  /** Arms `entry` to fire `delayMillis` from now, replacing an earlier deadline of the same entry. */
  arm(entry: TimerEntry, delayMillis: number): void {
    const now = this.#clock.now();
    // An empty wheel stands still; bring it to the present so that it need not walk the idle time later.
    if (this.#wheel.armedCount === 0) this.#wheel.advance(now);
    const at = now + delayMillis;
    this.#wheel.arm(entry, at);
    if (at < this.#alarmAt) this.#setAlarm();
  }

  /** Disarms `entry`. */
  cancel(entry: TimerEntry): void {
    this.#wheel.cancel(entry);
  }

  /** Resolves `millis` from now. */
  pause(millis: number): Promise<void> {
    return new Promise((resolve) => this.arm(new TimerEntry({ timerFired: () => resolve() }), millis));
  }

  /** Fires nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#alarm.clear();
  }

  #advance(): void {
    this.#alarmAt = Infinity;
    this.#wheel.advance(this.#clock.now());
    this.#setAlarm();
  }

  #setAlarm(): void {
    if (this.#isStopped) return;
    const now = this.#clock.now();
    const sleepMillis = this.#wheel.sleepMillis(now);
    if (sleepMillis < 0 || now + sleepMillis >= this.#alarmAt) return;
    this.#alarmAt = now + sleepMillis;
    this.#alarm.set(sleepMillis, this.#ring);
  }
}
