/**
 * Owns the memory of who has been complained about, so that one noisy source is logged once and not a thousand times.
 */

/** Sources already logged; bounded, the oldest is forgotten first. */
export class Complaints {
  readonly #max: number;
  readonly #sources = new Set<string>();

  /** A memory of at most `max` sources. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether this is the first complaint about `source`; it is remembered. */
  isFirst(source: string): boolean {
    if (this.#sources.has(source)) return false;
    if (this.#sources.size >= this.#max) {
      for (const oldest of this.#sources) {
        this.#sources.delete(oldest);
        break;
      }
    }
    this.#sources.add(source);
    return true;
  }
}
