/** What a disk that is full, or cannot be written, does to phones and operators, and how it ends. */
import { afterEach, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Hintd, type Office, officeConfig, prepareHintd, run } from "./hintd.ts";
import { header, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";
import { lampOf, Watcher } from "./watcher.ts";

const json = { "content-type": "application/json" };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Endpoints that need no password, so that one datagram is one request. */
const config = (office: Office) => officeConfig(office, { more: '1100 = "PJSIP/guest"\n' });

async function prepared(): Promise<Hintd> {
  const hintd = await prepareHintd(config);
  cleanups.push(() => hintd.dispose());
  mkdirSync(hintd.office.dataDir, { recursive: true });
  return hintd;
}

/** Asks as guest and returns the answer. */
async function ask(phone: Wire, method: string, headers: readonly string[], body = ""): Promise<string> {
  phone.send(
    requestFrom(phone, "UDP", { method, uri: "sip:guest@127.0.0.1", to: "<sip:guest@127.0.0.1>", headers, body }),
  );
  return await phone.next((message) => message.startsWith("SIP/2.0 "));
}

const REGISTER = ["Expires: 600"];
const PUBLISH = ["Event: dialog", "Expires: 600", "Content-Type: application/dialog-info+xml"];
const RINGING =
  '<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" ' +
  'entity="sip:guest@127.0.0.1"><dialog id="1"><state>early</state></dialog></dialog-info>';

async function setDoor(hintd: Hintd, state: string): Promise<Response> {
  return await hintd.fetch("/device-states/Custom:door", {
    method: "PUT",
    body: JSON.stringify({ state }),
    headers: json,
  });
}

async function metric(hintd: Hintd, name: string): Promise<number> {
  const unix = join(hintd.office.dataDir, "control.sock");
  const text = await (await fetch("http://localhost/metrics", { unix })).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** A file system of its own, so small that it is full soon; only root can make one. */
function mountSmallDisk(directory: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", directory]);
  if (exitCode !== 0) throw new Error(`No file system of one's own here: ${stderr}`);
  cleanups.push(() => Bun.spawnSync(["umount", "-l", directory]));
}

/** Fills the disk to its last byte; returns how to make room again. */
function fill(directory: string): () => void {
  const path = join(directory, "ballast");
  const file = openSync(path, "w");
  for (let size = 65_536; size >= 1; size >>= 1) {
    try {
      for (;;) writeSync(file, new Uint8Array(size));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

const isRoot = process.getuid?.() === 0;

describe.if(isRoot)("a disk that is full while phones are served", () => {
  test("refuses what could not be kept with 503 + Retry-After, tells everybody, and heals by itself", async () => {
    const hintd = await prepared();
    mountSmallDisk(hintd.office.dataDir);
    await hintd.start();
    const phone = await openUdp(hintd.sipPort);
    const watcher = await Watcher.begin({ port: hintd.sipPort, exten: "2000" });
    await watcher.until(lampOf.NOT_INUSE);
    const makeRoom = fill(hintd.office.dataDir);

    // What is acknowledged must be kept: whatever still fits into the log may be, until the first refusal.
    let refused: Response | undefined;
    for (let i = 0; i < 2_000 && refused === undefined; i++) {
      const response = await setDoor(hintd, i % 2 === 0 ? "BUSY" : "NOT_INUSE");
      if (!response.ok) refused = response;
    }
    expect([refused?.status, refused?.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    for (const [method, headers, body] of [["REGISTER", REGISTER, ""], ["PUBLISH", PUBLISH, RINGING]] as const) {
      const answer = await ask(phone, method, headers, body);
      expect([method, startLine(answer)]).toEqual([method, "SIP/2.0 503 Service Unavailable"]);
      expect(header(answer, "Retry-After")).toMatch(/^\d+$/);
    }
    // Who only wants to know is served.
    const another = await Watcher.begin({ port: hintd.sipPort, exten: "2001" });
    await another.next();

    const health = await fetch(`${hintd.url}/healthz`);
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining("the disk is full")]);
    expect(await metric(hintd, "hintd_store_failing")).toBe(1);
    expect(hintd.log).toMatch(/error +store: Cannot write the database: the disk is full/);
    const page = await (await fetch(hintd.url)).text();
    expect(page).toContain("the disk is full");
    expect(page).toContain("nothing needs to be restarted");

    makeRoom();
    expect([(await fetch(`${hintd.url}/healthz`)).status, await metric(hintd, "hintd_store_failing")]).toEqual([
      200,
      0,
    ]);
    expect((await setDoor(hintd, "RINGING")).status).toBe(200);
    await watcher.until(lampOf.RINGING);
    expect(startLine(await ask(phone, "REGISTER", REGISTER))).toBe("SIP/2.0 200 OK");
    expect(startLine(await ask(phone, "PUBLISH", PUBLISH, RINGING))).toBe("SIP/2.0 200 OK");
    await hintd.lines.line(/info +store: The database can be written again/);
    await hintd.end("SIGKILL");
    await hintd.start();
    await watcher.until(lampOf.RINGING);
    const { state } = await (await hintd.fetch("/hints/default/1100")).json() as { state: string };
    expect(state).toBe("RINGING");
    for (const each of [watcher, another, phone]) each.close();
  }, 60_000);

  test("that is nearly full is said before it is", async () => {
    const hintd = await prepared();
    mountSmallDisk(hintd.office.dataDir);
    await hintd.start();
    expect(await (await fetch(hintd.url)).text()).toContain("The disk is nearly full");
    expect((await fetch(`${hintd.url}/healthz`)).status).toBe(200);
  }, 30_000);

  test("does not keep an orderly end from losing nothing", async () => {
    const hintd = await prepared();
    mountSmallDisk(hintd.office.dataDir);
    await hintd.start();
    expect((await setDoor(hintd, "RINGING")).status).toBe(200);
    const makeRoom = fill(hintd.office.dataDir);
    expect(await hintd.end()).toBe(0);
    // A start that cannot be counted is none: numbers might go back.
    const { exitCode, stdout, stderr } = await run(["run", "-c", hintd.configFile]);
    expect([exitCode, stdout + stderr]).toEqual([1, expect.stringContaining("the disk is full")]);
    makeRoom();
    await hintd.start();
    const { state } = await (await hintd.fetch("/hints/default/2000")).json() as { state: string };
    expect(state).toBe("RINGING");
  }, 30_000);

  test("and one that is read-only from the start is refused in one line that names it", async () => {
    const hintd = await prepared();
    mountSmallDisk(hintd.office.dataDir);
    Bun.spawnSync(["mount", "-o", "remount,ro", hintd.office.dataDir]);
    const { exitCode, stdout, stderr } = await run(["run", "-c", hintd.configFile]);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(hintd.office.dataDir);
  }, 30_000);
});

describe("a database", () => {
  test("that is damaged is set aside under a dated name, loudly, and hintd runs on", async () => {
    const hintd = await prepared();
    await hintd.start();
    await hintd.setDevice("Custom:door", "INUSE");
    await hintd.end();
    writeFileSync(join(hintd.office.dataDir, "hintd.sqlite"), Buffer.alloc(20_000, 0x5a));
    await hintd.start();
    await hintd.lines.line(/error +store: THE DATABASE IS DAMAGED/);
    expect(readdirSync(hintd.office.dataDir).filter((name) => /^hintd\.sqlite\.damaged-\d{4}-/.test(name)).length).toBe(
      1,
    );
    await hintd.setDevice("Custom:door", "BUSY");
  }, 30_000);

  test("of a newer hintd is refused in one line, and left as it is", async () => {
    const hintd = await prepared();
    await hintd.start();
    await hintd.end();
    const path = join(hintd.office.dataDir, "hintd.sqlite");
    const database = new Database(path);
    database.run("PRAGMA user_version = 9999");
    database.close();
    const { exitCode, stdout, stderr } = await run(["run", "-c", hintd.configFile]);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain("The database is of version 9999");
    expect(readdirSync(hintd.office.dataDir)).toContain("hintd.sqlite");
  }, 30_000);

  test.if(!isRoot)("that may not be written is refused in one line that names it", async () => {
    const hintd = await prepared();
    chmodSync(hintd.office.dataDir, 0o500);
    const { exitCode, stdout, stderr } = await run(["run", "-c", hintd.configFile]);
    chmodSync(hintd.office.dataDir, 0o700);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain(hintd.office.dataDir);
  }, 30_000);
});

test("an orderly end amid changes keeps every one that was acknowledged, and tells the last of them", async () => {
  const hintd = await prepared();
  await hintd.start();
  const watcher = await Watcher.begin({ port: hintd.sipPort, exten: "2000" });
  const states = ["INUSE", "NOT_INUSE"];
  let acknowledged = "";
  let isOver = false;
  const setting = (async () => {
    for (let i = 0; !isOver; i++) {
      const ok = await setDoor(hintd, states[i % 2]!).then((response) => response.ok, () => false);
      if (ok) acknowledged = states[i % 2]!;
    }
  })();
  for (let i = 0; i < 20; i++) await watcher.next();
  const ending = hintd.end();
  expect(await ending).toBe(0);
  isOver = true;
  await setting;
  await hintd.start();
  const { state } = await (await hintd.fetch("/hints/default/2000")).json() as { state: string };
  expect(state).toBe(acknowledged);
  watcher.close();
}, 30_000);
