import { describe, expect, it } from "bun:test";
import { tagStart, writeResponse } from "../../lib/sip/response.ts";
import type { ResponseOptions } from "../../lib/sip/response.ts";
import { bytesOf } from "../../lib/sip/slice.ts";
import { parseText, requestText } from "./messages.ts";

function answer(changes: Record<string, string | undefined>, options: ResponseOptions, startLine?: string): string {
  const request = parseText(requestText(changes, startLine === undefined ? {} : { startLine }));
  return new TextDecoder().decode(writeResponse(request, options));
}

describe("writeResponse (RFC 3261 §8.2.6)", () => {
  it("copies Via, From, To with our tag, Call-ID and CSeq, and adds what is asked for", () => {
    const text = answer({ v: "SIP/2.0/TCP 192.0.2.9;branch=z2, SIP/2.0/UDP 192.0.2.8" }, {
      status: 200,
      toTag: "t1",
      headers: [["Expires", "600"], ["Contact", "<sip:h>"]],
      body: "ä",
      contentType: "text/plain",
    });
    expect(text).toBe([
      "SIP/2.0 200 OK",
      "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
      "Via: SIP/2.0/TCP 192.0.2.9;branch=z2, SIP/2.0/UDP 192.0.2.8",
      'From: "Alice" <sip:alice@example.org>;tag=a1',
      "To: <sip:1000@example.org>;tag=t1",
      "Call-ID: c1@192.0.2.1",
      "CSeq: 1 SUBSCRIBE",
      "Expires: 600",
      "Contact: <sip:h>",
      "Content-Type: text/plain",
      "Content-Length: 2",
      "",
      "ä",
    ].join("\r\n"));
  });

  it("keeps the tag that To has (RFC 3261 §8.2.6.2)", () => {
    const text = answer({ To: '"x;tag=no" <sip:a@h;tag=no> ; Tag = yes' }, { status: 481, toTag: "t1" });
    expect(text).toContain('\r\nTo: "x;tag=no" <sip:a@h;tag=no> ; Tag = yes\r\n');
  });

  it("takes a reason phrase, which stays on its line", () => {
    const text = answer({}, { status: 400, reason: "Bad CSeq header\r\nX: y" });
    expect(text).toStartWith("SIP/2.0 400 Bad CSeq header  X: y\r\n");
    expect(text).toEndWith("\r\nContent-Length: 0\r\n\r\n");
  });

  it("copies Record-Route into what makes a dialog, and nowhere else (RFC 3261 §12.1.1)", () => {
    const routes = { "Record-Route": "<sip:p1;lr>, <sip:p2;lr>", "record-route": "<sip:p3;lr>" };
    const copied = "\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\nRecord-Route: <sip:p3;lr>\r\n";
    expect(answer(routes, { status: 200 })).toContain(copied);
    expect(answer(routes, { status: 404 })).not.toContain("Record-Route");
    expect(answer({ ...routes, CSeq: "1 OPTIONS" }, { status: 200 }, "OPTIONS sip:h SIP/2.0")).not.toContain(
      "Record-Route",
    );
  });

  it("copies Timestamp into a 100 (RFC 3261 §8.2.6.1)", () => {
    expect(answer({ Timestamp: "54" }, { status: 100 })).toContain("\r\nTimestamp: 54\r\n");
    expect(answer({ Timestamp: "54" }, { status: 200 })).not.toContain("Timestamp");
  });

  it("folded values go back as they came", () => {
    expect(answer({ From: '"A"\r\n <sip:a@h>;tag=1' }, { status: 200 })).toContain(
      '\r\nFrom: "A"\r\n <sip:a@h>;tag=1\r\n',
    );
  });
});

describe("received and rport (RFC 3261 §18.2.1, RFC 3581 §4)", () => {
  const source = { received: "198.51.100.7", rport: 40_000 };
  const cases: [string, string, Partial<ResponseOptions>, string][] = [
    [
      "rport asked for",
      "SIP/2.0/UDP 192.0.2.1;rport;branch=b",
      source,
      "SIP/2.0/UDP 192.0.2.1;branch=b;received=198.51.100.7;rport=40000",
    ],
    [
      "rport asked for, address the same",
      "SIP/2.0/UDP 198.51.100.7;branch=b;rport",
      source,
      "SIP/2.0/UDP 198.51.100.7;branch=b;received=198.51.100.7;rport=40000",
    ],
    [
      "not asked for, address the same",
      "SIP/2.0/UDP 198.51.100.7:5060;branch=b",
      source,
      "SIP/2.0/UDP 198.51.100.7:5060;branch=b",
    ],
    [
      "not asked for, another address",
      "SIP/2.0/UDP 192.0.2.1:5060;branch=b",
      source,
      "SIP/2.0/UDP 192.0.2.1:5060;branch=b;received=198.51.100.7",
    ],
    ["a name", "SIP/2.0/UDP phone.lan;branch=b", source, "SIP/2.0/UDP phone.lan;branch=b;received=198.51.100.7"],
    [
      "forged values",
      "SIP/2.0/UDP 192.0.2.1;received=1.1.1.1;rport=1;branch=b",
      source,
      "SIP/2.0/UDP 192.0.2.1;branch=b;received=198.51.100.7;rport=40000",
    ],
    [
      "forced",
      "SIP/2.0/UDP 192.0.2.1;branch=b",
      { ...source, isRportForced: true },
      "SIP/2.0/UDP 192.0.2.1;branch=b;received=198.51.100.7;rport=40000",
    ],
    [
      "IPv6",
      "SIP/2.0/UDP [2001:DB8::1];branch=b",
      { received: "2001:db8::1", rport: 1 },
      "SIP/2.0/UDP [2001:DB8::1];branch=b",
    ],
    [
      "more Vias on the line",
      "SIP/2.0/UDP 192.0.2.1;rport , SIP/2.0/TCP x;rport",
      source,
      "SIP/2.0/UDP 192.0.2.1;received=198.51.100.7;rport=40000 , SIP/2.0/TCP x;rport",
    ],
    ["source not told", "SIP/2.0/UDP 192.0.2.1;rport", {}, "SIP/2.0/UDP 192.0.2.1;rport"],
  ];
  for (const [name, via, options, expected] of cases) {
    it(`${name}: ${via}`, () => {
      expect(answer({ Via: via }, { status: 200, ...options })).toContain(`\r\nVia: ${expected}\r\n`);
    });
  }
});

describe("tagStart (RFC 3261 §20.39)", () => {
  const cases: [text: string, behind: string | undefined][] = [
    ["<sip:a@h>;tag=x1", "x1"],
    ["sip:a@h;tag=x1;y=2", "x1;y=2"],
    ["<sip:a@h;tag=no>", undefined],
    ['"a;tag=no" <sip:a@h>', undefined],
    ["<sip:a@h>;x;\r\n TAG\t= x1 ", "x1 "],
    ["<sip:a@h>;tagged=x", undefined],
    ["<sip:a@h>;tag", undefined],
    ["<sip:a@h;tag=no", undefined],
    ['"open;tag=no', undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    it(`${text} → ${expected}`, () => {
      const bytes = bytesOf(text);
      const start = tagStart(bytes, 0, bytes.length);
      expect(start < 0 ? undefined : text.slice(start)).toBe(expected as string);
    });
  }
});
