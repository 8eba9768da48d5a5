/** The compiled binary's first hour: nothing there, init, check, run, and its place as a service. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, prepareHintd, run } from "../e2e/hintd.ts";

test("without a configuration it explains itself; init writes one on which it runs", async () => {
  const hintd = await prepareHintd();
  try {
    rmSync(hintd.configFile);
    const lost = await run(["run", "-c", hintd.configFile]);
    expect(lost.exitCode).toBe(2);
    expect(lost.stdout).toContain("hintd init");
    const written = await run(["init", "-c", hintd.configFile]);
    expect(written).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await run(["check", "-c", hintd.configFile])).toMatchObject({ exitCode: 0 });
    const password = /^password {2}(\S+)/m.exec(written.stdout)![1]!;
    const text = readFileSync(hintd.configFile, "utf8")
      .replaceAll("0.0.0.0:5060", `127.0.0.1:${hintd.office.sipPort}`)
      .replaceAll("0.0.0.0:8080", `0.0.0.0:${hintd.office.httpPort}`);
    writeFileSync(hintd.configFile, text);
    await hintd.start();
    expect(hintd.log).not.toContain(password);
    expect((await fetch(`${hintd.url}/api/v1/status`)).status).toBe(401);
  } finally {
    await hintd.dispose();
  }
}, 30_000);

test("service install puts the binary itself in place", async () => {
  // From source there is no binary to install.
  if (command.length > 1) return;
  const directory = mkdtempSync(join(tmpdir(), "hintd-service-"));
  try {
    expect((await run(["init"], directory)).exitCode).toBe(0);
    expect(await run(["service", "install", "--root", "image"], directory)).toMatchObject({ exitCode: 0, stderr: "" });
    const binary = join(directory, "image/usr/local/bin/hintd");
    expect(statSync(binary).size).toBe(statSync(command[0]!).size);
    expect(Bun.spawnSync([binary, "version"]).exitCode).toBe(0);
    const config = join(directory, "image/etc/hintd/config.toml");
    expect(await run(["check", "-c", config], directory)).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(directory, "image/etc/systemd/system/hintd.service"))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 30_000);
