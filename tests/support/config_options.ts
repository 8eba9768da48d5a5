/** The options of config.toml, as the schema has them. */
import { z } from "zod";
import { configSchema } from "../../lib/config/schema.ts";

/** One option. Sections with names of the operator's choice are called `endpoints.*`, lists of tables `listen`. */
export interface Option {
  readonly section: string;
  readonly name: string;
  readonly schema: z.ZodType;
}

/** A schema without defaults and the like around it. */
export function bare(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault) {
    inner = inner.def.innerType as z.ZodType;
  }
  return inner;
}

/** Options of the sections of config.toml; tables that stand in one line belong to their option. */
function optionsIn(shape: Readonly<Record<string, z.ZodType>>, section = ""): Option[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const inner = bare(schema);
    const path = section === "" ? name : `${section}.${name}`;
    if (section.split(".").length < 2 && inner instanceof z.ZodObject) return optionsIn(inner.shape, path);
    if (inner instanceof z.ZodRecord) {
      const each = bare(inner.valueType as z.ZodType);
      // Names of the operator's choice are no options: extension = "hint".
      return each instanceof z.ZodObject ? optionsIn(each.shape, `${path}.*`) : [];
    }
    const element = inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : undefined;
    if (section === "" && element instanceof z.ZodObject) return optionsIn(element.shape, path);
    return [{ section, name, schema }];
  });
}

/** Every option; those of [defaults.endpoint] are the ones of an endpoint. */
export const configOptions: readonly Option[] = optionsIn(configSchema.shape)
  .filter(({ section }) => section !== "defaults.endpoint");

/** What the reference and the errors say of an option. */
export function metaOf({ schema }: Option): { readonly description: string; readonly accepted: string } {
  const { description = "", accepted = "" } = { ...bare(schema).meta(), ...schema.meta() } as Record<string, string>;
  return { description, accepted };
}
