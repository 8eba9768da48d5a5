/** Finds and reads the files that the style tests look at. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Root of the repository, absolute. */
export const root = join(import.meta.dir, "../..");

/** One file of ours: its path from the root and its text. */
export type Source = { path: string; text: string };

/** Reads every file that a pattern such as `lib/**∕*.ts` finds; data that is not ours to style is left out. */
export function sourcesOf(...patterns: string[]): Source[] {
  const paths = patterns.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root })]);
  return paths
    .filter((path) => !/(^|\/)(node_modules|fixtures|messages|__snapshots__|out)\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** All code: main.ts, lib, tests and build. */
export const code = sourcesOf("main.ts", "{lib,tests,build}/**/*.{ts,tsx}");

/** Lines of a file that a pattern finds, as `path:line: text`. */
export function linesWith(source: Source, pattern: RegExp): string[] {
  return source.text.split("\n").flatMap((line, i) =>
    pattern.test(line) ? [`${source.path}:${i + 1}: ${line.trim()}`] : []
  );
}
