/**
 * Owns randomness: every tag, branch, Call-ID, nonce and jitter comes from one injected source.
 */

const TOKEN_ALPHABET = Buffer.from("0123456789abcdefghijklmnopqrstuv");

/** Room for a token. */
const TOKEN_BYTES = 64;

/** Source of random values; cryptographically strong in the appliance, scripted in tests. */
export interface Entropy {
  /** Fills the whole of `target` with random bytes and returns it. */
  fill(target: Uint8Array): Uint8Array;
  /** A random token of `length` characters of [0-9a-v], 5 bits each; 64 at most. */
  token(length: number): string;
  /** A random unsigned 32-bit integer. */
  uint32(): number;
  /** A random RFC 4122 version 4 UUID. */
  uuid(): string;
}

/**
 * Makes an Entropy from a function that fills buffers.
 *
 * @param fill Fills its argument with random bytes; 4 KiB are drawn at a time.
 * @returns The source; it keeps one private pool.
 */
export function entropyFrom(fill: (target: Uint8Array) => void): Entropy {
  const pool = new Uint8Array(4096);
  const token = Buffer.alloc(TOKEN_BYTES);
  let used = pool.length;

  /** Next unused pool offset with `count` bytes behind it; `count` is small. */
  function draw(count: number): number {
    if (used + count > pool.length) {
      fill(pool);
      used = 0;
    }
    const at = used;
    used += count;
    return at;
  }

  return {
    fill(target) {
      fill(target);
      return target;
    },
    token(length) {
      const at = draw(length);
      for (let i = 0; i < length; i++) token[i] = TOKEN_ALPHABET[pool[at + i]! & 31]!;
      return token.toString("latin1", 0, length);
    },
    uint32() {
      const at = draw(4);
      return ((pool[at]! << 24) | (pool[at + 1]! << 16) | (pool[at + 2]! << 8) | pool[at + 3]!) >>> 0;
    },
    uuid() {
      const at = draw(16);
      pool[at + 6] = (pool[at + 6]! & 0x0f) | 0x40;
      pool[at + 8] = (pool[at + 8]! & 0x3f) | 0x80;
      const hex = pool.subarray(at, at + 16).toHex();
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}

/** The machine's cryptographic random source. */
export const systemEntropy: Entropy = entropyFrom((target) => {
  crypto.getRandomValues(target);
});
