/**
 * Owns one copy of texts that many hold: URIs, User-Agents, header values that a thousand phones write alike.
 */

/** A table of texts; once it is full the oldest is forgotten, and costs no more than another copy. */
export class SharedTexts {
  readonly #max: number;
  readonly #texts = new Map<string, string>();

  /** @param max Texts that are known at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /** A text that equals `text`: the same one for all who ask, while it is known. */
  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= this.#max) this.#texts.delete(this.#texts.keys().next().value!);
    this.#texts.set(text, text);
    return text;
  }
}
