import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import fc from "fast-check";
import { limits } from "../../lib/runtime/limits.ts";
import { StoreError } from "../../lib/runtime/store_error.ts";
import type { JournalTable } from "../../lib/store/journal.ts";
import { noFile } from "../../lib/store/flushed_file.ts";
import { SlowFile } from "./directory.ts";
import { Journaling } from "./journaling.ts";

/** A journal with one kind of rows: a name and a text, kept where secrets are. */
interface Office {
  readonly journaling: Journaling;
  readonly rows: JournalTable<string>;
  /** What was written, in order: "a=1", or "-a" for a removal. */
  readonly writes: string[];
  /** What lies on the disk. */
  stored(): Record<string, string>;
}

function office(journaling = new Journaling()): Office {
  const { database, journal } = journaling;
  const save = database.prepare<void, [string, string]>(
    "INSERT OR REPLACE INTO secrets (name, value) VALUES (?, CAST(? AS BLOB))",
  );
  const remove = database.prepare<void, [string]>("DELETE FROM secrets WHERE name = ?");
  const writes: string[] = [];
  const rows = journal.table<string>({
    save(key, row) {
      writes.push(`${key}=${row}`);
      save.run(key, row);
    },
    remove(key) {
      writes.push(`-${key}`);
      remove.run(key);
    },
  });
  const names = "SELECT name, CAST(value AS TEXT) AS value FROM secrets ORDER BY name";
  const stored = () =>
    Object.fromEntries(database.rows<{ name: string; value: string }>(names).map(({ name, value }) => [name, value]));
  return { journaling, rows, writes, stored };
}

/** Of SQLite. */
const PAGE_BYTES = 4_096;

/** What `action` throws. */
function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("It threw nothing");
}

describe("the end of a turn", () => {
  test("writes what changed in it, each row once and as it was last", () => {
    const { journaling, rows, writes, stored } = office();
    rows.save("a", "1");
    rows.save("b", "1");
    rows.save("a", "2");
    rows.remove("b");
    rows.save("c", "1");
    expect(journaling.journal.isDue).toBe(true);
    expect(rows.waitingCount).toBe(3);
    expect(stored()).toEqual({});
    journaling.endTurn();
    expect(stored()).toEqual({ a: "2", c: "1" });
    expect(writes).toEqual(["a=2", "-b", "c=1"]);
    expect(rows.waitingCount).toBe(0);
    expect(journaling.journal.isDue).toBe(false);
    journaling.endTurn();
    expect(writes.length).toBe(3);
  });

  test("tells those who wait once, after their rows are stored, those without rows too", () => {
    const { journaling, rows, stored } = office();
    const told: unknown[] = [];
    journaling.journal.whenWritten((problem) => told.push(problem, stored()));
    rows.save("a", "1");
    journaling.endTurn();
    journaling.journal.whenWritten((problem) => told.push(problem));
    journaling.journal.commitLater();
    journaling.endTurn();
    expect(told).toEqual([undefined, { a: "1" }, undefined]);
  });

  test("leaves what a listener changes to the next turn", () => {
    const { journaling, rows, stored } = office();
    journaling.journal.whenWritten(() => rows.save("b", "1"));
    rows.save("a", "1");
    journaling.endTurn();
    expect([stored(), rows.waitingCount]).toEqual([{ a: "1" }, 1]);
    journaling.endTurn();
    expect([stored(), rows.waitingCount]).toEqual([{ a: "1", b: "1" }, 0]);
  });

  test("writes all kinds of rows in one transaction: all of it or nothing", () => {
    const { journaling, rows, stored } = office();
    const states = journaling.database.prepare<void, [string, string]>(
      "INSERT INTO device_states (device, state, changed_at) VALUES (?, ?, 0)",
    );
    const others = journaling.journal.table<string>({ save: (key, row) => void states.run(key, row), remove() {} });
    rows.save("a", "1");
    others.save("Custom:a", "no state that the table accepts");
    expect(thrownBy(() => journaling.journal.commit())).toBeInstanceOf(StoreError);
    expect([stored(), rows.waitingCount, others.waitingCount]).toEqual([{}, 1, 1]);
    others.save("Custom:a", "INUSE");
    journaling.endTurn();
    expect([stored(), rows.waitingCount, others.waitingCount]).toEqual([{ a: "1" }, 0, 0]);
  });
});

describe("a disk that refuses", () => {
  test("those who wait are told why, and the rows are tried again each second until it takes them", () => {
    const { journaling, rows, stored } = office();
    const told: unknown[] = [];
    journaling.setWritable(false);
    rows.save("a", "1");
    journaling.journal.whenWritten((problem) => told.push(problem));
    journaling.endTurn();
    expect(told).toEqual([expect.any(StoreError)]);
    expect(String(told[0])).toContain("read-only");
    expect(journaling.timers.armedCount).toBe(1);
    journaling.clock.advance(3_500);
    expect([stored(), rows.waitingCount]).toEqual([{}, 1]);
    rows.save("a", "2");
    journaling.setWritable(true);
    journaling.clock.advance(1_000);
    expect([stored(), rows.waitingCount, journaling.timers.armedCount]).toEqual([{ a: "2" }, 0, 0]);
    expect(told.length).toBe(1);
  });

  test("nothing new is promised while it does; when it does not any more, it has missed nothing", () => {
    const { journaling, rows, stored } = office();
    journaling.setWritable(false);
    journaling.journal.check();
    rows.save("a", "1");
    journaling.endTurn();
    expect(thrownBy(() => journaling.journal.check())).toBeInstanceOf(StoreError);
    expect(thrownBy(() => journaling.journal.check())).toBeInstanceOf(StoreError);
    journaling.setWritable(true);
    journaling.journal.check();
    expect(stored()).toEqual({ a: "1" });
    expect(journaling.timers.armedCount).toBe(0);
  });

  test("is told in the log once", () => {
    const { journaling, rows } = office();
    journaling.setWritable(false);
    rows.save("a", "1");
    journaling.endTurn();
    journaling.clock.advance(5_000);
    journaling.setWritable(true);
    journaling.clock.advance(1_000);
    expect(journaling.directory.lines.all).toEqual([
      expect.stringContaining("error store: Cannot write the database: it is read-only"),
      "info store: The database can be written again",
    ]);
  });

  test("does not hold up the end: the last attempt is one, and nothing is armed after it", () => {
    const { journaling, rows, stored } = office();
    rows.save("a", "1");
    journaling.journal.flush();
    expect(stored()).toEqual({ a: "1" });
    journaling.setWritable(false);
    rows.save("b", "1");
    journaling.journal.flush();
    expect(journaling.timers.armedCount).toBe(0);
    expect(stored()).toEqual({ a: "1" });
  });
});

describe("a flush of the disk", () => {
  function slowOffice() {
    const log = new SlowFile();
    return { log, ...office(new Journaling(undefined, { file: noFile, log })) };
  }

  test("is waited for by those who promise, and by nobody else", () => {
    const { journaling, rows, log } = slowOffice();
    const told: string[] = [];
    rows.save("a", "1");
    journaling.journal.whenWritten(() => told.push("written"));
    journaling.journal.whenDurable(() => told.push("durable"));
    journaling.endTurn();
    expect([told, log.begun.length]).toEqual([["written"], 1]);
    log.begun[0]!(null);
    expect(told).toEqual(["written", "durable"]);
  });

  test("serves all who came before it began; the next one serves the others", () => {
    const { journaling, rows, log } = slowOffice();
    const told: number[] = [];
    for (let i = 0; i < 4; i++) {
      rows.save("a", String(i));
      journaling.journal.whenDurable(() => told.push(i));
      journaling.endTurn();
    }
    expect([told, log.begun.length]).toEqual([[], 1]);
    log.begun[0]!(null);
    expect([told, log.begun.length]).toEqual([[0], 2]);
    log.begun[1]!(null);
    expect([told, log.begun.length]).toEqual([[0, 1, 2, 3], 2]);
  });

  test("comes within a second where nobody waits", () => {
    const { journaling, rows, log } = slowOffice();
    rows.save("a", "1");
    journaling.endTurn();
    journaling.clock.advance(900);
    expect(log.begun.length).toBe(0);
    journaling.clock.advance(110);
    expect(log.begun.length).toBe(1);
    log.begun[0]!(null);
    journaling.clock.advance(5_000);
    expect(log.begun.length).toBe(1);
  });

  test("that fails is a refusal: those who wait are told, nothing new is promised, and it is tried again", () => {
    const { journaling, rows, log } = slowOffice();
    const told: unknown[] = [];
    log.flushNow = () => {
      throw new Error("EIO: i/o error, fdatasync");
    };
    rows.save("a", "1");
    journaling.journal.whenDurable((problem) => told.push(problem));
    journaling.endTurn();
    log.begun[0]!(new Error("EIO: i/o error, fdatasync"));
    expect(told).toEqual([expect.any(StoreError)]);
    expect(thrownBy(() => journaling.journal.check())).toBeInstanceOf(StoreError);
    log.flushNow = () => {};
    journaling.clock.advance(1_010);
    journaling.journal.check();
    expect(journaling.database.problem).toBeUndefined();
    expect(journaling.timers.armedCount).toBe(0);
  });

  test("is not needed at the end: those who still wait are told by a last one", () => {
    const { journaling, rows, log } = slowOffice();
    const told: unknown[] = [];
    rows.save("a", "1");
    journaling.journal.whenDurable((problem) => told.push(problem));
    journaling.journal.flush();
    expect([told, log.nowCount]).toEqual([[], 1]);
    log.begun[0]!(null);
    expect(told).toEqual([undefined]);
  });

  test("reaches the real file", async () => {
    const { journaling, rows } = office();
    rows.save("a", "1");
    const problem = await new Promise((settled) => {
      journaling.journal.whenDurable(settled);
      journaling.endTurn();
    });
    expect(problem).toBeUndefined();
  });
});

describe("a checkpoint", () => {
  /** A journal whose log has just grown so long that it is moved into the file. */
  function fullOffice() {
    const files = { file: new SlowFile(), log: new SlowFile() };
    const full = office(new Journaling(undefined, files));
    for (let i = 0; i < limits.loggedPageCount; i++) full.rows.save(`row${i}`, "x".repeat(PAGE_BYTES));
    full.journaling.endTurn();
    return { ...full, ...files };
  }

  test("has the log on the disk before it is moved, and the file before the log is written again", () => {
    const { journaling, rows, stored, file, log } = fullOffice();
    const told: string[] = [];
    const look = () => [told.length, stored().late, log.begun.length, file.begun.length];
    rows.save("late", "1");
    journaling.journal.whenWritten(() => told.push("written"));
    journaling.endTurn();
    expect(look()).toEqual([0, undefined, 1, 0]);
    log.begun[0]!(null);
    expect(look()).toEqual([0, undefined, 1, 1]);
    rows.save("late", "2");
    journaling.endTurn();
    expect(look()).toEqual([0, undefined, 1, 1]);
    file.begun[0]!(null);
    journaling.endTurn();
    expect(look()).toEqual([1, "2", 1, 1]);
    expect([file.nowCount, log.nowCount]).toEqual([0, 0]);
  });

  test("is waited for by a state that is set meanwhile", () => {
    const { journaling, file, log } = fullOffice();
    log.begun[0]!(null);
    journaling.database.write(() => {});
    expect([file.nowCount, log.nowCount]).toEqual([1, 1]);
    file.begun[0]!(null);
    journaling.database.write(() => {});
    expect([file.nowCount, log.nowCount]).toEqual([1, 2]);
  });

  test("moves nothing while the disk refuses the log, and lets the journal go on", () => {
    const { journaling, rows, stored, file, log } = fullOffice();
    log.begun[0]!(new Error("EIO: i/o error, fdatasync"));
    expect(file.begun.length).toBe(0);
    rows.save("late", "1");
    journaling.endTurn();
    expect(stored().late).toBe("1");
  });

  test("leaves the log as it is while the disk refuses the file", () => {
    const { journaling, rows, stored, file, log } = fullOffice();
    log.begun[0]!(null);
    file.flushNow = () => {
      throw new Error("EIO: i/o error, fdatasync");
    };
    file.begun[0]!(new Error("EIO: i/o error, fdatasync"));
    rows.save("late", "1");
    journaling.endTurn();
    expect(stored().late).toBeUndefined();
    expect(thrownBy(() => journaling.journal.check())).toBeInstanceOf(StoreError);
    file.flushNow = () => {};
    journaling.clock.advance(1_010);
    expect(stored().late).toBe("1");
  });

  test("that is under way at the end does no harm", () => {
    const { journaling, rows, file, log } = fullOffice();
    rows.save("late", "1");
    journaling.stop();
    log.begun[0]!(null);
    expect(file.begun.length).toBe(0);
  });

  test("keeps the log short", async () => {
    const { journaling, rows } = office();
    const { file } = journaling.directory;
    for (let turn = 0; turn < 60; turn++) {
      for (let i = 0; i < 100; i++) rows.save(`row${i}`, `${turn}-${"x".repeat(3_000)}`);
      const isWritten = new Promise((resolve) => journaling.journal.whenWritten(resolve));
      journaling.endTurn();
      while (await Promise.race([isWritten, new Promise((next) => setImmediate(next, "waits"))]) === "waits") {
        journaling.endTurn();
      }
    }
    expect(statSync(`${file}-wal`).size).toBeLessThan(2 * limits.loggedPageCount * PAGE_BYTES);
    expect(statSync(file).size).toBeGreaterThan(100 * 3_000);
  });
});

test("a bug in a writer is no refusal of the disk: it is thrown, and nothing was written", () => {
  const { journaling, rows, stored } = office();
  const broken = journaling.journal.table<string>({
    save() {
      throw new TypeError("A bug");
    },
    remove() {},
  });
  rows.save("a", "1");
  broken.save("x", "1");
  expect(thrownBy(() => journaling.endTurn())).toBeInstanceOf(TypeError);
  expect(stored()).toEqual({});
});

test("whatever changes, and whenever the disk refuses: it holds what memory held at the last turn that was settled", () => {
  type Step = { do: "save"; key: string; row: string } | { do: "remove"; key: string } | {
    do: "end" | "refuse" | "accept" | "second";
  };
  const key = fc.constantFrom("a", "b", "c");
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("save" as const), key, row: fc.string({ maxLength: 2 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), key }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom("end", "refuse", "accept", "second") }) as fc.Arbitrary<Step>,
    },
  );
  const { journaling, rows, stored } = office();
  let isWritable = true;
  let isRefused = false;
  const memory = new Map<string, string>();
  let settled: Record<string, string> = {};
  const sorted = () => Object.fromEntries([...memory].sort(([a], [b]) => a < b ? -1 : 1));

  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      for (const each of steps) {
        if (each.do === "save") {
          memory.set(each.key, each.row);
          rows.save(each.key, each.row);
        } else if (each.do === "remove") {
          memory.delete(each.key);
          rows.remove(each.key);
        } else if (each.do === "refuse" || each.do === "accept") {
          isWritable = each.do === "accept";
          journaling.setWritable(isWritable);
        } else {
          const isTried = each.do === "end" ? journaling.journal.isDue : isRefused;
          if (each.do === "end") journaling.endTurn();
          else journaling.clock.advance(1_000);
          if (isTried) isRefused = !isWritable;
          if (isTried && isWritable) settled = sorted();
        }
        expect(stored()).toEqual(settled);
      }
      isWritable = true;
      isRefused = false;
      journaling.setWritable(true);
      journaling.journal.flush();
      settled = sorted();
      expect(stored()).toEqual(settled);
      expect([rows.waitingCount, journaling.timers.armedCount]).toEqual([0, 0]);
    }),
    { numRuns: 100 },
  );
});
