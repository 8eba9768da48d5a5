import { expect, test } from "bun:test";
import { Database as Connection } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { limits } from "../../lib/runtime/limits.ts";
import { StoreError } from "../../lib/runtime/store_error.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { noFile } from "../../lib/store/flushed_file.ts";
import { DatabaseTooNew, migrate, migrations } from "../../lib/store/migrations.ts";
import { StatesStore } from "../../lib/store/states_store.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { DataDirectory, SlowFile } from "./directory.ts";

/** Of SQLite. */
const PAGE_BYTES = 4_096;

/** What `action` throws. */
function refusal(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("Nothing was thrown");
}

/** A directory whose database holds `count` device states and is closed. */
function filledDirectory(count: number): DataDirectory {
  const directory = new DataDirectory();
  directory.opened((database) => {
    const store = new StatesStore(database);
    database.write(() => {
      for (let i = 0; i < count; i++) store.saveDevice(`Custom:device-${i}`, { value: "INUSE", changedAt: i });
    });
  });
  return directory;
}

function storedCount(directory: DataDirectory): number {
  return directory.opened((database) => new StatesStore(database).load().devices.size);
}

test("a fresh database is for its owner alone, and one file again when it is closed", () => {
  const directory = new DataDirectory();
  const database = directory.open();
  new StatesStore(database).saveDevice("Custom:a", { value: "BUSY", changedAt: 1 });
  for (const name of directory.files) expect(statSync(join(directory.path, name)).mode & 0o777).toBe(0o600);
  expect(directory.files).toContain("hintd.sqlite-wal");
  database.close();
  expect(directory.files).toEqual(["hintd.sqlite"]);
  expect(directory.lines.all).toEqual([]);
});

test("a database that everybody may read is closed to others when it is opened", () => {
  const directory = filledDirectory(1);
  chmodSync(directory.file, 0o644);
  expect(storedCount(directory)).toBe(1);
  expect(statSync(directory.file).mode & 0o777).toBe(0o600);
});

test("commits go to a write-ahead log, which is flushed apart from them", () => {
  new DataDirectory().opened((database) => {
    expect(database.rows<object>("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect(database.rows<object>("PRAGMA synchronous")).toEqual([{ synchronous: 1 }]);
    expect(database.rows<object>("PRAGMA locking_mode")).toEqual([{ locking_mode: "exclusive" }]);
  });
});

test("a power failure amid a checkpoint loses nothing, whatever part of the file has reached the disk", () => {
  const directory = new DataDirectory();
  const file = new SlowFile();
  const database = directory.openWith({ file, log: noFile });
  const states = new StatesStore(database);
  const setAll = (value: DeviceState) =>
    database.write(() => {
      for (let i = 0; i < 500; i++) states.saveDevice(`Custom:device-${i}`, { value, changedAt: i });
    });
  setAll("RINGING");
  database.checkpoint(() => {});
  file.begun[0]!(null);
  const former = readFileSync(directory.file);
  setAll("INUSE");
  database.checkpoint(() => {});
  const moved = readFileSync(directory.file);
  expect(file.begun.length).toBe(2);
  expect(moved).not.toEqual(former);

  const pages = moved.length / PAGE_BYTES;
  for (
    const isThere of [() => false, (page: number) => page % 2 === 0, (page: number) => page < pages / 2, () => true]
  ) {
    const after = new DataDirectory();
    const part = Buffer.from(moved);
    for (let page = 0; page < pages; page++) {
      if (!isThere(page)) former.copy(part, page * PAGE_BYTES, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    }
    writeFileSync(after.file, part);
    copyFileSync(`${directory.file}-wal`, `${after.file}-wal`);
    const devices = after.opened((other) => new StatesStore(other).load().devices);
    expect(devices.size).toBe(500);
    expect(new Set([...devices.values()].map(({ value }) => value))).toEqual(new Set(["INUSE"]));
    expect(after.lines.all).toEqual([]);
  }
  database.close();
});

test("a second hintd on the same directory is refused, and the first one goes on", () => {
  const directory = filledDirectory(1);
  directory.opened((database) => {
    const program = `
      const { openDatabase } = await import("./lib/store/database.ts");
      const log = { debug() {}, info() {}, warn() {}, error: console.log };
      try { openDatabase({ directory: process.argv[1], log, clock: { now: () => 0, wall: () => 0 } }); }
      catch (error) { console.log(error.name + ": " + error.message); }
    `;
    const second = Bun.spawnSync([process.execPath, "-e", program, directory.path], {
      cwd: join(import.meta.dir, "../.."),
    });
    expect(second.stdout.toString()).toStartWith("StoreError: Cannot open the database");
    expect(second.stdout.toString()).toContain("another process uses it");
    new StatesStore(database).saveDevice("Custom:a", { value: "BUSY", changedAt: 1 });
  });
  expect(storedCount(directory)).toBe(2);
});

test("the version of the file is the number of migrations", () => {
  new DataDirectory().opened((database) => {
    expect(database.rows<object>("PRAGMA user_version")).toEqual([{ user_version: migrations.length }]);
  });
});

test("a database of version 0 is migrated", () => {
  const directory = new DataDirectory();
  const connection = new Connection(directory.file, { create: true });
  connection.run("CREATE TABLE something_else (a TEXT)");
  connection.close();
  expect(storedCount(directory)).toBe(0);
  expect(directory.lines.all).toEqual([]);
});

test("migrations run once each, in order, and keep what was stored", () => {
  const connection = new Connection(":memory:");
  const steps = ["CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1)", "UPDATE a SET n = n * 10 + 2"];
  expect(migrate(connection, steps.slice(0, 1))).toBe(0);
  expect(migrate(connection, steps)).toBe(1);
  expect(migrate(connection, steps)).toBe(2);
  expect(connection.query("SELECT n FROM a").all()).toEqual([{ n: 12 }]);
  connection.close();
});

test("a migration that fails halfway leaves the version before it", () => {
  const connection = new Connection(":memory:");
  const broken = ["CREATE TABLE a (n INTEGER)", "INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (1)"];
  expect(() => migrate(connection, broken)).toThrow();
  expect(connection.query("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  expect(connection.query("SELECT * FROM a").all()).toEqual([]);
  connection.close();
});

test("a database of a newer hintd is refused and left as it is", () => {
  const directory = filledDirectory(3);
  const connection = new Connection(directory.file);
  connection.run(`PRAGMA user_version = ${migrations.length + 1}`);
  connection.close();
  const before = readFileSync(directory.file);
  const error = refusal(() => directory.open());
  expect(error).toBeInstanceOf(DatabaseTooNew);
  expect(error.message).toContain(`of version ${migrations.length + 1}`);
  expect(readFileSync(directory.file).equals(before)).toBe(true);
  expect(directory.files).toEqual(["hintd.sqlite"]);
});

const damages: readonly (readonly [name: string, damage: (file: string) => void])[] = [
  ["overwritten with garbage", (file) => writeFileSync(file, "garbage! ".repeat(5000))],
  ["of zero length", (file) => truncateSync(file, 0)],
  ["cut to 50 bytes", (file) => truncateSync(file, 50)],
  ["cut to half a page", (file) => truncateSync(file, 2048)],
  ["cut to one page", (file) => truncateSync(file, 4096)],
  ["without its last page", (file) => truncateSync(file, statSync(file).size - 4096)],
  ["with a page overwritten", (file) => {
    const handle = openSync(file, "r+");
    writeSync(handle, new Uint8Array(4096).fill(0x5a), 0, 4096, 4096);
    closeSync(handle);
  }],
  ["with a wiped header", (file) => {
    const handle = openSync(file, "r+");
    writeSync(handle, new Uint8Array(100), 0, 100, 0);
    closeSync(handle);
  }],
  ["all zeros", (file) => {
    const { size } = statSync(file);
    const handle = openSync(file, "r+");
    ftruncateSync(handle, 0);
    ftruncateSync(handle, size);
    closeSync(handle);
  }],
];

for (const [name, damage] of damages) {
  test(`a database file ${name} is set aside under a dated name, loudly, and a fresh one used`, () => {
    const directory = filledDirectory(2000);
    damage(directory.file);
    const damaged = readFileSync(directory.file);
    directory.opened((database) => {
      const store = new StatesStore(database);
      expect(store.load().devices.size).toBe(0);
      store.saveDevice("Custom:a", { value: "BUSY", changedAt: 1 });
    });
    const aside = "hintd.sqlite.damaged-2026-01-01T000000Z";
    expect(directory.files).toEqual(["hintd.sqlite", aside]);
    expect(readFileSync(join(directory.path, aside)).equals(damaged)).toBe(true);
    expect(directory.lines.all).toHaveLength(1);
    expect(directory.lines.all[0]).toStartWith("error store: THE DATABASE IS DAMAGED");
    expect(storedCount(directory)).toBe(1);
  });
}

test("the write-ahead log of a file that lost everything goes aside with it and does not flow into the fresh one", () => {
  const directory = filledDirectory(5);
  truncateSync(directory.file, 0);
  writeFileSync(`${directory.file}-wal`, "stale log");
  expect(storedCount(directory)).toBe(0);
  const aside = "hintd.sqlite.damaged-2026-01-01T000000Z";
  expect(directory.files).toEqual(["hintd.sqlite", aside, `${aside}-wal`]);
});

test("two damaged databases in one second are both kept", () => {
  const directory = new DataDirectory();
  for (let i = 0; i < 2; i++) {
    writeFileSync(directory.file, "garbage! ".repeat(5000));
    directory.open().close();
  }
  const aside = "hintd.sqlite.damaged-2026-01-01T000000Z";
  expect(directory.files).toEqual(["hintd.sqlite", aside, `${aside}-2`]);
});

test("a full disk is a StoreError, logged once; nothing was changed; room again is logged too", () => {
  const directory = filledDirectory(10);
  directory.opened((database) => {
    const store = new StatesStore(database);
    const [{ page_count: pages }] = database.rows<{ page_count: number }>("PRAGMA page_count") as [
      { page_count: number },
    ];
    database.rows(`PRAGMA max_page_count = ${pages}`);
    const value = { state: "away" as const, subtype: "", message: "m".repeat(20_000) };
    for (let i = 0; i < 3; i++) {
      const error = refusal(() => store.savePresence(`CustomPresence:${i}`, { value, changedAt: 1 }));
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).toContain("the disk is full");
      expect(database.problem?.message).toBe(error.message);
    }
    expect(store.load().presences.size).toBe(0);
    expect(directory.lines.all).toEqual([
      "error store: Cannot write the database: the disk is full (database or disk is full)",
    ]);

    database.rows(`PRAGMA max_page_count = ${pages + 100}`);
    store.savePresence("CustomPresence:a", { value, changedAt: 1 });
    expect(database.problem).toBeUndefined();
    expect(directory.lines.all.at(-1)).toBe("info store: The database can be written again");
  });
});

test("a disk that became read-only is a StoreError; what was stored can still be read", () => {
  const directory = filledDirectory(1);
  directory.opened((database) => {
    const store = new StatesStore(database);
    database.rows("PRAGMA query_only = 1");
    const error = refusal(() => store.saveDevice("Custom:a", { value: "BUSY", changedAt: 1 }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain("read-only");
    expect(error.cause).toBeInstanceOf(Error);
    expect(store.load().devices.size).toBe(1);
  });
});

test("a data directory that is a file, is missing, or holds a directory in the file's place is a StoreError that names it", () => {
  const directory = new DataDirectory();
  const plainFile = join(directory.path, "plain");
  writeFileSync(plainFile, "");
  const occupied = join(directory.path, "occupied");
  mkdirSync(join(occupied, "hintd.sqlite"), { recursive: true });
  for (const path of [plainFile, join(directory.path, "missing"), occupied]) {
    const error = refusal(() => openDatabase({ directory: path, log: silentLog, clock: new ManualClock() }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toStartWith(`Cannot open the database "${path}/hintd.sqlite"`);
  }
});

test("opening a database with all the states of a kind takes less than a third of the start's 150 ms", () => {
  const directory = filledDirectory(limits.storedStateCount);
  const millis = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    expect(storedCount(directory)).toBe(limits.storedStateCount);
    return performance.now() - startedAt;
  });
  expect(Math.min(...millis)).toBeLessThan(50);
});
