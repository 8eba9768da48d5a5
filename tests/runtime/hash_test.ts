import { describe, expect, test } from "bun:test";
import { hashHex, keyedHash } from "../../lib/runtime/hash.ts";

describe("digests", () => {
  test.each(
    [
      // RFC 1321 §A.5.
      ["MD5", "", "d41d8cd98f00b204e9800998ecf8427e"],
      ["MD5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
      // FIPS 180-4, examples with intermediate values.
      ["SHA-256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
      ["SHA-512-256", "abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"],
      // By md5sum of coreutils, from the same UTF-8.
      ["MD5", "Zoë ☎", "a0b82bfe85b30fbe06ba9a69bca20670"],
    ] as const,
  )("%s of %j", (algorithm, text, hex) => {
    expect(hashHex(algorithm, text)).toBe(hex);
  });
});

test("a keyed hash is HMAC-SHA-256 (RFC 4231 §4.3)", () => {
  const key = new TextEncoder().encode("Jefe");
  expect(keyedHash(key, "what do ya want for nothing?").toHex())
    .toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});
