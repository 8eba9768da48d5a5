/** RFC 3680 over the real core: who may watch which address-of-record, what he is told, and when. */
import { describe, expect, test } from "bun:test";
import { findAll, findElement, readInfoset, textOf } from "../body/infoset.ts";
import { readListDocument } from "../support/list_document.ts";
import type { Phone, Received, SubscribeOptions } from "../support/phone.ts";
import { Site } from "../support/site.ts";

type Profile = "asterisk" | "rfc";

/** alice has one address-of-record of her own name, bob two and one that he shares with carol. */
const office = (profile: Profile = "asterisk") => `
[server]
sip_profile = "${profile}"

[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[defaults.endpoint]
identify_by = ["ip"]
qualify_frequency = 0
minimum_expiration = 1

[endpoints.alice]
match = ["192.0.2.10"]
max_contacts = 3

[endpoints.bob]
match = ["192.0.2.11"]
aors = ["desk", "bob@example.org", "hotline"]

[endpoints.carol]
match = ["192.0.2.12"]
aors = ["hotline"]

[endpoints.mute]
match = ["192.0.2.13"]
allow_subscribe = false

[aors.desk]
contact = ["sip:desk@192.0.2.7"]

[aors."bob@example.org"]

[aors.hotline]

[contexts.default.hints]
1000 = "PJSIP/alice"
`;

const addresses = { alice: "192.0.2.10", bob: "192.0.2.11", carol: "192.0.2.12", mute: "192.0.2.13" } as const;

type Watcher = keyof typeof addresses;

const ask = (exten: string): SubscribeOptions => ({
  exten,
  event: "reg",
  from: "sip:phone@192.0.2.1",
  fromTag: "from",
  callId: "call",
  ...(exten === "" ? { uri: "sip:192.0.2.1" } : {}),
});

async function subscribed(watcher: Watcher = "alice", exten: string = watcher, profile?: Profile) {
  const site = await Site.start(office(profile));
  const phone = site.phone(addresses[watcher]);
  const first = phone.subscribe(ask(exten));
  await site.pass();
  return { site, phone, first };
}

let sequence = 0;

/** Registers contacts of alice's, `user` of each and lifetime; 0 ends it. */
function register(site: Site, phone: Phone, contacts: Readonly<Record<string, number>>): Promise<void> {
  phone.subscribe({
    method: "REGISTER",
    exten: "alice",
    event: "",
    uri: "sip:192.0.2.1",
    from: "sip:alice@192.0.2.1",
    contact: Object.entries(contacts).map(([user, expires]) => `<sip:${user}@192.0.2.10>;expires=${expires}`).join(
      ", ",
    ),
    callId: "register",
    sequence: ++sequence,
  });
  return site.pass();
}

/** What a document tells: state of the registration, then of each contact its user, state and event. */
function told({ body }: Received): string[] {
  const registration = findElement(readInfoset(body), "registration");
  const contacts = findAll(registration, "contact").map((contact) => {
    const user = /^sip:(.*)@/.exec(textOf(findElement(contact, "uri")))?.[1];
    return `${user} ${contact.attributes.state} ${contact.attributes.event}`;
  });
  return [registration.attributes.state!, ...contacts];
}

describe("who may watch (RFC 3680 §4.6)", () => {
  test.each<[Watcher, string, string, string[]]>([
    ["alice", "alice", "one's own, of one's own name", ["init"]],
    ["bob", "desk", "one's own, of another name", ["active", "desk active created"]],
    ["bob", "bob", "one's own, by the user part of its name", ["init"]],
    ["bob", "bob%40example.org", "one's own, by its whole name", ["init"]],
    ["bob", "hotline", "one that is shared", ["init"]],
    ["carol", "hotline", "the same by the other who shares it", ["init"]],
  ])("%s watches %s: %s", async (watcher, exten, _why, document) => {
    const { phone } = await subscribed(watcher, exten);
    expect(phone.response.status).toBe(200);
    expect(told(phone.notify)).toEqual(document);
    expect(phone.notify.header("Event")).toBe("reg");
    expect(phone.notify.header("Content-Type")).toBe("application/reginfo+xml");
  });

  test.each(["asterisk", "rfc"] as const)(
    "what is somebody else's is answered as what does not exist, in profile %s",
    async (profile) => {
      const answers = await Promise.all(
        ["alice", "desk", "nobody", "1000", "", "*97", "example.org"].map(async (exten) => {
          const { phone } = await subscribed("carol", exten, profile);
          expect(phone.notifies).toEqual([]);
          return phone.response.text.replaceAll(/sip:[^>]*>|tag=\w+$|branch=\w+/gm, "");
        }),
      );
      expect(answers[0]).toStartWith("SIP/2.0 404 ");
      expect(new Set(answers).size).toBe(1);
    },
  );

  test("an endpoint that may not subscribe does not watch itself (allow_subscribe)", async () => {
    const status = async (profile: Profile) => (await subscribed("mute", "mute", profile)).phone.response.status;
    expect([await status("asterisk"), await status("rfc")]).toEqual([603, 403]);
  });
});

test.each([
  ["application/reginfo+xml", 200, 200],
  ["application/*", 200, 200],
  ["application/pidf+xml", 489, 406],
])("Accept: %s is %i, rfc %i (RFC 3680 §4.5)", async (accept, asterisk, rfc) => {
  const status = async (profile: Profile) => {
    const site = await Site.start(office(profile));
    const phone = site.phone(addresses.alice);
    phone.subscribe({ ...ask("alice"), accept });
    await site.pass();
    return phone.response.status;
  };
  expect([await status("asterisk"), await status("rfc")]).toEqual([asterisk, rfc]);
});

test("a media type that is disabled is not offered", async () => {
  const disabled = '[bodies]\ndisabled = ["application/reginfo+xml"]\n';
  const site = await Site.start(office("rfc").replace("[[listen]]", `${disabled}[[listen]]`));
  const phone = site.phone(addresses.alice);
  phone.subscribe(ask("alice"));
  await site.pass();
  expect(phone.response.status).toBe(406);
});

describe("what a watcher is told (RFC 3680 §4.7)", () => {
  test("each change at once, in full state, with growing versions; the seconds are true", async () => {
    const { site, phone } = await subscribed();
    for (const contacts of [{ a: 100 }, { b: 60 }, { a: 200 }, { b: 0 }, { a: 0 }]) {
      await site.pass(6_000);
      await register(site, phone, contacts);
    }
    expect(phone.notifies.map(told)).toEqual([
      ["init"],
      ["active", "a active registered"],
      ["active", "a active registered", "b active registered"],
      ["active", "a active refreshed", "b active registered"],
      ["active", "a active refreshed", "b terminated unregistered"],
      ["terminated", "b terminated unregistered", "a terminated unregistered"],
    ]);
    expect(phone.notifies.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(phone.notifies.every(({ body }) => body.includes('state="full"'))).toBe(true);
    const [a, b] = findAll(readInfoset(phone.notifies[3]!.body), "contact").map(({ attributes }) => attributes);
    expect(a).toMatchObject({ "duration-registered": "12", expires: "200", callid: "register" });
    expect(b).toMatchObject({ "duration-registered": "6", expires: "54" });
    expect(findElement(readInfoset(phone.notify.body), "registration").attributes.aor).toBe("sip:alice@192.0.2.1");
  });

  test("a contact that is not refreshed has expired", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 60 });
    await site.pass(61_000);
    expect(told(phone.notify)).toEqual(["terminated", "a terminated expired"]);
  });

  test.each(["deactivated", "rejected"] as const)("a contact that the operator takes away was %s", async (event) => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 600 });
    await site.pass(6_000);
    const contact = site.core.registrar.snapshot().find(({ aor }) => aor === "alice");
    site.core.registrar.removeContact("alice", contact!.id, event);
    await site.pass();
    expect(told(phone.notify)).toEqual(["terminated", `a terminated ${event}`]);
  });

  test("a refresh and a fetch get full state (§4.3, §4.7.2)", async () => {
    const { site, phone, first } = await subscribed();
    await register(site, phone, { a: 600 });
    await site.pass(30_000);
    phone.again(first, phone.notify.tag("From"));
    await site.pass();
    expect(told(phone.notify)).toEqual(["active", "a active registered"]);
    expect(phone.notify.body).toContain('duration-registered="30"');
    phone.subscribe({ ...ask("alice"), event: "reg;id=once", callId: "fetch", expires: 0 });
    await site.pass();
    expect(told(phone.notify)).toEqual(["active", "a active registered"]);
    expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=timeout");
  });

  test("others who share the address-of-record are told the same, in versions of their own", async () => {
    const { site, phone: bob } = await subscribed("bob", "hotline");
    await site.pass(10_000);
    const carol = site.phone(addresses.carol);
    carol.subscribe({ ...ask("hotline"), callId: "carol" });
    await site.pass();
    carol.subscribe({
      method: "REGISTER",
      exten: "hotline",
      event: "",
      uri: "sip:192.0.2.1",
      from: "sip:carol@192.0.2.1",
      contact: "<sip:carol@192.0.2.12>",
    });
    await site.pass();
    for (const phone of [bob, carol]) {
      expect(phone.notifies.map(told)).toEqual([["init"], ["active", "carol active registered"]]);
      expect(phone.notify.version).toBe(1);
    }
  });

  test("changes of what nobody watches wake nobody", async () => {
    const { site, phone: bob } = await subscribed("bob", "desk");
    await register(site, site.phone(addresses.alice), { a: 600 });
    await site.pass(10_000);
    expect(bob.notifies.length).toBe(1);
  });
});

describe("changes that come together (RFC 3680 §4.10)", () => {
  test("the first is told at once, those of the next five seconds as one, each ended contact with its event", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 1, b: 600, c: 600 });
    expect(told(phone.notify)).toEqual(["active", "a active registered", "b active registered", "c active registered"]);
    await site.pass(2_000);
    await register(site, phone, { b: 0 });
    await register(site, phone, { d: 600 });
    await register(site, phone, { d: 0 });
    const contact = site.core.registrar.snapshot().find(({ uri }) => uri.includes("c@"));
    site.core.registrar.removeContact("alice", contact!.id, "rejected");
    await site.pass();
    expect(phone.notifies.length).toBe(2);
    await site.pass(6_000);
    expect(phone.notifies.length).toBe(3);
    expect(told(phone.notify)).toEqual([
      "terminated",
      "a terminated expired",
      "b terminated unregistered",
      "d terminated unregistered",
      "c terminated rejected",
    ]);
    await site.pass(60_000);
    expect(phone.notifies.length).toBe(3);
  });

  test("one REGISTER that changes several contacts is told once", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 600, b: 600 });
    await site.pass(6_000);
    await register(site, phone, { a: 0, b: 0, c: 600 });
    await site.pass(60_000);
    expect(phone.notifies.map(told)).toEqual([
      ["init"],
      ["active", "a active registered", "b active registered"],
      ["active", "c active registered", "a terminated unregistered", "b terminated unregistered"],
    ]);
  });

  test("a watcher that does not answer is told of the end all the same, once it does", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 600, b: 600 });
    phone.onNotify = () => undefined;
    await site.pass(6_000);
    await register(site, phone, { a: 0 });
    await site.pass(20_000);
    await register(site, phone, { b: 0 });
    await site.pass(25_000);
    phone.onNotify = () => "200 OK";
    phone.clear();
    await site.pass(60_000);
    expect(phone.notifies.map(told)).toEqual([[
      "terminated",
      "a terminated unregistered",
      "b terminated unregistered",
    ]]);
  });

  test("what ended is forgotten later, which wakes nobody: terminated is never followed by init (§4.7.1)", async () => {
    const { site, phone, first } = await subscribed();
    await register(site, phone, { a: 600 });
    await site.pass(6_000);
    await register(site, phone, { a: 0 });
    await site.pass(300_000);
    expect(phone.notifies.map((notify) => told(notify)[0])).toEqual(["init", "active", "terminated"]);
    phone.again(first, phone.notify.tag("From"));
    await site.pass();
    expect(told(phone.notify)).toEqual(["init"]);
  });

  test("a contact that is back is told as there only, so that no phone registers in a circle", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 600, b: 600 });
    await site.pass(6_000);
    await register(site, phone, { a: 0, b: 0 });
    await site.pass(6_000);
    await register(site, phone, { a: 600 });
    expect(told(phone.notify)).toEqual(["active", "a active registered", "b terminated unregistered"]);
  });

  test("of many that end in a row the newest are told of", async () => {
    const { site, phone } = await subscribed();
    for (let i = 0; i < 70; i++) {
      await register(site, phone, { [`c${i}`]: 600 });
      await register(site, phone, { [`c${i}`]: 0 });
    }
    await site.pass(6_000);
    const [state, ...contacts] = told(phone.notify);
    expect([state, contacts.length, contacts[0], contacts.at(-1)]).toEqual([
      "terminated",
      64,
      "c6 terminated unregistered",
      "c69 terminated unregistered",
    ]);
  });
});

describe("a reload", () => {
  test("that takes the address-of-record away ends its watchers with noresource, who learn what became of its contacts", async () => {
    const { site, phone } = await subscribed();
    await register(site, phone, { a: 600 });
    await site.reload(office().replace("[endpoints.alice]", '[aors.other]\n[endpoints.alice]\naors = ["other"]'));
    await site.pass();
    expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=noresource");
    expect(told(phone.notify)).toEqual(["terminated", "a terminated rejected"]);
    expect(site.core.subscriptions.count).toBe(0);
  });

  test("that gives it to others tells its former watcher nothing of it", async () => {
    const { site, phone } = await subscribed("carol", "hotline");
    const contact = '[aors.hotline]\ncontact = ["sip:secret@192.0.2.9"]';
    await site.reload(
      office().replace('aors = ["hotline"]', 'aors = ["desk"]').replace("[aors.hotline]", contact),
    );
    await site.pass();
    expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=noresource");
    expect(told(phone.notify)).toEqual(["init"]);
  });

  test("that leaves it alone wakes nobody", async () => {
    const { site, phone } = await subscribed("bob", "desk");
    await site.reload(office("rfc"));
    await site.pass(10_000);
    expect(phone.notifies.length).toBe(1);
    await site.reload(office().replace("sip:desk@192.0.2.7", "sip:table@192.0.2.7"));
    await site.pass(10_000);
    expect(told(phone.notify)).toEqual(["active", "table active created", "desk terminated rejected"]);
  });
});

test("of a list that a request contains one sees one's own only (RFC 5367)", async () => {
  const site = await Site.start(office(), ["tcp"]);
  const phone = site.phone(addresses.carol, "tcp");
  const entries = ["hotline", "alice", "nobody"].map((user) => `<entry uri="sip:${user}@192.0.2.1"/>`).join("");
  phone.subscribe({
    ...ask("all"),
    extra: [
      "Supported: eventlist",
      "Require: recipient-list-subscribe",
      "Content-Type: application/resource-lists+xml",
      "Content-Disposition: recipient-list",
    ],
    body: `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>${entries}</list></resource-lists>`,
  });
  await site.pass();
  const document = readListDocument(phone.notify.header("Content-Type"), phone.notify.body);
  expect(document.resources.map(({ uri, state, reason, mediaType }) => [uri, state, reason, mediaType])).toEqual([
    ["sip:hotline@192.0.2.1", "active", undefined, "application/reginfo+xml"],
    ["sip:alice@192.0.2.1", "terminated", "noresource", undefined],
    ["sip:nobody@192.0.2.1", "terminated", "noresource", undefined],
  ]);
  expect(document.resources[0]!.body).toContain('aor="sip:hotline@192.0.2.1"');
});

describe("a restart", () => {
  test("keeps the subscription: its dialog goes on in full state, with higher numbers", async () => {
    const { site, phone } = await subscribed("bob", "bob");
    const before = phone.notify;
    await site.restart(undefined, 3_000);
    await site.pass();
    expect(phone.notifies.length).toBe(2);
    expect(phone.notify.header("Call-ID")).toBe(before.header("Call-ID"));
    expect(phone.notify.sequence).toBeGreaterThan(before.sequence);
    expect(phone.notify.version).toBeGreaterThan(before.version);
    expect(phone.notify.header("Subscription-State")).toBe("active;expires=597");
    expect(told(phone.notify)).toEqual(["init"]);
  });

  test("with another configuration ends those whose address-of-record is gone or another's, who are told nothing of it", async () => {
    for (const section of ["[aors.desk]", '[aors.hotline]\ncontact = ["sip:secret@192.0.2.9"]\n[aors.desk]']) {
      const { site, phone } = await subscribed("carol", "hotline");
      await site.restart(
        office().replaceAll(/, "hotline"|\[aors\.hotline\]/g, "").replace('"hotline"', '"desk"')
          .replace("[aors.desk]", section),
      );
      await site.pass();
      expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=noresource");
      expect(told(phone.notify)).toEqual(["init"]);
    }
  });
});
