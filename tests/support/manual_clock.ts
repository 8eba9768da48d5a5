/** A clock that stands still until a test moves it, and the alarms and actions that hang on it. */
import type { Clock, EpochMillis, Millis } from "../../lib/runtime/clock.ts";
import { type Alarm, Timers } from "../../lib/runtime/timers.ts";

interface Due {
  readonly at: Millis;
  readonly order: number;
  readonly action: () => void;
}

/** Wall time at instant 0. */
const epoch: EpochMillis = Date.UTC(2026, 0, 1);

/** Time in the hands of a test; nothing happens but inside `advance` and `settle`. */
export class ManualClock implements Clock {
  #now: Millis = 0;
  #wallOffset = epoch;
  #order = 0;
  #due: Due[] = [];

  now(): Millis {
    return this.#now;
  }

  wall(): EpochMillis {
    return this.#wallOffset + this.#now;
  }

  /** Sets the wall clock; the monotonic one goes on. */
  setWall(wall: EpochMillis): void {
    this.#wallOffset = wall - this.#now;
  }

  /** Actions and alarms that wait. */
  get pendingCount(): number {
    return this.#due.length;
  }

  /** Runs `action` once, `delayMillis` from now, in order of time and then of asking. */
  after(delayMillis: number, action: () => void): () => void {
    const due: Due = { at: this.#now + Math.max(0, delayMillis), order: this.#order++, action };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** The host timer of one `Timers`. */
  alarm(): Alarm {
    let forget: (() => void) | undefined;
    return {
      set: (millis, ring) => {
        forget?.();
        forget = this.after(millis, ring);
      },
      clear: () => forget?.(),
    };
  }

  /** Timers that run on this clock. */
  timers(): Timers {
    return new Timers(this, this.alarm());
  }

  /** Moves time forward, running what falls due in its order; promises do not run meanwhile. */
  advance(millis: number): void {
    const target = this.#now + millis;
    while (this.#runNext(target));
    this.#now = target;
  }

  /** Moves time forward as `advance`, letting promises and microtasks run after each action. */
  async settle(millis = 0): Promise<void> {
    const target = this.#now + millis;
    do await microtasks(); while (this.#runNext(target));
    this.#now = target;
  }

  #runNext(target: Millis): boolean {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
    }
    if (next === undefined || next.at > target) return false;
    this.#due = this.#due.filter((due) => due !== next);
    this.#now = Math.max(this.#now, next.at);
    next.action();
    return true;
  }
}

/** Lets chains of promises come to rest; twenty links are more than any has. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
