import { describe, expect, it } from "bun:test";
import { bytesOf } from "../../lib/sip/slice.ts";
import { ByteWriter } from "../../lib/sip/writer.ts";

const text = (writer: ByteWriter) => new TextDecoder().decode(writer.view());

describe("ByteWriter", () => {
  it("appends texts, numbers, bytes and slices, growing as it must", () => {
    const writer = new ByteWriter(1);
    const long = "x".repeat(100);
    writer.text("a ").number(0).text(" ").number(4_294_967_295).crlf().bytes(bytesOf("hello"), 1, 3).text("äöü€😀");
    writer.bytes(bytesOf(long));
    expect(text(writer)).toBe(`a 0 4294967295\r\neläöü€😀${long}`);
  });

  it("reset forgets, copy stays", () => {
    const writer = new ByteWriter();
    const copy = writer.text("first").copy();
    writer.reset().text("other");
    expect([new TextDecoder().decode(copy), text(writer)]).toEqual(["first", "other"]);
  });

  it("patches bytes and numbers in place", () => {
    const writer = new ByteWriter().text("CSeq: ");
    const at = writer.length;
    writer.text("0000000000 NOTIFY");
    writer.patchNumber(at, 10, 32_603);
    writer.patch(0, bytesOf("cseq"));
    expect(text(writer)).toBe("cseq: 0000032603 NOTIFY");
  });

  it("writes header lines that stay one line whatever the value holds", () => {
    expect(text(new ByteWriter().header("Subject", "a\r\nTo: b\0c"))).toBe("Subject: a  To: b c\r\n");
  });

  it("writes every integer as its decimal text", () => {
    for (const value of [0, 9, 10, 99, 100, 12_345, 2_147_483_648, Number.MAX_SAFE_INTEGER]) {
      expect(text(new ByteWriter(2).number(value))).toBe(String(value));
    }
  });
});
