/** The look at a database that leaves everything as it is. */
import { Database as Connection } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { inspectDatabase } from "../../lib/store/inspection.ts";
import { DataDirectory } from "./directory.ts";

/** A directory with a database that was closed. */
function closed(): DataDirectory {
  const directory = new DataDirectory();
  directory.opened(() => {});
  return directory;
}

describe("a database is looked at", () => {
  test("where there is none", () => {
    expect(inspectDatabase(new DataDirectory().path)).toEqual({ kind: "none" });
  });

  test("that is sound, and nothing is written or made", () => {
    const directory = closed();
    const before = readFileSync(directory.file);
    expect(inspectDatabase(directory.path)).toEqual({ kind: "sound", bytes: before.length });
    expect([directory.files, readFileSync(directory.file).equals(before)]).toEqual([["hintd.sqlite"], true]);
  });

  test("in a directory with characters of a URI in its name", () => {
    const directory = new DataDirectory();
    const odd = `${directory.path}/50% ?x=#y`;
    mkdirSync(odd);
    copyFileSync(closed().file, `${odd}/hintd.sqlite`);
    expect(inspectDatabase(odd).kind).toBe("sound");
  });

  test("that somebody uses", () => {
    const directory = new DataDirectory();
    directory.opened(() => expect(inspectDatabase(directory.path)).toEqual({ kind: "open" }));
  });

  test("that a newer hintd wrote", () => {
    const directory = closed();
    const connection = new Connection(directory.file);
    connection.run("PRAGMA user_version = 9999");
    connection.close();
    expect(inspectDatabase(directory.path)).toEqual({ kind: "newer" });
  });

  test.each<[string, (file: string) => void]>([
    ["empty", (file) => truncateSync(file, 0)],
    ["overwritten", (file) => writeFileSync(file, "no database, but long enough to be taken for one ".repeat(100))],
    ["cut", (file) => truncateSync(file, 4_096 + 100)],
  ])("that is damaged: %s", (_, damage) => {
    const directory = closed();
    damage(directory.file);
    expect(inspectDatabase(directory.path)).toMatchObject({ kind: "damaged" });
    expect(directory.files).toEqual(["hintd.sqlite"]);
  });

  test("that cannot be read", () => {
    const directory = new DataDirectory();
    mkdirSync(directory.file);
    expect(inspectDatabase(directory.path)).toMatchObject({ kind: "unreadable" });
  });
});
