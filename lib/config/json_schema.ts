/**
 * Owns the JSON Schema of config.toml, by which editors complete and check it: the table of options in their language.
 *
 * Draft 7 is what editors of TOML read. Rules between options, and those that only code can say, are left to `hintd check`.
 */
import { z } from "zod";
import type { OptionMeta } from "./options.ts";
import { configSchema } from "./schema.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Makes the schema of the whole file. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      const { description, accepted } = jsonSchema as Partial<OptionMeta>;
      delete (jsonSchema as { accepted?: string }).accepted;
      if (description !== undefined && accepted !== undefined) {
        jsonSchema.description = `${description} Accepted: ${accepted}.`;
      }
      // JSON Schema has no flags: an expression that takes both cases would refuse one of them there.
      if (patternsOf(zodSchema).some(({ flags }) => flags.includes("i"))) delete jsonSchema.pattern;
      // A table that may be left out is none that an editor should write as `server = {}`.
      if (jsonSchema.type === "object") delete jsonSchema.default;
    },
  });
  return { ...schema, title: "config.toml of hintd" };
}

/** The expressions that a text must match. */
function patternsOf({ _zod: { def } }: z.core.$ZodTypes): RegExp[] {
  const checks: readonly z.core.$ZodCheck[] = def.checks ?? [];
  return checks.map((check) => (check._zod.def as { pattern?: RegExp }).pattern).filter((each) => each !== undefined);
}
