import { describe, expect, test } from "bun:test";
import { deflateRawSync, deflateSync } from "node:zlib";
import { listRow } from "../../lib/app/rows.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { type ListDocument, ListPicture, readListDocument } from "../support/list_document.ts";
import type { Phone, Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const LISTS = { extra: ["Supported: eventlist"] };

interface Office {
  readonly profile?: "asterisk" | "rfc";
  readonly hints?: readonly string[];
  /** Name → members and options. */
  readonly lists?: Readonly<Record<string, { items: readonly string[]; options?: string; event?: string }>>;
  readonly more?: string;
}

const HINTS = ["1000", "1001", "1002", "1003"];

function office({ profile = "asterisk", hints = HINTS, lists = { panel: { items: HINTS } }, more = "" }: Office = {}) {
  return `
[server]
sip_profile = "${profile}"
[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
[contexts.default.hints]
${hints.map((exten) => `"${exten}" = "Custom:d${exten}(Name of ${exten})"`).join("\n")}
${more}
${
    Object.entries(lists).map(([name, { items, options = "", event = "presence" }]) =>
      `[lists.${name}]\nevent = "${event}"\nlist_item = [${items.map((item) => `"${item}"`).join(", ")}]\n${options}`
    ).join("\n")
  }
`;
}

function documentOf(notify: Received): ListDocument {
  return readListDocument(notify.header("Content-Type"), notify.body);
}

/** One line for each member: user, state, reason. */
function membersOf(notify: Received): string[] {
  return documentOf(notify).resources.map(({ uri, state, reason }) =>
    [/^sips?:([^@]*)/.exec(uri)?.[1], state, ...(reason === undefined ? [] : [reason])].join(" ")
  );
}

/** A phone without TCP, or with it, and its first full state taken. */
async function watcher(toml = office(), { exten = "panel", hasStream = true, event = "presence" } = {}) {
  const site = await Site.start(toml, ["udp", "tcp"]);
  const phone = site.phone("192.0.2.10", hasStream ? "tcp" : "udp");
  const first = phone.subscribe({ exten, event, expires: 3600, ...LISTS });
  await site.pass();
  const toTag = phone.response?.tag("To") ?? "";
  return { site, phone, first, toTag };
}

async function told(phone: Phone, site: Site, millis = 0): Promise<Received[]> {
  phone.clear();
  await site.pass(millis);
  return phone.notifies;
}

describe("who is offered a list (RFC 4662 §4.1)", () => {
  const named = { lists: { panel: { items: HINTS }, "1000": { items: ["1001"] } } };
  const cases: [string, Office["profile"], string, string[], number, string][] = [
    ["a watcher that knows lists gets it", "asterisk", "panel", ["Supported: eventlist"], 200, "eventlist"],
    ["whatever the case of the option tag", "asterisk", "panel", ["Supported: 100rel, EventList"], 200, "eventlist"],
    ["a list goes before a hint of its name", "asterisk", "1000", ["Supported: eventlist"], 200, "eventlist"],
    ["one that does not know lists gets the hint of that name", "asterisk", "1000", [], 200, ""],
    ["or none", "asterisk", "panel", [], 404, ""],
    ["Require is no offer", "asterisk", "panel", ["Require: eventlist"], 404, ""],
    ["profile rfc wants it to know lists", "rfc", "panel", [], 421, "eventlist"],
    ["profile rfc: whoever requires lists knows them", "rfc", "panel", ["Require: eventlist"], 200, "eventlist"],
    ["a hint is no list", "rfc", "1001", ["Supported: eventlist"], 200, ""],
  ];
  for (const [title, profile, exten, extra, status, require] of cases) {
    test(title, async () => {
      const site = await Site.start(office({ profile: profile!, ...named }), ["udp", "tcp"]);
      const phone = site.phone("192.0.2.10", "tcp");
      phone.subscribe({ exten, extra });
      await site.pass();
      expect([phone.response.status, phone.response.header("Require")]).toEqual([status, require]);
      if (status === 200) expect(phone.notify.header("Require")).toBe(require);
    });
  }

  test("a list of another event is none", async () => {
    const { phone } = await watcher(office(), { event: "dialog" });
    expect(phone.response.status).toBe(404);
  });

  for (const [profile, status] of [["asterisk", 500], ["rfc", 404]] as const) {
    test(`a list without any usable member gets ${status} in profile ${profile}`, async () => {
      const { phone } = await watcher(office({ profile, lists: { panel: { items: ["7", "8"] } } }));
      expect(phone.response.status).toBe(status);
      expect(phone.notifies).toEqual([]);
    });
  }
});

describe("what is told", () => {
  test("everything at first, then what changed, in the tick of the change", async () => {
    const { site, phone } = await watcher();
    expect(documentOf(phone.notify)).toMatchObject({ version: 0, isFull: true, name: "panel" });
    expect(membersOf(phone.notify)).toEqual(HINTS.map((exten) => `${exten} active`));
    site.setDevice("d1002", "INUSE");
    const notifies = await told(phone, site);
    expect(notifies.map(membersOf)).toEqual([["1002 active"]]);
    expect(documentOf(notifies[0]!)).toMatchObject({ version: 1, isFull: false });
    expect(notifies[0]!.body).toContain("<note>On the phone</note>");
    expect(notifies[0]!.at).toBe(0);
  });

  test("a watcher of the list and one of the member learn of a change in the same tick", async () => {
    const { site, phone } = await watcher();
    phone.subscribe({ exten: "1001" });
    await site.pass();
    site.setDevice("d1001", "RINGING");
    const notifies = await told(phone, site);
    expect(notifies.map((notify) => notify.header("Require")).sort()).toEqual(["", "eventlist"]);
    expect(new Set(notifies.map((notify) => notify.at)).size).toBe(1);
  });

  test("changes in one tick in one NOTIFY, in the order of the list; those that cancel each other out not at all", async () => {
    const { site, phone } = await watcher();
    site.setDevice("d1003", "INUSE");
    site.setDevice("d1000", "RINGING");
    site.setDevice("d1001", "INUSE");
    site.setDevice("d1001", "NOT_INUSE");
    expect((await told(phone, site)).map(membersOf)).toEqual([["1000 active", "1003 active"]]);
    site.setDevice("d1001", "INUSE");
    site.setDevice("d1001", "NOT_INUSE");
    expect(await told(phone, site)).toEqual([]);
  });

  test("everything again at a refresh and at the end, with versions that go on", async () => {
    const { site, phone, first, toTag } = await watcher();
    const second = phone.again(first, toTag);
    expect((await told(phone, site)).map(documentOf)).toMatchObject([{ version: 1, isFull: true }]);
    phone.again(second, toTag, { expires: 0 });
    const [last] = await told(phone, site);
    expect(last!.header("Subscription-State")).toBe("terminated;reason=timeout");
    expect(documentOf(last!)).toMatchObject({ version: 2, isFull: true });
    expect(membersOf(last!)).toEqual(HINTS.map((exten) => `${exten} terminated timeout`));
    expect(site.core.subscriptions.count).toBe(0);
    expect(site.core.lists.memberCount).toBe(0);
    expect(site.core.subscriptions.watchersOf(site.core.engine.lookup("default", "1000")!).size).toBe(0);
  });

  test("a fetch gets everything once (RFC 6665 §4.4.3)", async () => {
    const site = await Site.start(office(), ["tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    phone.subscribe({ exten: "panel", expires: 0, ...LISTS });
    await site.pass();
    expect(phone.notifies.map(membersOf)).toEqual([HINTS.map((exten) => `${exten} terminated timeout`)]);
    site.setDevice("d1000", "INUSE");
    expect(await told(phone, site)).toEqual([]);
  });

  test("instance ids stay, Content-IDs are never used again", async () => {
    const { site, phone, first, toTag } = await watcher();
    const before = documentOf(phone.notify).resources;
    phone.again(first, toTag);
    const after = documentOf((await told(phone, site))[0]!).resources;
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(after.some(({ cid }) => before.some((one) => one.cid === cid))).toBe(false);
  });

  test("full_state tells of all members each time", async () => {
    const { site, phone } = await watcher(office({ lists: { panel: { items: HINTS, options: "full_state = true" } } }));
    site.setDevice("d1002", "INUSE");
    const notifies = await told(phone, site);
    expect(notifies.map(documentOf)).toMatchObject([{ version: 1, isFull: true }]);
    expect(membersOf(notifies[0]!)).toEqual(HINTS.map((exten) => `${exten} active`));
    site.setDevice("d1002", "NOT_INUSE");
    site.setDevice("d1002", "INUSE");
    expect(await told(phone, site)).toEqual([]);
  });

  test("notification_batch_interval collects changes; a refresh does not wait for it", async () => {
    const options = "notification_batch_interval = 1000";
    const { site, phone, first, toTag } = await watcher(office({ lists: { panel: { items: HINTS, options } } }));
    site.setDevice("d1002", "RINGING");
    expect(await told(phone, site, 900)).toEqual([]);
    site.setDevice("d1002", "INUSE");
    site.setDevice("d1000", "INUSE");
    expect((await told(phone, site, 100)).map(membersOf)).toEqual([["1000 active", "1002 active"]]);
    site.setDevice("d1001", "INUSE");
    await site.pass(10);
    phone.again(first, toTag);
    expect((await told(phone, site, 0)).map(documentOf)).toMatchObject([{ isFull: true }]);
    expect(await told(phone, site, 2_000)).toEqual([]);
  });

  test("resource_display_name gives members the names of their hints", async () => {
    const options = "resource_display_name = true";
    const { phone } = await watcher(office({ lists: { panel: { items: ["1000"], options } } }));
    expect(documentOf(phone.notify).resources.map(({ name }) => name)).toEqual(["Name of 1000"]);
  });

  test("documents count their own versions, member by member (RFC 4235 §4.1)", async () => {
    const lists = { panel: { items: ["1000", "1001"], event: "dialog" } };
    const { site, phone } = await watcher(office({ lists }), { event: "dialog" });
    for (const state of ["RINGING", "INUSE"] as const) {
      site.setDevice("d1001", state);
      await site.pass();
    }
    const versions = phone.notifies.map((notify) =>
      [...notify.body.matchAll(/dialog-info [^>]*version="(\d+)"/g)].map(([, n]) => n)
    );
    expect(versions).toEqual([["0", "0"], ["1"], ["2"]]);
  });

  test("a member's URI is that of the list with another user, escaped (RFC 3261 §19.1.2)", async () => {
    const site = await Site.start(office({ hints: ["*8[1"], lists: { panel: { items: ["*8[1"] } } }), ["tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    phone.subscribe({ uri: "sips:panel@[2001:db8::1]:5061;transport=tcp", exten: "panel", ...LISTS });
    await site.pass();
    const { uri, rootId, resources } = documentOf(phone.notify);
    expect(uri).toBe("sips:panel@[2001:db8::1]:5061;transport=tcp");
    expect(resources.map((one) => one.uri)).toEqual(["sips:*8%5B1@[2001:db8::1]:5061;transport=tcp"]);
    expect(rootId).toEndWith("@[2001:db8::1]");
  });
});

describe("members that come and go", () => {
  const gone = HINTS.filter((exten) => exten !== "1001");

  for (const profile of ["asterisk", "rfc"] as const) {
    test(`a hint removed by a reload is told at once as noresource, one added appears: profile ${profile}`, async () => {
      const { site, phone } = await watcher(office({ profile }));
      await site.reload(office({ profile, hints: gone }));
      const [removed, ...more] = await told(phone, site);
      expect(membersOf(removed!)).toEqual(["1001 terminated noresource"]);
      expect(documentOf(removed!).isFull).toBe(false);
      expect(more).toEqual([]);
      await site.reload(office({ profile }));
      expect((await told(phone, site)).map(membersOf)).toEqual([["1001 active"]]);
      site.setDevice("d1001", "INUSE");
      expect((await told(phone, site)).map(membersOf)).toEqual([["1001 active"]]);
    });
  }

  test("in profile asterisk what never was is left out, what is gone is told of once", async () => {
    const { site, phone, first, toTag } = await watcher(office({ hints: gone }));
    expect(membersOf(phone.notify)).toEqual(gone.map((exten) => `${exten} active`));
    await site.reload(office({ hints: ["1000"] }));
    await site.pass();
    phone.again(first, toTag);
    expect((await told(phone, site)).map(membersOf)).toEqual([["1000 active"]]);
  });

  test("in profile rfc what is not there is told of each time everything is", async () => {
    const { site, phone, first, toTag } = await watcher(office({ profile: "rfc", hints: gone }));
    const all = ["1000 active", "1001 terminated noresource", "1002 active", "1003 active"];
    expect(membersOf(phone.notify)).toEqual(all);
    phone.again(first, toTag);
    expect((await told(phone, site)).map(membersOf)).toEqual([all]);
  });

  test("a removed member is told again until the watcher has it", async () => {
    const { site, phone } = await watcher();
    phone.onNotify = () => "503 Busy";
    await site.reload(office({ hints: gone }));
    await site.pass();
    phone.onNotify = () => "200 OK";
    expect((await told(phone, site, 10_000)).map(membersOf)).toEqual([["1001 terminated noresource"]]);
  });

  test("the last member gone leaves an empty list, which fills again", async () => {
    const { site, phone, first, toTag } = await watcher(office({ lists: { panel: { items: ["1000"] } } }));
    await site.reload(office({ hints: [], lists: { panel: { items: ["1000"] } } }));
    expect((await told(phone, site)).map(membersOf)).toEqual([["1000 terminated noresource"]]);
    phone.again(first, toTag);
    expect((await told(phone, site)).map(documentOf)).toMatchObject([{ isFull: true, resources: [] }]);
    await site.reload(office({ lists: { panel: { items: ["1000"] } } }));
    expect((await told(phone, site)).map(membersOf)).toEqual([["1000 active"]]);
  });

  test("another list of members is told as a whole, without waiting for a refresh", async () => {
    const { site, phone } = await watcher();
    await site.reload(office({ lists: { panel: { items: ["1002", "1000"] } } }));
    const notifies = await told(phone, site);
    expect(notifies.map(documentOf)).toMatchObject([{ version: 1, isFull: true }]);
    expect(membersOf(notifies[0]!)).toEqual(["1002 active", "1000 active"]);
    site.setDevice("d1001", "INUSE");
    expect(await told(phone, site)).toEqual([]);
  });

  test("a reload that changes nothing says nothing", async () => {
    const { site, phone } = await watcher();
    await site.reload(office());
    expect(await told(phone, site)).toEqual([]);
  });

  test("a list that is gone ends its subscriptions", async () => {
    const { site, phone } = await watcher();
    await site.reload(office({ lists: {} }));
    const [last] = await told(phone, site);
    expect(last!.header("Subscription-State")).toBe("terminated;reason=noresource");
    expect(membersOf(last!)).toEqual(HINTS.map((exten) => `${exten} terminated noresource`));
  });

  test("a member that a pattern or an autohint makes appears as soon as it is there", async () => {
    const config = (more: string) =>
      office({ hints: ["1000"], more, lists: { panel: { items: ["1000", "1001", "later"] } } });
    const { site, phone } = await watcher(config('_1XX1 = "Custom:p"\n[contexts.default]\nautohints = true'));
    expect(membersOf(phone.notify)).toEqual(["1000 active", "1001 active"]);
    site.setDevice("later", "INUSE");
    expect((await told(phone, site)).map(membersOf)).toEqual([["later active"]]);
  });
});

describe("lists in lists", () => {
  const lists = {
    panel: { items: ["1000", "sales", "1002"] },
    sales: { items: ["1001", "1000", "panel"] },
  };

  test("are told as multiparts of their own; nothing is told twice, no list for ever", async () => {
    const { site, phone } = await watcher(office({ lists }));
    expect(membersOf(phone.notify)).toEqual(["1000 active", "sales active", "1002 active"]);
    const nested = documentOf(phone.notify).resources[1]!.body as ListDocument;
    expect(nested).toMatchObject({ name: "sales", version: 0, isFull: true, uri: "sip:sales@192.0.2.1" });
    expect(nested.resources.map(({ uri }) => uri)).toEqual(["sip:1001@192.0.2.1"]);
    site.setDevice("d1002", "INUSE");
    await site.pass();
    site.setDevice("d1001", "INUSE");
    const [notify] = await told(phone, site);
    expect(membersOf(notify!)).toEqual(["sales active"]);
    expect(documentOf(notify!)).toMatchObject({
      version: 2,
      isFull: false,
      resources: [{ body: { version: 1, isFull: false } }],
    });
  });

  test("full_state of the outer one holds for the inner one", async () => {
    const full = { ...lists, panel: { ...lists.panel, options: "full_state = true" } };
    const { site, phone } = await watcher(office({ lists: full }));
    site.setDevice("d1001", "INUSE");
    const [notify] = await told(phone, site);
    expect(membersOf(notify!)).toEqual(["1000 active", "sales active", "1002 active"]);
    expect(documentOf(notify!).resources[1]!.body).toMatchObject({ isFull: true });
  });

  test("full_state of the inner one does not wake the outer one", async () => {
    const full = { ...lists, sales: { items: ["1001", "1003"], options: "full_state = true" } };
    const { site, phone } = await watcher(office({ lists: full }));
    site.setDevice("d1003", "INUSE");
    const [notify] = await told(phone, site);
    expect(documentOf(notify!)).toMatchObject({
      isFull: false,
      resources: [{ body: { isFull: true, resources: [{}, {}] } }],
    });
  });

  test("that have no members are left out", async () => {
    const { phone } = await watcher(office({ lists: { ...lists, sales: { items: ["7"] } } }));
    expect(membersOf(phone.notify)).toEqual(["1000 active", "1002 active"]);
  });
});

describe("a list that outgrows a datagram (RFC 3261 §18.1.1)", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => String(2000 + i));
  const large = office({ hints: many, lists: { panel: { items: many } } });

  test("of a thousand members reaches a phone without TCP in NOTIFYs that fit, one after another", async () => {
    const { site, phone } = await watcher(large, { hasStream: false });
    await site.pass(1);
    const picture = new ListPicture();
    let most = 0;
    for (const notify of phone.notifies) {
      const document = documentOf(notify);
      picture.take(document);
      most = Math.max(most, document.resources.length);
      if (document.resources.length > 1) expect(notify.text.length).toBeLessThanOrEqual(1_300);
    }
    expect(phone.notifies.map((notify) => documentOf(notify).isFull).indexOf(false)).toBe(1);
    expect(picture.members.size).toBe(1_000);
    expect(picture.discardedCount).toBe(0);
    site.setDevice("d2500", "INUSE");
    expect((await told(phone, site)).map(membersOf)).toEqual([["2500 active"]]);
  });

  test("of a thousand members goes by a stream in messages of at most 64 KiB", async () => {
    const { phone } = await watcher(large);
    const picture = new ListPicture();
    for (const notify of phone.notifies) {
      expect(notify.text.length).toBeLessThanOrEqual(limits.messageBytes);
      picture.take(documentOf(notify));
    }
    expect(picture.members.size).toBe(1_000);
    expect(phone.notifies.length).toBeLessThan(20);
  });

  test("goes by TCP where the phone has it, and stays there", async () => {
    const site = await Site.start(office(), ["udp", "tcp"]);
    const phone = site.phone("192.0.2.10");
    const stream = site.phone("192.0.2.10", "tcp");
    site.streamFlow = site.flowTo("192.0.2.10", "tcp");
    phone.subscribe({ exten: "panel", ...LISTS });
    await site.pass();
    expect(phone.notifies).toEqual([]);
    expect(stream.notifies.map(membersOf)).toEqual([HINTS.map((exten) => `${exten} active`)]);
  });

  test("tells a change that comes meanwhile once, with the newest state", async () => {
    const { site, phone } = await watcher(office(), { hasStream: false });
    expect(phone.notifies.map(membersOf)).toEqual(HINTS.map((exten) => [`${exten} active`]));
    phone.clear();
    phone.onNotify = () => undefined;
    for (const exten of HINTS) site.setDevice(`d${exten}`, "RINGING");
    await site.pass();
    site.setDevice("d1003", "INUSE");
    phone.onNotify = () => "200 OK";
    phone.answer(phone.notify, "200 OK");
    await site.pass();
    expect(phone.notifies.map(membersOf)).toEqual(HINTS.map((exten) => [`${exten} active`]));
    expect(phone.notify.body).toContain("On the phone");
  });

  test("that cannot be reached for a while is told what it has missed, and loses nothing", async () => {
    const { site, phone } = await watcher();
    const picture = new ListPicture();
    phone.notifies.forEach((notify) => picture.take(documentOf(notify)));
    phone.clear();
    site.setDevice("d1002", "INUSE");
    const [subscription] = [...site.core.subscriptions.all()];
    // As when no way to the phone is found.
    site.core.fanout.notifyAnswered(subscription!, 503, undefined);
    await site.pass(10_000);
    phone.notifies.forEach((notify) => picture.take(documentOf(notify)));
    expect(phone.notifies.map(membersOf)).toEqual([["1002 active"]]);
    expect(picture.members.size).toBe(4);
  });

  test("ends with the last of its NOTIFYs", async () => {
    const { site, phone, first, toTag } = await watcher(office(), { hasStream: false });
    phone.again(first, toTag, { expires: 0 });
    const states = (await told(phone, site)).map((notify) => notify.header("Subscription-State").split(";")[0]);
    expect(states).toEqual(["active", "active", "active", "terminated"]);
  });

  test("a phone that leaves and does not answer is told that it is over, and no more", async () => {
    const { site, phone, first, toTag } = await watcher(office(), { hasStream: false });
    phone.again(first, toTag, { expires: 0 });
    phone.onNotify = () => undefined;
    const notifies = await told(phone, site, 100_000);
    const last = notifies.at(-1)!;
    expect(new Set(notifies.map((notify) => notify.sequence)).size).toBe(2);
    expect(last.header("Subscription-State")).toBe("terminated;reason=timeout");
    expect(membersOf(last)).toEqual([]);
  });
});

describe("over a restart", () => {
  test("a list goes on with higher versions, and tells everything as it is now", async () => {
    const lists = { panel: { items: ["1000", "sales"], event: "dialog" }, sales: { items: ["1001"], event: "dialog" } };
    const { site, phone } = await watcher(office({ lists }), { event: "dialog", hasStream: false });
    const picture = new ListPicture();
    const take = () => phone.notifies.forEach((notify) => picture.take(documentOf(notify)));
    take();
    phone.clear();
    await site.restart(office({ lists: { ...lists, sales: { items: ["1002"], event: "dialog" } } }));
    await site.pass();
    take();
    expect(picture.discardedCount).toBe(0);
    expect([...picture.members.keys()]).toEqual(["sip:1000@192.0.2.1", "sip:1002@192.0.2.1"]);
    site.setDevice("d1002", "INUSE");
    expect((await told(phone, site)).length).toBe(1);
    expect(phone.notify.body).toContain("<state>confirmed</state>");
  });

  test("a list that is gone ends with a list", async () => {
    const { site, phone } = await watcher(office(), { hasStream: false });
    phone.clear();
    await site.restart(office({ lists: {} }));
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual([
      "terminated;reason=noresource",
    ]);
    expect(documentOf(phone.notify)).toMatchObject({ isFull: true, resources: [] });
  });
});

describe("a list of mailboxes (RFC 3842 in RFC 4662)", () => {
  const mailboxes = (mayWatch: string, profile = "asterisk") => `
[server]
sip_profile = "${profile}"
[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
mailboxes = ["100"]
watch_mailboxes = ["${mayWatch}"]
[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]
mailboxes = ["200"]
[lists.panel]
event = "message-summary"
list_item = ["alice", "bob"]
`;

  test("tells of each member's messages, and only of those that its watcher may see", async () => {
    const { site, phone } = await watcher(mailboxes("bob"), { event: "message-summary" });
    expect(membersOf(phone.notify)).toEqual(["alice active", "bob active"]);
    site.core.engine.setMailbox("200@default", { new: 2, old: 1 });
    const [notify] = await told(phone, site);
    expect(membersOf(notify!)).toEqual(["bob active"]);
    expect(documentOf(notify!).resources[0]!.body).toContain("Voice-Message: 2/1");
    await site.reload(mailboxes("nobody"));
    expect((await told(phone, site)).map(membersOf)).toEqual([["bob terminated noresource"]]);
    site.core.engine.setMailbox("200@default", { new: 3, old: 1 });
    expect(await told(phone, site)).toEqual([]);
  });

  test("tells in profile rfc that the others are not to be had", async () => {
    const { phone } = await watcher(mailboxes("nobody", "rfc"), { event: "message-summary" });
    expect(membersOf(phone.notify)).toEqual(["alice active", "bob terminated noresource"]);
  });
});

test("page and API learn of each list, its members, those that are missing, and who watches it", async () => {
  const lists = { panel: { items: ["1000", "sales"] }, sales: { items: ["1001", "7"] } };
  const { site } = await watcher(office({ lists }));
  const rows = [...site.core.lists.snapshot()].map(listRow);
  const [subscription] = [...site.core.subscriptions.all()];
  const id = subscription!.dialog.localTag;
  const common = { event: "presence", full_state: false, notification_batch_interval_ms: 0 };
  expect(rows).toEqual([
    { ...common, name: "panel", members: ["1000", "1001", "7"], missing: ["7"], subscriptions: [id] },
    { ...common, name: "sales", members: ["1001", "7"], missing: [], subscriptions: [] },
  ]);
});

describe("a list that the request contains (RFC 5367)", () => {
  const XML = `<?xml version="1.0" encoding="UTF-8"?>
<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">
 <list><entry uri="sip:1000@example.org"/><entry uri="sip:1001@example.net;user=phone"/><entry uri="sip:1000@example.org"/>
  <list><entry uri="sip:nobody@example.org"/><entry uri="tel:+491234"/></list></list>
</resource-lists>`;
  const HEADERS = [
    "Supported: eventlist",
    "Require: recipient-list-subscribe",
    "Content-Type: application/resource-lists+xml",
    "Content-Disposition: recipient-list",
  ];

  async function asked(body: string | Uint8Array, headers: readonly string[] = HEADERS, toml = office()) {
    const site = await Site.start(toml, ["tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    const first = phone.subscribe({ exten: "rls", extra: headers, body });
    await site.pass();
    return { site, phone, first };
  }

  const everybody = [
    "1000 active",
    "1001 active",
    "nobody terminated noresource",
    " terminated noresource",
  ];

  test("is granted; its members go by the URIs that it names", async () => {
    const { site, phone } = await asked(XML);
    expect([phone.response.status, phone.response.header("Require")]).toEqual([200, "eventlist"]);
    expect(membersOf(phone.notify)).toEqual(everybody);
    const [first, second] = documentOf(phone.notify).resources;
    expect(second!.uri).toBe("sip:1001@example.net;user=phone");
    expect(first!.body).toContain('entity="sip:1000@example.org"');
    site.setDevice("d1001", "INUSE");
    expect((await told(phone, site)).map(membersOf)).toEqual([["1001 active"]]);
  });

  for (
    const [title, deflate] of [["deflate", deflateSync], ["deflate without its wrapping", deflateRawSync]] as const
  ) {
    test(`may come in Content-Encoding ${title}`, async () => {
      const { phone } = await asked(deflate(new TextEncoder().encode(XML)), [...HEADERS, "Content-Encoding: deflate"]);
      expect(phone.response.status).toBe(200);
      expect(membersOf(phone.notify)).toEqual(everybody);
    });
  }

  const entries = (count: number) =>
    XML.replace(
      /<list>.*<\/list>/s,
      `<list>${Array.from({ length: count }, (_, i) => `<entry uri="sip:${i}@x"/>`).join("")}</list>`,
    );
  const bomb = deflateSync(new Uint8Array(10_000_000));
  const deflated = [...HEADERS, "Content-Encoding: deflate"];
  const refusals: [string, string | Uint8Array, readonly string[], number, string, string][] = [
    [
      "another media type",
      "x",
      [HEADERS[1]!, "Content-Type: text/plain"],
      415,
      "Accept",
      "application/resource-lists+xml",
    ],
    ["no body", "", [HEADERS[1]!], 415, "Accept", "application/resource-lists+xml"],
    ["another coding", XML, [...HEADERS, "Content-Encoding: br"], 415, "Accept-Encoding", "deflate, identity"],
    [
      "two codings",
      XML,
      [...HEADERS, "Content-Encoding: deflate, deflate"],
      415,
      "Accept-Encoding",
      "deflate, identity",
    ],
    ["a document that is none", "<", HEADERS, 400, "", ""],
    ["another document", "<list/>", HEADERS, 400, "", ""],
    ["an entry without URI", XML.replace('uri="tel:+491234"', ""), HEADERS, 400, "", ""],
    ["what is not deflated", XML, deflated, 400, "", ""],
    ["what inflates without end", bomb, deflated, 400, "", ""],
    ["too many members", deflateSync(new TextEncoder().encode(entries(1_001))), deflated, 413, "", ""],
    ["nobody whom we know", entries(3).replace(/sip:/g, "sip:x"), HEADERS, 404, "", ""],
  ];
  for (const [title, body, headers, status, header, value] of refusals) {
    test(`with ${title} gets ${status}`, async () => {
      const { site, phone } = await asked(body, headers);
      expect(phone.response.status).toBe(status);
      if (header !== "") expect(phone.response.header(header)).toBe(value);
      expect(site.core.subscriptions.count).toBe(0);
    });
  }

  test("is refused where the endpoint may not subscribe; members are looked up in its context alone", async () => {
    const forbidden = office().replace("identify_by", "allow_subscribe = false\nidentify_by");
    expect((await asked(XML, HEADERS, forbidden)).phone.response.status).toBe(603);
    const elsewhere = office().replace("identify_by", 'context = "other"\nidentify_by') +
      '[contexts.other.hints]\n1001 = "Custom:other"\n';
    const { phone } = await asked(XML, HEADERS, elsewhere);
    expect(membersOf(phone.notify)[0]).toBe("1000 terminated noresource");
    expect(membersOf(phone.notify)[1]).toBe("1001 active");
  });

  test("two lists of one phone stand side by side; the same list again replaces the first", async () => {
    const { site, phone } = await asked(XML);
    phone.subscribe({ exten: "rls", extra: HEADERS, body: XML.replace("sip:1001", "sip:1002") });
    await site.pass();
    expect(site.core.subscriptions.count).toBe(2);
    phone.subscribe({ exten: "rls", extra: HEADERS, body: XML });
    await site.pass();
    expect(site.core.subscriptions.count).toBe(2);
  });

  test("COMPAT(Linphone): a refresh may bring it again; it is passed over", async () => {
    const { site, phone, first } = await asked(XML);
    phone.again(first, phone.response.tag("To"), { body: XML.replace("sip:1001", "sip:1002") });
    expect((await told(phone, site)).map(membersOf)).toEqual([everybody]);
    expect(phone.response.status).toBe(200);
  });

  test("is kept over a restart", async () => {
    const site = await Site.start(office());
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ exten: "rls", extra: HEADERS, body: XML });
    await site.pass();
    phone.clear();
    await site.restart();
    await site.pass();
    const picture = new ListPicture();
    for (const notify of phone.notifies) picture.take(documentOf(notify));
    expect([...picture.members.keys()]).toEqual(["sip:1000@example.org", "sip:1001@example.net;user=phone"]);
  });
});
