/**
 * Owns what a complaint of the schema says to a person: what was found, what is accepted, what may have been meant.
 */
import { TomlDate } from "smol-toml";
import { z } from "zod";
import type { OptionMeta } from "./options.ts";
import type { Path } from "./positions.ts";
import { configSchema } from "./schema.ts";
import { isSecret } from "./secrets.ts";
import type { Suggestions } from "./suggestions.ts";

/** One mistake, or one thing worth a warning. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The complaint is about the key itself, not its value. */
  readonly isKey: boolean;
  /** The complaint is about something as a whole; it says nothing where a part of it was wrong. */
  readonly isWhole?: boolean;
}

/** A table of TOML. */
export type Table = Record<string, unknown>;

/** Puts an issue of the schema in words. `values` are what the schema judged. */
export function findingsOf(issue: z.core.$ZodIssue, values: unknown, suggestions: Suggestions): Finding[] {
  const path = issue.path.map((each) => typeof each === "symbol" ? String(each) : each);
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(shapeAt(path));
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `there is no such option${suggestions.for(key, known) || placeOfHints(path)}`,
      isKey: true,
    }));
  }
  if (issue.code === "invalid_key") return [{ path, message: "a name cannot be empty", isKey: true }];
  if (issue.code === "custom" && issue.message !== "Invalid input") {
    return [{ path, message: issue.message, isKey: false, isWhole: true }];
  }
  const found = valueAt(values, path);
  const schema = bare(schemasAt(path).at(-1)!);
  const accepted = acceptedAt(path);
  if (found === undefined) return [{ path, message: `is missing; expected ${accepted}`, isKey: true, isWhole: true }];
  if (isSecret(path.findLast((key) => typeof key === "string") ?? "")) {
    return [{ path, message: `cannot be used as it stands; expected ${accepted}`, isKey: false }];
  }
  const isTableWanted = schema instanceof z.ZodObject || schema instanceof z.ZodRecord;
  const isWordWrong = issue.code === "invalid_value" && typeof found === "string";
  const advice = isWordWrong ? suggestions.for(found, issue.values.map(String)) : "";
  return [{
    path,
    message: `found ${isTableWanted ? kindOf(found) : shown(found)}; expected ${accepted}${advice}`,
    isKey: false,
  }];
}

/** The value at a path; undefined where there is none. */
export function valueAt(values: unknown, path: Path): unknown {
  let at = values;
  for (const key of path) {
    at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Table)[key] : undefined;
  }
  return at;
}

/** Whether a value is a table; a date is none. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

/** The commonest option that is none: an extension in the table around the one of the hints. */
function placeOfHints([section, context]: Path): string {
  return section === "contexts" && context !== undefined ? `; hints stand in [contexts.${context}.hints]` : "";
}

/** The schemas on the way to a path, as far as there are any. */
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
export function bare(schema: z.ZodType): z.ZodType {
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

/** The nearest description of what is accepted. */
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

/** A value as TOML has it; of tables and dates the kind: what stands in a table may be a password. */
function shown(value: unknown): string {
  const isScalar = (each: unknown): boolean => typeof each !== "object";
  if (Array.isArray(value) ? !value.every(isScalar) : !isScalar(value)) return kindOf(value);
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.some(isTable) ? "a list of tables" : "a list";
  if (isTable(value)) return "a table";
  return { string: "a text", number: "a number", boolean: "true or false" }[typeof value as string] ?? "a date";
}
