import { expect, test } from "bun:test";
import { assert } from "../../lib/runtime/result.ts";
import { StoreError } from "../../lib/runtime/store_error.ts";
import { build } from "../../lib/runtime/version.ts";

test("a broken invariant is named, one that holds is passed over", () => {
  assert(true, "It holds");
  expect(() => assert(undefined, "A row has a key")).toThrow(new Error("Broken invariant: A row has a key"));
});

test("a refusal of the disk is told apart from other errors, and says what was behind it", () => {
  const cause = new Error("database or disk is full");
  const error = new StoreError("Cannot write", { cause });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.message, error.cause]).toEqual(["StoreError", "Cannot write", cause]);
});

test("from source, the version says that it is none", () => {
  expect(build).toEqual({ version: "dev", commit: "unknown", built: "unknown" });
});
