/** The package as-feature-event: keys of phones for do-not-disturb and forwarding. */
import { describe, expect, test } from "bun:test";
import { Site } from "../support/site.ts";
import type { Phone, SubscribeOptions } from "../support/phone.ts";

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.bob]
match = ["192.0.2.0/28"]
identify_by = ["ip"]

[endpoints.carol]
match = ["192.0.2.20"]
identify_by = ["ip"]

[contexts.default.hints]
1000 = "PJSIP/bob,CustomPresence:bob(Bob)"
`;

const NAMESPACE = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
const TYPE = "application/x-as-feature-event+xml";

/** As Yealink writes it. */
const setDnd = (isOn: boolean | string) =>
  `<?xml version="1.0" encoding="ISO-8859-1"?>\n<SetDoNotDisturb xmlns="${NAMESPACE}"><device>123</device>` +
  `<doNotDisturbOn>${isOn}</doNotDisturbOn></SetDoNotDisturb>`;
const setForwarding = (kind: string, isActive: boolean, more = "") =>
  `<SetForwarding xmlns="${NAMESPACE}"><device/><forwardingType>${kind}</forwardingType>` +
  `<activateForward>${isActive}</activateForward>${more}</SetForwarding>`;

const asks = (body?: string, more: SubscribeOptions = {}): SubscribeOptions => ({
  exten: "bob",
  event: "as-feature-event",
  accept: TYPE,
  from: "sip:bob@192.0.2.1",
  ...(body === undefined ? {} : { body, extra: [`Content-Type: ${TYPE}`] }),
  ...more,
});

/** Presses a key: a refresh that carries it. */
async function press(site: Site, phone: Phone, body: string) {
  const granted = phone.inbox.find(({ status, text }) => status === 200 && text.includes("SUBSCRIBE"))!;
  const sequence = Math.max(...phone.inbox.filter(({ status }) => status > 0).map((each) => each.sequence)) + 1;
  phone.subscribe(asks(body, {
    callId: granted.header("Call-ID"),
    fromTag: granted.tag("From"),
    toTag: granted.tag("To"),
    sequence,
  }));
  await site.pass();
  return phone.response;
}

async function office() {
  const site = await Site.start(config);
  const desk = site.phone("192.0.2.2");
  const mobile = site.phone("192.0.2.3");
  for (const phone of [desk, mobile]) phone.subscribe(asks());
  await site.pass();
  return { site, desk, mobile };
}

const isDnd = (phone: Phone) => /<doNotDisturbOn>(\w+)</.exec(phone.notify.body)?.[1];

describe("do-not-disturb", () => {
  test("a phone that subscribes is told that it is off", async () => {
    const { desk } = await office();
    expect(desk.response.status).toBe(200);
    expect(desk.notify.header("Event")).toBe("as-feature-event");
    expect(desk.notify.header("Content-Type")).toBe(TYPE);
    expect(desk.notify.body).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<DoNotDisturbEvent xmlns="${NAMESPACE}">\n` +
        " <device>bob</device>\n <doNotDisturbOn>false</doNotDisturbOn>\n</DoNotDisturbEvent>\n",
    );
  });

  test("a key makes it the presence of the endpoint, and all its phones show it", async () => {
    const { site, desk, mobile } = await office();
    const watcher = site.phone("192.0.2.20");
    watcher.subscribe({
      exten: "1000",
      event: "presence",
      accept: "application/pidf+xml",
      from: "sip:carol@192.0.2.1",
      userAgent: "Digium D60 2_9_25",
    });
    await site.pass();
    expect((await press(site, desk, setDnd(true))).status).toBe(200);
    expect([isDnd(desk), isDnd(mobile)]).toEqual(["true", "true"]);
    expect(watcher.notify.body).toContain("dnd");
    expect(site.core.engine.devices.presenceOf("CustomPresence:bob").state).toBe("dnd");
    await press(site, mobile, setDnd(false));
    expect([isDnd(desk), isDnd(mobile)]).toEqual(["false", "false"]);
    expect(site.core.engine.devices.presenceOf("CustomPresence:bob").state).toBe("available");
  });

  test("a presence that somebody sets elsewhere lights the key", async () => {
    const { site, desk } = await office();
    site.core.engine.setPresenceState("CustomPresence:bob", { state: "dnd", subtype: "", message: "back at two" });
    await site.pass();
    expect(isDnd(desk)).toBe("true");
  });

  test("a phone that starts with its key off takes nobody's chosen presence away", async () => {
    const { site, desk } = await office();
    const away = { state: "away", subtype: "lunch", message: "back at two" } as const;
    site.core.engine.setPresenceState("CustomPresence:bob", away);
    await site.pass();
    await press(site, desk, setDnd(false));
    expect(site.core.engine.devices.presenceOf("CustomPresence:bob")).toEqual(away);
  });

  test("the first SUBSCRIBE may carry a key already, and a fetch too", async () => {
    const site = await Site.start(config);
    const phone = site.phone("192.0.2.2");
    phone.subscribe(asks(setDnd("1"), { expires: 0 }));
    await site.pass();
    expect([phone.response.status, isDnd(phone)]).toEqual([200, "true"]);
  });

  test("is there again after a pulled plug, and so are the subscriptions", async () => {
    const { site, desk, mobile } = await office();
    await press(site, desk, setDnd(true));
    await site.restart();
    site.core.engine.setPresenceState("CustomPresence:bob", { state: "available", subtype: "", message: "" });
    await site.pass(5_000);
    expect(isDnd(mobile)).toBe("false");
  });
});

describe("forwarding", () => {
  /** What a multipart tells of each kind: status, target and rings. */
  const told = (phone: Phone) =>
    phone.notify.body.split("--hintd-features").flatMap((part) => {
      const value = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(part)?.[1] ?? "";
      return part.includes("ForwardingEvent")
        ? [[value("forwardingType"), value("forwardStatus"), value("forwardTo"), value("ringCount")].join(" ").trim()]
        : [];
    });

  test("is told together with do-not-disturb once it was used", async () => {
    const { site, desk, mobile } = await office();
    await press(site, desk, setForwarding("forwardImmediate", true, "<forwardDN>2001</forwardDN>"));
    for (const phone of [desk, mobile]) {
      expect(phone.notify.header("Content-Type")).toBe("multipart/mixed;boundary=hintd-features");
      expect(isDnd(phone)).toBe("false");
      expect(told(phone)).toEqual(["forwardImmediate true 2001", "forwardBusy false", "forwardNoAns false"]);
    }
  });

  test("keeps target and rings while it is off, over a pulled plug too", async () => {
    const { site, desk, mobile } = await office();
    await press(
      site,
      desk,
      setForwarding("forwardNoAns", true, "<forwardDN>&lt;2&gt;</forwardDN><ringCount>4</ringCount>"),
    );
    await site.restart();
    await press(site, mobile, setForwarding("forwardNoAns", false, "<forwardDN></forwardDN>"));
    await site.pass(5_000);
    expect(told(desk)).toEqual(["forwardImmediate false", "forwardBusy false", "forwardNoAns false &lt;2&gt; 4"]);
  });

  test("said again is no change, and nobody is told but who asks", async () => {
    const { site, desk, mobile } = await office();
    const body = setForwarding("forwardBusy", true, "<forwardDN>2001</forwardDN>");
    await press(site, desk, body);
    const before = mobile.notifies.length;
    await press(site, desk, body);
    expect(mobile.notifies.length).toBe(before);
  });
});

describe("refusals", () => {
  test.each([
    ["another's keys", asks(undefined, { exten: "carol" }), "SIP/2.0 404 Not Found"],
    [
      "a document of another type",
      asks("x", { extra: ["Content-Type: text/plain"] }),
      "SIP/2.0 415 Unsupported Media Type",
    ],
    ["a document of no type", asks("x", { extra: [] }), "SIP/2.0 415 Unsupported Media Type"],
    ["no XML", asks("x"), "SIP/2.0 400 Bad Feature Event"],
    ["another root", asks(`<SetColour xmlns="${NAMESPACE}"/>`), "SIP/2.0 400 Bad Feature Event"],
    ["another namespace", asks('<SetDoNotDisturb xmlns="urn:x"/>'), "SIP/2.0 400 Bad Feature Event"],
    ["a flag that is none", asks(setDnd("maybe")), "SIP/2.0 400 Bad Feature Event"],
    ["an unknown kind", asks(setForwarding("forwardNever", true)), "SIP/2.0 400 Bad Feature Event"],
    [
      "endless rings",
      asks(setForwarding("forwardBusy", true, "<ringCount>1e9</ringCount>")),
      "SIP/2.0 400 Bad Feature Event",
    ],
    ["an Accept of something else", asks(undefined, { accept: "text/plain" }), "SIP/2.0 489 Bad Event"],
  ])("%s", async (_, options, startLine) => {
    const site = await Site.start(config);
    const phone = site.phone("192.0.2.2");
    phone.subscribe(options);
    await site.pass();
    expect(phone.response.startLine).toBe(startLine);
    expect(phone.notifies).toEqual([]);
    expect(site.core.engine.devices.presenceOf("CustomPresence:bob").state).toBe("not_set");
  });

  test("a disk that refuses: 503, nothing changed, and the subscription goes on", async () => {
    const { site, desk, mobile } = await office();
    site.database.rows("PRAGMA query_only = ON");
    for (const body of [setDnd(true), setForwarding("forwardBusy", true)]) {
      const answer = await press(site, desk, body);
      expect([answer.status, answer.header("Retry-After")]).toEqual([503, "60"]);
    }
    expect([isDnd(desk), isDnd(mobile)]).toEqual(["false", "false"]);
  });
});
