import { describe, expect, test } from "bun:test";
import { hintChecks } from "../../lib/app.ts";
import { loadConfig } from "../../lib/config/load.ts";

/** What is said of a file with mistakes, one line each. */
async function errorsOf(text: string): Promise<string[]> {
  const loaded = await loadConfig(text, "config.toml", hintChecks);
  return "errors" in loaded ? loaded.errors.map((error) => error.text) : [];
}

describe("a password that stands wrong is never repeated", () => {
  const mistakes = [
    ["a number", "[endpoints.a]\nauth = { username = 'a', password = 4711 }", "endpoints.a.auth.password"],
    ["no table", "[endpoints.a]\nauth = 'a:4711'", "endpoints.a.auth"],
    ["no digest", "[endpoints.a]\nauth = { username = 'a', password_digest = ['MD5:4711'] }", "password_digest[0]"],
    ["in clear where its hash belongs", "[http]\npassword_hash = '4711'", "http.password_hash"],
    ["a token in clear", "[http]\ntokens = [{ name = 'x', hash = '4711', scope = 'read' }]", "http.tokens[0].hash"],
  ] as const;

  for (const [title, text, key] of mistakes) {
    test(title, async () => {
      const errors = await errorsOf(text);
      expect(errors.length).toBe(1);
      expect(errors[0]).toContain(`${key}: cannot be used as it stands; expected `);
      expect(errors[0]).not.toContain("4711");
    });
  }
});

test("hashes that can be verified are accepted", async () => {
  const token = `{ name = 'x', hash = 'SHA-256:${"0a".repeat(32)}', scope = 'read' }`;
  expect(await errorsOf(`[http]\npassword_hash = '$argon2id$v=19$m=19456,t=2,p=1$a$b'\ntokens = [${token}]`)).toEqual(
    [],
  );
});

test("what TOML wants in quotes is said in words of config.toml", async () => {
  expect(await errorsOf('[contexts.default.hints]\n*98 = "Custom:a"')).toEqual([
    'config.toml:2:1: illegal character in key; a key such as "*98" or "_[2-5]X" stands in quotes',
  ]);
  expect(await errorsOf("[contexts.default.hints]\n98 = PJSIP/a")).toEqual([
    'config.toml:2:6: invalid value; a text stands in quotes, as in "PJSIP/alice"',
  ]);
});
