/**
 * Owns how long to wait before trying again.
 */
import type { Entropy } from "./entropy.ts";
import { limits } from "./limits.ts";

/** First wait, doubled by each further failure up to the longest. */
const FIRST_MILLIS = 2_000;
const LONGEST_MILLIS = 300_000;

/**
 * The wait after a failure: doubling, shortened at random by up to a half, so that those who failed together do not come back
 * together; never shorter than the server asked for, and then up to a tenth longer.
 *
 * @param failures Failures in a row, from 1.
 * @param retryAfterSeconds Value of Retry-After; 0 without one.
 * @returns Milliseconds.
 * Source: RFC 3261 §20.33, §21.5.4.
 */
export function backoffMillis(failures: number, retryAfterSeconds: number, entropy: Entropy): number {
  const random = entropy.uint32() / 2 ** 32;
  const doubled = Math.min(LONGEST_MILLIS, FIRST_MILLIS * 2 ** Math.min(failures - 1, 16));
  const asked = Math.min(retryAfterSeconds, limits.demandedRetrySeconds) * 1_000;
  return Math.max(doubled * (1 - random / 2), asked * (1 + random / 10));
}

/** How long a publication rests that a server refused for good; somebody may mend the server meanwhile. */
const REFUSED_MILLIS = 600_000;

/** The wait after a refusal, shortened at random by up to a tenth. */
export function refusedMillis(entropy: Entropy): number {
  return REFUSED_MILLIS * (1 - entropy.uint32() / 2 ** 32 / 10);
}
