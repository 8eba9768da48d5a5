/**
 * Owns one copy of texts that many hold: URIs, User-Agents, header values that a thousand phones write alike.
 */

/**
 * A table of texts in two generations: when the young one is full it becomes the old one, and what nobody asked for meanwhile is
 * forgotten, which costs no more than another copy. To look for the oldest text of one map instead would pass over all those
 * that were deleted before it.
 */
export class SharedTexts {
  readonly #generationMax: number;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** @param max Texts that are known at once. */
  constructor(max: number) {
    this.#generationMax = Math.ceil(max / 2);
  }

  /** A text that equals `text`: the same one for all who ask, while it is known. */
  of(text: string): string {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const known = this.#old.get(text) ?? text;
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(known, known);
    return known;
  }
}
