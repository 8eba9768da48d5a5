/**
 * Owns how the commands write files.
 */
import { writeFileSync } from "node:fs";
import { CliError } from "./errors.ts";

/** Writes a file that is not there yet, readable by its owner only: it holds what is nobody else's. Throws CliError 1. */
export function writeNew(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new CliError(1, `Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
