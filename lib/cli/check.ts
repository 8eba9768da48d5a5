/**
 * Owns `hintd check`: everything wrong with a configuration, at once.
 */
import { type ConfigProblem, loadConfig } from "../config/load.ts";
import { countText } from "../http/words.ts";
import { readConfigText } from "./client.ts";
import type { ShowOptions } from "./listings.ts";
import { fail, print, printJson } from "./terminal.ts";

/** Checks the configuration; 2 when it has errors. */
export function check(options: ShowOptions): Promise<number> {
  const loaded = loadConfig(readConfigText(options.config), options.config);
  const errors = "errors" in loaded ? loaded.errors : [];
  const warnings = "errors" in loaded ? [] : loaded.warnings;
  if (options.json) {
    printJson({ errors, warnings });
    return Promise.resolve(errors.length === 0 ? 0 : 2);
  }
  for (const error of errors) print(problemLine(error));
  for (const warning of warnings) print(`${problemLine(warning)} (warning)`);
  if (errors.length > 0) {
    fail(`${options.config} has ${countText(errors.length, "error")}`);
    return Promise.resolve(2);
  }
  print(`${options.config} is right`);
  return Promise.resolve(0);
}

/** A problem on one line: `config.toml:12:3: what is wrong`. */
export function problemLine(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}
