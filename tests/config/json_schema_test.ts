import { Ajv } from "ajv";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { configJsonSchema, type JsonSchema } from "../../lib/config/json_schema.ts";
import { configOptions } from "../support/config_options.ts";

const reference = readFileSync(join(import.meta.dir, "../../config.toml"), "utf8");
const validate = new Ajv({ allErrors: true }).compile(configJsonSchema());

/** What an editor would underline. */
function faults(toml: string): string[] {
  validate(parse(toml));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe("the JSON Schema of config.toml", () => {
  test("takes the configuration that is shipped", () => {
    expect(faults(reference)).toEqual([]);
  });

  test("takes it with every # taken away", () => {
    expect(faults(reference.replace(/^# (?=\w+ = |\[)/gm, ""))).toEqual([]);
  });

  for (
    const [what, toml, fault] of [
      ["an option that there is not", "[server]\nrelm = 1", "/server must NOT have additional properties"],
      ["a word for a number", '[server]\nmin_expiry = "60"', "/server/min_expiry must be integer"],
      ["a number out of bounds", "[timers]\nt1_ms = 5", "/timers/t1_ms must be >= 100"],
      [
        "a word that is none of those accepted",
        '[endpoints.alice]\nbody_profile = "cisco"',
        "/endpoints/alice/body_profile must be equal to one of the allowed values",
      ],
      ["a listener without its transport", '[[listen]]\nbind = "[::]:5060"', "/listen/0 must have required property"],
    ] as const
  ) {
    test(`refuses ${what}`, () => {
      expect(faults(toml).some((each) => each.startsWith(fault))).toBe(true);
    });
  }

  test("takes digests in both cases", () => {
    const hex = "0123456789ABCDEF0123456789abcdef";
    expect(faults(`[endpoints.alice]\nauth = { username = "alice", password_digest = ["md5:${hex}"] }`)).toEqual([]);
  });

  test("says of every option what it is, what is accepted, and its default", () => {
    const mute = configOptions.filter(({ section, name }) => {
      const path = section.split(".").flatMap((part) => part === "*" ? ["additionalProperties"] : ["properties", part]);
      let at = configJsonSchema();
      for (const step of path) at = (step in at ? at[step] : (at["items"] as JsonSchema)[step]) as JsonSchema;
      const { properties } = ("items" in at ? at["items"] : at) as { properties: Record<string, JsonSchema> };
      return !/^[A-Z].*\. Accepted: .*\.$/s.test(String(properties[name]?.["description"]));
    });
    expect(mute.map(({ section, name }) => `${section}.${name}`)).toEqual([]);
  });
});
