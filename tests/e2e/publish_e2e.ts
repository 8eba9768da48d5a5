/** sipp plays publishers: every flow of RFC 3903, and what watchers are told of it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dialog, dialogs, dialogType, presence, presenceType, summary, summaryType } from "./documents.ts";
import { type Hintd, type Office, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { Scenario, type SentRequest } from "./scenario.ts";
import { expectSipp } from "./sipp.ts";
import { documentsDuring, type Watched } from "./watcher.ts";

const SECONDS = 30_000;

/** Phones that are always there; each is watched as the extension of its name. */
const phones: Record<string, string> = {
  paul: `auth = { username = "paul", password = "${PASSWORD}", supported_algorithms_uas = ["MD5"] }`,
  desk: 'mailboxes = ["700"]',
  hall: "",
  shop: "",
  brief: "",
  rows: "",
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

function configured(place: Office): string {
  return officeConfig(place, { more: office }).replace(/^min_expiry = 1$/m, "min_expiry = 2");
}

/** A PUBLISH, with the words of an Event header and the document, if any. */
function publish(from: string, event: string, more: Partial<SentRequest> = {}): SentRequest {
  return { method: "PUBLISH", from, ...more, headers: [`Event: ${event}`, ...(more.headers ?? [])] };
}

/** The calls that a document of profile rfc tells of, by the id that their Call-IDs name. */
function callsOf(document: string): string {
  const calls = document.matchAll(/call-id="call-(\w+)"[^]*?<state>(\w+)</g);
  return Array.from(calls, ([, id, state]) => `${id} ${state}`).join(", ");
}

for (const transport of ["udp", "tcp"] as const) {
  describe(`sipp over ${transport}`, () => {
    let hintd: Hintd;

    beforeAll(async () => {
      hintd = await startHintd(configured);
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

    test("the calls that two publish of one phone are shown together, each once (RFC 3903 §6)", async () => {
      const tell = (from: string, call: string, ...headers: string[]) =>
        publish(from, "dialog", {
          to: "hall",
          conversation: from,
          headers: [dialogType, "Expires: 600", ...headers],
          body: dialogs(0, "full", call),
        });
      const end = (from: string, tag: string) =>
        publish(from, "dialog", {
          to: "hall",
          conversation: from,
          headers: [`SIP-If-Match: [$${tag}]`, "Expires: 0"],
        });
      const documents = await documentsDuring(watching("hall", { user: "reader" }), 6, () =>
        plays(
          new Scenario()
            .send(tell("exchange", dialog("x", "confirmed")))
            .answered(200, { keeps: { exchange: "SIP-ETag" } })
            .settle()
            .send(tell("branch", dialog("y", "early")))
            .answered(200, { keeps: { branch: "SIP-ETag" } })
            .settle()
            // The other's call, as this one knows it; who told last is believed.
            .send(tell("branch", dialog("x", "early"), "SIP-If-Match: [$branch]"))
            .answered(200, { keeps: { branch: "SIP-ETag" } })
            .settle()
            .send(end("branch", "branch"))
            .answered(200)
            .settle()
            .send(end("exchange", "exchange"))
            .answered(200),
        ));
      expect(documents.map(callsOf)).toEqual(
        ["", "x confirmed", "x confirmed, y early", "x early", "x confirmed", ""],
      );
    }, SECONDS);

    test("of the presence that two publish of one phone, the newest counts (RFC 3903 §6)", async () => {
      const tell = (from: string, activity: string) =>
        publish(from, "presence", {
          to: "hall",
          conversation: from,
          headers: [presenceType, "Expires: 600"],
          body: presence("open", activity, ""),
        });
      const end = (from: string) =>
        publish(from, "presence", {
          to: "hall",
          conversation: from,
          headers: [`SIP-If-Match: [$${from}]`, "Expires: 0"],
        });
      const documents = await documentsDuring(watching("hall", { ...pidf, user: "reader" }), 5, () =>
        plays(
          new Scenario()
            .send(tell("exchange", "away"))
            .answered(200, { keeps: { exchange: "SIP-ETag" } })
            .settle()
            .send(tell("branch", "busy"))
            .answered(200, { keeps: { branch: "SIP-ETag" } })
            .settle()
            .send(end("branch"))
            .answered(200)
            .settle()
            .send(end("exchange"))
            .answered(200),
        ));
      expect(documents.map((document) => /<rpid:(away|busy)/.exec(document)?.[1])).toEqual(
        [undefined, "away", "busy", "away", undefined],
      );
    }, SECONDS);

    test("partial documents change rows, full ones replace all, old ones are refused (RFC 4235 §4.3)", async () => {
      const tell = (version: number, state: "full" | "partial", ...calls: string[]) =>
        publish("rows", "dialog", {
          headers: [dialogType, "Expires: 600", ...(version === 5 ? [] : ["SIP-If-Match: [$tag]"])],
          body: dialogs(version, state, ...calls),
        });
      const granted = { keeps: { tag: "SIP-ETag" } };
      const documents = await documentsDuring(watching("rows", { user: "reader" }), 5, () =>
        plays(
          new Scenario()
            .send(tell(5, "full", dialog("a", "early"), dialog("b", "confirmed")))
            .answered(200, granted)
            .settle()
            .send(tell(6, "partial", dialog("c", "early", "Cleo")))
            .answered(200, granted)
            .settle()
            .send(tell(6, "partial", dialog("a", "confirmed")))
            .answered(400, { holds: ["not above 6"] })
            .send(tell(9, "partial", dialog("a", "terminated")))
            .answered(200, granted)
            .settle()
            .send(tell(0, "full", dialog("d", "confirmed")))
            .answered(200, granted),
        ));
      expect(documents.map(callsOf)).toEqual(
        ["", "a early, b confirmed", "a early, b confirmed, c early", "b confirmed, c early", "d confirmed"],
      );
    }, SECONDS);

    test("what is not refreshed is withdrawn when its time is up (RFC 3903 §6)", async () => {
      const begin = performance.now();
      const documents = await documentsDuring(watching("brief"), 3, () =>
        plays(
          new Scenario()
            .send(
              publish("brief", "dialog", {
                headers: [dialogType, "Expires: 2"],
                body: dialogs(0, "full", dialog("1", "early")),
              }),
            )
            .answered(200, { holds: ["Expires: 2"] }),
        ));
      expect(documents.map((document) => /<state>(\w+)</.exec(document)![1])).toEqual([
        "terminated",
        "early",
        "terminated",
      ]);
      expect(performance.now() - begin).toBeGreaterThan(1_900);
    }, SECONDS);

    test("everybody publishes what is his, and what `publish` grants; anything else is 403 (RFC 3903 §6)", () => {
      // Expires: 0 has it judged and not kept.
      const tell = (from: string, to: string) =>
        publish(from, "dialog", {
          to,
          headers: [dialogType, "Expires: 0"],
          body: dialogs(0, "full", dialog("1", "early")),
        });
      const count = (from: string, to: string) =>
        publish(from, "message-summary", { to, headers: [summaryType, "Expires: 0"], body: summary(1, 0) });
      return plays(
        new Scenario()
          .send(tell("hall", "hall"))
          .answered(200)
          .send(tell("exchange", "hall"))
          .answered(200)
          .send(tell("exchange", "shop"))
          .answered(200)
          .send(tell("exchange", "desk"))
          .answered(403)
          .send(tell("branch", "shop"))
          .answered(403)
          .send(tell("hall", "shop"))
          .answered(403)
          .send(tell("hall", "nowhere"))
          .answered(403)
          .send(tell("exchange", "7999"))
          .answered(404)
          .send(count("desk", "desk"))
          .answered(200)
          .send(count("desk", "700"))
          .answered(200)
          .send(count("exchange", "700"))
          .answered(200)
          .send(count("branch", "700"))
          .answered(403)
          .send(tell("nobody", "hall"))
          .answered(401),
      );
    }, SECONDS);

    test("what cannot be granted is refused with the header that explains it (RFC 3903 §6)", () => {
      const body = dialogs(0, "full", dialog("1", "early"));
      const tell = (more: Partial<SentRequest>, event = "dialog") => publish("shop", event, { body, ...more });
      return plays(
        new Scenario()
          .send(tell({ headers: [dialogType, "Expires: 1"] }))
          .answered(423, { holds: ["Min-Expires: 2"] })
          .send(tell({ headers: ["Content-Type: text/plain", "Expires: 600"] }))
          .answered(415, { holds: ["Accept: application/dialog-info.xml"] })
          .send(tell({ headers: [dialogType, "Content-Encoding: gzip", "Expires: 600"] }))
          .answered(415, { holds: ["Accept-Encoding: "] })
          .send(tell({ headers: [dialogType, "Expires: 600"] }, "weather"))
          .answered(489, { holds: ["Allow-Events: .*presence"] })
          .send({ ...tell({}), headers: [dialogType, "Expires: 600"] })
          .answered(489, { holds: ["Allow-Events: .*dialog"] })
          .send(tell({ headers: ["Expires: 600"] }))
          .answered(400, { holds: ["Content-Type"] })
          .send(tell({ body: "", headers: ["Expires: 600"] }))
          .answered(400)
          .send(tell({ headers: [dialogType, "Expires: 600", "SIP-If-Match: one, two"] }))
          .answered(400)
          .send(tell({ headers: [dialogType, "Expires: 600", "SIP-If-Match: never-given"] }))
          .answered(412)
          .send(tell({ headers: [dialogType, "Expires: 600"], body: body.replace("</dialog-info>", "") }))
          .answered(400, { holds: ["Line "] }),
      );
    }, SECONDS);

    test("an entity-tag is good for its publisher, phone and event alone (RFC 3903 §6)", () => {
      const body = dialogs(0, "full", dialog("1", "confirmed"));
      const tell = (from: string, to: string, event: string, ...headers: string[]) =>
        publish(from, event, { to, headers, body: event === "dialog" ? body : presence("open", "away", "") });
      const tag = "SIP-If-Match: [$tag]";
      return plays(
        new Scenario()
          .send(tell("exchange", "shop", "dialog", dialogType, "Expires: 600"))
          .answered(200, { keeps: { tag: "SIP-ETag" } })
          .send(tell("shop", "shop", "dialog", dialogType, tag))
          .answered(412)
          .send(tell("exchange", "hall", "dialog", dialogType, tag))
          .answered(412)
          .send(tell("exchange", "shop", "presence", presenceType, tag))
          .answered(412)
          .send(tell("exchange", "shop", "dialog", dialogType, tag, "Expires: 0"))
          .answered(200),
      );
    }, SECONDS);
  });
}
