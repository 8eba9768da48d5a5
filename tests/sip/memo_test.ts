import { describe, expect, it } from "bun:test";
import { Memo } from "../../lib/sip/memo.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { bytesOf } from "../../lib/sip/slice.ts";

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

describe("a message", () => {
  const message = new Message();
  const read = (...lines: string[]) => {
    const bytes = bytesOf([
      "SUBSCRIBE sip:1000@192.0.2.1 SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1",
      "From: <sip:alice@192.0.2.1>;tag=a",
      "To: <sip:1000@192.0.2.1>",
      "Call-ID: c",
      "CSeq: 1 SUBSCRIBE",
      ...lines,
      "",
      "",
    ].join("\r\n"));
    expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
    return { event: message.event, accepts: message.accepts };
  };

  it("reads the same Event and Accept once for all, and others anew (RFC 3261 §20.1, RFC 6665 §8.2.1)", () => {
    const first = read("Event: dialog;id=7", "Accept: application/pidf+xml;q=0.5, */*");
    const second = read("Accept: application/pidf+xml;q=0.5, */*", "Event: dialog;id=7");
    expect(second.event).toBe(first.event!);
    expect(second.accepts).toBe(first.accepts);
    expect(read("Event: dialog;id=8").event).toMatchObject({ name: "dialog", id: "8" });
    expect(read().accepts).toEqual([]);
  });

  it("reads several lines of Accept in their order", () => {
    const { accepts } = read("Accept: application/pidf+xml", "Accept: application/xpidf+xml");
    expect(accepts.map(({ name }) => name)).toEqual(["application/pidf+xml", "application/xpidf+xml"]);
  });

  it("refuses a bad Accept each time it comes (RFC 3261 §20.1)", () => {
    for (let i = 0; i < 2; i++) expect(() => read("Accept: application")).toThrow("Accept");
  });
});
