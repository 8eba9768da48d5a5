/** Directories that an import reads: in memory for single cases, of the fixtures for whole ones. */
import { join } from "node:path";
import { hintChecks } from "../../lib/app.ts";
import { diskDirectory } from "../../lib/cli/import_asterisk.ts";
import type { Config } from "../../lib/config/config.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { importAsterisk } from "../../lib/import/import_asterisk.ts";
import type { ConfigDirectory } from "../../lib/import/reader.ts";

/** A directory of files by name. */
export function memoryDirectory(files: Readonly<Record<string, string>>): ConfigDirectory {
  return {
    find: (pattern) => Object.keys(files).filter((name) => new Bun.Glob(pattern).match(name)).sort(),
    read(name, bytesMax) {
      const text = files[name];
      if (text === undefined) throw new Error("there is no such file");
      if (text.length > bytesMax) throw new Error("it is too large");
      return text;
    },
  };
}

/** What came of an import: the text, and the configuration that hintd reads in it. */
export interface Outcome {
  readonly text: string;
  readonly config: Config;
  readonly remarks: readonly string[];
}

/** Imports files and reads the text as hintd would; throws when either finds an error. */
export function importFiles(files: Readonly<Record<string, string>>): Promise<Outcome> {
  return importFrom(memoryDirectory(files), "memory");
}

/** Imports one of the fixtures. */
export function importFixture(name: string): Promise<Outcome> {
  return importFrom(diskDirectory(fixture(name)), name);
}

/** Path of a directory of `tests/fixtures/asterisk`. */
export function fixture(name: string): string {
  return join(import.meta.dir, "../fixtures/asterisk", name);
}

/** Every error of an import that must not succeed. */
export function errorsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const imported = importAsterisk(memoryDirectory(files), "memory");
  if (!("errors" in imported)) throw new Error(`It was imported:\n${imported.text}`);
  return imported.errors;
}

async function importFrom(directory: ConfigDirectory, name: string): Promise<Outcome> {
  const imported = importAsterisk(directory, name);
  if ("errors" in imported) throw new Error(imported.errors.join("\n"));
  const loaded = await loadConfig(imported.text, "config.toml", hintChecks);
  if ("errors" in loaded) {
    throw new Error(`${loaded.errors.map((error) => error.text).join("\n")}\n\n${imported.text}`);
  }
  return { text: imported.text, config: loaded.config, remarks: imported.remarks };
}
