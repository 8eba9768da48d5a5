import { describe, expect, it } from "bun:test";
import { Header } from "../../lib/sip/header_names.ts";
import { Message, parseLimits } from "../../lib/sip/message.ts";
import { Method } from "../../lib/sip/method.ts";
import { isKeepAlive, parseMessage } from "../../lib/sip/parse.ts";
import { bytesOf, textOf } from "../../lib/sip/slice.ts";
import { parseText, requestText, told } from "./messages.ts";

describe("start line (RFC 3261 §7.1, §7.2)", () => {
  const cases: [string, string | undefined][] = [
    ["SUBSCRIBE sip:1000@example.org SIP/2.0", undefined],
    ["SUBSCRIBE sip:1000@example.org sip/2.0", undefined],
    ["SUBSCRIBE sip:1000@example.org SIP/3.0", "505 Version Not Supported (RFC 3261 §21.5.6)"],
    ["SUBSCRIBE sip:1000@example.org HTTP/1.1", "400 Bad Request-Line: not ended by SIP/2.0 (RFC 3261 §7.1)"],
    ["SUBSCRIBE sip:1000@example.org SIP/2.0 ", "400 Bad Request-Line: not ended by SIP/2.0 (RFC 3261 §7.1)"],
    ["SUBSCRIBE  sip:1000@example.org SIP/2.0", "400 Bad Request-URI: not a URI and one space (RFC 3261 §7.1)"],
    ["SUBSCRIBE sip:1000@example.org", "400 Bad Request-URI: not a URI and one space (RFC 3261 §7.1)"],
    ["SUBSCRIBE", "400 Bad Request-Line: method is not a token and one space (RFC 3261 §7.1)"],
    ["(SUBSCRIBE) sip:a SIP/2.0", "400 Bad Request-Line: method is not a token and one space (RFC 3261 §7.1)"],
    [`SUBSCRIBE sip:${"a".repeat(parseLimits.uriBytes)} SIP/2.0`, "414 Request-URI Too Long (RFC 3261 §21.4.12)"],
    ["SIP/2.0 200 OK", undefined],
    ["sip/2.0 404", undefined],
    ["SIP/2.0 699 ", undefined],
    ["SIP/2.0 99 Low", "400 Bad Status-Line: status code is not 100 to 699 (RFC 3261 §7.2)"],
    ["SIP/2.0 700 High", "400 Bad Status-Line: status code is not 100 to 699 (RFC 3261 §7.2)"],
    ["SIP/2.0 2000 Long", "400 Bad Status-Line: status code is not 100 to 699 (RFC 3261 §7.2)"],
    ["SIP/2.0 200OK", "400 Bad Status-Line: space expected after the code (RFC 3261 §7.2)"],
    ["SIP/2.1 200 OK", "505 Version Not Supported (RFC 3261 §21.5.6)"],
  ];
  for (const [startLine, expected] of cases) {
    it(`${startLine.slice(0, 60)} → ${expected ?? "accepted"}`, () => {
      expect(told(parseText(requestText({}, { startLine })).failure)).toBe(expected as string);
    });
  }

  it("methods are case-sensitive and may be unknown (RFC 3261 §7.1)", () => {
    const message = parseText(requestText({ CSeq: "1 subscribe" }, { startLine: "subscribe sip:a@b SIP/2.0" }));
    expect([message.failure, message.method, message.methodText]).toEqual([undefined, Method.unknown, "subscribe"]);
  });

  it("CRLFs in front are ignored (RFC 3261 §7.5)", () => {
    expect(parseText(`\r\n\r\n${requestText()}`).method).toBe(Method.subscribe);
  });
});

describe("headers (RFC 3261 §7.3.1)", () => {
  it("long names in any case and compact names mean the same (RFC 3261 §7.3.3)", () => {
    const compact = "v f t i m l c e k s o u r b x".split(" ").map((name) => `${name}: 0`).join("\r\n");
    const message = parseText(`OPTIONS sip:a SIP/2.0\r\n${compact}\r\nCoNtEnT-TyPe: 0\r\n\r\n`);
    const ids = Array.from(message.headerIds.subarray(0, message.headerCount));
    expect(ids).toEqual([
      Header.via,
      Header.from,
      Header.to,
      Header.callId,
      Header.contact,
      Header.contentLength,
      Header.contentType,
      Header.contentEncoding,
      Header.supported,
      Header.subject,
      Header.event,
      Header.allowEvents,
      Header.referTo,
      Header.referredBy,
      Header.sessionExpires,
      Header.contentType,
    ]);
  });

  it("folds become one space, blanks around names and values go", () => {
    const message = parseText(requestText({ "Subject \t": " \t one\r\n\t  two \r\n three\t " }));
    expect(message.failure).toBeUndefined();
    expect(message.text(Header.subject)).toBe("one two three");
  });

  it("unknown headers are kept by name", () => {
    expect(parseText(requestText({ "X-Phone": "a, b" })).extension("x-phone")).toBe("a, b");
  });

  const cases: [string, Record<string, string | undefined>, string | undefined][] = [
    ["no Via", { Via: undefined }, "400 Missing Via header (RFC 3261 §8.1.1)"],
    ["no From", { From: undefined }, "400 Missing From header (RFC 3261 §8.1.1)"],
    ["no To", { To: undefined }, "400 Missing To header (RFC 3261 §8.1.1)"],
    ["no Call-ID", { "Call-ID": undefined }, "400 Missing Call-ID header (RFC 3261 §8.1.1)"],
    ["no CSeq", { CSeq: undefined }, "400 Missing CSeq header (RFC 3261 §8.1.1)"],
    ["no Max-Forwards", { "Max-Forwards": undefined }, undefined],
    ["empty To", { To: "" }, "400 Bad To header: empty (RFC 3261 §25.1)"],
    ["two To", { t: "<sip:b@c>" }, "400 Bad To header: appears more than once (RFC 3261 §7.3.1)"],
    ["two From", { f: "<sip:b@c>" }, "400 Bad From header: appears more than once (RFC 3261 §7.3.1)"],
    ["two Call-ID", { i: "x" }, "400 Bad Call-ID header: appears more than once (RFC 3261 §7.3.1)"],
    ["two CSeq", { cseq: "1 SUBSCRIBE" }, "400 Bad CSeq header: appears more than once (RFC 3261 §7.3.1)"],
    [
      "two Max-Forwards",
      { "max-forwards": "1" },
      "400 Bad Max-Forwards header: appears more than once (RFC 3261 §7.3.1)",
    ],
    ["two Event", { Event: "dialog", o: "dialog" }, "400 Bad Event header: appears more than once (RFC 3261 §7.3.1)"],
    ["two Expires", { Expires: "1", expires: "1" }, "400 Bad Expires header: appears more than once (RFC 3261 §7.3.1)"],
    ["two User-Agent", { "User-Agent": "a", "user-agent": "b" }, undefined],
    ["Max-Forwards 256", { "Max-Forwards": "256" }, "400 Bad Max-Forwards header: above 255 (RFC 3261 §20.22)"],
    ["Max-Forwards -1", { "Max-Forwards": "-1" }, "400 Bad Max-Forwards header: not a number (RFC 3261 §25.1)"],
    ["CSeq of 2^31 - 1", { CSeq: "2147483647 SUBSCRIBE" }, undefined],
    [
      "CSeq of 2^31",
      { CSeq: "2147483648 SUBSCRIBE" },
      "400 Bad CSeq header: number is above 2147483647 (RFC 3261 §8.1.1.5)",
    ],
    ["CSeq without method", { CSeq: "1" }, "400 Bad CSeq header: not a number and a method (RFC 3261 §20.16)"],
    ["CSeq glued", { CSeq: "1SUBSCRIBE" }, "400 Bad CSeq header: not a number and a method (RFC 3261 §20.16)"],
    ["CSeq of NOTIFY", { CSeq: "1 NOTIFY" }, "400 Bad CSeq header: method does not match request (RFC 3261 §8.1.1.5)"],
    ["folded CSeq", { CSeq: "\r\n 1\r\n SUBSCRIBE" }, undefined],
    ["Content-Length -1", { l: "-1" }, "400 Bad Content-Length header: not a number (RFC 3261 §25.1)"],
    ["Content-Length 1", { l: "1" }, "400 Bad Content-Length header: larger than the message (RFC 3261 §18.3)"],
    [
      "huge Content-Length",
      { l: "9".repeat(40) },
      "400 Bad Content-Length header: larger than the message (RFC 3261 §18.3)",
    ],
    ["Call-ID with blank", { "Call-ID": "a b" }, "400 Bad Call-ID header: character not allowed (RFC 3261 §25.1)"],
    ["bare LF", { Subject: "a\nTo: b" }, "400 Bad message: CR or LF alone in a header (RFC 3261 §7.3.1)"],
    ["bare CR", { Subject: "a\rb" }, "400 Bad message: CR or LF alone in a header (RFC 3261 §7.3.1)"],
    [
      "line without colon",
      { "Subject\r\nFoo": "a" },
      "400 Bad message: header line without name and colon (RFC 3261 §7.3.1)",
    ],
    ["line without name", { "": "a" }, "400 Bad message: header line without name and colon (RFC 3261 §7.3.1)"],
  ];
  for (const [name, changes, expected] of cases) {
    it(`${name} → ${expected ?? "accepted"}`, () => {
      expect(told(parseText(requestText(changes)).failure)).toBe(expected as string);
    });
  }

  it("more lines than the index holds are refused with 513, and the sender is told (RFC 3261 §21.5.7)", () => {
    const many = Array.from({ length: parseLimits.headerCount }, (_, i) => `X-${i}: 1`).join("\r\n");
    const message = parseText(requestText().replace("\r\n\r\n", `\r\n${many}\r\n\r\n`));
    expect(told(message.failure)).toBe("513 Message Too Large (RFC 3261 §21.5.7)");
    expect(message.failure!.isAnswerable).toBe(true);
  });

  it("a message above the limit is refused unread (RFC 3261 §21.5.7)", () => {
    const bytes = new Uint8Array(parseLimits.messageBytes + 1);
    const failure = parseMessage(bytes, 0, bytes.length, new Message());
    expect([failure!.status, failure!.isAnswerable]).toEqual([513, false]);
  });

  it("a message that breaks off is refused wherever it does", () => {
    const bytes = bytesOf(requestText());
    const message = new Message();
    for (let end = 0; end < bytes.length; end++) expect(parseMessage(bytes, 0, end, message)).toBeDefined();
    expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
  });
});

describe("top Via as integers (RFC 3261 §20.42)", () => {
  const slice = (message: Message, start: number, end: number) => start < 0 ? "" : textOf(message.bytes, start, end);
  const cases: [
    string,
    { host: string; sentBy: string; branch: string; transport: string; rport: string; received: string },
  ][] = [
    ["SIP/2.0/UDP a.example", {
      host: "a.example",
      sentBy: "a.example",
      branch: "",
      transport: "UDP",
      rport: "",
      received: "",
    }],
    [
      "SIP / 2.0 / TCP [2001:db8::1]:5061 ; rport ; BRANCH = z9hG4bKx ; received=2001:db8::2 , SIP/2.0/UDP b;branch=y",
      {
        host: "[2001:db8::1]",
        sentBy: "[2001:db8::1]:5061",
        branch: "z9hG4bKx",
        transport: "TCP",
        rport: "; rport",
        received: "; received=2001:db8::2",
      },
    ],
    [
      'SIP/2.0/WSS q7.invalid;x="a;branch=no,";alias;branch=z9hG4bKws',
      { host: "q7.invalid", sentBy: "q7.invalid", branch: "z9hG4bKws", transport: "WSS", rport: "", received: "" },
    ],
  ];
  for (const [via, expected] of cases) {
    it(via, () => {
      const message = parseText(requestText({ Via: via }));
      expect(message.failure).toBeUndefined();
      expect({
        host: slice(message, message.sentByStart, message.sentByHostEnd),
        sentBy: slice(message, message.sentByStart, message.sentByEnd),
        branch: message.branch,
        transport: slice(message, message.transportStart, message.transportEnd),
        rport: slice(message, message.rportStart, message.rportEnd),
        received: slice(message, message.receivedStart, message.receivedEnd),
      }).toEqual(expected);
    });
  }

  const bad: [string, string][] = [
    ["SIP/2.0/UDP", "not SIP/2.0, a transport and a host"],
    ["HTTP/2.0/UDP a", "not SIP/2.0, a transport and a host"],
    ["SIP/3.0/UDP a", "version is not 2.0"],
    ["SIP/2.0/UDP ;branch=x", "sent-by is not a host and port"],
    ["SIP/2.0/UDP a:b", "sent-by is not a host and port"],
    ["SIP/2.0/UDP a:123456", "sent-by is not a host and port"],
    ["SIP/2.0/UDP [::1", "sent-by is not a host and port"],
    ["SIP/2.0/UDP [fe80::1%25eth0]", "sent-by is not a host and port"],
    ["SIP/2.0/UDP a b", "sent-by is not a host and port"],
    ["SIP/2.0/UDP a;;branch=x", "parameter without name"],
    ["SIP/2.0/UDP a;branch=", "parameter without value"],
    ['SIP/2.0/UDP a;x="open', "parameter without value"],
  ];
  for (const [via, rule] of bad) {
    it(`${via} → ${rule}`, () => expect(parseText(requestText({ Via: via })).failure?.rule).toBe(rule));
  }
});

describe("who can be answered (RFC 3261 §8.2.6)", () => {
  const cases: [string, string, boolean][] = [
    ["a bad CSeq with all else in place", requestText({ CSeq: "x" }), true],
    ["no To", requestText({ To: undefined }), false],
    ["no Via", requestText({ Via: undefined }), false],
    ["a Via without host", requestText({ Via: "SIP/2.0/UDP ;branch=x" }), false],
    ["an ACK (RFC 3261 §17.1.1.3)", requestText({ CSeq: "1 BYE" }, { startLine: "ACK sip:a@b SIP/2.0" }), false],
    ["a response", requestText({ CSeq: "x" }, { startLine: "SIP/2.0 200 OK" }), false],
    ["a truncated head", requestText().trimEnd(), false],
    ["garbage", "GET / HTTP/1.1\r\n\r\n", false],
    ["bytes of another protocol", "\x16\x03\x01\x02", false],
  ];
  for (const [name, text, isAnswerable] of cases) {
    it(`${name}: ${isAnswerable}`, () => expect(parseText(text).failure?.isAnswerable).toBe(isAnswerable));
  }
});

it("body ends at Content-Length in a longer datagram, and at the datagram's end without it (RFC 3261 §18.3)", () => {
  const cut = parseText(requestText({ "Content-Length": "3" }, { body: "abcdef" }));
  expect([cut.failure, cut.bodyText]).toEqual([undefined, "abc"]);
  expect(parseText(requestText({}, { body: "äbc" })).bodyText).toBe("äbc");
});

it("keep-alives of phones are no messages (RFC 5626 §3.5)", () => {
  for (const text of ["", "\r\n", "\r\n\r\n", "\0", "\0\0\0\0", "jaK", "    "]) {
    const bytes = bytesOf(text);
    expect(isKeepAlive(bytes, 0, bytes.length)).toBe(true);
  }
  const bytes = bytesOf("OPTIONS");
  expect(isKeepAlive(bytes, 0, bytes.length)).toBe(false);
});

it("one Message serves any number of parses: nothing of the one before is left", () => {
  const message = new Message();
  const first = bytesOf(requestText({ Event: "dialog", Contact: "<sip:a@b>" }));
  const second = bytesOf(requestText({ From: "<sip:b@c>;tag=2", Via: "SIP/2.0/TCP h" }));
  parseMessage(first, 0, first.length, message);
  expect([message.event?.name, message.from.tag, message.branch]).toEqual(["dialog", "a1", "z9hG4bK1"]);
  parseMessage(second, 0, second.length, message);
  expect([message.event, message.from.tag, message.branch, message.contacts, message.rportStart]).toEqual(
    [undefined, "2", "", [], -1],
  );
});
