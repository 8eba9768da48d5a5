/**
 * Owns the recent past of the event stream: a bounded ring of events with ids, so that a client that lost its
 * connection goes on where it was.
 */
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import type { ControlEvent } from "./controls.ts";

/** One event with its place in history. */
export class HistoryEntry {
  /** What happened. */
  readonly event: ControlEvent;
  readonly #start: string;
  readonly #number: number;

  /** Made by `EventHistory.append`. */
  constructor(start: string, number: number, event: ControlEvent) {
    this.#start = start;
    this.#number = number;
    this.event = event;
  }

  /** `<start>-<number>`: the first part differs after each start of hintd, the second counts up by one. */
  get id(): string {
    return `${this.#start}-${this.#number}`;
  }
}

/** The last events, oldest overwritten first. */
export class EventHistory {
  readonly #start: string;
  readonly #ring: (HistoryEntry | undefined)[];
  #count = 0;

  /** Begins with nothing; `capacity` events are kept. */
  constructor(entropy: Entropy, capacity: number = limits.eventHistoryCount) {
    this.#start = entropy.token(8);
    this.#ring = new Array<HistoryEntry | undefined>(capacity).fill(undefined);
  }

  /** Id of the newest event, or of the start when nothing has happened. */
  get lastId(): string {
    return `${this.#start}-${this.#count}`;
  }

  /** Remembers `event` and returns its entry. */
  append(event: ControlEvent): HistoryEntry {
    this.#count++;
    const entry = new HistoryEntry(this.#start, this.#count, event);
    this.#ring[this.#count % this.#ring.length] = entry;
    return entry;
  }

  /** The events after `id`, oldest first; undefined when they cannot all be told: another start, or too long ago. */
  after(id: string): HistoryEntry[] | undefined {
    const dash = id.lastIndexOf("-");
    const number = Number(id.slice(dash + 1));
    if (id.slice(0, dash) !== this.#start || !Number.isInteger(number)) return undefined;
    if (number < 0 || number > this.#count || this.#count - number > this.#ring.length) return undefined;
    const entries: HistoryEntry[] = [];
    for (let i = number + 1; i <= this.#count; i++) entries.push(this.#ring[i % this.#ring.length]!);
    return entries;
  }
}
