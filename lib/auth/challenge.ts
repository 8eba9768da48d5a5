/**
 * Owns the WWW-Authenticate headers of a 401, and how large it may be.
 */
import type { HashAlgorithm } from "../runtime/hash.ts";
import { limits } from "../runtime/limits.ts";
import { writeChallenge } from "../sip/authorization.ts";

/** A header to send, as [name, value]. */
export type HeaderPair = readonly [name: string, value: string];

/**
 * Writes one challenge per algorithm, strongest first.
 *
 * `opaque` is left out: it is optional, the nonce already carries what we need to see again, and every byte counts against
 * the amplification bound. All challenges of one response share the nonce, as in RFC 7616 §3.9.1.
 *
 * @param challenge.isStale The credentials were right and only their nonce is spent: the phone retries without asking anybody.
 * @param challenge.hasCharset Says that names and passwords are UTF-8; only worth its bytes where one of them is not ASCII.
 * Source: RFC 7616 §3.3, RFC 8760 §2.3, §2.6.
 */
export function writeChallenges(challenge: {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithms: readonly HashAlgorithm[];
  readonly isStale: boolean;
  readonly hasCharset: boolean;
}): HeaderPair[] {
  const { realm, nonce, isStale } = challenge;
  const charset = challenge.hasCharset ? ",charset=UTF-8" : "";
  return challenge.algorithms.map((algorithm) => [
    "WWW-Authenticate",
    writeChallenge({ realm, nonce, opaque: "", algorithm, qop: ["auth"], isStale }) + charset,
  ]);
}

/** Whether a response to a request that proved nothing is small enough. Sizes in bytes. */
export function isWithinAmplification(requestBytes: number, responseBytes: number): boolean {
  return responseBytes <= requestBytes * limits.amplification;
}

/**
 * Writes the largest 401 that the request has paid for: all challenges, else without the strongest, which the fewest phones
 * know, and so on to the last.
 *
 * Every SUBSCRIBE that carries what RFC 3261 §8.1.1 and RFC 6665 §8.2.1 demand pays for two challenges or more; only crafted
 * fragments come to nothing.
 *
 * @param requestBytes Size of the request as received.
 * @param challenges From `writeChallenges`, strongest first.
 * @param write Writes the whole 401 with the headers it is given; called at most once per challenge.
 * @returns The response; undefined when even one challenge is too large: say nothing.
 */
export function fitChallenges(
  requestBytes: number,
  challenges: readonly HeaderPair[],
  write: (headers: readonly HeaderPair[]) => Uint8Array,
): Uint8Array | undefined {
  for (let dropped = 0; dropped < challenges.length; dropped++) {
    const response = write(challenges.slice(dropped));
    if (isWithinAmplification(requestBytes, response.length)) return response;
  }
  return undefined;
}
