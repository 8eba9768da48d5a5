/** The compiled binary makes a configuration from Asterisk's, finds nothing wrong with it, and runs on it. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareHintd, run } from "../e2e/hintd.ts";

const fixtures = join(import.meta.dir, "../fixtures/asterisk");

for (const name of ["office", "freepbx"]) {
  test(`${name}: import, check`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "hintd-import-"));
    try {
      const imported = await run(["import-asterisk", join(fixtures, name)], directory);
      expect({ ...imported, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(await run(["check"], directory)).toMatchObject({ exitCode: 0, stderr: "" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test("freepbx: a hint of the imported configuration is served", async () => {
  const hintd = await prepareHintd();
  try {
    rmSync(hintd.configFile);
    expect((await run(["import-asterisk", join(fixtures, "freepbx"), "-o", hintd.configFile])).exitCode).toBe(0);
    const text = readFileSync(hintd.configFile, "utf8")
      .replace("0.0.0.0:5060", `127.0.0.1:${hintd.office.sipPort}`)
      .replace("127.0.0.1:8080", `127.0.0.1:${hintd.office.httpPort}`);
    writeFileSync(hintd.configFile, text);
    await hintd.start();
    await hintd.setDevice("Custom:DND101", "INUSE");
    const response = await hintd.fetch("/hints/ext-local/101");
    expect(await response.json()).toMatchObject({ exten: "101", state: "INUSE" });
  } finally {
    await hintd.dispose();
  }
}, 30_000);
