/**
 * Owns the arithmetic of digest authentication: what a password hashes to, what a client must answer, and how both compare.
 */
import { type HashAlgorithm, hashHex } from "../runtime/hash.ts";

/**
 * The algorithms hintd can verify, strongest first: the order in which they are offered.
 *
 * Source: RFC 7616 §3.7, RFC 8760 §2.3.
 */
export const DIGEST_ALGORITHMS: readonly HashAlgorithm[] = ["SHA-512-256", "SHA-256", "MD5"];

/** Characters of a digest in hexadecimal. Source: RFC 8760 §2.2. */
export const DIGEST_CHARS: Readonly<Record<HashAlgorithm, number>> = { "SHA-512-256": 64, "SHA-256": 64, "MD5": 32 };

/** What a response digest is computed from; strings as the client sent them, without quotes and quoting slashes. */
export interface DigestInput {
  /** Algorithm of all hashes involved. */
  readonly algorithm: HashAlgorithm;
  /** H(A1) as hexadecimal: what the server keeps instead of the password. */
  readonly passwordHash: string;
  /** Method of the request. */
  readonly method: string;
  /** The `uri` parameter. */
  readonly uri: string;
  /** The `nonce` parameter. */
  readonly nonce: string;
  /** Undefined: the form of RFC 2069, without nonce count and cnonce. */
  readonly protection: { readonly qop: string; readonly count: string; readonly cnonce: string } | undefined;
}

/**
 * H(A1): all that a server needs to know of a password.
 *
 * @param account Texts in UTF-8 and Unicode Normalization Form C, which this function brings about.
 * @returns Lower-case hexadecimal.
 * Source: RFC 7616 §3.4.2, §4.
 */
export function hashPassword(
  algorithm: HashAlgorithm,
  account: { readonly username: string; readonly realm: string; readonly password: string },
): string {
  const { username, realm, password } = account;
  return hashHex(algorithm, `${username}:${realm}:${password}`.normalize("NFC"));
}

/**
 * The response that a client with this password gives.
 *
 * @returns Lower-case hexadecimal.
 * Source: RFC 7616 §3.4.1, §3.4.3; RFC 2069 §2.1.2 without `protection`.
 */
export function digestResponse(input: DigestInput): string {
  const { algorithm, passwordHash, method, uri, nonce, protection } = input;
  const requestHash = hashHex(algorithm, `${method}:${uri}`);
  const middle = protection ? `${nonce}:${protection.count}:${protection.cnonce}:${protection.qop}` : nonce;
  return hashHex(algorithm, `${passwordHash}:${middle}:${requestHash}`);
}

/** Compares two texts in a time that depends on their lengths only. */
export function isEqualText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
}
