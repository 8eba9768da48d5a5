/**
 * Owns the table of options as people read it: the JSON Schema of config.toml, section by section.
 */
import type { JsonSchema } from "../config/json_schema.ts";

/** One option. */
export interface ReferenceOption {
  readonly name: string;
  /** The default as TOML writes it; undefined for an option that must be there, and for one that is absent by default. */
  readonly value: string | undefined;
  readonly description: string;
  /** What is accepted; empty where that is a table. */
  readonly accepted: string;
}

/** One table of the file. */
export interface ReferenceSection {
  /** For links: `endpoints`. */
  readonly id: string;
  /** As the file has it: `[endpoints.NAME]`. */
  readonly header: string;
  readonly description: string;
  readonly options: readonly ReferenceOption[];
}

/** What is read of a schema. */
interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
}

/** The sections in the order of the schema. */
export function sectionsOf(schema: JsonSchema): ReferenceSection[] {
  return Object.entries((schema as Node).properties ?? {}).flatMap(([name, node]) => sectionOf(name, node));
}

function sectionOf(name: string, node: Node): ReferenceSection[] {
  const description = node.description ?? "";
  if (node.items?.properties !== undefined) {
    return [{ id: name, header: `[[${name}]]`, description, options: optionsOf(node.items) }];
  }
  if (typeof node.additionalProperties === "object") {
    return [{ id: name, header: `[${name}.NAME]`, description, options: optionsOf(node.additionalProperties) }];
  }
  // A table that only holds tables, each of which is a section.
  const tables = Object.entries(node.properties ?? {}).filter(([, each]) => each.properties !== undefined);
  if (tables.length > 0 && tables.length === Object.keys(node.properties!).length) {
    return tables.map(([inner]) => ({
      id: `${name}.${inner}`,
      header: `[${name}.${inner}]`,
      description,
      options: [],
    }));
  }
  return [{ id: name, header: `[${name}]`, description, options: optionsOf(node) }];
}

function optionsOf({ properties = {} }: Node): ReferenceOption[] {
  return Object.entries(properties).map(([name, node]) => {
    const [description, accepted = ""] = (node.description ?? "").split(" Accepted: ");
    return {
      name,
      value: node.default === undefined ? undefined : tomlText(node.default),
      description: description!,
      accepted: accepted.replace(/\.$/, ""),
    };
  });
}

/** A default as TOML: of texts, numbers, flags and lists, JSON is that too. */
function tomlText(value: unknown): string {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
  return isTable ? "{}" : JSON.stringify(value).replaceAll(",", ", ");
}
