import { describe, expect, test } from "bun:test";
import { belongsTo, type Dialog, dialogFromRequest } from "../../lib/dialog/dialog.ts";
import { nextHopOf, routeRequest } from "../../lib/dialog/route_set.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";

function messageOf(lines: readonly string[]): Message {
  const bytes = new TextEncoder().encode([...lines, "Content-Length: 0", "", ""].join("\r\n"));
  const message = new Message();
  const failure = parseMessage(bytes, 0, bytes.length, message);
  if (failure !== undefined) throw failure;
  return message;
}

const subscribe = (overrides: { to?: string; from?: string; callId?: string } = {}) =>
  messageOf([
    "SUBSCRIBE sip:1000@pbx.example SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKnashds7",
    'Record-Route: <sip:p1.example;lr>, "Two" <sip:p2.example;lr>',
    "Record-Route: <sip:p3.example>",
    `From: ${overrides.from ?? '"Bob, B" <sip:bob@pbx.example>;tag=31415'}`,
    `To: ${overrides.to ?? "<sip:1000@pbx.example>"}`,
    `Call-ID: ${overrides.callId ?? "a84b4c76"}`,
    "CSeq: 17 SUBSCRIBE",
    "Contact: <sip:bob@192.0.2.4:5062>",
  ]);

const dialog: Dialog = dialogFromRequest(subscribe(), "local", "sip:bob@192.0.2.4:5062");

describe("dialog of the answering side (RFC 3261 §12.1.1)", () => {
  test("takes identifiers, URIs, CSeq and the route set in order", () => {
    expect(dialog).toEqual({
      callId: "a84b4c76",
      localTag: "local",
      remoteTag: "31415",
      localUri: "sip:1000@pbx.example",
      remoteUri: "sip:bob@pbx.example",
      localSequence: 0,
      remoteSequence: 17,
      remoteTarget: "sip:bob@192.0.2.4:5062",
      routeSet: ["<sip:p1.example;lr>", '"Two" <sip:p2.example;lr>', "<sip:p3.example>"],
    });
  });

  const cases: [title: string, overrides: Parameters<typeof subscribe>[0], expected: boolean][] = [
    ["both tags and Call-ID", { to: "<sip:1000@pbx.example>;tag=local" }, true],
    ["another display name", { to: '"x" <sip:1000@pbx.example>;tag=local', from: "<sip:b@x>;tag=31415" }, true],
    ["no To tag", {}, false],
    ["another To tag", { to: "<sip:1000@pbx.example>;tag=LOCAL" }, false],
    ["another From tag", { to: "<sip:1000@pbx.example>;tag=local", from: "<sip:b@x>;tag=1" }, false],
    ["no From tag", { to: "<sip:1000@pbx.example>;tag=local", from: "<sip:b@x>" }, false],
    ["another Call-ID", { to: "<sip:1000@pbx.example>;tag=local", callId: "A84B4C76" }, false],
  ];
  for (const [title, overrides, expected] of cases) {
    test(`a request with ${title} is ${expected ? "" : "not "}inside (RFC 3261 §12.2.2)`, () => {
      expect(belongsTo(dialog, subscribe(overrides))).toBe(expected);
    });
  }
});

describe("route of a request inside a dialog (RFC 3261 §12.2.1.1)", () => {
  const target = "sip:bob@192.0.2.4:5062";
  const cases: [title: string, routeSet: string[], requestUri: string, routes: string[], nextHop: string][] = [
    ["without routes goes to the target", [], target, [], "192.0.2.4"],
    ["follows loose routers", ["<sip:a;lr>", "<sip:b>"], target, ["<sip:a;lr>", "<sip:b>"], "a"],
    ["gives way to a strict router", ["<sip:a>", "<sip:b;lr>"], "sip:a", ["<sip:b;lr>", `<${target}>`], "a"],
  ];
  for (const [title, routeSet, requestUri, routes, nextHop] of cases) {
    test(title, () => {
      const route = routeRequest({ ...dialog, routeSet });
      expect([route.requestUri, route.routes, nextHopOf({ ...dialog, routeSet }).host]).toEqual([
        requestUri,
        routes,
        nextHop,
      ]);
    });
  }
});
