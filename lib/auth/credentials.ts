/**
 * Owns what an endpoint's `auth` section means: a user name and one password hash per algorithm, computed once at load.
 */
import type { HashAlgorithm } from "../runtime/hash.ts";
import { DIGEST_ALGORITHMS, DIGEST_CHARS, hashPassword } from "./digest.ts";

/** The `auth` option of an endpoint as config.toml has it. */
export interface AuthOptions {
  /** User name that the phone puts into its credentials. */
  readonly username: string;
  /** Clear password; every algorithm can be verified. */
  readonly password?: string | undefined;
  /** `ALGORITHM:hex` of user:realm:password; only these algorithms can be verified. */
  readonly password_digest?: readonly string[] | undefined;
  /** Algorithms that may be used; all of them unless told. */
  readonly supported_algorithms_uas?: readonly HashAlgorithm[] | undefined;
}

/** Who may prove to be an endpoint, and by what. */
export interface Account {
  /** User name of the credentials, in Unicode Normalization Form C. */
  readonly username: string;
  /** H(A1) by algorithm; undefined where the algorithm cannot be verified. */
  readonly passwordHashes: Readonly<Record<HashAlgorithm, string | undefined>>;
  /** The algorithms that can be verified, strongest first. */
  readonly algorithms: readonly HashAlgorithm[];
}

/**
 * Resolves `auth` for one realm. Entries of `password_digest` that cannot be read are left out; with none left the endpoint
 * can never prove itself, which is the safe end of a bad entry.
 *
 * A digest holds the realm it was made for: changing the realm makes every `password_digest` wrong.
 * Source: RFC 7616 §3.4.2, §5.2.
 */
export function resolveAccount(auth: AuthOptions, realm: string): Account {
  const { username, password, password_digest: digests = [], supported_algorithms_uas: supported } = auth;
  const hashes: Record<HashAlgorithm, string | undefined> = {
    "SHA-512-256": undefined,
    "SHA-256": undefined,
    "MD5": undefined,
  };
  for (const algorithm of DIGEST_ALGORITHMS) {
    if (supported !== undefined && !supported.includes(algorithm)) continue;
    hashes[algorithm] = password === undefined
      ? findDigest(digests, algorithm)
      : hashPassword(algorithm, { username, realm, password });
  }
  return {
    username: username.normalize("NFC"),
    passwordHashes: hashes,
    algorithms: DIGEST_ALGORITHMS.filter((algorithm) => hashes[algorithm] !== undefined),
  };
}

/** The hexadecimal part of the first `ALGORITHM:hex` of the wanted algorithm, lower-case. */
function findDigest(digests: readonly string[], algorithm: HashAlgorithm): string | undefined {
  for (const entry of digests) {
    const colon = entry.indexOf(":");
    const hex = entry.slice(colon + 1).trim().toLowerCase();
    const isWanted = entry.slice(0, colon).trim().toUpperCase() === algorithm;
    if (isWanted && hex.length === DIGEST_CHARS[algorithm] && /^[0-9a-f]+$/.test(hex)) return hex;
  }
  return undefined;
}
