/**
 * Owns message digests: the three algorithms of SIP digest authentication, a keyed hash for what we sign ourselves, and a quick one for tables.
 */

/** Digest algorithms as RFC 7616 and RFC 8760 spell them. */
export type HashAlgorithm = "MD5" | "SHA-256" | "SHA-512-256";

const HASHERS = { "MD5": Bun.MD5, "SHA-256": Bun.SHA256, "SHA-512-256": Bun.SHA512_256 } as const;

/**
 * Digests the UTF-8 bytes of `text`.
 *
 * @returns Lower-case hexadecimal: 32 characters for MD5, 64 for the others.
 * Source: RFC 7616 §3.3, RFC 8760 §2.1.
 */
export function hashHex(algorithm: HashAlgorithm, text: string): string {
  return HASHERS[algorithm].hash(text, "hex");
}

/** HMAC-SHA-256 of the UTF-8 bytes of `text` under `key`, as 32 bytes. */
export function keyedHash(key: Uint8Array, text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256", key).update(text).digest();
}

/**
 * 32 bits that tell texts apart in a table; no secret is safe behind them.
 *
 * @param start Of what stands before this text.
 * Source: FNV-1a, whose upper bits are folded into the lower ones.
 */
export function tableHash(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
