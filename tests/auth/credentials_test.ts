import { describe, expect, test } from "bun:test";
import { resolveAccount } from "../../lib/auth/credentials.ts";
import { hashHex } from "../../lib/runtime/hash.ts";

const md5 = hashHex("MD5", "alice:hintd:secret");
const sha256 = hashHex("SHA-256", "alice:hintd:secret");

describe("an endpoint's auth section", () => {
  test("with a clear password verifies every algorithm, strongest first (RFC 8760 §2.3)", () => {
    const account = resolveAccount({ username: "alice", password: "secret" }, "hintd");
    expect(account.algorithms).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
    expect(account.passwordHashes.MD5).toBe(md5);
    expect(account.passwordHashes["SHA-256"]).toBe(sha256);
    expect(account.passwordHashes["SHA-512-256"]).toBe(hashHex("SHA-512-256", "alice:hintd:secret"));
  });

  const lists: [name: string, digests: string[], algorithms: string[]][] = [
    ["one digest verifies its algorithm only", [`MD5:${md5}`], ["MD5"]],
    ["the order of digests does not matter", [`MD5:${md5}`, `SHA-256:${sha256}`], ["SHA-256", "MD5"]],
    ["algorithm and digits may be in any case", [`sha-256: ${sha256.toUpperCase()}`], ["SHA-256"]],
    ["a digest of the wrong length is left out", [`SHA-256:${md5}`, `MD5:${md5}`], ["MD5"]],
    ["digits that are not hexadecimal are left out", [`MD5:${"z".repeat(32)}`], []],
    ["an unknown algorithm is left out", [`SHA-1:${md5}`], []],
    ["an entry without algorithm is left out", [md5], []],
    ["no digest verifies nothing", [], []],
  ];
  for (const [name, digests, algorithms] of lists) {
    test(name, () => {
      const account = resolveAccount({ username: "alice", password_digest: digests }, "hintd");
      expect([...account.algorithms] as string[]).toEqual(algorithms);
      for (const algorithm of account.algorithms) {
        expect(account.passwordHashes[algorithm]).toBe(algorithm === "MD5" ? md5 : sha256);
      }
    });
  }

  test("hashes names and passwords in Normalization Form C (RFC 7616 §4)", () => {
    const composed = resolveAccount({ username: "J\u00e4s", password: "\u00f8l\u00e9" }, "hintd");
    const decomposed = resolveAccount({ username: "Ja\u0308s", password: "\u00f8le\u0301" }, "hintd");
    expect(decomposed).toEqual(composed);
  });
});
