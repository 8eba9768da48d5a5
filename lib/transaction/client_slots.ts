/**
 * Owns the table of client transactions: found by the index in their branch, taken from a queue of free ones.
 *
 * A completed slot waits out Timer K in the queue, so that late answers still find their branch there. Only so many wait: in
 * a burst the one that waits longest is taken before its time, and a late answer is merely counted as stray.
 */
import type { Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { type ClientHost, ClientSlot } from "./client_transaction.ts";

/** Slots, made when they are first needed and then kept. */
export class ClientSlots {
  readonly #host: ClientHost;
  readonly #max: number;
  readonly #slots: ClientSlot[] = [];
  #firstFree: ClientSlot | undefined;
  #lastFree: ClientSlot | undefined;
  #freeCount = 0;

  /** An empty table of at most `max` slots; no more than a branch can tell apart. */
  constructor(host: ClientHost, max: number) {
    this.#host = host;
    this.#max = max;
  }

  /** Slots in use. */
  get takenCount(): number {
    return this.#slots.length - this.#freeCount;
  }

  /** All slots, used or not, by index. */
  get all(): readonly ClientSlot[] {
    return this.#slots;
  }

  /** The slot with an index; −1 has none. */
  at(index: number): ClientSlot | undefined {
    return index >= 0 && index < this.#slots.length ? this.#slots[index] : undefined;
  }

  /** A free slot, in state `terminated`; `undefined` when all are in use. */
  take(now: Millis): ClientSlot | undefined {
    const isFull = this.#slots.length === this.#max;
    let slot = this.#firstFree;
    if (slot !== undefined && (slot.reusableAt <= now || isFull || this.#freeCount >= limits.waitingSlotCount)) {
      this.#firstFree = slot.nextFree;
      if (this.#firstFree === undefined) this.#lastFree = undefined;
      slot.nextFree = undefined;
      this.#freeCount--;
      slot.step("expiry");
    } else if (isFull) {
      return undefined;
    } else {
      slot = new ClientSlot(this.#slots.length, this.#host);
      this.#slots.push(slot);
    }
    return slot;
  }

  /** Puts a slot into the queue. */
  release(slot: ClientSlot, reusableAt: Millis): void {
    this.#freeCount++;
    slot.reusableAt = reusableAt;
    if (this.#lastFree === undefined) this.#firstFree = slot;
    else this.#lastFree.nextFree = slot;
    this.#lastFree = slot;
  }
}
