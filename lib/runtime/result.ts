/** A refusal of the transaction user: which response to send and why; turned into bytes at one place. */
export interface Reject {
  /** SIP status code, 300–699. */
  readonly status: number;
  /** Replaces the standard reason phrase when the plain one would hide what is wrong. */
  readonly reason?: string;
  /** Headers that the code demands, as [name, value]. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Why, for log and page; one phrase. */
  readonly why: string;
}

/** Stops the program for a bug of our own: a broken invariant, never bad input. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${invariant}`);
}
