/**
 * Owns the timer wheel: hundreds of thousands of deadlines, O(1) to arm, move and cancel, no allocation.
 *
 * Theory. Time is counted in ticks of 10 ms: enough for T1 = 500 ms, the shortest span SIP knows. Four levels of 256 slots
 * hang above each other; a slot of level n is 256ⁿ ticks wide, so the wheel spans 497 days. An entry sits in the lowest
 * level whose span holds its deadline. `advance` walks level 0 tick by tick; each time level n has gone round, one slot of
 * level n+1 is emptied and its entries are placed again, lower. Slots are doubly linked rings through the entries
 * themselves. An entry fires at or up to one tick after its deadline, never before it. Resolution is traded for the cost
 * of an ordered queue.
 *
 * Budget: arm and cancel ≤ 50 ns each, no allocation (tests/bench/wheel_bench.ts).
 */
import type { Millis } from "./clock.ts";

/** What happens when an entry's deadline has come. */
export interface TimerOwner {
  /** Called once per armed deadline; may arm the same or other entries again. */
  timerFired(entry: TimerEntry, now: Millis): void;
}

/** One deadline, embedded in its owner for life; armed at most once at a time. */
export class TimerEntry {
  /** Who is told. */
  readonly owner: TimerOwner;
  /** Ring neighbours; an unarmed entry is its own ring. Only the wheel writes them. */
  next: TimerEntry = this;
  previous: TimerEntry = this;
  /** Deadline in ticks since the wheel began, and the level it waits in. Only the wheel writes them. */
  tick = 0;
  level = 0;

  constructor(owner: TimerOwner) {
    this.owner = owner;
  }

  /** True from `arm` until the deadline or `cancel`. */
  get isArmed(): boolean {
    return this.next !== this;
  }
}

const TICK_MILLIS = 10;
const SLOT_BITS = 8;
const SLOT_COUNT = 1 << SLOT_BITS;
const SLOT_MASK = SLOT_COUNT - 1;
const LEVEL_COUNT = 4;
const SPAN_TICKS = 2 ** (SLOT_BITS * LEVEL_COUNT);

const nobody: TimerOwner = { timerFired() {} };

/** Deadlines in a hierarchy of rings; pure: time is passed in. */
export class Wheel {
  readonly #slots: TimerEntry[] = [];
  /** Entries waiting in each level. */
  readonly #counts = [0, 0, 0, 0];
  readonly #origin: Millis;
  #tick = 0;
  #armed = 0;

  /** @param now Instant from which ticks are counted. */
  constructor(now: Millis) {
    this.#origin = now;
    for (let i = 0; i < LEVEL_COUNT * SLOT_COUNT; i++) this.#slots.push(new TimerEntry(nobody));
  }

  /** How many entries wait. */
  get armedCount(): number {
    return this.#armed;
  }

  /** Arms `entry` for the instant `at`, moving it if it was armed; an instant in the past fires at the next advance. */
  arm(entry: TimerEntry, at: Millis): void {
    if (entry.isArmed) this.#unlink(entry);
    this.#armed++;
    const tick = Math.ceil((at - this.#origin) / TICK_MILLIS);
    entry.tick = tick <= this.#tick ? this.#tick + 1 : Math.min(tick, this.#tick + SPAN_TICKS - 1);
    this.#place(entry);
  }

  /** Disarms `entry`; nothing happens when it is not armed. */
  cancel(entry: TimerEntry): void {
    if (entry.isArmed) this.#unlink(entry);
  }

  /** Fires every entry whose deadline lies at or before `now`, in order of their ticks. */
  advance(now: Millis): void {
    const target = Math.floor((now - this.#origin) / TICK_MILLIS);
    while (this.#tick < target) {
      this.#tick = Math.min(target, this.#nextTick());
      this.#cascade();
      const ring = this.#slots[this.#tick & SLOT_MASK]!;
      while (ring.next !== ring) {
        const entry = ring.next;
        this.#unlink(entry);
        entry.owner.timerFired(entry, now);
      }
    }
  }

  /**
   * Milliseconds from `now` until the wheel needs `advance` again, or -1 when nothing is armed.
   * Exact for deadlines within 2.56 s; for later ones it is the next tick at which entries move down.
   */
  sleepMillis(now: Millis): number {
    if (this.#armed === 0) return -1;
    let tick = this.#nextTick();
    while ((tick & SLOT_MASK) !== 0) {
      const ring = this.#slots[tick & SLOT_MASK]!;
      if (ring.next !== ring) break;
      tick++;
    }
    return Math.max(0, this.#origin + tick * TICK_MILLIS - now);
  }

  /** The first tick after the present one at which an entry can fire or move down: empty levels are skipped. */
  #nextTick(): number {
    if (this.#armed === 0) return Infinity;
    let width = 1;
    for (let level = 0; this.#counts[level] === 0; level++) width *= SLOT_COUNT;
    return (Math.floor(this.#tick / width) + 1) * width;
  }

  #place(entry: TimerEntry): void {
    const ahead = entry.tick - this.#tick;
    let level = 0;
    for (let span = SLOT_COUNT; ahead >= span && level < LEVEL_COUNT - 1; span *= SLOT_COUNT) level++;
    entry.level = level;
    this.#counts[level]!++;
    const slot = Math.floor(entry.tick / 2 ** (SLOT_BITS * level)) % SLOT_COUNT;
    const ring = this.#slots[level * SLOT_COUNT + slot]!;
    const last = ring.previous;
    last.next = entry;
    entry.previous = last;
    entry.next = ring;
    ring.previous = entry;
  }

  /** Empties the upper slots that begin at the present tick into the levels below. */
  #cascade(): void {
    let width = SLOT_COUNT;
    for (let level = 1; level < LEVEL_COUNT && this.#tick % width === 0; level++) {
      const slot = Math.floor(this.#tick / width) % SLOT_COUNT;
      const ring = this.#slots[level * SLOT_COUNT + slot]!;
      while (ring.next !== ring) {
        const entry = ring.next;
        this.#unlink(entry);
        this.#armed++;
        this.#place(entry);
      }
      width *= SLOT_COUNT;
    }
  }

  #unlink(entry: TimerEntry): void {
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    entry.next = entry;
    entry.previous = entry;
    this.#counts[entry.level]!--;
    this.#armed--;
  }
}
