/**
 * Owns `hintd check`: everything wrong with a configuration, at once.
 */
import { hintChecks } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { countText } from "../http/words.ts";
import { readConfigText } from "./client.ts";
import type { ShowOptions } from "./listings.ts";
import { fail, print, printJson } from "./terminal.ts";

/** Checks the configuration; 2 when it has errors. */
export async function check(options: ShowOptions): Promise<number> {
  const loaded = await loadConfig(readConfigText(options.config), options.config, hintChecks);
  const errors = "errors" in loaded ? loaded.errors : [];
  const warnings = await loaded.warnings();
  if (options.json) {
    printJson({ errors, warnings });
    return errors.length === 0 ? 0 : 2;
  }
  for (const error of errors) print(error.text);
  for (const warning of warnings) print(`${warning.text} (warning)`);
  if (errors.length > 0) {
    fail(`${options.config} has ${countText(errors.length, "error")}`);
    return 2;
  }
  print(`${options.config} is right`);
  return 0;
}
