import { describe, expect, test } from "bun:test";
import type { SubscribeOptions } from "../support/phone.ts";
import { plainConfig, Site } from "../support/site.ts";

const server = (lines: string) => `[server]\n${lines}\n${plainConfig}`;
const rfcConfig = server('sip_profile = "rfc"');

/** Sends one SUBSCRIBE and returns what came back: status, some headers, NOTIFYs. */
async function subscribeOnce(options: SubscribeOptions, toml = plainConfig) {
  const site = await Site.start(toml);
  const phone = site.phone("192.0.2.10");
  phone.subscribe(options);
  await site.pass();
  const { response, notifies } = phone;
  return { site, phone, response, notifies };
}

describe("a new SUBSCRIBE (RFC 6665 §4.2.1)", () => {
  test("is answered 200 with Expires, Contact and a To tag, before its NOTIFY", async () => {
    const { phone } = await subscribeOnce({ expires: 600 });
    expect(phone.inbox.map((received) => received.startLine)).toEqual([
      "SIP/2.0 200 OK",
      "NOTIFY sip:alice@192.0.2.10:5060 SIP/2.0",
    ]);
    const [ok, notify] = phone.inbox;
    expect(ok!.header("Expires")).toBe("600");
    expect(ok!.header("Contact")).toBe("<sip:192.0.2.1:5060>");
    expect(notify!.header("Subscription-State")).toBe("active;expires=600");
    expect(notify!.tag("From")).toBe(ok!.tag("To"));
    expect(notify!.header("Event")).toBe("presence");
    expect(notify!.header("Content-Type")).toBe("application/pidf+xml");
    expect(notify!.header("CSeq")).toBe("1 NOTIFY");
    expect(notify!.body).toContain('entity="sip:1000@192.0.2.1"');
  });

  // One row per case of the table in the product definition: what it asks, what each profile answers.
  const cases: [title: string, options: SubscribeOptions, asterisk: string, rfc: string][] = [
    ["no hint", { exten: "4711" }, "404 Not Found", "404 Not Found"],
    ["unknown event", { event: "presence.winfo" }, "489 Bad Event", "489 Bad Event"],
    ["event of another case", { event: "Presence" }, "489 Bad Event", "489 Bad Event"],
    ["no event", { event: "" }, "489 Bad Event", "400 Missing Event header"],
    ["no acceptable body", { accept: "text/plain" }, "489 Bad Event", "406 Not Acceptable"],
    ["below the floor", { expires: 30 }, "423 Interval Too Brief", "423 Interval Too Brief"],
    ["at the floor", { expires: 60 }, "200 OK", "200 OK"],
    ["fetch", { expires: 0 }, "200 OK", "200 OK"],
    ["no lifetime", { expires: null }, "200 OK", "200 OK"],
    ["no contact", { contact: "" }, "400 Missing Contact header", "400 Missing Contact header"],
    ["tel contact", { contact: "<tel:+4930123>" }, "416 Unsupported URI Scheme", "416 Unsupported URI Scheme"],
    ["tel Request-URI", { uri: "tel:1000" }, "416 Unsupported URI Scheme", "416 Unsupported URI Scheme"],
    ["unknown to-tag", { toTag: "nobody" }, "481 Subscription Does Not Exist", "481 Subscription Does Not Exist"],
    ["unknown Require", { extra: ["Require: time-travel"] }, "420 Bad Extension", "420 Bad Extension"],
    ["no hops left", { extra: [], uri: "sip:1000@192.0.2.1" }, "200 OK", "200 OK"],
    ["broken Expires", { extra: ["Expires: soon"], expires: null }, "400", "400"],
    ["broken Event", { event: ";id=1" }, "400", "400"],
  ];
  for (const [title, options, asterisk, rfc] of cases) {
    test(`${title}: ${asterisk} in profile asterisk, ${rfc} in profile rfc`, async () => {
      for (const [toml, expected] of [[plainConfig, asterisk], [rfcConfig, rfc]] as const) {
        const { response } = await subscribeOnce(options, toml);
        expect(response.startLine).toStartWith(`SIP/2.0 ${expected}`);
      }
    });
  }

  test("489 names the packages (RFC 6665 §8.2.2), 423 the floor (§4.2.1.1), 420 the extension (RFC 3261 §8.2.2.3)", async () => {
    expect((await subscribeOnce({ event: "x" })).response.header("Allow-Events")).toBe(
      "presence, dialog, message-summary, reg, as-feature-event",
    );
    expect((await subscribeOnce({ expires: 1 })).response.header("Min-Expires")).toBe("60");
    const { response } = await subscribeOnce({ extra: ["Require: path, eventlist, 100rel"] });
    expect(response.header("Unsupported")).toBe("path, 100rel");
  });

  test("406 names what can be made (RFC 3261 §21.4.7)", async () => {
    const { response } = await subscribeOnce({ accept: "text/plain" }, rfcConfig);
    expect(response.header("Accept")).toContain("application/pidf+xml");
  });

  test("an endpoint that may not subscribe gets 603, in profile rfc 403", async () => {
    const closed = plainConfig.replace("[endpoints.alice]", "[endpoints.alice]\nallow_subscribe = false");
    expect((await subscribeOnce({}, closed)).response.status).toBe(603);
    expect((await subscribeOnce({}, `[server]\nsip_profile = "rfc"\n${closed}`)).response.status).toBe(403);
  });

  test("a stranger gets a challenge, whatever it asks for", async () => {
    const site = await Site.start();
    const stranger = site.phone("192.0.2.99");
    for (const options of [{}, { exten: "4711" }, { event: "x" }, { expires: 1 }]) {
      stranger.subscribe({ ...options, from: "sip:mallory@192.0.2.1" });
      await site.pass();
      expect(stranger.response.status).toBe(401);
    }
    expect(stranger.notifies).toEqual([]);
  });

  test("asks for more than the ceiling and gets the ceiling, in answer and NOTIFY", async () => {
    const { response, notifies } = await subscribeOnce({ expires: 86_400 });
    expect(response.header("Expires")).toBe("3600");
    expect(notifies[0]!.header("Subscription-State")).toBe("active;expires=3600");
  });

  test("an endpoint's own floor counts when it is higher", async () => {
    const strict = plainConfig.replace("[endpoints.alice]", "[endpoints.alice]\nsub_min_expiry = 300");
    const { response } = await subscribeOnce({ expires: 299 }, strict);
    expect([response.status, response.header("Min-Expires")]).toEqual([423, "300"]);
  });

  test("a Request-URI without a user means the To URI's user (Yealink)", async () => {
    const { notifies } = await subscribeOnce({ uri: "sip:192.0.2.1:5060", exten: "1000" });
    expect(notifies[0]!.body).toContain('entity="sip:1000@192.0.2.1"');
  });

  test("user options are cut only when the configuration says so", async () => {
    const options = { uri: "sip:1000;x=1@192.0.2.1" };
    expect((await subscribeOnce(options)).response.status).toBe(404);
    const { response } = await subscribeOnce(options, server("ignore_uri_user_options = true"));
    expect(response.status).toBe(200);
  });

  test("parameters of Event are echoed in every NOTIFY", async () => {
    const { notifies } = await subscribeOnce({ event: "dialog;id=abc;sla" });
    expect(notifies[0]!.header("Event")).toBe("dialog;id=abc;sla");
    expect(notifies[0]!.header("Content-Type")).toBe("application/dialog-info+xml");
  });

  test("the entity is the watched URI as the watcher wrote it", async () => {
    const { notifies } = await subscribeOnce({ uri: "sip:1000@Office.Example;user=phone", event: "dialog" });
    expect(notifies[0]!.body).toContain('entity="sip:1000@Office.Example;user=phone"');
  });

  test("a route set is followed back (RFC 3261 §12.1.1)", async () => {
    const { response, notifies } = await subscribeOnce({
      extra: ["Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>"],
    });
    expect(response.all("Record-Route")).toEqual(["<sip:p1.example;lr>, <sip:p2.example;lr>"]);
    expect(notifies[0]!.all("Route")).toEqual(["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
  });

  test("is answered once and notified once when it is repeated by the network", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ callId: "c", fromTag: "f", branch: "z9hG4bKsame" });
    await site.pass();
    phone.subscribe({ callId: "c", fromTag: "f", branch: "z9hG4bKsame" });
    await site.pass();
    const answers = phone.inbox.filter((received) => received.status === 200);
    expect(answers.length).toBe(2);
    expect(answers[1]!.text).toBe(answers[0]!.text);
    expect(phone.notifies.length).toBe(1);
    expect(site.core.subscriptions.count).toBe(1);
  });

  test("that came by another path too is refused as merged (RFC 3261 §8.2.2.2)", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ callId: "c", fromTag: "f", branch: "z9hG4bKone" });
    phone.subscribe({ callId: "c", fromTag: "f", branch: "z9hG4bKtwo" });
    await site.pass();
    expect(phone.inbox.map((received) => received.status).filter((status) => status > 0)).toEqual([200, 482]);
  });
});

describe("a fetch (RFC 6665 §4.4.3)", () => {
  test("gets 200 with Expires 0 and one NOTIFY with the state, and leaves nothing behind", async () => {
    const { site, response, notifies } = await subscribeOnce({ expires: 0 });
    expect([response.status, response.header("Expires")]).toEqual([200, "0"]);
    expect(notifies.length).toBe(1);
    expect(notifies[0]!.header("Subscription-State")).toBe("terminated;reason=timeout");
    expect(notifies[0]!.body).toContain("<basic>open</basic>");
    expect(site.core.subscriptions.count).toBe(0);
    site.setDevice("one", "INUSE");
    await site.pass(60_000);
    expect(site.network.sent.filter(({ text }) => text.startsWith("NOTIFY")).length).toBe(1);
  });
});

describe("the same phone subscribes again (reboot)", () => {
  test("its new subscription replaces the old one in silence", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe();
    await site.pass();
    phone.subscribe();
    await site.pass();
    expect(site.core.subscriptions.count).toBe(1);
    phone.clear();
    site.setDevice("one", "INUSE");
    await site.pass();
    expect(phone.notifies.length).toBe(1);
  });

  test("its instance counts more than its contact, when it names one", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    const instance = ';+sip.instance="<urn:uuid:1>"';
    phone.subscribe({ contact: `<sip:alice@192.0.2.10:5060>${instance}` });
    phone.subscribe({ contact: `<sip:alice@192.0.2.10:61234>${instance}` });
    await site.pass();
    expect(site.core.subscriptions.count).toBe(1);
  });

  test("another event, id, resource or contact is another subscription", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe();
    phone.subscribe({ event: "dialog" });
    phone.subscribe({ event: "presence;id=2" });
    phone.subscribe({ exten: "1001" });
    phone.subscribe({ contact: "<sip:alice@192.0.2.10:5062>" });
    await site.pass();
    expect(site.core.subscriptions.count).toBe(5);
  });
});

describe("quota", () => {
  test("an endpoint with all its subscriptions gets 503 with Retry-After; a replacement still goes through", async () => {
    const small = plainConfig.replace("[endpoints.alice]", "[endpoints.alice]\nmax_subscriptions = 2");
    const site = await Site.start(small);
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ exten: "1000" });
    phone.subscribe({ exten: "1001" });
    phone.subscribe({ exten: "1000", event: "dialog" });
    await site.pass();
    expect([phone.response.status, phone.response.header("Retry-After")]).toEqual([503, "300"]);
    phone.subscribe({ exten: "1001" });
    await site.pass();
    expect(phone.response.status).toBe(200);
    expect(site.core.subscriptions.count).toBe(2);
  });
});

describe("Accept (RFC 6665 §4.2.1.1)", () => {
  const cases: [accept: string, event: string, expected: string][] = [
    ["application/xpidf+xml, application/pidf+xml", "presence", "application/xpidf+xml"],
    ["application/pidf+xml;q=0.5, application/xpidf+xml", "presence", "application/xpidf+xml"],
    ["APPLICATION/PIDF+XML", "presence", "application/pidf+xml"],
    ["*/*", "presence", "application/pidf+xml"],
    ["application/*", "dialog", "application/dialog-info+xml"],
    ["multipart/related, application/rlmi+xml", "presence", "application/pidf+xml"],
    ["", "dialog", "application/dialog-info+xml"],
  ];
  for (const [accept, event, expected] of cases) {
    test(`"${accept}" for ${event} gets ${expected}`, async () => {
      const { notifies } = await subscribeOnce({ accept, event });
      expect(notifies[0]!.header("Content-Type")).toBe(expected);
    });
  }
});
