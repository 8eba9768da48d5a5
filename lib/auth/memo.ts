/** Owns values that are made of the same text again and again: the addresses of phones. */

/** Texts of one generation. */
const GENERATION_COUNT = 256;

/** Longest text that is remembered; no address is longer. */
const LONGEST = 256;

/**
 * Values by their text, of which the most recent are remembered: at least `GENERATION_COUNT`, at most twice as many. They are
 * shared, so nobody may change them.
 */
export class Memo<Value> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** The value of a text; `undefined` when it is not remembered. */
  get(text: string): Value | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    return old === undefined ? undefined : this.add(text, old);
  }

  /** Remembers the value of a text, and returns it. */
  add(text: string, value: Value): Value {
    if (text.length > LONGEST) return value;
    if (this.#young.size >= GENERATION_COUNT) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, value);
    return value;
  }
}
