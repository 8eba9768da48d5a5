/** Whatever stands in the files: an import ends in errors or in a configuration that hintd takes, and never throws. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hintChecks } from "../../lib/app.ts";
import { importAsterisk } from "../../lib/import/import_asterisk.ts";
import { settle } from "../../lib/import/settle.ts";
import { fixture, memoryDirectory } from "./directory.ts";

const NAMES = [
  "a",
  "b",
  "1000",
  "_X.",
  "x y",
  "é\"'",
  "__proto__",
  "constructor",
  "globals",
  "lan",
  "a.b",
  "",
  "]",
  "(+)",
];
const TYPES = [
  "endpoint",
  "aor",
  "auth",
  "identify",
  "transport",
  "acl",
  "global",
  "system",
  "resource_list",
  "outbound-publish",
  "inbound-publication",
  "asterisk-publication",
  "wizard",
  "registration",
];
const VALUES = [
  "a,b",
  "yes",
  "no",
  "-1",
  "4711",
  "1e9",
  "0.5",
  "",
  "0.0.0.0/0",
  "!10.0.0.1",
  "::",
  "sip:a@b",
  "presence",
  "dialog",
  "PJSIP/a&Custom:b,CustomPresence:c(D)",
  "${X}${EXTEN:-1}",
  "(((",
  '"\\u0000\u0007',
  "0".repeat(300),
];

/** Every option that a fixture or the wizard has. */
const options = [
  ...new Set(
    ["pjsip.conf", "pjsip_wizard.conf"]
      .flatMap((file) => readFileSync(join(fixture("office"), file), "utf8").split("\n"))
      .map((line) => /^([\w@/]+)\s*=/.exec(line)?.[1])
      .filter((name) => name !== undefined),
  ),
  "acl",
  "realm",
  "mailboxes",
  "contact_permit",
  "qualify_timeout",
  "qualify_frequency",
  "expiration",
];

const name = fc.constantFrom(...NAMES);
const value = fc.oneof(fc.constantFrom(...VALUES), fc.string(), name);
const rest = fc.oneof(
  { weight: 40, arbitrary: fc.constant("") },
  { weight: 10, arbitrary: fc.constantFrom("(a)", "(b,a)", "(!)") },
  { weight: 1, arbitrary: fc.constantFrom("(+)", "(gone)", "(") },
);
const head = fc.tuple(name, rest).map(([text, options]) => `[${text}]${options}`);
const option = fc.tuple(fc.constantFrom(...options), fc.constantFrom(" = ", "=>", "+="), value)
  .map((words) => words.join(""));
const object = fc.tuple(head, fc.constantFrom(...TYPES), fc.array(option, { maxLength: 8 }))
  .map(([first, type, lines]) => [first, `type=${type}`, ...lines].join("\n"));
const step = fc.tuple(
  fc.constantFrom("exten => ", "same => ", "include => ", "autohints = ", "X = ", ";-- ", "--;"),
  name,
  fc.constantFrom(",hint,", ",1,", ","),
  value,
).map((words) => words.join(""));
const context = fc.tuple(head, fc.array(step, { maxLength: 12 })).map(([first, lines]) => [first, ...lines].join("\n"));
const joined = (sections: readonly string[]) => ["[a](!)", "[b](!)", ...sections].join("\n");
const files = fc.record({
  "pjsip.conf": fc.array(object, { maxLength: 8 }).map(joined),
  "pjsip_wizard.conf": fc.array(object, { maxLength: 2 }).map(joined),
  "acl.conf": fc.array(object, { maxLength: 2 }).map(joined),
  "extensions.conf": fc.array(context, { maxLength: 5 }).map(joined),
});

test("random files", async () => {
  let importedCount = 0;
  let settledCount = 0;
  await fc.assert(
    fc.asyncProperty(files, async (sources) => {
      const imported = importAsterisk(memoryDirectory(sources), "random");
      if ("errors" in imported) return;
      importedCount++;
      const { text, loaded } = await settle(imported.text, "config.toml", hintChecks);
      if ("errors" in loaded) throw new Error(`${loaded.errors.map((error) => error.text).join("\n")}\n${text}`);
      if (text !== imported.text) settledCount++;
    }),
    { numRuns: 600, seed: 6, endOnFailure: false },
  );
  expect(importedCount).toBeGreaterThan(100);
  // What the converters know themselves is not left to the last look.
  expect(settledCount).toBeLessThan(importedCount / 10);
}, 60_000);
