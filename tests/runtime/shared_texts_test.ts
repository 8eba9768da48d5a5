import { expect, test } from "bun:test";
import { SharedTexts } from "../../lib/runtime/shared_texts.ts";

test("equal texts stay equal, and the table stays small whatever is asked for", () => {
  const texts = new SharedTexts(3);
  const asked = ["a", "b", "a", "c", "d", "a", "", "b"];
  expect(asked.map((text) => texts.of(text))).toEqual(asked);
  for (let i = 0; i < 1_000; i++) expect(texts.of(`text ${i}`)).toBe(`text ${i}`);
});
