import { describe, expect, test } from "bun:test";
import { type Storage, storageRows } from "../../lib/app/storage_problems.ts";
import { limits } from "../../lib/runtime/limits.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function storage(trouble: Error | undefined, freeBytes: number | undefined): Storage {
  return {
    directory: "/var/lib/hintd",
    database: { recheck: () => trouble, refusalCount: 7, refusedSince: NOW - 60_000 },
    freeBytes: () => freeBytes,
  };
}

describe("the disk", () => {
  test("is no problem while it takes what it is given and has room, or tells nothing of its room", () => {
    expect(storageRows(storage(undefined, limits.lowDiskBytes), NOW)).toEqual([]);
    expect(storageRows(storage(undefined, undefined), NOW)).toEqual([]);
  });

  test("that is nearly full is a warning that says how much is left", () => {
    const [row, ...others] = storageRows(storage(undefined, 5 * 1_048_576 + 1), NOW);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ severity: "warning", area: "store", where: "/var/lib/hintd" });
    expect(row!.message).toBe("The disk is nearly full: 5 MiB are left");
  });

  test("that refuses is an error since the first refusal, with what it means and where to look", () => {
    const trouble = new Error("Cannot write the database: the disk is full");
    const [row, ...others] = storageRows(storage(trouble, 0), NOW);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ severity: "error", area: "store", count: 7, first_at: "2026-01-02T03:03:05.000Z" });
    expect(row!.message).toContain("the disk is full; registrations, publications and states are refused with 503");
    expect(row!.remedy).toContain("/var/lib/hintd");
  });
});
