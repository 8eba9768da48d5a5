/**
 * Owns how the commands write files.
 */
import { writeFileSync } from "node:fs";
import { CliError } from "./errors.ts";

/** Writes a file that is not there yet, readable by its owner only: it holds passwords. Throws CliError 1. */
export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new CliError(1, `Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
