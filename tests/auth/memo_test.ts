import { describe, expect, it } from "bun:test";
import { Memo } from "../../lib/auth/memo.ts";

describe("a memo", () => {
  it("gives the very value that was added, and nothing for other texts", () => {
    const memo = new Memo<object>();
    const value = memo.add("dialog", {});
    expect(memo.get("dialog")).toBe(value);
    expect(memo.get("Dialog")).toBeUndefined();
    expect(memo.get("")).toBeUndefined();
  });

  it("forgets what nobody asked for, however many texts come, and keeps what is asked for again", () => {
    const memo = new Memo<number>();
    memo.add("asked for", 1);
    memo.add("not asked for", 2);
    for (let i = 0; i < 10_000; i++) {
      memo.add(`text ${i}`, i);
      if (i % 100 === 0) expect(memo.get("asked for")).toBe(1);
    }
    expect(memo.get("not asked for")).toBeUndefined();
    expect(memo.get("text 9999")).toBe(9_999);
  });

  it("does not keep long texts", () => {
    const memo = new Memo<number>();
    const text = "x".repeat(257);
    expect(memo.add(text, 1)).toBe(1);
    expect(memo.get(text)).toBeUndefined();
  });
});
