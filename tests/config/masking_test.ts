/** What strangers may see of a configuration. */
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { maskConfig, secretsIn } from "../../lib/config/masking.ts";
import { configSchema } from "../../lib/config/schema.ts";
import { isSecret, secretKeys } from "../../lib/config/secrets.ts";
import { bare } from "../support/config_options.ts";

/** Every option as a path, `*` for names of the operator's choice, parts of tables in one line included. */
function leavesOf(schema: z.ZodType, path: readonly string[] = []): string[][] {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, each]) =>
      leavesOf(each, [...path, key])
    );
  }
  if (inner instanceof z.ZodRecord) return leavesOf(inner.valueType as z.ZodType, [...path, "*"]);
  if (inner instanceof z.ZodArray) return leavesOf(inner.element as z.ZodType, [...path, "[]"]);
  return [[...path]];
}

const leaves = leavesOf(configSchema);

/** Options whose names sound secret, and are not. */
const harmless = ["key_file", "auth_username", "username"];

test("every option whose name sounds secret is one that is masked", () => {
  const names = [...new Set(leaves.flat())].filter((name) => /pass|secret|token|hash|digest|key|auth|url/i.test(name));
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !isSecret(name) && !harmless.includes(name))).toEqual([]);
});

test("every secret name is one of an option", () => {
  const names = new Set(leaves.flat());
  expect(secretKeys.filter((key) => !names.has(key))).toEqual([]);
});

/** TOML with one option: [[a]] for lists of tables, a name for `*`. */
function tomlOf(path: readonly string[], value: string): string {
  const nested = path.reduceRight<unknown>(
    (inner, key) => key === "[]" ? [inner] : { [key === "*" ? "name" : key]: inner },
    value,
  );
  const write = (each: unknown): string =>
    Array.isArray(each)
      ? `[${each.map(write).join(", ")}]`
      : typeof each === "object"
      ? `{ ${Object.entries(each as object).map(([key, part]) => `${key} = ${write(part)}`).join(", ")} }`
      : JSON.stringify(each);
  return Object.entries(nested as object).map(([key, part]) => `${key} = ${write(part)}`).join("\n");
}

const secretLeaves = leaves.filter((path) => isSecret(path.findLast((key) => key !== "[]") ?? ""));

describe("a secret", () => {
  test.each(secretLeaves.map((path) => [path.join(".")]))("%s is masked, and told of", (path) => {
    const marker = `marker-${path}-s3cret`;
    const { text, secrets } = maskConfig(tomlOf(path.split("."), marker));
    expect([text.includes("s3cret"), text.includes("(not told)"), secrets]).toEqual([false, true, [marker]]);
  });

  test("is masked where it is no text", () => {
    const { text, secrets } = maskConfig('[endpoints.alice]\nauth = { username = "alice", password = 4711471147 }');
    expect([text, secrets]).toEqual([expect.not.stringContaining("4711"), ["4711471147"]]);
  });

  test.each([
    ["a misspelt name", '[endpoints.alice]\npasswort = "s3cret"'],
    ["a misspelt name within auth", '[endpoints.alice.auth]\nusername = "alice"\npasswd = "s3cret"'],
    ["a section that is none", '[endpoint.alice.auth]\npassword = { is = ["s3cret"] }'],
    ["a text in place of a table", '[endpoints.alice]\nauth = "alice:s3cret"'],
    ["a list in place of a text", '[http]\npassword_hash = ["s3cret"]'],
    ["a list of texts in place of tables", '[http]\ntokens = ["s3cret"]'],
    ["a table in place of a text", '[server]\nrealm = { password = "s3cret" }'],
    ["a comment", '[server] # s3cret\n# s3cret\nrealm = "hintd"'],
  ])("is masked under %s", (_, toml) => {
    expect(maskConfig(toml).text).not.toContain("s3cret");
  });

  test("of a URL are its path and its query, too", () => {
    const { secrets } = maskConfig('[[webhooks]]\nurl = "https://hooks.example/T00/B00/s3cret?key=s3cret"');
    expect(secrets).toEqual([
      "https://hooks.example/T00/B00/s3cret?key=s3cret",
      "https://hooks.example/T00/B00/s3cret",
      "/T00/B00/s3cret",
      "?key=s3cret",
    ]);
  });
});

test("of a text that is no TOML, what can be read is known", () => {
  expect(
    secretsIn('[server\n[[webhooks]]\nsecret = "s3cret-one"\n= broken\n[endpoints.a.auth]\npassword = "s3cret-two"\n'),
  ).toEqual([
    "s3cret-one",
    "s3cret-two",
  ]);
});

test("everything else stays, and what is empty shows that it is", () => {
  const { text, secrets } = maskConfig(`
[server]
realm = "office"
[http]
password_hash = ""
tokens = [{ name = "crm", hash = "s3cret", scope = "read" }]
[endpoints.alice]
auth = { username = "alice", password = "s3cret", supported_algorithms_uas = ["MD5"] }
contact = ["sip:alice@192.168.1.20"]
[contexts.default.hints]
password = "PJSIP/alice"
1000 = "PJSIP/alice"
`);
  expect(Bun.TOML.parse(text)).toEqual({
    server: { realm: "office" },
    http: { password_hash: "", tokens: [{ name: "crm", hash: "(not told)", scope: "read" }] },
    endpoints: {
      alice: {
        auth: { username: "alice", password: "(not told)", supported_algorithms_uas: ["MD5"] },
        contact: ["sip:alice@192.168.1.20"],
      },
    },
    contexts: { default: { hints: { password: "PJSIP/alice", "1000": "PJSIP/alice" } } },
  });
  expect(secrets).toEqual(["s3cret"]);
});
