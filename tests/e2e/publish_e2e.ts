/** sipp plays publishers: every flow of RFC 3903, what watchers are told of it, and what hostile documents come to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { Scenario, type SentRequest } from "./scenario.ts";
import { expectSipp } from "./sipp.ts";
import { documentsDuring, type Watched } from "./watcher.ts";
import { openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

const SECONDS = 30_000;

/** Phones that are always there; each is watched as the extension of its name. */
const phones: Record<string, string> = {
  paul: `auth = { username = "paul", password = "${PASSWORD}", supported_algorithms_uas = ["MD5"] }`,
  desk: 'mailboxes = ["700"]',
  hall: "",
  shop: "",
  brief: "",
  rows: "",
  quiet: "",
};

const office = `
7000 = "MWI:700"
${Object.keys(phones).map((name) => `${name} = "PJSIP/${name}"`).join("\n")}
${
  Object.entries(phones).map(([name, more]) => `
[endpoints.${name}]
contact = ["sip:${name}@127.0.0.1:9"]
qualify_frequency = 0
${more}`).join("\n")
}

[endpoints.exchange]
publish = ["hall", "PJSIP/sh*", "7*"]

[endpoints.branch]
publish = ["hall"]

[endpoints.reader]
body_profile = "rfc"
`;

/** A PUBLISH, with the words of an Event header and the document, if any. */
function publish(from: string, event: string, more: Partial<SentRequest> = {}): SentRequest {
  return { method: "PUBLISH", from, ...more, headers: [`Event: ${event}`, ...(more.headers ?? [])] };
}

const dialogType = "Content-Type: application/dialog-info+xml";
const presenceType = "Content-Type: application/pidf+xml";
const summaryType = "Content-Type: application/simple-message-summary";

/** A dialog-info document about calls, each as `dialog` writes it. */
function dialogs(version: number, state: "full" | "partial", ...calls: readonly string[]): string {
  return [
    `<?xml version="1.0"?>`,
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="${state}" entity="sip:x@example">`,
    ...calls,
    `</dialog-info>`,
  ].join("\n");
}

/** A call with somebody, from the phone's point of view. */
function dialog(id: string, state: "early" | "confirmed" | "terminated", party = "Ann"): string {
  return [
    `<dialog id="${id}" call-id="call-${id}" local-tag="mine-${id}" remote-tag="theirs-${id}" direction="recipient">`,
    `<state>${state}</state>`,
    `<remote><identity display="${party}">sip:${party}@example.com</identity></remote>`,
    `</dialog>`,
  ].join("\n");
}

/** A PIDF document with an RPID activity. */
function presence(basic: "open" | "closed", activity: string, note: string): string {
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"`,
    ` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:x@example">`,
    `<tuple id="t1"><status><basic>${basic}</basic></status><note>${note}</note></tuple>`,
    `<dm:person id="p1"><rpid:activities><rpid:${activity}/></rpid:activities></dm:person>`,
    `</presence>`,
  ].join("\n");
}

/** A message summary. */
function summary(fresh: number, old: number): string {
  return `Messages-Waiting: ${fresh > 0 ? "yes" : "no"}\nVoice-Message: ${fresh}/${old}\n`;
}

for (const transport of ["udp", "tcp"] as const) {
  describe(`sipp over ${transport}`, () => {
    let hintd: Hintd;

    beforeAll(async () => {
      hintd = await startHintd((place) => officeConfig(place, { more: office }));
    });

    afterAll(() => hintd?.dispose());

    const plays = (scenario: Scenario) => expectSipp(hintd, scenario, { transport });
    const watching = (exten: string, more: Partial<Watched> = {}): Watched => ({ port: hintd.sipPort, exten, ...more });
    const pidf = { event: "presence", accept: "application/pidf+xml" };

    test("a call is published by digest, kept, changed and ended; the lamp shows who calls (RFC 3903 §4)", async () => {
      const proof = `[authentication username=paul password=${PASSWORD}]`;
      const call = (more: Partial<SentRequest>): SentRequest =>
        publish("paul", "dialog", { ...more, headers: [...(more.headers ?? []), proof] });
      const first = { headers: [dialogType, "Expires: 600"], body: dialogs(0, "full", dialog("1", "early")) };
      const documents = await documentsDuring(watching("paul"), 4, () =>
        plays(
          new Scenario()
            .send(publish("paul", "dialog", first))
            .challenged()
            .send(call(first))
            .answered(200, { holds: ["Expires: 600"], keeps: { first: "SIP-ETag" } })
            .settle()
            .send(call({ headers: ["SIP-If-Match: [$first]", "Expires: 300"] }))
            .answered(200, { holds: ["Expires: 300"], keeps: { second: "SIP-ETag" } })
            // Each tag is good for one request.
            .send(call({ headers: ["SIP-If-Match: [$first]", "Expires: 300"] }))
            .answered(412)
            .send(
              call({
                headers: ["SIP-If-Match: [$second]", dialogType, "Expires: 300"],
                body: dialogs(1, "full", dialog("1", "confirmed")),
              }),
            )
            .answered(200, { keeps: { third: "SIP-ETag" } })
            .settle()
            .send(call({ headers: ["SIP-If-Match: [$third]", "Expires: 0"] }))
            .answered(200, { holds: ["Expires: 0"] })
            .send(call({ headers: ["SIP-If-Match: [$third]", "Expires: 0"] }))
            .answered(412),
        ));
      expect(documents.map((document) => /<state>(\w+)</.exec(document)![1])).toEqual(
        ["terminated", "early", "confirmed", "terminated"],
      );
      expect(documents[1]).toMatch(/call-id="call-1" local-tag="mine-1" remote-tag="theirs-1" direction="recipient"/);
      expect(documents[1]).toMatch(/<identity display="Ann">sip:Ann@example.com</);
      expect(documents[2]).toContain('call-id="call-1"');
    }, SECONDS);

    test("presence is published, changed and withdrawn; watchers read it (RFC 3856 §6.1, RFC 4480 §3.2)", async () => {
      const say = (basic: "open" | "closed", activity: string, note: string, ...headers: string[]) =>
        publish("desk", "presence", {
          headers: [presenceType, "Expires: 600", ...headers],
          body: presence(basic, activity, note),
        });
      const documents = await documentsDuring(watching("desk", { ...pidf, user: "reader" }), 4, () =>
        plays(
          new Scenario()
            .send(say("open", "away", "at lunch"))
            .answered(200, { keeps: { tag: "SIP-ETag" } })
            .settle()
            .send(say("open", "busy", "no calls", "SIP-If-Match: [$tag]"))
            .answered(200, { keeps: { tag: "SIP-ETag" } })
            .settle()
            .send(publish("desk", "presence", { headers: ["SIP-If-Match: [$tag]", "Expires: 0"] }))
            .answered(200),
        ));
      expect(documents[0]).not.toContain("rpid:away");
      expect(documents[1]).toMatch(/<rpid:away ?\/>[^]*at lunch|at lunch[^]*<rpid:away ?\/>/);
      expect(documents[2]).toMatch(/<rpid:busy ?\/>[^]*no calls|no calls[^]*<rpid:busy ?\/>/);
      expect(documents[3]).not.toMatch(/rpid:busy|no calls/);
    }, SECONDS);

    test("a message summary is published, changed and withdrawn; the mailbox follows (RFC 3842)", async () => {
      const count = (fresh: number, ...headers: string[]) =>
        publish("desk", "message-summary", {
          headers: [summaryType, "Expires: 600", ...headers],
          body: summary(fresh, 3),
        });
      const documents = await documentsDuring(
        watching("desk", { event: "message-summary", accept: "application/simple-message-summary", user: "desk" }),
        4,
        () =>
          plays(
            new Scenario()
              .send(count(2))
              .answered(200, { keeps: { tag: "SIP-ETag" } })
              .settle()
              .send(count(0, "SIP-If-Match: [$tag]"))
              .answered(200, { keeps: { tag: "SIP-ETag" } })
              .settle()
              .send(publish("desk", "message-summary", { headers: ["SIP-If-Match: [$tag]", "Expires: 0"] }))
              .answered(200),
          ),
      );
      expect(documents.map((document) => /Voice-Message: (\S+)/.exec(document)?.[1])).toEqual(
        ["0/0", "2/3", "0/3", "0/0"],
      );
    }, SECONDS);
  });
}
