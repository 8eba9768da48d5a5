import { describe, expect, it } from "bun:test";
import { equalUri, parseUri, writeUri } from "../../lib/sip/uri.ts";
import { ruleBroken } from "./rule_broken.ts";

describe("parseUri (RFC 3261 §19.1.1)", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["sip:example.org", { scheme: "sip", user: undefined, host: "example.org", port: undefined }],
    ["SIPS:Alice@Example.ORG:5061", { scheme: "sips", user: "Alice", host: "Example.ORG", port: 5061 }],
    ["sip:alice:secret@h", { user: "alice", password: "secret" }],
    ["sip:alice:@h", { user: "alice", password: "" }],
    ["sip:%61lice%40home@h", { user: "alice@home" }],
    ["sip:*43@h", { user: "*43" }],
    ["sip:%23100@h", { user: "#100" }],
    ["sip:+49-30;phone-context=+49@h;user=phone", {
      user: "+49-30;phone-context=+49",
      params: [{ name: "user", value: "phone" }],
    }],
    ["sip:a@[2001:db8::1]:5070;transport=TCP;lr", {
      host: "2001:db8::1",
      port: 5070,
      params: [{ name: "transport", value: "TCP" }, { name: "lr", value: undefined }],
    }],
    ["sip:a@[::ffff:192.0.2.1]", { host: "::ffff:192.0.2.1" }],
    ["sip:a@[::]", { host: "::" }],
    ["sip:my_phone.lan", { host: "my_phone.lan" }],
    ["sip:a@h?Subject=a%20b&Priority=", {
      headers: [{ name: "Subject", value: "a b" }, { name: "Priority", value: "" }],
    }],
    ["sip:büro@h".replace("ü", "%C3%BC"), { user: "büro" }],
    ["sip:~~rl~F~331@h", { user: "~~rl~F~331" }],
    ["tel:+49-30-1;phone-context=+49", { scheme: "tel", user: "+49-30-1", host: "" }],
    ["urn:service:sos", { scheme: "urn", opaque: "service:sos", user: undefined }],
    ["http://www.example.com/x?y", { scheme: "http", opaque: "//www.example.com/x?y" }],
  ];
  for (const [text, expected] of cases) {
    it(text, () => expect(parseUri(text)).toMatchObject(expected));
  }

  const bad: [string, string][] = [
    ["", "URI scheme expected"],
    ["alice@example.org", "URI scheme expected"],
    ["sip:", "URI ends after its scheme"],
    ["sip:@h", "user part is empty"],
    ["sip:a@", "host expected"],
    ["sip:a@b@c", "unexpected character after the host"],
    ["sip:a b@h", "character not allowed in a URI"],
    ["sip:a<b@h", "character not allowed in a URI"],
    ["sip:büro@h", "character not allowed in a URI"],
    ["sip:a%4@h", "escape is not % and two digits"],
    ["sip:a%", "escape is not % and two digits"],
    ["sip:a:b:c@h", "character not allowed in the user part"],
    ["sip:h:", "port is not between 1 and 65535"],
    ["sip:h:0", "port is not between 1 and 65535"],
    ["sip:h:65536", "port is not between 1 and 65535"],
    ["sip:2001:db8::10", "port is not between 1 and 65535"],
    ["sip:[2001:db8]", "IPv6 address is malformed"],
    ["sip:[1:2:3:4:5:6:7:8:9]", "IPv6 address is malformed"],
    ["sip:[1::2::3]", "IPv6 address is malformed"],
    ["sip:[12345::]", "IPv6 address is malformed"],
    ["sip:[::192.0.2.256]", "IPv6 address is malformed"],
    ["sip:[::192.0.2]", "IPv6 address is malformed"],
    ["sip:[1:::2]", "IPv6 address is malformed"],
    ["sip:[fe80::1%25eth0]", "IPv6 address is malformed"],
    ["sip:[::1", "IPv6 address is malformed"],
    ["sip:[::1]x", "unexpected character after the host"],
    ["sip:h;", "URI parameter has no name"],
    ["sip:h;;lr", "URI parameter has no name"],
    ["sip:h?a", "URI header is not name=value"],
    ["sip:h/x", "unexpected character after the host"],
    ["tel:;a=b", "telephone number expected"],
  ];
  for (const [text, rule] of bad) {
    it(`${text || "nothing"} → ${rule}`, () => expect(ruleBroken(() => parseUri(text))).toBe(rule));
  }

  it("tells users apart by case, and refuses a bad URI every time", () => {
    expect(parseUri("sip:alice@192.0.2.7:5070")).not.toEqual(parseUri("sip:Alice@192.0.2.7:5070"));
    for (let time = 0; time < 2; time++) expect(ruleBroken(() => parseUri("sip:@h"))).toBe("user part is empty");
  });
});

describe("writeUri (RFC 3261 §19.1.2)", () => {
  for (
    const text of [
      "sip:example.org",
      "sip:alice:se%3Acret@[2001:db8::1]:5070;transport=tcp;lr?Subject=a%20b&x=",
      "sips:%23100@h",
      "sip:b%C3%BCro@h",
      "tel:+49-30;phone-context=+49",
      "urn:service:sos",
    ]
  ) {
    it(text, () => expect(writeUri(parseUri(text))).toBe(text));
  }

  it("escapes what a part may not hold", () => {
    const uri = { ...parseUri("sip:x@h"), user: "a@b c", password: ":", params: [{ name: "p", value: "a;b" }] };
    expect(writeUri(uri)).toBe("sip:a%40b%20c:%3A@h;p=a%3Bb");
  });
});

describe("equalUri (RFC 3261 §19.1.4)", () => {
  const same: [string, string][] = [
    ["sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"],
    ["sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"],
    ["sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"],
    [
      "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
      "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ],
    [
      "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
      "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ],
    ["sip:a@[2001:DB8::1]", "sip:a@[2001:db8:0:0:0:0:0:1]"],
    ["tel:+1", "tel:+1"],
  ];
  for (const [a, b] of same) {
    it(`${a} = ${b}`, () => {
      expect(equalUri(parseUri(a), parseUri(b))).toBe(true);
      expect(equalUri(parseUri(b), parseUri(a))).toBe(true);
    });
  }

  const different: [string, string][] = [
    ["SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"],
    ["sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"],
    ["sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"],
    ["sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"],
    ["sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"],
    ["sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"],
    ["sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"],
    ["sip:a@h", "sips:a@h"],
    ["sip:a:x@h", "sip:a@h"],
    ["sip:a@h;maddr=x", "sip:a@h"],
    ["sip:a@[::1]", "sip:a@[::2]"],
    ["tel:+1", "tel:+2"],
  ];
  for (const [a, b] of different) {
    it(`${a} ≠ ${b}`, () => {
      expect(equalUri(parseUri(a), parseUri(b))).toBe(false);
      expect(equalUri(parseUri(b), parseUri(a))).toBe(false);
    });
  }
});
