import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { digestResponse, hashPassword, isEqualText } from "../../lib/auth/digest.ts";
import { parseCredentials } from "../../lib/sip/authorization.ts";

describe("digest arithmetic", () => {
  test("agrees with a client that is not ours: recorded SUBSCRIBE with MD5 and qop=auth", () => {
    const recorded = parseCredentials(
      'Digest username="authed", realm="asterisk", nonce="1795421494/c3042556895b1c60de707fed09b4fd10", ' +
        'uri="sip:1000@127.0.0.1:5160", response="304bb905422f49879ef6c387dd5830a7", algorithm=MD5, cnonce="mh6zo8i2", ' +
        'qop=auth, nc=00000001, opaque="3efed48e0a587cd7"',
    )!;
    const { username, realm, nonce, uri, qop, nonceCount: count, cnonce } = recorded;
    const passwordHash = hashPassword("MD5", { username, realm, password: "secret" });
    expect(
      digestResponse({
        algorithm: "MD5",
        passwordHash,
        method: "SUBSCRIBE",
        uri,
        nonce,
        protection: { qop, count, cnonce },
      }),
    )
      .toBe(recorded.response);
  });

  test("agrees with the system's hashes for every text", () => {
    const names = { "MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" } as const;
    const algorithms = fc.constantFrom("MD5" as const, "SHA-256" as const, "SHA-512-256" as const);
    const texts = fc.string({ unit: "binary" });
    fc.assert(fc.property(algorithms, texts, texts, texts, (algorithm, username, realm, password) => {
      const expected = createHash(names[algorithm]).update(`${username}:${realm}:${password}`.normalize("NFC")).digest(
        "hex",
      );
      expect(hashPassword(algorithm, { username, realm, password })).toBe(expected);
    }));
  });

  test("compares texts by content", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (left, right) => {
      expect(isEqualText(left, left)).toBe(true);
      expect(isEqualText(left, right)).toBe(left === right);
    }));
    expect(isEqualText("a", "ab")).toBe(false);
    expect(isEqualText("ab", "a")).toBe(false);
    expect(isEqualText("", "\u0000")).toBe(false);
  });
});
