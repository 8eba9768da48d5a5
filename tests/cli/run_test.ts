import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HintRow, StatusRow } from "../../lib/http/controls.ts";

const main = join(import.meta.dir, "../../main.ts");
let directory: string;
let children: Bun.Subprocess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hintd-run-"));
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map((child) => child.exited));
  rmSync(directory, { recursive: true });
});

/** A port that was free a moment ago for both UDP and TCP. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function writeConfig(sipPort: number, httpPort: number, hints = `1000 = "Custom:door(Door)"`): string {
  const file = join(directory, "config.toml");
  writeFileSync(
    file,
    `[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"

[http]
bind = "127.0.0.1:${httpPort}"

[contexts.default.hints]
${hints}
`,
  );
  return file;
}

function spawn(...args: string[]) {
  const child = Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "pipe", cwd: tmpdir() });
  children.push(child);
  return child;
}

/** Starts hintd and waits until it says that it runs. */
async function start(configFile: string) {
  const child = spawn("run", "-c", configFile);
  const reader = child.stderr.getReader();
  let said = "";
  while (!said.includes("is running")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`It ended: ${said}`);
    said += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return child;
}

async function outcome(child: ReturnType<typeof spawn>) {
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

function ask<T>(path: string): Promise<T> {
  const unix = join(directory, "data/control.sock");
  return fetch(`http://localhost/api/v1${path}`, { unix }).then((response) => response.json() as Promise<T>);
}

describe("run", () => {
  it("serves until SIGTERM, then leaves nothing behind and exits 0", async () => {
    const child = await start(writeConfig(await freePort(), await freePort()));
    expect((await ask<StatusRow>("/status")).hint_count).toBe(1);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(existsSync(join(directory, "data/control.sock"))).toBe(false);
  });

  it("keeps custom states over a restart", async () => {
    const config = writeConfig(await freePort(), await freePort());
    const first = await start(config);
    expect(await outcome(spawn("devstate", "set", "door", "INUSE", "-c", config))).toMatchObject({ code: 0 });
    first.kill("SIGKILL");
    await first.exited;
    await start(config);
    expect((await ask<HintRow>("/hints/default/1000")).state).toBe("INUSE");
  });

  it("applies a changed configuration on SIGHUP and on hintd reload", async () => {
    const ports = [await freePort(), await freePort()] as const;
    const config = writeConfig(...ports);
    const child = await start(config);
    writeConfig(...ports, `1000 = "Custom:door"\n1001 = "Custom:gate"`);
    expect(await outcome(spawn("reload", "-c", config))).toMatchObject({ code: 0 });
    expect((await ask<StatusRow>("/status")).hint_count).toBe(2);
    writeConfig(...ports, `1000 = "Custom:door"\n1001 = "Custom:gate"\n1002 = "Custom:bell"`);
    const events = (await fetch("http://localhost/api/v1/events", { unix: join(directory, "data/control.sock") }))
      .body!;
    child.kill("SIGHUP");
    let told = "";
    for await (const chunk of events) {
      told += new TextDecoder().decode(chunk);
      if (told.includes("event: reload")) break;
    }
    expect((await ask<StatusRow>("/status")).hint_count).toBe(3);
  });

  it("refuses a broken configuration with every error and exits 2", async () => {
    const config = join(directory, "config.toml");
    writeFileSync(config, `[server]\nrealmm = "x"\nmax_expiry = "long"\n`);
    for (const command of ["run", "check"]) {
      const { code, out } = await outcome(spawn(command, "-c", config));
      expect(code).toBe(2);
      expect(out).toContain("config.toml:2:");
      expect(out).toContain("config.toml:3:");
      expect(out.trim().split("\n").length).toBeGreaterThanOrEqual(2);
    }
    const { errors } = JSON.parse((await outcome(spawn("check", "--json", "-c", config))).out);
    expect(errors.length).toBeGreaterThanOrEqual(2);
  });

  it("names a taken port in one line and exits 1", async () => {
    const sip = await freePort();
    const http = await freePort();
    const blocker = createSocket("udp4");
    await new Promise<void>((resolve) => blocker.bind(sip, "127.0.0.1", resolve));
    const bySip = await outcome(spawn("-c", writeConfig(sip, http)));
    blocker.close();
    expect(bySip.code).toBe(1);
    expect(bySip.err.trim().split("\n").at(-1)).toContain(`127.0.0.1:${sip}`);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(http, "127.0.0.1", resolve));
    const byHttp = await outcome(spawn("-c", writeConfig(sip, http)));
    server.close();
    expect(byHttp.code).toBe(1);
    expect(byHttp.err.trim().split("\n").at(-1)).toContain(`127.0.0.1:${http}`);
  });

  it("does not start twice on the same data", async () => {
    await start(writeConfig(await freePort(), await freePort()));
    const { code, err } = await outcome(spawn("-c", writeConfig(await freePort(), await freePort())));
    expect(code).toBe(1);
    expect(err).toMatch(/^hintd: .*another/i);
    expect((await ask<StatusRow>("/status")).hint_count).toBe(1);
  });

  it("refuses an unknown log level with 2", async () => {
    const { code, err } = await outcome(spawn("run", "--log-level", "loud", "-c", writeConfig(1, 1)));
    expect(code).toBe(2);
    expect(err).toContain("debug, info, warn, error");
  });
});
