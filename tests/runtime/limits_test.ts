import { expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";

test("every bound is a positive whole number", () => {
  expect(Object.entries(limits).filter(([, value]) => !Number.isSafeInteger(value) || value < 1)).toEqual([]);
});
