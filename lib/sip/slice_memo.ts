/** Owns values that are read from the same bytes again and again: what phones write alike, and each writes every time. */
import { equalSlices } from "./slice.ts";

/** Places; a power of two. */
const PLACES = 1_024;

/** Longest slice that is remembered; longer ones are nobody's habit. */
const LONGEST = 256;

/** So often a slice must come: a phone that is challenged writes everything twice. */
const HABIT = 3;

interface Remembered<Value> {
  readonly bytes: Uint8Array;
  readonly value: Value;
}

/**
 * Values by the bytes that they were read from; no text is made to find one. They are shared, so nobody may change them.
 *
 * A slice has one place, by its hash. It takes it when it has come `HABIT` times while whatever is remembered there did not come at
 * all: what comes once or twice, such as the Contact of a new phone, costs nothing and drives nobody out.
 */
export class SliceMemo<Value> {
  readonly #places: (Remembered<Value> | undefined)[] = new Array(PLACES).fill(undefined);
  /** By place: hash of the slice that came last and was not found, and how often it came. */
  readonly #candidates = new Int32Array(PLACES);
  readonly #comings = new Uint8Array(PLACES);

  /** The value of a slice; `undefined` when it is not remembered. */
  get(bytes: Uint8Array, start: number, end: number): Value | undefined {
    const place = hashOf(bytes, start, end) & (PLACES - 1);
    const known = this.#places[place];
    if (known === undefined || !equalSlices(bytes, start, end, known.bytes, 0, known.bytes.length)) return undefined;
    this.#comings[place] = 0;
    return known.value;
  }

  /** Remembers the value of a slice that was not found, if it has come often enough; returns it. */
  add(bytes: Uint8Array, start: number, end: number, value: Value): Value {
    const hash = hashOf(bytes, start, end);
    const place = hash & (PLACES - 1);
    if (this.#candidates[place] !== hash) this.#comings[place] = 0;
    this.#candidates[place] = hash;
    if (++this.#comings[place]! === HABIT && end - start <= LONGEST) {
      this.#places[place] = { bytes: new Uint8Array(bytes.subarray(start, end)), value };
    }
    return value;
  }
}

/** FNV-1a, with its upper bits folded in where a place is chosen. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
