/**
 * Owns a configuration as it may be shown to strangers: what is secret is masked, comments are gone.
 */
import { parse, stringify } from "smol-toml";
import { z } from "zod";
import { bare, isTable } from "./findings.ts";
import { readable } from "./salvage.ts";
import { configSchema } from "./schema.ts";
import { isSecret } from "./secrets.ts";

/** What stands in place of a secret. */
export const mask = "(not told)";

/** A configuration, and what was taken out of it. */
export interface Masked {
  /** TOML without comments, which may hold anything. */
  readonly text: string;
  /** Every secret, so that it can be looked for elsewhere. */
  readonly secrets: readonly string[];
}

/**
 * Masks the text of a configuration. An option that the schema does not know is masked as well: it may be a password whose
 * name is misspelt.
 *
 * @throws TomlError for a text that is no TOML.
 */
export function maskConfig(text: string): Masked {
  const secrets = new Set<string>();
  const values = masked(parse(text.replace(/^\uFEFF/, "")), configSchema, secrets);
  return { text: stringify(values as Record<string, unknown>), secrets: [...secrets] };
}

/** Every secret in a text, in what can be read of it where it is no TOML. */
export function secretsIn(text: string): readonly string[] {
  const secrets = new Set<string>();
  masked(readable(text), configSchema, secrets);
  return [...secrets];
}

/** `schema` is undefined where there is none: all is masked there. */
function masked(value: unknown, schema: z.ZodType | undefined, secrets: Set<string>): unknown {
  const known = schema === undefined ? undefined : bare(schema);
  if (Array.isArray(value)) {
    const element = known instanceof z.ZodArray ? known.element as z.ZodType : undefined;
    return value.map((each) => masked(each, element, secrets));
  }
  if (isTable(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, masked(each, schemaOf(key, each, known), secrets)]),
    );
  }
  if (known !== undefined || value === "") return value;
  note(String(value), secrets);
  return mask;
}

/** The schema by which a value of a table is shown. A secret has none, unless its parts have their own. */
function schemaOf(key: string, value: unknown, table: z.ZodType | undefined): z.ZodType | undefined {
  if (table instanceof z.ZodRecord) return table.valueType as z.ZodType;
  const hasParts = isTable(value) || (Array.isArray(value) && value.every(isTable));
  if (!(table instanceof z.ZodObject) || (isSecret(key) && !hasParts)) return undefined;
  return (table.shape as Record<string, z.ZodType>)[key];
}

/** A secret, and of a URL the parts that hold one: hintd names a webhook by its URL without the query. */
function note(secret: string, secrets: Set<string>): void {
  secrets.add(secret);
  if (!/^https?:/i.test(secret) || !URL.canParse(secret)) return;
  const { origin, pathname, search } = new URL(secret);
  if (pathname !== "/") secrets.add(origin + pathname).add(pathname);
  if (search !== "") secrets.add(search);
}
