import { describe, expect, test } from "bun:test";
import { holeFill, RenderedBody } from "../../lib/body/rendered.ts";
import type { Dialog } from "../../lib/dialog/dialog.ts";
import { routeRequest } from "../../lib/dialog/route_set.ts";
import { type NotifyPatch, writeNotify, writeNotifyHead } from "../../lib/event/notify_template.ts";

const dialog: Dialog = {
  callId: "843817637684230@998sdasdh09",
  localTag: "0123456789abcdef",
  remoteTag: "31415",
  localUri: "sip:1000@pbx.example",
  remoteUri: "sip:bob@pbx.example",
  localSequence: 0,
  remoteSequence: 1,
  remoteTarget: "sip:bob@192.0.2.4:5062",
  routeSet: [],
};
const branch = "z9hG4bK0123456789";
const fill = holeFill({ entity: "sip:1000@pbx.example", remote: "sip:bob@pbx.example", guid: "g" });

function notify(of: Dialog, patch: Partial<NotifyPatch>, body: RenderedBody): string {
  const head = writeNotifyHead({
    dialog: of,
    route: routeRequest(of),
    own: { viaTransport: "UDP", sentBy: "192.0.2.1:5060", contactUri: "sip:192.0.2.1:5060", contact: ["Contact", ""] },
    event: "dialog;id=7",
    userAgent: "hintd",
    contentType: body.mediaType,
    isList: false,
    branchLength: branch.length,
  });
  const bytes = writeNotify(
    head,
    {
      branch: new TextEncoder().encode(branch),
      sequence: 1,
      expiresSeconds: 600,
      isPending: false,
      reason: undefined,
      ...patch,
    },
    body,
    fill,
    { room: (length) => new Uint8Array(length) },
  );
  return new TextDecoder().decode(bytes);
}

const body = new RenderedBody("application/dialog-info+xml", "<é/>");

describe("NOTIFY", () => {
  test("carries what RFC 6665 §4.2.2 and RFC 3261 §12.2.1.1 demand, and the length of the body in bytes", () => {
    expect(notify(dialog, {}, body)).toBe([
      "NOTIFY sip:bob@192.0.2.4:5062 SIP/2.0",
      `Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=${branch}`,
      "Max-Forwards: 70",
      "From: <sip:1000@pbx.example>;tag=0123456789abcdef",
      "To: <sip:bob@pbx.example>;tag=31415",
      "Call-ID: 843817637684230@998sdasdh09",
      "Contact: <sip:192.0.2.1:5060>",
      "Event: dialog;id=7",
      "User-Agent: hintd",
      "CSeq: 1 NOTIFY",
      "Subscription-State: active;expires=600",
      "Content-Type: application/dialog-info+xml",
      "Content-Length: 5",
      "",
      "<é/>",
    ].join("\r\n"));
  });

  test("says why it is the last one, without a lifetime (RFC 6665 §4.1.3)", () => {
    const text = notify(dialog, { sequence: 4_294_967_295, reason: "noresource", expiresSeconds: 0 }, body);
    expect(text).toContain("\r\nCSeq: 4294967295 NOTIFY\r\nSubscription-State: terminated;reason=noresource\r\n");
  });

  test("a pending subscription says so", () => {
    expect(notify(dialog, { isPending: true, expiresSeconds: 0 }, body)).toContain(": pending;expires=0\r\n");
  });

  test("follows loose routes in order (RFC 3261 §12.2.1.1)", () => {
    const routeSet = ["<sip:p1.example;lr>", "<sip:p2.example;lr;x=y>"];
    const text = notify({ ...dialog, routeSet }, {}, body);
    expect(text).toStartWith("NOTIFY sip:bob@192.0.2.4:5062 SIP/2.0\r\n");
    expect(text).toContain("\r\nRoute: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr;x=y>\r\n");
  });

  test("gives a strict router its Request-URI and puts the target last (RFC 3261 §16.12.1.2)", () => {
    const routeSet = ["<sip:p1.example>", "<sip:p2.example;lr>"];
    const text = notify({ ...dialog, routeSet }, {}, body);
    expect(text).toStartWith("NOTIFY sip:p1.example SIP/2.0\r\n");
    expect(text).toContain("\r\nRoute: <sip:p2.example;lr>\r\nRoute: <sip:bob@192.0.2.4:5062>\r\n");
  });

  test("has no To tag for a peer that has none (RFC 2543)", () => {
    expect(notify({ ...dialog, remoteTag: "" }, {}, body)).toContain("\r\nTo: <sip:bob@pbx.example>\r\n");
  });
});
