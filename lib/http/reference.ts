/**
 * Owns the table of options as people read it: the JSON Schema of config.toml, section by section.
 */
import type { JsonSchema } from "../config/json_schema.ts";

/** One option. */
export interface ReferenceOption {
  /** As it is written, or `auth.username` inside of another option. */
  readonly name: string;
  /** The default as TOML writes it; undefined for an option without one. */
  readonly value: string | undefined;
  /** Whether it must be there, in a table that is. */
  readonly isRequired: boolean;
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
  readonly required?: readonly string[];
}

/** The sections in the order of the schema. */
export function sectionsOf(schema: JsonSchema): ReferenceSection[] {
  return Object.entries((schema as Node).properties ?? {}).flatMap(([name, node]) => sectionOf(name, node));
}

function sectionOf(name: string, node: Node): ReferenceSection[] {
  const { description = "", properties = {}, items, additionalProperties } = node;
  if (items?.properties !== undefined) return [{ ...tableOf(name, `[[${name}]]`, items), description }];
  if (typeof additionalProperties === "object") {
    const header = `[${name}.NAME]`;
    return [
      { ...tableOf(name, header, additionalProperties), description },
      ...namesIn(name, header, additionalProperties),
    ];
  }
  // A table that only holds tables, each of which is a section.
  const tables = Object.entries(properties).filter(([, each]) => each.properties !== undefined);
  if (tables.length > 0 && tables.length === Object.keys(properties).length) {
    return tables.map(([inner]) => ({
      id: `${name}.${inner}`,
      header: `[${name}.${inner}]`,
      description,
      options: [],
    }));
  }
  return [{ ...tableOf(name, `[${name}]`, node), description }];
}

function tableOf(id: string, header: string, node: Node): Omit<ReferenceSection, "description"> {
  return { id, header, options: optionsOf(node) };
}

/** Tables inside of a table whose names are the operator's: `[contexts.NAME.hints]`. */
function namesIn(id: string, header: string, { properties = {} }: Node): ReferenceSection[] {
  return Object.entries(properties).flatMap(([name, { additionalProperties: each }]) =>
    typeof each !== "object" ? [] : [{
      id: `${id}.${name}`,
      header: header.replace("]", `.${name}]`),
      description: "",
      options: [optionOf("NAME", each, false)],
    }]
  );
}

/** The options of a table, those that stand in one line inside of another behind that one. */
function optionsOf({ properties = {}, required = [] }: Node, prefix = ""): ReferenceOption[] {
  return Object.entries(properties).filter(([, node]) => node.description !== undefined).flatMap(([name, node]) => [
    optionOf(prefix + name, node, required.includes(name)),
    ...optionsOf(node.items ?? node, `${prefix}${name}.`),
  ]);
}

function optionOf(name: string, node: Node, isRequired: boolean): ReferenceOption {
  const [description, accepted = ""] = (node.description ?? "").split(" Accepted: ");
  return {
    name,
    value: node.default === undefined ? undefined : tomlText(node.default),
    isRequired,
    description: description!,
    accepted: accepted.replace(/\.$/, ""),
  };
}

/** A default as TOML: of texts, numbers, flags and lists, JSON is that too. */
function tomlText(value: unknown): string {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
  return isTable ? "{}" : JSON.stringify(value).replaceAll(",", ", ");
}
