/**
 * Owns the way from the text of config.toml to a Config, or to everything that is wrong with it at once.
 *
 * Values are read by smol-toml and judged by the schema. What the schema refuses is taken out and the rest is judged again, so
 * that one mistake does not hide another. Positions are worked out only when there is something to report.
 */
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { checkConfig, type ConfigRules } from "./checks.ts";
import type { Config } from "./config.ts";
import { type Finding, findingsOf, isTable, type Table, valueAt } from "./findings.ts";
import type { Path, Position } from "./positions.ts";
import { configSchema } from "./schema.ts";
import { Suggestions } from "./suggestions.ts";

/** One thing that is wrong, or worth a warning. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Path of the option: `endpoints.alice.sub_min_expiry`; empty for the file as a whole. */
  readonly key: string;
  /** What was found, what is accepted, what may have been meant. */
  readonly message: string;
  /** All of it in one line: `config.toml:12:3: endpoints.alice.sub_min_expiry: found "x"; expected …`. */
  readonly text: string;
}

/** What is doubtful but allowed. Where it stands is worked out when somebody asks, which a start need not wait for. */
export type Warnings = () => Promise<readonly ConfigProblem[]>;

/** A configuration, or why there is none. */
export type Loaded =
  | { readonly config: Config; readonly warnings: Warnings }
  | { readonly errors: readonly ConfigProblem[]; readonly warnings: Warnings };

/** Bytes of the largest file that is read; ten thousand hints fit ten times. */
const textMax = 8 * 1024 * 1024;

/** Mistakes that are taken out one after another before judging ends. */
const roundsMax = 8;

/**
 * Reads a configuration.
 *
 * @param file Name for messages.
 * @returns The configuration with its warnings, or every error.
 */
export async function loadConfig(text: string, file: string, rules: ConfigRules): Promise<Loaded> {
  if (text.length > textMax) {
    return broken(file, { line: 1, column: 1 }, `the file is larger than ${textMax} characters`);
  }
  // A byte order mark is what editors on Windows leave.
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  // What a decoder leaves where the bytes are none of UTF-8.
  const torn = source.indexOf("\uFFFD");
  if (torn >= 0) return broken(file, placeOf(source, torn), "the file is not UTF-8 here; save it as UTF-8");
  let values: Table;
  try {
    values = parse(source) as Table;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split("\n")[0]!.replace("Invalid TOML document: ", "");
    return broken(file, error, message + (syntaxAdvice[message] ?? ""));
  }
  const suggestions = new Suggestions();
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const config = judge(values, errors, suggestions);
  if (config !== undefined) {
    const into = (findings: Finding[]) => (path: Path, message: string, names?: readonly string[]) =>
      void findings.push({ path, message: message + suggestions.forQuoted(message, names), isKey: false });
    checkConfig(config, rules, { error: into(errors), warn: into(warnings) });
  }
  // What was taken out is missing to the checks: they need not say so.
  const told = warnings.filter((warning) => !errors.some((error) => isWithin(error.path, warning.path)));
  const warningsPlaced = () => locate(source, file, told);
  return errors.length > 0 || config === undefined
    ? { errors: await locate(source, file, errors), warnings: warningsPlaced }
    : { config, warnings: warningsPlaced };
}

/** What the commonest mistakes in writing TOML need to hear, by the parser's words for them. */
const syntaxAdvice: Readonly<Record<string, string>> = {
  "illegal character in key": '; "=" follows a name, and one such as "*98" or "_[2-5]X" stands in quotes',
  "invalid value": '; a text stands in quotes, as in "PJSIP/alice"',
  "trying to redefine an already defined table or value": "; the same name stands further up",
};

/** Judges the values; what is refused is noted and taken out of them until the rest can be had. */
export function judge(values: Table, errors: Finding[], suggestions: Suggestions): Config | undefined {
  const defaults = tableAt(values, ["defaults", "endpoint"]);
  const own = tableAt(values, ["endpoints"]);
  const known = new Set<string>();
  for (let round = 0; round < roundsMax; round++) {
    const merged = own === undefined ? values : { ...values, endpoints: withDefaults(own, defaults) };
    const judged = configSchema.safeParse(merged);
    if (judged.success) return finish(judged.data);
    const findings = judged.error.issues.flatMap((issue) => findingsOf(issue, merged, suggestions))
      .filter(({ path }) => !isInherited(path, own));
    const taken = new Set<string>();
    for (const finding of findings) {
      const key = JSON.stringify(finding.path);
      if (!known.has(key) && !(finding.isWhole && errors.some((error) => isWithin(error.path, finding.path)))) {
        errors.push(finding);
      }
      known.add(key);
      takeOut(values, finding.path, taken);
    }
  }
  return undefined;
}

/** Names in the tables are anybody's choice: "constructor" is one, but no table has it unless it was written. */
function finish({ defaults: _defaults, ...config }: z.output<typeof configSchema>): Config {
  const table = <T>(entries: Record<string, T>): Record<string, T> => Object.assign(Object.create(null), entries);
  return {
    ...config,
    listen: config.listen.map((each) => ({
      ...each,
      name: each.name === "" ? `${each.transport} ${each.bind}` : each.name,
    })),
    webhooks: config.webhooks.map((each) => ({ ...each, name: each.name === "" ? plainUrl(each.url) : each.name })),
    endpoints: table(config.endpoints),
    aors: table(config.aors),
    contexts: table(config.contexts),
    lists: table(config.lists),
    outbound_publish: table(config.outbound_publish),
  };
}

/** A URL without what may be secret in it. */
function plainUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

function withDefaults(endpoints: Table, defaults: Table | undefined): Table {
  if (defaults === undefined) return endpoints;
  const merged = Object.entries(endpoints).map(([name, own]) => [name, isTable(own) ? { ...defaults, ...own } : own]);
  return Object.fromEntries(merged);
}

/** Whether a complaint about an endpoint is really one about `[defaults.endpoint]`, where it is made too. */
function isInherited(path: Path, own: Table | undefined): boolean {
  if (path[0] !== "endpoints" || path.length < 3) return false;
  const endpoint = own?.[path[1]!];
  return isTable(endpoint) && !Object.hasOwn(endpoint, path[2]!);
}

async function locate(source: string, file: string, findings: readonly Finding[]): Promise<ConfigProblem[]> {
  if (findings.length === 0) return [];
  const { Positions } = await import("./positions.ts");
  const positions = new Positions(source);
  return findings.map(({ path, message, isKey }) =>
    problemOf(file, isKey ? positions.key(path) : positions.value(path), keyText(path), message)
  ).sort(inOrder);
}

function broken(file: string, position: Position, message: string): Loaded {
  return { errors: [problemOf(file, position, "", message)], warnings: () => Promise.resolve([]) };
}

/** Line and column of an offset. */
function placeOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function problemOf(file: string, { line, column }: Position, key: string, message: string): ConfigProblem {
  const text = `${file}:${line}:${column}: ${key === "" ? "" : `${key}: `}${message}`;
  return { file, line, column, key, message, text };
}

/** A path as TOML writes it; array indexes in brackets. */
function keyText(path: Path): string {
  return path.map((each, i) =>
    typeof each === "number"
      ? `[${each}]`
      : `${i === 0 ? "" : "."}${/^[\w-]+$/.test(each) ? each : JSON.stringify(each)}`
  ).join("");
}

function inOrder(a: ConfigProblem, b: ConfigProblem): number {
  return a.line - b.line || a.column - b.column;
}

/** Whether `path` leads to `outer` or into it. */
function isWithin(path: Path, outer: Path): boolean {
  return outer.every((each, i) => each === path[i]);
}

function tableAt(values: Table, path: Path): Table | undefined {
  const found = valueAt(values, path);
  return isTable(found) ? found : undefined;
}

/** Takes a value out; where there is none, or in a list, what holds it. What was `taken` is not there any more. */
function takeOut(values: Table, path: Path, taken: Set<string>): void {
  for (let length = path.length; length > 0; length--) {
    const part = JSON.stringify(path.slice(0, length));
    if (taken.has(part)) return;
    const holder = valueAt(values, path.slice(0, length - 1));
    const key = path[length - 1]!;
    if (!isTable(holder) || !Object.hasOwn(holder, key)) continue;
    delete holder[key];
    taken.add(part);
    return;
  }
}
