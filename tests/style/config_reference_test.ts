import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";
import { hintChecks } from "../../lib/app.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { bare, configOptions as options, metaOf, type Option } from "../support/config_options.ts";
import { root, sourcesOf } from "./sources.ts";

const reference = readFileSync(join(root, "config.toml"), "utf8");

/** One line of config.toml that shows an option, in force or behind "#". */
interface Shown {
  readonly line: number;
  readonly section: string;
  readonly name: string;
  readonly value: string;
  readonly isInForce: boolean;
  /** Prose above it; options that stand together share theirs. */
  readonly comment: string;
}

/** `[endpoints.alice]` → `endpoints.*`, `[[listen]]` → `listen`. */
function sectionOf(header: string): string {
  const [first = "", second, third] = header.split(".");
  if (second === undefined || first === "defaults") return header;
  return `${first}.*${third === undefined ? "" : `.${third}`}`;
}

/** All lines that show options. */
function shownIn(text: string): Shown[] {
  let section = "";
  let comment = "";
  let isCommentOver = true;
  return text.split("\n").flatMap((line, i) => {
    const header = /^(?:# )?\[\[?([\w.]+)\]\]?$/.exec(line)?.[1];
    if (header !== undefined || line === "") {
      section = header === undefined ? section : sectionOf(header);
      comment = "";
      return [];
    }
    const option = /^(# )?(\w+) = (.+)$/.exec(line);
    if (option === null) {
      comment = isCommentOver ? line : `${comment}\n${line}`;
      isCommentOver = false;
      return [];
    }
    isCommentOver = true;
    const [, hash, name, value] = option;
    return [{ line: i + 1, section, name: name!, value: value!, isInForce: hash === undefined, comment }];
  });
}

function valueOf(text: string): unknown {
  return parse(`value = ${text}`).value;
}

/** What an option is without being written; undefined when it is nothing. */
function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

/** Whether a line has the default of an option, or has it in its comment: "Default: []." */
function tellsDefault({ value, comment }: Shown, { schema }: Option): boolean {
  const preset = defaultOf(schema);
  return preset !== undefined &&
    (Bun.deepEquals(valueOf(value), preset) || comment.includes(`Default: ${JSON.stringify(preset)}.`));
}

const endpointOptions = options.filter(({ section }) => section === "endpoints.*");
const known = [...options, ...endpointOptions.map((option) => ({ ...option, section: "defaults.endpoint" }))];
const shown = shownIn(reference).filter(({ section }) => section !== "contexts.*.hints");

/** Lines that show an option. */
function linesOf(option: Option): Shown[] {
  return shown.filter(({ section, name }) => section === option.section && name === option.name);
}

/** Lines that show it here or in another section that has the same option: [aors.NAME] has many of endpoints. */
function sharedLinesOf(option: Option): Shown[] {
  return options.filter(({ schema }) => schema === option.schema).flatMap(linesOf);
}

function pathOf({ section, name }: { section: string; name: string }): string {
  return `${section}.${name}`;
}

describe("config.toml and the schema hold each other", () => {
  test("both are seen", () => {
    expect(options.length).toBeGreaterThan(90);
    expect(shown.length).toBeGreaterThan(options.length);
    expect([...new Set(options.map(({ section }) => section))].sort()).toEqual([
      "aors.*",
      "bodies",
      "contexts.*",
      "endpoints.*",
      "http",
      "listen",
      "lists.*",
      "log",
      "outbound_publish.*",
      "phones",
      "server",
      "timers",
      "watchdog",
      "webhooks",
    ]);
  });

  test("every option of the schema is shown", () => {
    expect(options.filter((option) => linesOf(option).length === 0).map(pathOf)).toEqual([]);
  });

  test("every option that is shown is one of the schema", () => {
    const paths = new Set(known.map(pathOf));
    expect(shown.filter((line) => !paths.has(pathOf(line))).map(({ line, name }) => `${line}: ${name}`)).toEqual([]);
  });

  test("every option is explained by a comment above it", () => {
    const mute = options.filter((option) => {
      return !sharedLinesOf(option).some(({ comment }) => /[a-z]{2}.*[.?:]/s.test(comment));
    });
    expect(mute.map(pathOf)).toEqual([]);
  });

  test("a line behind # shows the default, or an example where there is none", () => {
    const wrong = shown.filter(({ isInForce }) => !isInForce).flatMap((line) => {
      const option = known.find((each) => pathOf(each) === pathOf(line));
      if (option === undefined || tellsDefault(line, option)) return [];
      const preset = defaultOf(option.schema);
      if (preset === undefined && option.schema.safeParse(valueOf(line.value)).success) return [];
      return [`${line.line}: ${line.name} = ${line.value}, in the schema ${JSON.stringify(preset)}`];
    });
    expect(wrong).toEqual([]);
  });

  test("the default of every option can be read: on a line, or in the comment of one that shows another value", () => {
    const hidden = options.filter((option) =>
      defaultOf(option.schema) !== undefined && !sharedLinesOf(option).some((line) => tellsDefault(line, option))
    );
    expect(hidden.map(pathOf)).toEqual([]);
  });

  test("what stands in a table in one line is named there", () => {
    const unnamed = options.flatMap((option) => {
      const inner = bare(option.schema);
      const table = inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : inner;
      if (!(table instanceof z.ZodObject)) return [];
      const words = linesOf(option).map(({ value, comment }) => `${comment} ${value}`).join(" ");
      return Object.keys(table.shape).filter((name) => !new RegExp(`\\b${name} = `).test(words))
        .map((name) => `${pathOf(option)}.${name}`);
    });
    expect(unnamed).toEqual([]);
  });

  test("every word that an option accepts is named beside it", () => {
    const unnamed = options.flatMap((option) => {
      const inner = bare(option.schema);
      const words = inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : inner;
      if (!(words instanceof z.ZodEnum)) return [];
      const text = linesOf(option).map(({ value, comment }) => `${comment} ${value}`).join(" ");
      return words.options.filter((word) => !text.includes(`"${word}"`)).map((word) => `${pathOf(option)}: "${word}"`);
    });
    expect(unnamed).toEqual([]);
  });

  test("with every # taken away it is a configuration without errors", async () => {
    const everything = reference.replace(/^# (?=\w+ = |\[)/gm, "");
    const loaded = await loadConfig(everything, "config.toml", hintChecks);
    expect("errors" in loaded ? loaded.errors.map(({ text }) => text) : []).toEqual([]);
  });

  test("every area of the log can have a level", () => {
    const used = sourcesOf("lib/**/*.{ts,tsx}").flatMap(({ text }) =>
      [...text.matchAll(/\blog\s*\.(?:debug|info|warn|error)\(\s*"(\w+)"/gi)].map((match) => match[1]!)
    );
    const option = options.find((each) => pathOf(each) === "log.debug")!;
    const areas = bare((bare(option.schema) as z.ZodArray).element as z.ZodType) as z.ZodEnum;
    expect([...new Set(used)].filter((area) => !areas.options.includes(area))).toEqual([]);
    expect(areas.options.length).toBeGreaterThan(10);
  });

  test("what the schema says of an option is a sentence", () => {
    const wrong = options.filter((option) =>
      !/^[A-Z].*\.$/.test(metaOf(option).description) || metaOf(option).accepted === ""
    );
    expect(wrong.map(pathOf)).toEqual([]);
  });
});
