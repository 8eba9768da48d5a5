/**
 * Owns the way from the text of config.toml to a Config, or to everything that is wrong with it at once.
 *
 * Values are read by smol-toml and judged by the schema. What the schema refuses is taken out and the rest is judged again, so
 * that one mistake does not hide another. Positions are worked out only when there is something to report.
 */
import { closest, distance } from "fastest-levenshtein";
import { parse, TomlDate, TomlError } from "smol-toml";
import { z } from "zod";
import { checkConfig, type ConfigRules } from "./checks.ts";
import type { Config } from "./config.ts";
import type { OptionMeta } from "./options.ts";
import type { Path, Position } from "./positions.ts";
import { configSchema } from "./schema.ts";

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

/** A configuration, or why there is none. */
export type Loaded =
  | { readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly errors: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] };

/** Bytes of the largest file that is read; ten thousand hints fit ten times. */
const textMax = 8 * 1024 * 1024;

/** Mistakes that are taken out one after another before judging ends. */
const roundsMax = 8;

interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The complaint is about the key itself, not its value. */
  readonly isKey: boolean;
}

type Table = Record<string, unknown>;

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
  let raw: Table;
  try {
    raw = parse(source) as Table;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split("\n")[0]!.replace("Invalid TOML document: ", "");
    return broken(file, error, message + (syntaxAdvice[message] ?? ""));
  }
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const config = judge(raw, errors);
  if (config !== undefined) {
    checkConfig(config, rules, {
      error: (path, message, names) =>
        errors.push({ path, message: message + suggestion(message, names), isKey: false }),
      warn: (path, message, names) =>
        warnings.push({ path, message: message + suggestion(message, names), isKey: false }),
    });
  }
  // What was taken out is missing to the checks: they need not say so.
  const told = warnings.filter((warning) => !errors.some((error) => isWithin(error.path, warning.path)));
  const located = errors.length + told.length === 0 ? [] : await locate(source, file, [...errors, ...told]);
  const problems = located.slice(0, errors.length).sort(inOrder);
  const notes = located.slice(errors.length).sort(inOrder);
  return problems.length > 0 || config === undefined
    ? { errors: problems, warnings: notes }
    : { config, warnings: notes };
}

/** What the two commonest mistakes in writing TOML need to hear, by the parser's words for them. */
const syntaxAdvice: Readonly<Record<string, string>> = {
  "illegal character in key": '; a key such as "*98" or "_[2-5]X" stands in quotes',
  "invalid value": '; a text stands in quotes, as in "PJSIP/alice"',
};

/** Judges the values; what is refused is noted and taken out until the rest can be had. */
function judge(raw: Table, errors: Finding[]): Config | undefined {
  const values = structuredClone(raw);
  const defaults = tableAt(values, ["defaults", "endpoint"]);
  const own = tableAt(values, ["endpoints"]);
  for (let round = 0; round < roundsMax; round++) {
    const merged = { ...values, endpoints: withDefaults(own, defaults) };
    const judged = configSchema.safeParse(merged);
    if (judged.success) return finish(judged.data);
    for (const issue of judged.error.issues) {
      for (const finding of findingsOf(issue, merged)) {
        if (isInherited(finding.path, own)) continue;
        // A rule about a table cannot hold any more once a part of the table was taken out.
        if (issue.code === "custom" && errors.some((known) => isWithin(known.path, finding.path))) continue;
        if (!errors.some((known) => isSamePath(known.path, finding.path))) errors.push(finding);
        takeOut(values, finding.path);
      }
    }
  }
  return undefined;
}

function finish({ defaults: _defaults, ...config }: z.output<typeof configSchema>): Config {
  return {
    ...config,
    listen: config.listen.map((each) => ({
      ...each,
      name: each.name === "" ? `${each.transport} ${each.bind}` : each.name,
    })),
  };
}

function withDefaults(endpoints: Table | undefined, defaults: Table | undefined): unknown {
  if (endpoints === undefined) return undefined;
  if (defaults === undefined) return endpoints;
  const merged = Object.entries(endpoints).map(([name, own]) => [name, isTable(own) ? { ...defaults, ...own } : own]);
  return Object.fromEntries(merged);
}

/** Whether a complaint about an endpoint is really one about `[defaults.endpoint]`, where it is made too. */
function isInherited(path: Path, own: Table | undefined): boolean {
  if (path[0] !== "endpoints" || path.length < 3) return false;
  const endpoint = own?.[path[1]!];
  return isTable(endpoint) && !(path[2]! in endpoint);
}

/** Options whose values are told to nobody. */
const secretKeys: readonly (string | number)[] = [
  "auth",
  "password",
  "password_digest",
  "password_hash",
  "tokens",
  "hash",
];

/** What an issue of the schema says to a person. */
function findingsOf(issue: z.core.$ZodIssue, values: unknown): Finding[] {
  const path = issue.path.map((each) => typeof each === "symbol" ? String(each) : each);
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(shapeAt(path));
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `there is no such option${meant(key, known)}`,
      isKey: true,
    }));
  }
  const found = valueAt(values, path);
  if (issue.code === "custom" && issue.message !== "Invalid input") {
    return [{ path, message: issue.message, isKey: false }];
  }
  const accepted = acceptedAt(path);
  if (found === undefined) return [{ path, message: `is missing; expected ${accepted}`, isKey: true }];
  // Errors are logged, and shown on the page: a password that stands there without quotes must not be.
  if (secretKeys.includes(path.findLast((key) => typeof key === "string") ?? "")) {
    return [{ path, message: `cannot be used as it stands; expected ${accepted}`, isKey: false }];
  }
  const names = issue.code === "invalid_value" ? issue.values.map(String) : [];
  return [{
    path,
    message: `found ${shown(found)}; expected ${accepted}${typeof found === "string" ? meant(found, names) : ""}`,
    isKey: false,
  }];
}

/** The schema at a path and the nearest description of what is accepted. */
function schemasAt(path: Path): z.ZodType[] {
  const chain: z.ZodType[] = [configSchema];
  for (const key of path) {
    const container = bare(chain.at(-1)!);
    let next: z.ZodType | undefined;
    if (container instanceof z.ZodObject) next = (container.shape as Record<string, z.ZodType>)[key];
    else if (container instanceof z.ZodRecord) next = container.valueType as z.ZodType;
    else if (container instanceof z.ZodArray) next = container.element as z.ZodType;
    if (next === undefined) break;
    chain.push(next);
  }
  return chain;
}

/** A schema without defaults and the like around it. */
function bare(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault) {
    inner = inner.def.innerType as z.ZodType;
  }
  return inner;
}

function shapeAt(path: Path): Record<string, unknown> {
  const schema = bare(schemasAt(path).at(-1)!);
  return schema instanceof z.ZodObject ? schema.shape : {};
}

function acceptedAt(path: Path): string {
  for (const schema of schemasAt(path).reverse()) {
    const accepted = (schema.meta() as Partial<OptionMeta> | undefined)?.accepted ??
      (bare(schema).meta() as Partial<OptionMeta> | undefined)?.accepted;
    if (accepted !== undefined) return accepted;
    if (bare(schema) instanceof z.ZodObject || bare(schema) instanceof z.ZodRecord) return "a table";
    if (bare(schema) instanceof z.ZodArray) return "a list of tables, [[…]]";
  }
  return "something else";
}

/** `; did you mean "x"?` where a name is near enough to be meant. */
function meant(written: string, names: readonly string[]): string {
  const candidates = names.filter((name) => name !== "");
  if (candidates.length === 0) return "";
  const nearest = closest(written.toLowerCase(), candidates);
  const isNear = distance(written.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(nearest.length / 3));
  return isNear ? `; did you mean "${nearest}"?` : "";
}

/** The suggestion for the quoted name that a cross check complains of. */
function suggestion(message: string, names: readonly string[] = []): string {
  const quoted = /"([^"]*)"/.exec(message)?.[1];
  return quoted === undefined ? "" : meant(quoted, names);
}

function shown(value: unknown): string {
  const text = value instanceof TomlDate ? value.toISOString() : JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

async function locate(source: string, file: string, findings: readonly Finding[]): Promise<ConfigProblem[]> {
  const { Positions } = await import("./positions.ts");
  const positions = new Positions(source);
  return findings.map(({ path, message, isKey }) =>
    problemOf(file, isKey ? positions.key(path) : positions.value(path), keyText(path), message)
  );
}

function broken(file: string, position: Position, message: string): Loaded {
  return { errors: [problemOf(file, position, "", message)], warnings: [] };
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

function isSamePath(a: Path, b: Path): boolean {
  return a.length === b.length && isWithin(a, b);
}

/** Whether `path` leads to `outer` or into it. */
function isWithin(path: Path, outer: Path): boolean {
  return outer.every((each, i) => each === path[i]);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

function tableAt(values: Table, path: Path): Table | undefined {
  const found = valueAt(values, path);
  return isTable(found) ? found : undefined;
}

function valueAt(values: unknown, path: Path): unknown {
  let at = values;
  for (const key of path) {
    at = typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
  }
  return at;
}

/** Takes a value out; where there is none, or in a list, what holds it. */
function takeOut(values: Table, path: Path): void {
  for (let length = path.length; length > 0; length--) {
    const holder = valueAt(values, path.slice(0, length - 1));
    const key = path[length - 1]!;
    if (!isTable(holder) || !(key in holder)) continue;
    delete holder[key];
    return;
  }
}
