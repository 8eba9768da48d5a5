/** What a name with a wildcard names, beside an expression that says the same. */
import { expect, test } from "bun:test";
import { matchesGlob } from "../../lib/runtime/glob.ts";

function wordsOf(letters: string, length: number): string[] {
  if (length === 0) return [""];
  const shorter = wordsOf(letters, length - 1);
  return [
    ...shorter,
    ...shorter.filter((word) => word.length === length - 1).flatMap((word) =>
      [...letters].map((letter) => word + letter)
    ),
  ];
}

test("every short glob names what its expression matches", () => {
  const texts = wordsOf("ab", 5);
  for (const glob of wordsOf("aB*", 4)) {
    const expression = new RegExp(`^${glob.replaceAll("*", ".*")}$`, "is");
    for (const text of texts) {
      expect([glob, text, matchesGlob(glob, text)]).toEqual([glob, text, expression.test(text)]);
    }
  }
});

test("what means something in an expression means itself", () => {
  expect(matchesGlob("Snom*/8.7.3.?", "snom370/8.7.3.?")).toBe(true);
  expect(matchesGlob("Snom*/8.7.3.?", "snom370/8x7.3.1")).toBe(false);
  expect(matchesGlob("a*b", "a\nb")).toBe(true);
});

test("a text of 60,000 characters and a glob of many wildcards take no time", () => {
  const before = process.cpuUsage();
  expect(matchesGlob("*a".repeat(20) + "*b", "a".repeat(60_000))).toBe(false);
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(500_000);
});
