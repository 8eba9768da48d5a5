/** Which requests have the same key. */
import { expect, test } from "bun:test";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { equalKeys, type RequestKey, RequestKeys } from "../../lib/transaction/key.ts";
import { requestText } from "./office.ts";

const keys = new RequestKeys([1, 2]);

type Parts = Parameters<typeof requestText>[0];

function read(parts: Parts): Message {
  const bytes = new TextEncoder().encode(requestText(parts));
  const message = new Message();
  expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
  return message;
}

const transactionKey = (parts: Parts) => keys.ofTransaction(read(parts));
const mergeKey = (parts: Parts) => keys.ofMerged(read(parts));

const cookieCases: [string, Parts, boolean][] = [
  ["another CSeq, Call-ID and From tag", { sequence: 2, callId: "c2", fromTag: "a2" }, true],
  ["the sent-by in capitals", { sentBy: "PBX.EXAMPLE" }, true],
  ["another branch", { branch: "z9hG4bK-2" }, false],
  ["a branch in capitals", { branch: "z9hG4bK-A" }, false],
  ["another sent-by", { sentBy: "pbx.example:5062" }, false],
  ["a branch and a sent-by that are the same when joined", { branch: "z9hG4bK-1p", sentBy: "bx.example" }, false],
];

for (const [what, parts, isSame] of cookieCases) {
  test(`${what} ${isSame ? "is the same" : "is another"} transaction (RFC 3261 §17.2.3)`, () => {
    const first = transactionKey({ branch: "z9hG4bK-1", sentBy: "pbx.example" });
    expect(equalKeys(first, transactionKey({ branch: "z9hG4bK-1", sentBy: "pbx.example", ...parts }))).toBe(isSame);
  });
}

const oldCases: [string, Parts, boolean][] = [
  ["the very same", {}, true],
  ["another To tag", { toTag: "b1" }, true],
  ["another CSeq number", { sequence: 2 }, false],
  ["another Call-ID", { callId: "c2" }, false],
  ["another From tag", { fromTag: "a2" }, false],
  ["another Via", { sentBy: "192.0.2.21" }, false],
];

for (const [what, parts, isSame] of oldCases) {
  test(`without a cookie, ${what} ${isSame ? "is the same" : "is another"} transaction (RFC 3261 §17.2.3)`, () => {
    const first = transactionKey({ branch: "" });
    expect(equalKeys(first, transactionKey({ branch: "", ...parts }))).toBe(isSame);
  });
}

const mergeCases: [string, Parts, boolean][] = [
  ["another branch", { branch: "z9hG4bK-2" }, true],
  ["another method", { method: "SUBSCRIBE" }, false],
  ["another CSeq number", { sequence: 257 }, false],
  ["another Call-ID", { callId: "c2" }, false],
  ["another From tag", { fromTag: "a2" }, false],
];

for (const [what, parts, isSame] of mergeCases) {
  test(`${what} ${isSame ? "is a copy by another way" : "is no copy"} (RFC 3261 §8.2.2.2)`, () => {
    expect(equalKeys(mergeKey({})!, mergeKey(parts)!)).toBe(isSame);
  });
}

test("inside a dialog nothing is a copy (RFC 3261 §8.2.2.2)", () => {
  expect(mergeKey({ toTag: "b1" })).toBeUndefined();
});

test("another start makes other keys", () => {
  const message = read({});
  expect(equalKeys(keys.ofTransaction(message), new RequestKeys([3, 4]).ofTransaction(message))).toBe(false);
});

test("a hundred thousand branches have as many keys", () => {
  const message = read({ branch: "z9hG4bK-000000" });
  const found: RequestKey[] = [];
  for (let i = 0; i < 100_000; i++) {
    message.bytes.set(new TextEncoder().encode(String(i).padStart(6, "0")), message.branchEnd - 6);
    found.push(keys.ofTransaction(message));
  }
  expect(new Set(found.map(({ index, check }) => `${index} ${check}`)).size).toBe(100_000);
  // Halves meet as chance has it: one pair or two among so many.
  expect(new Set(found.map(({ index }) => index)).size).toBeGreaterThan(99_980);
  expect(new Set(found.map(({ check }) => check)).size).toBeGreaterThan(99_980);
});
