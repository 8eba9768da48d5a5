/** Owns the question which hintd is tested and measured. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where the sources begin. */
export const root = join(import.meta.dir, "../..");

/**
 * Path of the compiled binary: the one that `HINTD_BINARY` names, else that of this machine in build/out. Empty means the source,
 * where `HINTD_BINARY` is empty. Ends the process with a word of advice when there is none.
 */
export function testedBinary(): string {
  const binary = process.env.HINTD_BINARY ?? join(root, `build/out/hintd-${process.platform}-${process.arch}`);
  if (binary === "" || existsSync(binary)) return binary;
  process.stderr.write(`There is no "${binary}" yet: deno task build --host\n`);
  process.exit(1);
}
