/**
 * Owns `hintd import-asterisk`: a directory of Asterisk's configuration on disk becomes a config.toml.
 */
import { existsSync, globSync, lstatSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { hintChecks } from "../app.ts";
import type { Config } from "../config/config.ts";
import { countText } from "../http/words.ts";
import { importAsterisk } from "../import/import_asterisk.ts";
import type { ConfigDirectory } from "../import/reader.ts";
import { settle } from "../import/settle.ts";
import { CliError } from "./errors.ts";
import { writeNew } from "./files.ts";
import { fail, print, shown } from "./terminal.ts";

/** Where Asterisk's own includes lead when they are absolute; a copied directory has them beside it. */
const ASTERISK_DIRECTORY = "/etc/asterisk";

/** Warnings that are shown; a dialplan without its endpoints has one per hint. */
const WARNINGS_MAX = 20;

/** Options of `hintd import-asterisk`. */
export interface ImportOptions {
  /** File to write; "-" for the terminal. */
  readonly output: string;
}

/** Imports `directory`; 1 when it cannot be read or what it says cannot be used. Never overwrites a file. */
export async function importAsteriskCommand(options: ImportOptions, directory: string): Promise<number> {
  const { output } = options;
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CliError(1, `There is no directory ${directory}`);
  }
  if (output !== "-" && existsSync(output)) {
    throw new CliError(1, `${output} is there already; name another file with -o`);
  }
  const imported = importAsterisk(diskDirectory(directory), directory);
  if ("errors" in imported) {
    for (const error of imported.errors) print(shown(error));
    fail(`${directory} has ${countText(imported.errors.length, "error")}; nothing was written`);
    return 1;
  }
  const { text, loaded } = await settle(imported.text, output === "-" ? "config.toml" : output, hintChecks);
  if (output === "-") process.stdout.write(text);
  else writeNew(output, text);
  const tell = (line: string) => output === "-" ? process.stderr.write(`${shown(line)}\n`) : print(shown(line));
  if ("config" in loaded) tell(`${output === "-" ? directory : output}: ${summaryOf(loaded.config)}`);
  for (const remark of imported.remarks) tell(`${remark} (remark)`);
  const warnings = await loaded.warnings();
  for (const warning of warnings.slice(0, WARNINGS_MAX)) tell(`${warning.text} (warning)`);
  const untold = warnings.length - WARNINGS_MAX;
  if (untold > 0) tell(`and ${countText(untold, "warning")} more: hintd check`);
  if (!("errors" in loaded)) return 0;
  for (const error of loaded.errors) tell(error.text);
  fail(`${output} has ${countText(loaded.errors.length, "error")} that you must put right`);
  return 1;
}

/** `4 endpoints, 10 hints, 1 list`. */
function summaryOf({ endpoints, contexts, lists }: Config): string {
  const hintCount = Object.values(contexts).reduce((sum, { hints }) => sum + Object.keys(hints).length, 0);
  return [
    countText(Object.keys(endpoints).length, "endpoint"),
    countText(hintCount, "hint"),
    countText(Object.keys(lists).length, "list"),
  ].join(", ");
}

/** A directory of the disk. Names stay as they are below it. */
export function diskDirectory(root: string): ConfigDirectory {
  return {
    find(pattern) {
      const below = isAbsolute(pattern) ? pathBelow(ASTERISK_DIRECTORY, pattern) ?? pattern : pattern;
      const path = isAbsolute(below) ? below : join(root, below);
      // A name may have characters that a glob means otherwise. What is there but no file is complained of by `read`.
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return [pathBelow(root, path) ?? path];
      return globSync(path).sort().filter(isFile).map((each) => pathBelow(root, each) ?? each);
    },
    read(name, bytesMax) {
      const path = isAbsolute(name) ? name : join(root, name);
      const stat = statSync(path);
      if (!stat.isFile()) throw new Error("it is not a file");
      if (stat.size > bytesMax) throw new Error(`it has ${stat.size} bytes; ${bytesMax} are left of what is read`);
      return decode(readFileSync(path));
    },
  };
}

function pathBelow(root: string, path: string): string | undefined {
  const below = relative(root, path);
  return below === "" || below.startsWith("..") || isAbsolute(below) ? undefined : below;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Text in UTF-8, or in what older editors wrote. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
