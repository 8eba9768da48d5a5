import { expect, test } from "bun:test";
import {
  branchIndex,
  branchIndexMax,
  branchLength,
  hasCookie,
  newBranch,
  renewBranch,
} from "../../lib/transaction/branch.ts";
import { scriptedEntropy } from "./office.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

test("every index comes back out of its branch (RFC 3261 §8.1.1.7)", () => {
  for (const index of [0, 1, 31, 32, 1_000, 65_535, branchIndexMax - 1]) {
    const branch = newBranch(index);
    renewBranch(branch, scriptedEntropy());
    expect(branch.length).toBe(branchLength);
    expect(decoder.decode(branch)).toMatch(/^z9hG4bK[0-9a-v]{16}$/);
    expect(branchIndex(branch, 0, branch.length)).toBe(index);
  }
});

test("each use of a branch has other random digits, and the same index (RFC 3261 §8.1.1.7)", () => {
  const entropy = scriptedEntropy();
  const branch = newBranch(77);
  const seen = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    renewBranch(branch, entropy);
    seen.add(decoder.decode(branch));
  }
  expect(seen.size).toBe(1_000);
  expect(branchIndex(branch, 0, branch.length)).toBe(77);
});

test("a branch of another length or alphabet has no index (RFC 3261 §17.1.3)", () => {
  for (
    const text of [
      "",
      "z9hG4bK",
      "z9hG4bK000000000000000",
      "z9hG4bK00000000000000000",
      "z9hG4bK-00000000000000 ",
      "z9hG4bK00w0000000000000",
    ]
  ) {
    const bytes = encoder.encode(text);
    expect(branchIndex(bytes, 0, bytes.length)).toBe(-1);
  }
});

test("the magic cookie is known in any case of letters, with something behind it (RFC 3261 §17.2.3)", () => {
  const cases = [["z9hG4bKx", true], ["Z9HG4BKx", true], ["z9hG4bK", false], ["z9hG4bx", false], ["", false]] as const;
  for (const [text, expected] of cases) {
    const bytes = encoder.encode(text);
    expect(hasCookie(bytes, 0, bytes.length)).toBe(expected);
  }
});
