import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { code, linesWith, root, sourcesOf } from "./sources.ts";

const lib = code.filter(({ path }) => path.startsWith("lib/") || path === "main.ts");
const tests = code.filter(({ path }) => path.startsWith("tests/") && !path.startsWith("tests/style/"));
const prose = sourcesOf("README.md", "config.toml", "{lib,tests,build}/**/*.{md,toml}");
const everything = [...code, ...prose].filter(({ path }) => !path.startsWith("tests/style/"));

/** Sections of the RFCs that this house cites, by RFC number. */
const sections = new Map(
  readFileSync(join(root, "tests/style/rfc_sections.txt"), "utf8").split("\n")
    .filter((line) => /^\d/.test(line))
    .map((line) => [line.split(":")[0]!, new Set(line.split(":")[1]!.trim().split(" "))]),
);

test("nothing is left for later", () => {
  expect(everything.flatMap((source) => linesWith(source, /\b(TODO|FIXME|XXX|HACK)\b/))).toEqual([]);
});

test("no test is switched off, and none stands alone", () => {
  expect(tests.flatMap((source) => linesWith(source, /\b(test|it|describe)\.(only|skip|todo)\(/))).toEqual([]);
});

test("no test waits for time to pass", () => {
  const waits = /\bBun\.sleep|\bsleep(Sync)?\(|setTimeout\(\s*(resolve|done|r)\b|node:timers\/promises/;
  expect(tests.flatMap((source) => linesWith(source, waits))).toEqual([]);
});

test("nothing names a directory of the machine that it was written on", () => {
  expect(everything.flatMap((source) => linesWith(source, /\/(work|root|home)\//))).toEqual([]);
});

test("files are named in snake_case", () => {
  const names = [...code, ...sourcesOf("{lib,tests,build}/**/*.{css,toml,xml,svg,html}")].map(({ path }) => path);
  expect(names.filter((path) => !path.split("/").every((part) => /^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(part)))).toEqual(
    [],
  );
});

test("exports have names, and no file passes on all of another", () => {
  expect(code.flatMap((source) => linesWith(source, /^export (default\b|\*)/))).toEqual([]);
});

test("the compiler and the linter are not silenced", () => {
  expect(everything.flatMap((source) => linesWith(source, /@ts-(ignore|expect-error|nocheck)|deno-lint-ignore-file/)))
    .toEqual([]);
});

test("only errors inherit", () => {
  const heirs = code.flatMap((source) =>
    linesWith(source, /^\s*(export )?(abstract )?class \w+(<.*>)? extends (?!\w*Error\b)/)
  );
  expect(heirs).toEqual([]);
});

test("every exported symbol of lib says what it is", () => {
  const declaration = /^export (declare |async |abstract )*(const|let|function\*?|class|interface|type|enum) /;
  const silent = lib.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, i) => {
      const isOverload = i > 0 && declaration.test(lines[i - 1]!) && lines[i - 1]!.endsWith(";");
      return declaration.test(line) && !isOverload && !isExplained(lines, i) ? [`${path}:${i + 1}: ${line}`] : [];
    });
  });
  expect(silent).toEqual([]);
});

/** Whether a doc comment stands above a line that begins with a sentence, not with a tag. */
function isExplained(lines: readonly string[], i: number): boolean {
  if (!lines[i - 1]?.trim().endsWith("*/")) return false;
  const start = lines.slice(0, i).findLastIndex((line) => line.trim().startsWith("/**"));
  const comment = lines.slice(start, i).join(" ").replace(/^\s*\/\*\*[\s*]*/, "");
  return /^[^@\s]/.test(comment);
}

test("every directory of lib has its README of one screen", () => {
  const directories = new Set(
    lib.filter(({ path }) => path.split("/").length > 2).map(({ path }) => path.split("/")[1]!),
  );
  const readmes = new Map(prose.map(({ path, text }) => [path, text]));
  const missing = [...directories].filter((name) => !readmes.has(`lib/${name}/README.md`));
  expect(missing).toEqual([]);
});

test("RFCs are cited in one form: RFC 3261 §17.2.2", () => {
  const otherForms = [
    /\brfc[ -]\d{4,5}\b/,
    /\bR[Ff][Cc]-?\d{3,5}\b/,
    /\bRFC \d{3,5}([:,] ?|\s+)([Ss]ection|[Ss]ec\.|§§)/,
    /\bRFC \d{3,5}(§|,? § )/,
    /[Ss]ection \d+(\.\d+)* of (RFC|rfc)/,
  ];
  expect(otherForms.flatMap((form) => everything.flatMap((source) => linesWith(source, form)))).toEqual([]);
});

test("every cited section is in its RFC", () => {
  const wrong = everything.flatMap(({ path, text }) =>
    [...text.matchAll(/RFC (\d{3,5})((?:,? (?:and )?§[\dA-Z][\dA-Z.]*)+)/g)].flatMap(([citation, rfc, list]) =>
      list!.match(/[\dA-Z][\dA-Z.]*/g)!
        .map((section) => section.replace(/\.$/, ""))
        .filter((section) => sections.get(rfc!)?.has(section) === false)
        .map(() => `${path}: ${citation}`)
    )
  );
  expect(wrong).toEqual([]);
});
