import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { limits } from "../../lib/runtime/limits.ts";
import {
  checkExtension,
  comparePatterns,
  isPattern,
  matchesPattern,
  parsePattern,
  type Pattern,
} from "../../lib/state/pattern.ts";

function patternOf(text: string): Pattern {
  const pattern = parsePattern(text);
  if (typeof pattern === "string") throw new Error(pattern);
  return pattern;
}

const table: readonly (readonly [pattern: string, fits: string[], doesNot: string[]])[] = [
  ["_2XX", ["200", "299"], ["", "20", "2000", "300", "2a0", "2XX", "_2XX"]],
  ["_xzn", ["012", "999"], ["002", "011", "01"]],
  ["_ZN", ["12", "99"], ["02", "11", "10"]],
  ["_[1-5]0", ["10", "50"], ["00", "60", "-0"]],
  ["_[13-5a-c*]0", ["10", "40", "a0", "c0", "*0"], ["20", "d0", "A0"]],
  ["_[X]0", ["X0"], ["10"]],
  ["_[5-]1", ["51"], ["41"]],
  ["_9.", ["91", "9123"], ["9", "8", ""]],
  ["_9!", ["9", "91", "9123"], ["8", ""]],
  ["_.", ["1", "alice", "*99"], [""]],
  ["_!", ["1", "alice", ""], []],
  ["_alice", ["alice"], ["Alice", "alicia", "alic"]],
  ["_*8XX", ["*801"], ["801", "*8"]],
  ["_+1NXX", ["+1200"], ["1200"]],
  ["_555-XXXX", ["5551234", "555-1234"], ["555123", "555-12345"]],
  ["_5 5", ["55", "5-5"], ["5"]],
  ["_[1-2]X.", ["101", "2-0-1"], ["10", "301"]],
];

describe("patterns", () => {
  for (const [text, fits, doesNot] of table) {
    test(`${text} fits ${fits.join(", ")}${doesNot.length > 0 ? `, not ${doesNot.join(", ")}` : ""}`, () => {
      const pattern = patternOf(text);
      expect(fits.filter((exten) => !matchesPattern(pattern, exten))).toEqual([]);
      expect(doesNot.filter((exten) => matchesPattern(pattern, exten))).toEqual([]);
    });
  }

  test("begin with an underscore, extensions do not", () => {
    expect(["_2XX", "_"].map(isPattern)).toEqual([true, true]);
    expect(["2XX", "alice", ""].map(isPattern)).toEqual([false, false, false]);
  });

  test("that cannot be read are told in words", () => {
    const mistakes = {
      "_": "the pattern is empty",
      "_--": "the pattern is empty",
      "_[12": 'a "[" has no "]"',
      "_[]": '"[]" allows no character',
      "_[5-1]": '"[5-1]" allows no character',
      "_9.X": 'nothing may stand behind "."',
      "_9!!": 'nothing may stand behind "!"',
      "": "an extension cannot be empty",
    };
    for (const [text, mistake] of Object.entries(mistakes)) expect(checkExtension(text)).toBe(mistake);
    for (const text of ["1000", "alice", "_2XX", "_.", "+49", "*8"]) expect(checkExtension(text)).toBeUndefined();
  });

  test(`fit no extension of more than ${limits.patternExtensionChars} characters`, () => {
    for (const text of ["_.", "_!", "_1."]) {
      expect(matchesPattern(patternOf(text), "1".repeat(limits.patternExtensionChars))).toBe(true);
      expect(matchesPattern(patternOf(text), "1".repeat(limits.patternExtensionChars + 1))).toBe(false);
    }
  });

  test("that compile never throw and never fit what is too short", () => {
    const text = fc.string({ unit: fc.constantFrom(..."XZN.![]-129a".split("")), maxLength: 10 });
    fc.assert(fc.property(text, fc.stringMatching(/^[0-9a-]{0,6}$/), (tail, exten) => {
      const pattern = parsePattern(`_${tail}`);
      if (typeof pattern === "string") return;
      if (matchesPattern(pattern, exten)) {
        expect(exten.replaceAll("-", "").length).toBeGreaterThanOrEqual(pattern.places.length);
      }
    }));
  });
});

describe("precedence of patterns", () => {
  const orders: readonly (readonly string[])[] = [
    ["_12X", "_1NX", "_1ZX", "_1XX", "_1X.", "_1X!", "_1.", "_1!", "_XXX", "_X.", "_.", "_!"],
    ["_[12]X", "_[123]X", "_NX", "_ZX", "_XX"],
    ["_1X", "_1X!"],
    ["_[1-3]XX", "_[2-4]XX", "_[5-8]XX"],
    ["_2[0-4]", "_2[3-7]", "_2X"],
    ["_20.", "_2XX"],
  ];
  for (const order of orders) {
    test(order.join(" before "), () => {
      const patterns = order.map(patternOf);
      expect(patterns.toReversed().sort(comparePatterns).map(({ text }) => text)).toEqual([...order]);
      expect([...patterns].sort(comparePatterns).map(({ text }) => text)).toEqual([...order]);
    });
  }
});
