/** RFC 3842 over the real core: whose messages somebody may watch, what he is told, and when. */
import { describe, expect, test } from "bun:test";
import { Site } from "../support/site.ts";

type Profile = "asterisk" | "rfc";

/** alice has one address-of-record of her own name, bob two; boss may watch alice's; told is told unsolicited what he could ask for. */
const office = (profile: Profile) => `
[server]
sip_profile = "${profile}"

[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[bodies]
profile = "${profile}"

[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
mailboxes = ["100", "101@sales", "100@default"]
voicemail_extension = "*97"

[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]
aors = ["bob", "desk"]

[endpoints.boss]
match = ["192.0.2.12"]
identify_by = ["ip"]
watch_mailboxes = ["ali*"]

[endpoints.told]
match = ["192.0.2.13"]
identify_by = ["ip"]
aors = ["shared", "silent"]
mailboxes = ["500@default"]

[endpoints.both]
match = ["192.0.2.14"]
identify_by = ["ip"]
aors = ["shared"]
mailboxes = ["500"]
mwi_subscribe_replaces_unsolicited = true

[aors.bob]
mailboxes = ["200"]

[aors.desk]
mailboxes = ["200", "300"]
voicemail_extension = "desk mail"

[aors.shared]
mailboxes = ["500", "501"]

[aors.silent]
mailboxes = ["501"]

[aors.empty]

[contexts.default.hints]
1000 = "MWI:100"
`;

const addresses = {
  alice: "192.0.2.10",
  bob: "192.0.2.11",
  boss: "192.0.2.12",
  told: "192.0.2.13",
  both: "192.0.2.14",
} as const;

type Watcher = keyof typeof addresses;

async function subscribed(watcher: Watcher, exten: string, profile: Profile = "asterisk", accept?: string) {
  const site = await Site.start(office(profile));
  const phone = site.phone(addresses[watcher]);
  const first = phone.subscribe({
    exten,
    event: "message-summary",
    from: `sip:${watcher}@192.0.2.1`,
    contact: `<sip:${watcher}@${addresses[watcher]}:5060>`,
    ...(accept === undefined ? {} : { accept }),
    ...(exten === "" ? { uri: "sip:192.0.2.1" } : {}),
  });
  await site.pass();
  return { site, phone, first, engine: site.core.engine };
}

const voice = (body: string) => /^Voice-Message: (.*)\r$/m.exec(body)?.[1];

describe("what a Request-URI means (RFC 3842 §3.12)", () => {
  test.each<[Watcher, string, string, string, string]>([
    ["alice", "alice", "one's own address-of-record", "3/0 (0/0)", "*97"],
    ["alice", "*97", "one's own voicemail_extension", "3/0 (0/0)", "*97"],
    ["alice", "", "nobody: all of one's own", "3/0 (0/0)", "*97"],
    ["bob", "bob", "one of several of one's own", "4/0 (0/0)", ""],
    ["bob", "desk%20mail", "the voicemail_extension of the other", "12/0 (0/0)", "desk%20mail"],
    ["bob", "", "all of them: a mailbox counts once", "12/0 (0/0)", "desk%20mail"],
    ["boss", "alice", "somebody else's, granted by watch_mailboxes", "3/0 (0/0)", "*97"],
    ["both", "shared", "one that it is told unsolicited, by mwi_subscribe_replaces_unsolicited", "48/0 (0/0)", ""],
    ["told", "silent", "one of which it is told nothing unsolicited", "32/0 (0/0)", ""],
  ])("%s asks for %j: %s", async (watcher, exten, _why, counts, account) => {
    const { site, phone, engine } = await subscribed(watcher, exten);
    expect(phone.response.status).toBe(200);
    expect(voice(phone.notify.body)).toBe("0/0 (0/0)");
    engine.setMailbox("100", { new: 1, old: 0 });
    engine.setMailbox("101@sales", { new: 2, old: 0 });
    engine.setMailbox("200", { new: 4, old: 0 });
    engine.setMailbox("300", { new: 8, old: 0 });
    engine.setMailbox("500", { new: 16, old: 0 });
    engine.setMailbox("501", { new: 32, old: 0 });
    await site.pass();
    expect(phone.notifies.length).toBe(2);
    expect(voice(phone.notify.body)).toBe(counts);
    const told = /^Message-Account: (.*)\r$/m.exec(phone.notify.body)?.[1] ?? "";
    expect(told).toBe(account === "" ? "" : `sip:${account}@192.0.2.1`);
  });

  test.each<[Watcher, string, string, number, number]>([
    ["bob", "alice", "somebody else's", 404, 403],
    ["bob", "*97", "somebody else's voicemail_extension", 404, 404],
    ["boss", "boss", "no mailbox of its own", 404, 404],
    ["boss", "", "no mailbox of its own", 404, 404],
    ["boss", "shared", "not granted", 404, 403],
    ["alice", "empty", "somebody else's, without mailboxes", 404, 403],
    ["alice", "nobody", "unknown", 404, 404],
    ["alice", "1000", "an extension is no address-of-record", 404, 404],
    ["told", "shared", "told unsolicited", 500, 403],
    ["told", "", "some of it told unsolicited", 500, 403],
  ])("%s does not get %j: %s", async (watcher, exten, _why, asterisk, rfc) => {
    const status = async (profile: Profile) => (await subscribed(watcher, exten, profile)).phone.response.status;
    expect([await status("asterisk"), await status("rfc")]).toEqual([asterisk, rfc]);
  });
});

describe("the body (RFC 3842 §5.2)", () => {
  test("profile asterisk tells urgent messages always, rfc where there are any and names the account always", async () => {
    const bodies: string[] = [];
    for (const profile of ["asterisk", "rfc"] as const) {
      const { site, phone, engine } = await subscribed("bob", "bob", profile);
      engine.setMailbox("200", { new: 2, old: 8, oldUrgent: 1 });
      await site.pass();
      bodies.push(...phone.notifies.map((notify) => notify.body));
      expect(phone.notify.header("Content-Type")).toBe("application/simple-message-summary");
    }
    expect(bodies).toEqual([
      "Messages-Waiting: no\r\nVoice-Message: 0/0 (0/0)\r\n",
      "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/1)\r\n",
      "Messages-Waiting: no\r\nMessage-Account: sip:bob@192.0.2.1\r\nVoice-Message: 0/0\r\n",
      "Messages-Waiting: yes\r\nMessage-Account: sip:bob@192.0.2.1\r\nVoice-Message: 2/8 (0/1)\r\n",
    ]);
  });

  test.each([
    ["application/simple-message-summary", 200, 200],
    ["*/*", 200, 200],
    ["application/pidf+xml", 489, 406],
  ])("Accept: %s is %i, rfc %i (RFC 6665 §4.1.2.1)", async (accept, asterisk, rfc) => {
    const status = async (profile: Profile) =>
      (await subscribed("alice", "alice", profile, accept)).phone.response.status;
    expect([await status("asterisk"), await status("rfc")]).toEqual([asterisk, rfc]);
  });

  test("a media type that is disabled is not offered", async () => {
    const site = await Site.start(
      office("rfc").replace("[bodies]", '[bodies]\ndisabled = ["application/simple-message-summary"]'),
    );
    const phone = site.phone(addresses.alice);
    phone.subscribe({ exten: "alice", event: "message-summary" });
    await site.pass();
    expect(phone.response.status).toBe(406);
  });
});

describe("when a watcher is told (RFC 3842 §3.8)", () => {
  test("at changes of its own mailboxes only, and never twice the same", async () => {
    const { site, phone, engine } = await subscribed("alice", "alice");
    phone.clear();
    engine.setMailbox("200", { new: 1, old: 0 });
    engine.setMailbox("100", { new: 0, old: 0 });
    await site.pass();
    expect(phone.notifies.length).toBe(0);
    engine.setMailbox("100", { new: 1, old: 0 });
    engine.setMailbox("100", { new: 0, old: 0 });
    await site.pass();
    expect(phone.notifies.length).toBe(0);
    engine.setMailbox("100", { new: 0, old: 1 });
    await site.pass();
    expect(phone.notifies.map((notify) => voice(notify.body))).toEqual(["0/1 (0/0)"]);
    engine.setMailbox("100", undefined);
    await site.pass();
    expect(voice(phone.notify.body)).toBe("0/0 (0/0)");
  });

  test("published counts hide those that were set, for as long as they are published", async () => {
    const { site, phone, engine } = await subscribed("alice", "alice");
    engine.setPublishedMailbox("100", { new: 9, old: 9 });
    await site.pass();
    engine.setMailbox("100", { new: 1, old: 1 });
    await site.pass();
    engine.setPublishedMailbox("100", undefined);
    await site.pass();
    expect(phone.notifies.map((notify) => voice(notify.body))).toEqual(["0/0 (0/0)", "9/9 (0/0)", "1/1 (0/0)"]);
  });

  test("a hint of the mailbox lights up with it", async () => {
    const { site, engine } = await subscribed("alice", "alice");
    const blf = site.phone("192.0.2.11");
    blf.subscribe({ exten: "1000", event: "dialog", from: "sip:bob@192.0.2.1" });
    await site.pass();
    expect(blf.notify.body).toContain("<state>terminated</state>");
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    expect(blf.notify.body).toContain("<state>confirmed</state>");
    expect(blf.notifies.length).toBe(2);
    engine.setMailbox("100", { new: 2, old: 0 });
    await site.pass();
    expect(blf.notifies.length).toBe(2);
  });

  test("a fetch, a refresh and an ending tell the counts", async () => {
    const { site, phone, first, engine } = await subscribed("alice", "alice");
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    const toTag = phone.response.tag("To");
    phone.clear();
    phone.again(first, toTag);
    await site.pass();
    phone.again(first, toTag, { sequence: 3, expires: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => [notify.header("Subscription-State"), voice(notify.body)])).toEqual([
      ["active;expires=600", "1/0 (0/0)"],
      ["terminated;reason=timeout", "1/0 (0/0)"],
    ]);
    expect(site.core.subscriptions.count).toBe(0);
  });
});

describe("a reload", () => {
  test("that gives other mailboxes or another voicemail_extension is told; the subscription goes on", async () => {
    const { site, phone, engine } = await subscribed("alice", "alice");
    engine.setMailbox("300", { new: 3, old: 0 });
    await site.pass();
    phone.clear();
    await site.reload(office("asterisk").replace('"101@sales"', '"300"'));
    await site.pass();
    expect(phone.notifies.map((notify) => voice(notify.body))).toEqual(["3/0 (0/0)"]);
    await site.reload(office("asterisk").replace('"101@sales"', '"300"').replace('"*97"', '"*98"'));
    await site.pass();
    expect(phone.notify.body).toContain("Message-Account: sip:*98@192.0.2.1\r\n");
    expect(phone.notifies.length).toBe(2);
    await site.reload(office("asterisk").replace('"101@sales"', '"300"').replace('"*97"', '"*98"'));
    await site.pass();
    expect(phone.notifies.length).toBe(2);
  });

  test.each<[Watcher, string, string, string, string]>([
    ["alice", "alice", 'mailboxes = ["100", "101@sales", "100@default"]\n', "", "noresource"],
    ["boss", "alice", 'watch_mailboxes = ["ali*"]\n', "", "rejected"],
    ["both", "shared", "mwi_subscribe_replaces_unsolicited = true\n", "", "rejected"],
    ["bob", "desk", '["bob", "desk"]', '["bob"]', "rejected"],
    ["told", "silent", '[aors.silent]\nmailboxes = ["501"]', "[aors.silent]", "noresource"],
  ])("that takes %s the mailbox of %j ends the subscription: %j", async (watcher, exten, from, to, reason) => {
    const { site, phone } = await subscribed(watcher, exten);
    await site.reload(office("asterisk").replace(from, to));
    await site.pass();
    expect(phone.notify.header("Subscription-State")).toBe(`terminated;reason=${reason}`);
  });
});

describe("a list of message-summary (RFC 4662)", () => {
  const lists = '[lists.floor]\nevent = "message-summary"\nlist_item = ["bob", "desk", "alice", "nobody"]\n';

  test("has the addresses-of-record that its watcher may see as members", async () => {
    const site = await Site.start(office("asterisk") + lists);
    const phone = site.phone(addresses.bob);
    phone.subscribe({ exten: "floor", event: "message-summary", extra: ["Supported: eventlist"] });
    await site.pass();
    expect(phone.response.status).toBe(200);
    const bodies = phone.notifies.map((notify) => notify.body).join("");
    const members = [...bodies.matchAll(/<resource uri="([^"]*)"/g)].map(([, uri]) => uri);
    expect(members).toEqual(["sip:bob@192.0.2.1", "sip:desk@192.0.2.1"]);
    expect(bodies).toContain("Message-Account: sip:desk%20mail@192.0.2.1\r\n");
    phone.clear();
    site.core.engine.setMailbox("300", { new: 5, old: 0 });
    await site.pass();
    expect(phone.notifies.length).toBe(1);
    expect(phone.notify.body).toContain("Voice-Message: 5/0 (0/0)\r\n");
    expect(phone.notify.body).not.toContain('uri="sip:bob@');
  });
});
