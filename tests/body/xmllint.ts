/** Runs xmllint (Debian's libxml2-utils) over many documents at once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILES_PER_RUN = 500;

/**
 * Checks documents with the tool that everybody trusts.
 *
 * @param options Arguments before the files, such as a schema.
 * @returns Complaints, at most a few, each with the document it is about; empty when all is well. A missing xmllint throws.
 */
export function lintDocuments(documents: readonly string[], options: readonly string[] = []): string[] {
  if (!Bun.which("xmllint")) throw new Error("xmllint is missing: install Debian's libxml2-utils");
  const directory = mkdtempSync(join(tmpdir(), "bodies-"));
  try {
    const files = documents.map((document, i) => {
      const file = join(directory, `${i}.xml`);
      writeFileSync(file, document);
      return file;
    });
    const complaints: string[] = [];
    for (let start = 0; start < files.length; start += FILES_PER_RUN) {
      const run = Bun.spawnSync([
        "xmllint",
        "--noout",
        "--nonet",
        ...options,
        ...files.slice(start, start + FILES_PER_RUN),
      ]);
      if (run.exitCode === 0) continue;
      const lines = run.stderr.toString().split("\n").filter((line) => line !== "" && !line.endsWith(" validates"));
      for (const line of lines.slice(0, 3)) {
        const index = /(\d+)\.xml/.exec(line)?.[1];
        complaints.push(`${line.replace(directory, "")}\n${index === undefined ? "" : documents[Number(index)]}`);
      }
    }
    return complaints;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
