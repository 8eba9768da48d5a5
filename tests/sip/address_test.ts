import { describe, expect, it } from "bun:test";
import { contactExpires, type NameAddress, parseNameAddress, writeNameAddress } from "../../lib/sip/address.ts";
import { writeUri } from "../../lib/sip/uri.ts";
import { ruleBroken } from "./rule_broken.ts";

/** An address as one line: display | URI | header parameters. */
function flat({ display, uri, params }: NameAddress): string {
  return `${display}|${writeUri(uri)}|${params.map(({ name, value }) => `${name}=${value}`).join(",")}`;
}

describe("parseNameAddress (RFC 3261 §20.10, §25.1)", () => {
  const cases: [string, string][] = [
    ["<sip:a@h>", "|sip:a@h|"],
    ["sip:a@h", "|sip:a@h|"],
    ["sip:a@h;tag=1;x", "|sip:a@h|tag=1,x=undefined"],
    ["<sip:a@h;lr>;tag=1", "|sip:a@h;lr|tag=1"],
    ["<sip:a@h;lr> ; TAG = 1", "|sip:a@h;lr|tag=1"],
    ['"Alice" <sip:a@h>', "Alice|sip:a@h|"],
    ['"Alice"<sip:a@h>', "Alice|sip:a@h|"],
    ['"A. \\"G\\" \\\\ Bell" <sip:a@h>;tag=x', 'A. "G" \\ Bell|sip:a@h|tag=x'],
    ['"a, <b>; c" <sip:a@h>', "a, <b>; c|sip:a@h|"],
    ['"" <sip:a@h>', "|sip:a@h|"],
    ["Alice Bell <sip:a@h>", "Alice Bell|sip:a@h|"],
    ["Alice\r\n Bell\t<sip:a@h>", "Alice Bell|sip:a@h|"],
    ["caller<sip:a@h>", "caller|sip:a@h|"],
    ['"Büro" <sip:a@h>', "Büro|sip:a@h|"],
    [
      '<sip:a@h>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=60',
      "|sip:a@h|+sip.instance=<urn:uuid:1>,reg-id=1,expires=60",
    ],
    ["<sip:a@h?Route=%3Csip:p%3E>", "|sip:a@h?Route=%3Csip:p%3E|".replace("%3Csip:p%3E", "%3Csip:p%3E")],
    ["<tel:+49-30>;tag=1", "|tel:+49-30|tag=1"],
    ["isbn:2983792873", "|isbn:2983792873|"],
  ];
  for (const [text, expected] of cases) it(text, () => expect(flat(parseNameAddress(text))).toBe(expected));

  it("takes an unquoted display name in UTF-8. COMPAT(phones with localised names)", () => {
    expect(parseNameAddress("Büro Süd <sip:a@h>").display).toBe("Büro Süd");
  });

  it("keeps the URI as it was written", () => {
    expect(parseNameAddress("<sip:%61@H;Ob>;tag=1").uriText).toBe("sip:%61@H;Ob");
  });

  const bad: [string, string][] = [
    ["", "URI scheme expected"],
    ["alice", "URI scheme expected"],
    ["<sip:a@h", "> expected after URI"],
    ["< sip:a@h>", "URI scheme expected"],
    ["<sip:a@h >", "character not allowed in a URI"],
    ["<>", "URI scheme expected"],
    ['"Alice <sip:a@h>', "quoted string is not closed"],
    ['"Alice" sip:a@h', "< expected after display name"],
    ["Bell, Alexander <sip:a@h>", "URI scheme expected"],
    ["A@B <sip:a@h>", "display name needs quotes"],
    ["sip:a@h?x=y", "URI with ? needs angle brackets"],
    ["sip:a@h, sip:b@h", "unexpected text after address"],
    ["<sip:a@h>;", "parameter name expected"],
    ["<sip:a@h>;tag=", "parameter tag has no value"],
    ["<sip:a@h> x", "unexpected text after address"],
  ];
  for (const [text, rule] of bad) {
    it(`${text || "nothing"} → ${rule}`, () => expect(ruleBroken(() => parseNameAddress(text))).toBe(rule));
  }
});

describe("writeNameAddress", () => {
  for (
    const text of [
      '"A \\"B\\" \\\\" <sip:a@h;lr>;tag=1;x',
      '<sip:a@h>;+sip.instance="<urn:uuid:1>"',
      '"Büro" <sip:a@h>',
    ]
  ) {
    it(text, () => expect(writeNameAddress(parseNameAddress(text))).toBe(text));
  }

  it("cannot be made to add a header", () => {
    const address = { ...parseNameAddress("<sip:a@h>"), display: "a\r\nTo: b" };
    expect(writeNameAddress(address)).toBe('"a  To: b" <sip:a@h>');
  });
});

describe("contactExpires (RFC 3261 §10.2.1.1)", () => {
  const cases: [string, number | undefined][] = [
    ["<sip:a@h>", undefined],
    ["<sip:a@h>;expires=0", 0],
    ["<sip:a@h>;expires=60", 60],
    ["<sip:a@h>;expires=280297596632815", 4_294_967_295],
    ["<sip:a@h>;expires=soon", 3600],
    ["<sip:a@h>;expires", 3600],
    ['<sip:a@h>;expires="-1"', 3600],
  ];
  for (const [text, expected] of cases) {
    it(`${text} → ${expected}`, () => expect(contactExpires(parseNameAddress(text))).toBe(expected as number));
  }
});
