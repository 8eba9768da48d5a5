/**
 * Owns a bad network, between the phones and their sockets: datagrams are lost, come twice, or late and so out of order; some
 * answers take seconds. Seeded: the same seed does the same to the same sequence.
 */

/** Shares from 0 to 1 of datagrams in each direction. */
export type ImpairmentOptions = {
  readonly seed: number;
  readonly loss: number;
  readonly duplicates: number;
  /** Delayed by up to `LATE_MILLIS`, while others overtake. */
  readonly late: number;
  /** NOTIFYs that are answered after `SLOW_MILLIS` to five times that. */
  readonly slow: number;
};

const LATE_MILLIS = 60;
const SLOW_MILLIS = 1_000;

/** A network that can be switched back to a good one. */
export class Impairment {
  isOff = false;
  /** Datagrams that were lost. */
  lostCount = 0;
  readonly #options: ImpairmentOptions;
  #state: number;

  constructor(options: ImpairmentOptions) {
    this.#options = options;
    this.#state = options.seed >>> 0;
  }

  /** Lets a datagram through: once, twice, late, or not at all. */
  pass(deliver: () => void): void {
    if (this.isOff) return deliver();
    if (this.#happens(this.#options.loss)) return void this.lostCount++;
    if (this.#happens(this.#options.duplicates)) setTimeout(deliver, this.#random() * LATE_MILLIS);
    if (this.#happens(this.#options.late)) setTimeout(deliver, this.#random() * LATE_MILLIS);
    else deliver();
  }

  /** Lets the answer to a NOTIFY through, from a phone that may be slow. */
  answer(deliver: () => void): void {
    if (this.isOff || !this.#happens(this.#options.slow)) return this.pass(deliver);
    setTimeout(() => this.pass(deliver), SLOW_MILLIS * (1 + 4 * this.#random()));
  }

  #happens(share: number): boolean {
    return this.#random() < share;
  }

  /** Marsaglia's xorshift, 32 bits. */
  #random(): number {
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 2 ** 32;
  }
}
