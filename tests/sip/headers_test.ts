/** The small header values: Via, CSeq, Event, Subscription-State, media types; and the getters that read them. */
import { describe, expect, it } from "bun:test";
import { parseCseq, writeCseq } from "../../lib/sip/cseq.ts";
import { parseEvent, writeEvent } from "../../lib/sip/event.ts";
import { coversMediaType, parseMediaType } from "../../lib/sip/media_type.ts";
import { Method, methodName } from "../../lib/sip/method.ts";
import { reasonPhrase } from "../../lib/sip/status.ts";
import { parseSubscriptionState, writeSubscriptionState } from "../../lib/sip/subscription_state.ts";
import { parseVia, writeVia } from "../../lib/sip/via.ts";
import { checkSyntax } from "../../lib/sip/check.ts";
import { Header } from "../../lib/sip/header_names.ts";
import { isPlainVia } from "../../lib/sip/top_via.ts";
import { parseText, requestText, told } from "./messages.ts";
import { ruleBroken } from "./rule_broken.ts";

describe("Via (RFC 3261 §20.42, RFC 3581 §3)", () => {
  it("reads every part", () => {
    const via = parseVia(
      "SIP / 2.0 / tls [2001:db8::9:1] : 5061 ;received=[2001:db8::9:255];rport=5099;branch=z9;alias",
    );
    expect(via).toMatchObject({
      transport: "TLS",
      host: "2001:db8::9:1",
      port: 5061,
      branch: "z9",
      received: "2001:db8::9:255",
      hasRport: true,
      rport: 5099,
    });
    expect(writeVia(parseVia("SIP/2.0/UDP h:5060;branch=z9;rport"))).toBe("SIP/2.0/UDP h:5060;branch=z9;rport");
  });

  it("tells a bare rport from none", () => {
    expect(parseVia("SIP/2.0/UDP h;rport")).toMatchObject({ hasRport: true, rport: undefined });
    expect(parseVia("SIP/2.0/UDP h")).toMatchObject({ hasRport: false, rport: undefined });
  });

  it("is plain where its scan has seen all, and only there", () => {
    const starts = [
      "SIP/2.0/UDP h",
      "SIP/2.0/UDP 192.0.2.1",
      "SIP/2.0/UDP [2001:db8::1]",
      "SIP/2.0/UDP [2001:db8:::1]",
    ];
    const ports = ["", ":5060", ":0", ":65535", ":65536", " : 5060"];
    const params = ["", ";rport", ";rport=", ";rport=0", ";rport=5060", ";branch=z9;rport", ";a".repeat(65), ';x="y"'];
    const rests = ["", ", SIP/2.0/UDP other", ", SIP/2.0/UDP other;rport=x", "\r\nVia: SIP/2.0/UDP other:0"];
    const plain: string[] = [];
    for (const start of starts) {
      for (const port of ports) {
        for (const param of params) {
          for (const rest of rests) {
            const text = start + port + param + rest;
            const message = parseText(requestText({ Via: text }));
            if (message.failure !== undefined || !isPlainVia(message)) continue;
            plain.push(text);
            expect(message.vias.length).toBe(1);
          }
        }
      }
    }
    expect(plain).toContain("SIP/2.0/UDP 192.0.2.1:5060;branch=z9;rport");
    expect(plain).toHaveLength(2 * 3 * 4);
  });

  const bad: [string, string][] = [
    ["SIP/1.0/UDP h", "protocol is not SIP/2.0"],
    ["SIP/2.0/UDP", "host expected"],
    ["SIP/2.0/UDP h;rport=x", "rport is not between 1 and 65535"],
    ["SIP/2.0/UDP h;rport=70000", "rport is not between 1 and 65535"],
    ["SIP/2.0/UDP h, SIP/2.0/UDP i", "unexpected text after Via"],
  ];
  for (const [text, rule] of bad) it(`${text} → ${rule}`, () => expect(ruleBroken(() => parseVia(text))).toBe(rule));
});

describe("CSeq (RFC 3261 §20.16)", () => {
  it("reads and writes", () => {
    expect(parseCseq("4711 NOTIFY")).toEqual({ sequence: 4711, method: Method.notify, methodText: "NOTIFY" });
    expect(writeCseq(parseCseq("0  FOO"))).toBe("0 FOO");
  });
  const bad = ["", "NOTIFY", "1", "1 NOTIFY x", "-1 NOTIFY", "2147483648 NOTIFY"];
  for (const text of bad) it(`refuses ${text}`, () => expect(ruleBroken(() => parseCseq(text))).toBeDefined());
});

describe("Event (RFC 6665 §8.4)", () => {
  it("keeps the package's case, its id and its parameters in order", () => {
    const event = parseEvent('dialog.winfo ; Sla ; id=A1;x="y z"');
    expect([event.name, event.id, event.params.map(({ name }) => name)]).toEqual(["dialog.winfo", "A1", [
      "sla",
      "id",
      "x",
    ]]);
    expect(writeEvent(event)).toBe('dialog.winfo;sla;id=A1;x="y z"');
  });
  for (const text of ["", ";id=1", "dialog presence", "dialog, presence", "dialog;id="]) {
    it(`refuses ${text}`, () => expect(ruleBroken(() => parseEvent(text))).toBeDefined());
  }
});

describe("Subscription-State (RFC 6665 §8.4)", () => {
  const cases = [
    "active;expires=600",
    "pending",
    "terminated;reason=noresource",
    "terminated;reason=giveup;retry-after=5",
  ];
  for (const text of cases) {
    it(text, () => expect(writeSubscriptionState(parseSubscriptionState(text))).toBe(text));
  }
  it("reads in any case and clamps", () => {
    expect(parseSubscriptionState("Active ; Expires = 99999999999")).toMatchObject({
      state: "active",
      expiresSeconds: 4_294_967_295,
    });
  });
  for (
    const text of [
      "",
      "active;expires=x",
      "active;expires=-1",
      "active;expires=1.5",
      "active;expires=1e3",
      "active;expires=0x10",
      "active x",
    ]
  ) {
    it(`refuses ${text}`, () => expect(ruleBroken(() => parseSubscriptionState(text))).toBeDefined());
  }
});

describe("media types and ranges (RFC 3261 §20.1, §20.15)", () => {
  it("reads names in lower case, parameters as they are", () => {
    expect(parseMediaType('Multipart/Related ; Type="a/b";boundary=X')).toMatchObject({
      name: "multipart/related",
      params: [{ name: "type", value: "a/b" }, { name: "boundary", value: "X" }],
    });
  });

  it("Accept keeps order and q, over several lines", () => {
    const { accepts } = parseText(requestText({
      Accept: "application/pidf+xml;q=0.5, application/*;level=1;q=0",
      accept: "*/*",
    }));
    expect(accepts.map(({ name, q }) => `${name} ${q}`)).toEqual([
      "application/pidf+xml 0.5",
      "application/* 0",
      "*/* 1",
    ]);
    expect(accepts.map((range) => coversMediaType(range, "application/pidf+xml"))).toEqual([true, true, true]);
    expect(accepts.map((range) => coversMediaType(range, "text/plain"))).toEqual([false, false, true]);
  });

  for (const q of ["2", "-1", "x", '""', "0.5x", "0x1", "1e-1", "."]) {
    it(`refuses q=${q}`, () => {
      expect(told(checkSyntax(parseText(requestText({ Accept: `a/b;q=${q}` }))))).toBe(
        "400 Bad Accept header: q is not between 0 and 1 (RFC 3261 §25.1)",
      );
    });
  }
});

describe("Expires (RFC 3261 §20.19)", () => {
  const cases: [string, number | string][] = [
    ["0", 0],
    ["3600", 3600],
    ["4294967295", 4_294_967_295],
    ["4294967296", 4_294_967_295],
    ["9".repeat(400), 4_294_967_295],
    ["soon", "400 Bad Expires header: not a number of seconds (RFC 3261 §25.1)"],
    ["-1", "400 Bad Expires header: not a number of seconds (RFC 3261 §25.1)"],
    ["60s", "400 Bad Expires header: not a number of seconds (RFC 3261 §25.1)"],
    ["", "400 Bad Expires header: not a number of seconds (RFC 3261 §25.1)"],
  ];
  for (const [text, expected] of cases) {
    it(`${text.slice(0, 20)} → ${expected}`, () => {
      const message = parseText(requestText({ Expires: text }));
      const failure = checkSyntax(message);
      expect(failure === undefined ? message.expires! : told(failure)!).toBe(expected);
    });
  }
});

describe("SIP-If-Match (RFC 3903 §12)", () => {
  it("is a token, or absent", () => {
    expect(parseText(requestText({ "sip-if-match": " dx200xyz " })).sipIfMatch).toBe("dx200xyz");
    expect(parseText(requestText()).sipIfMatch).toBeUndefined();
  });
  const bad: [string, string][] = [
    ["", "entity-tag expected"],
    ["a, b", "unexpected text after entity-tag"],
    ["a b", "unexpected text after entity-tag"],
    ["a;b=c", "unexpected text after entity-tag"],
    ['"a"', "entity-tag expected"],
    ["*@*", "unexpected text after entity-tag"],
  ];
  for (const [text, rule] of bad) {
    it(`refuses ${text}`, () => {
      expect(ruleBroken(() => parseText(requestText({ "SIP-If-Match": text })).sipIfMatch)).toBe(rule);
    });
  }
  it("is there once", () => {
    const { failure } = parseText(requestText({ "SIP-If-Match": "a", "sip-if-match": "b" }));
    expect(failure?.header).toBe("SIP-If-Match");
  });
});

describe("getters of Message", () => {
  it("are empty or undefined where the header is absent", () => {
    const message = parseText(requestText({ "Max-Forwards": undefined }));
    expect(message).toMatchObject({
      contacts: [],
      routes: [],
      event: undefined,
      expires: undefined,
      accepts: [],
      supported: [],
      require: [],
      userAgent: "",
      maxForwards: undefined,
      contentType: undefined,
      contentEncoding: [],
      authorizations: [],
      retryAfter: undefined,
      bodyText: "",
    });
    expect([message.text(Header.event), message.all(Header.route), message.count(Header.route)]).toEqual([
      undefined,
      [],
      0,
    ]);
  });

  it("split lists at commas outside quotes and brackets, over several lines (RFC 3261 §7.3.1)", () => {
    const message = parseText(requestText({
      Route: '<sip:p1;lr>,"a, b" <sip:p2,x;lr> , <sip:p3>',
      route: "<sip:p4;lr>",
      Supported: "Replaces,, eventlist ,",
      Contact: '"a, b" <sip:1@h>;q=0.5, sip:2@h;x=",",<sip:3@h>',
    }));
    expect(message.routes).toEqual(["<sip:p1;lr>", '"a, b" <sip:p2,x;lr>', "<sip:p3>", "<sip:p4;lr>"]);
    expect(message.supported).toEqual(["replaces", "eventlist"]);
    const { contacts } = message;
    expect(contacts === "*" ? [] : contacts.map(({ uriText }) => uriText)).toEqual(["sip:1@h", "sip:2@h", "sip:3@h"]);
  });

  it("Contact: * stands alone (RFC 3261 §20.10)", () => {
    expect(parseText(requestText({ Contact: "*" })).contacts).toBe("*");
    const both = parseText(requestText({ Contact: "*", contact: "<sip:a@h>" }));
    expect(told(checkSyntax(both))).toBe("400 Bad Contact header: * among others (RFC 3261 §20.10)");
  });

  it("make a value once", () => {
    const message = parseText(requestText({ Event: "dialog" }));
    expect(message.from).toBe(message.from);
    expect(message.event).toBe(message.event);
    expect(message.vias).toBe(message.vias);
  });

  it("Retry-After is the number before comment and parameters (RFC 3261 §20.33)", () => {
    expect(parseText(requestText({ "Retry-After": "120 (in a meeting);duration=60" })).retryAfter).toBe(120);
  });

  const bad: [string, Record<string, string>, string][] = [
    ["From", { From: "Bell, A <sip:a@h>;tag=1" }, "400 Bad From header: URI scheme expected (RFC 3261 §25.1)"],
    ["To", { To: '"open <sip:a@h>' }, "400 Bad To header: quoted string is not closed (RFC 3261 §25.1)"],
    ["Contact", { Contact: "<sip:a@h>;;" }, "400 Bad Contact header: parameter name expected (RFC 3261 §25.1)"],
    ["Contact", { Contact: "<sip:a@h>," }, "400 Bad Contact header: value expected after comma (RFC 3261 §7.3.1)"],
    [
      "Contact",
      { Contact: "<sip:a@h> <sip:b@h>" },
      "400 Bad Contact header: comma expected between values (RFC 3261 §7.3.1)",
    ],
    ["Event", { Event: "" }, "400 Bad Event header: event package expected (RFC 3261 §25.1)"],
    ["second Via", { via: "UDP" }, "400 Bad Via header: protocol is not SIP/2.0 (RFC 3261 §20.42)"],
    [
      "Content-Type",
      { "Content-Type": "text" },
      "400 Bad Content-Type header: / expected in media type (RFC 3261 §25.1)",
    ],
    ["Accept", { Accept: "text/plain;q" }, "400 Bad Accept header: q is not between 0 and 1 (RFC 3261 §25.1)"],
  ];
  for (const [name, changes, expected] of bad) {
    it(`a bad ${name} is named: ${expected}`, () => {
      const message = parseText(requestText(changes));
      expect(message.failure).toBeUndefined();
      const failure = checkSyntax(message)!;
      expect([told(failure), failure.isAnswerable]).toEqual([expected, true]);
    });
  }
});

it("method ids and names belong together", () => {
  for (const id of Object.values(Method)) {
    if (id === Method.unknown) continue;
    const name = methodName(id);
    expect(parseCseq(`1 ${name}`).method).toBe(id);
    expect(parseCseq(`1 ${name}x`).method).toBe(Method.unknown);
    expect(parseCseq(`1 ${name.toLowerCase()}`).method).toBe(Method.unknown);
  }
});

it("unregistered status codes get their class's phrase (RFC 3261 §21)", () => {
  expect([reasonPhrase(489), reasonPhrase(599), reasonPhrase(199), reasonPhrase(299)]).toEqual([
    "Bad Event",
    "Server Error",
    "Early Dialog Terminated",
    "OK",
  ]);
});
