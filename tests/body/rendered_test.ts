import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { holeFill, RenderedBody } from "../../lib/body/rendered.ts";
import { findHoles, HoleCode, holeMark } from "../../lib/body/text.ts";

const fill = holeFill({ entity: "sip:1000@example.org:5060", remote: "sip:2000@example.org", guid: "5f", version: 41 });
const mediaType = "application/x";

describe("a rendered body", () => {
  const cases: [title: string, serialized: string, expected: string][] = [
    ["without holes is itself", "<a />\n", "<a />\n"],
    ["may be nothing", "", ""],
    ["may be one hole", holeMark.entity, "sip:1000@example.org:5060"],
    [
      "shows each hole",
      `<a e="${holeMark.entity}" r="${holeMark.remote}">${holeMark.version}${holeMark.guid}</a>`,
      '<a e="sip:1000@example.org:5060" r="sip:2000@example.org">415f</a>',
    ],
    [
      "divides the entity at its first colon",
      `${holeMark.entityScheme}**${holeMark.entityAddress}`,
      "sip:**1000@example.org:5060",
    ],
    [
      "writes references for marked characters",
      "a\uFDE0b\uFDE1\uFDE2\uFDE3\uFDE4\uFDE5\uFDE6\uFDE7",
      "a&amp;b&lt;&gt;&quot;&apos;&#13;&#10;&#9;",
    ],
    ["drops marks that mean nothing", "a\uFDDFb", "ab"],
    [
      "copies long pieces, too",
      `${"é".repeat(100)}${holeMark.version}${"x".repeat(25)}`,
      `${"é".repeat(100)}41${"x".repeat(25)}`,
    ],
  ];
  for (const [title, serialized, expected] of cases) {
    test(title, () => expect(new RenderedBody(mediaType, serialized).text(fill)).toBe(expected));
  }

  test("divides an entity without a scheme into nothing and everything", () => {
    const body = new RenderedBody(mediaType, `[${holeMark.entityScheme}|${holeMark.entityAddress}]`);
    expect(body.text(holeFill({ entity: "alice", remote: "", guid: "" }))).toBe("[|alice]");
  });

  test("writes versions of any size (RFC 4235 §4.1: a 32-bit counter at least)", () => {
    const body = new RenderedBody(mediaType, holeMark.version);
    for (const version of [0, 9, 10, 99, 100, 2147483647, 2147483648, 4294967295, 2 ** 53 - 1]) {
      expect(body.text({ ...fill, version })).toBe(String(version));
    }
  });

  test("writes exactly byteLength bytes at the offset and returns the offset behind them, for any text and holes", () => {
    const marks = fc.constantFrom(...Object.values(holeMark));
    const parts = fc.array(fc.oneof(marks, fc.string({ unit: "grapheme" })), { maxLength: 20 });
    fc.assert(fc.property(parts, fc.nat({ max: 50 }), fc.nat(), (texts, offset, version) => {
      const body = new RenderedBody(mediaType, texts.join(""));
      const filled = { ...fill, version };
      const length = body.byteLength(filled);
      const target = new Uint8Array(offset + length + 3).fill(0xee);
      expect(body.write(target, offset, filled)).toBe(offset + length);
      expect(target.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
      expect(target.subarray(offset + length).every((byte) => byte === 0xee)).toBe(true);
      expect(new TextDecoder().decode(target.subarray(offset, offset + length))).toBe(body.text(filled));
    }));
  });

  test("equals another one when media type, text and holes are the same", () => {
    const body = new RenderedBody(mediaType, `a${holeMark.entity}b`);
    expect(body.equals(new RenderedBody(mediaType, `a${holeMark.entity}b`))).toBe(true);
    expect(body.equals(new RenderedBody("application/y", `a${holeMark.entity}b`))).toBe(false);
    expect(body.equals(new RenderedBody(mediaType, `a${holeMark.remote}b`))).toBe(false);
    expect(body.equals(new RenderedBody(mediaType, `a${holeMark.entity}c`))).toBe(false);
    expect(body.equals(new RenderedBody(mediaType, `ab${holeMark.entity}`))).toBe(false);
  });
});

test("a hole's code is the last byte of its mark", () => {
  for (const [hole, mark] of Object.entries(holeMark)) {
    expect([...Buffer.from(mark)]).toEqual([0xef, 0xb7, HoleCode[hole as keyof typeof HoleCode]]);
  }
});

test("what begins with the same byte as a hole is none", () => {
  const bytes = Buffer.from(`\uF000a\uFDC7${holeMark.entity}\uFFFD${holeMark.guid}`);
  expect(findHoles(bytes)).toEqual([7, 13]);
});
