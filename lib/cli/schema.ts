/**
 * Owns `hintd schema`.
 */
import { configJsonSchema } from "../config/json_schema.ts";
import { printJson } from "./terminal.ts";

/** Prints the JSON Schema of config.toml. */
export function printSchema(): number {
  printJson(configJsonSchema());
  return 0;
}
