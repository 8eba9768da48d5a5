/** What phones in the field send, one case per peculiarity; values as their captures and guides show them. */
import { describe, expect, it } from "bun:test";
import { checkSyntax } from "../../lib/sip/check.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { bytesOf } from "../../lib/sip/slice.ts";
import { parseText, requestText } from "./messages.ts";

/** Parses and reads a message in full. */
function taken(text: string): Message {
  const message = parseText(text);
  expect(message.failure ?? checkSyntax(message)).toBeUndefined();
  return message;
}

describe("phones", () => {
  it("Yealink VP59 leaves the user out of the Request-URI; the watched extension is in To", () => {
    const message = taken(requestText({ To: "<sip:201@192.168.1.10:5060>" }, {
      startLine: "SUBSCRIBE sip:192.168.1.10:5060 SIP/2.0",
    }));
    expect([message.requestUri.user, message.to.uri.user]).toEqual([undefined, "201"]);
  });

  it("Grandstream Wave lists three media types and announces eventlist", () => {
    const message = taken(requestText({
      Accept: "application/dialog-info+xml, multipart/related, application/rlmi+xml",
      Supported: "replaces, path, timer, eventlist",
    }));
    expect(message.accepts.map(({ name }) => name)).toEqual([
      "application/dialog-info+xml",
      "multipart/related",
      "application/rlmi+xml",
    ]);
    expect(message.supported).toContain("eventlist");
  });

  it("Mitel and Polycom put parameters on Event", () => {
    expect(taken(requestText({ Event: "dialog;eventlist" })).event).toMatchObject({ name: "dialog", id: undefined });
    expect(taken(requestText({ Event: "dialog;sla;ma" })).event?.params.map(({ name }) => name)).toEqual(["sla", "ma"]);
  });

  it("sipXecs names lists with tildes", () => {
    const message = taken(requestText({}, { startLine: "SUBSCRIBE sip:~~rl~F~331@pbx.example.org SIP/2.0" }));
    expect(message.requestUri.user).toBe("~~rl~F~331");
  });

  it("Linphone sends a deflated resource list", () => {
    const body = Uint8Array.of(0x78, 0x9c, 0x0d, 0x0a, 0x00, 0xff, 0x0d, 0x0a, 0x0d, 0x0a);
    const head = bytesOf(requestText({
      Require: "recipient-list-subscribe",
      "Content-Type": "application/resource-lists+xml",
      "Content-Encoding": "deflate",
      "Content-Length": String(body.length),
    }));
    const bytes = new Uint8Array([...head, ...body]);
    const message = new Message();
    expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
    expect([message.contentEncoding, message.require]).toEqual([["deflate"], ["recipient-list-subscribe"]]);
    expect(message.body).toEqual(body);
  });

  it("SIP.js and JsSIP name themselves .invalid in Via and Contact, and carry outbound parameters", () => {
    const message = taken(requestText({
      Via: "SIP/2.0/WSS 8vc6rq0m0g4k.invalid;branch=z9hG4bK4518325",
      Contact: '<sip:k2j1@8vc6rq0m0g4k.invalid;transport=ws;ob>;+sip.instance="<urn:uuid:0b5c>";reg-id=1;expires=600',
    }));
    expect(message.topVia).toMatchObject({ transport: "WSS", host: "8vc6rq0m0g4k.invalid", port: undefined });
    const { contacts } = message;
    expect(contacts === "*" ? [] : contacts[0]!.params.map(({ name }) => name)).toEqual([
      "+sip.instance",
      "reg-id",
      "expires",
    ]);
  });

  it("Cisco sends feature tags and a Contact with several of them", () => {
    const message = taken(requestText({
      Contact: '<sip:2001@192.168.1.30:51234;transport=tcp>;+u.sip!devicename.ccm.cisco.com="SEP001122334455";video',
      Accept: "application/cpim-pidf+xml",
      Date: "Mon, 01 Jan 2024 10:00:00 GMT",
    }));
    const { contacts } = message;
    expect(contacts === "*" ? [] : contacts[0]!.params[0]!.value).toBe("SEP001122334455");
  });

  it("Asterisk pads Content-Length and puts rport in the middle", () => {
    const message = taken(requestText({
      Via: "SIP/2.0/UDP 127.0.0.1:50388;rport=50388;received=127.0.0.1;branch=z9hG4bKlcga0q9uai33",
      "Content-Length": " 0",
    }, { startLine: "SIP/2.0 200 OK" }));
    expect([message.branch, message.topVia.rport, message.status]).toEqual(["z9hG4bKlcga0q9uai33", 50_388, 200]);
  });

  it("subscribers that want nothing send an empty Accept", () => {
    expect(taken(requestText({ Accept: "" })).accepts).toEqual([]);
  });
});
