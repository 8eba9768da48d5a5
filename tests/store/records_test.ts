import { describe, expect, test } from "bun:test";
import type { SubscriptionRecord } from "../../lib/event/subscription_record.ts";
import type { PublicationRecord } from "../../lib/publication/publications_port.ts";
import type { BindingRecord } from "../../lib/registrar/binding.ts";
import { StoreError } from "../../lib/runtime/store_error.ts";
import { BindingsStore } from "../../lib/store/bindings_store.ts";
import { PublicationsStore } from "../../lib/store/publications_store.ts";
import { SubscriptionsStore } from "../../lib/store/subscriptions_store.ts";
import { TagsStore } from "../../lib/store/tags_store.ts";
import { Journaling } from "./journaling.ts";

const binding: BindingRecord = {
  id: "b1",
  aor: "alice",
  endpoint: "alice",
  uri: "sip:alice@192.0.2.10:5060;line=1?h=a%20b",
  display: 'Zoë "Z" 🏝',
  params: [{ name: "methods", value: '"INVITE,MESSAGE"' }, {
    name: "audio",
    value: undefined,
  }] as BindingRecord["params"],
  q: 0.3,
  instance: "<urn:uuid:00000000-0000-1000-8000-000a95a0e128>",
  regId: 1,
  callId: "a'b@c",
  sequence: 4_294_967_295,
  path: ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"],
  userAgent: "Yealink SIP-T46S 66.85.0.5",
  source: { listener: "lan", transport: "udp", address: "2001:db8::10", port: 5060 },
  isSourceBound: true,
  registeredAt: 1_795_421_498_700,
  expiresAt: 1_795_425_098_700,
};

const publication: PublicationRecord = {
  id: "p1",
  entityTag: "tag-1",
  publisher: "alice",
  event: "dialog",
  user: "alice",
  target: "PJSIP/alice",
  mediaType: "application/dialog-info+xml",
  value: { dialogs: [{ id: "1", state: "confirmed", remote: null }], note: "☎" },
  modification: 17,
  publishedAt: 1_795_421_498_700,
  expiresAt: 1_795_425_098_700,
};

const subscription: SubscriptionRecord = {
  event: "dialog",
  eventHeader: "dialog;id=7",
  eventId: "7",
  context: "default",
  exten: "1000",
  endpoint: "alice",
  dialog: {
    callId: "call@phone",
    localTag: "l1",
    remoteTag: "r1",
    localUri: "sip:1000@pbx",
    remoteUri: "sip:alice@pbx",
    localSequence: 1_024,
    remoteSequence: 2,
    remoteTarget: "sip:alice@192.0.2.10:5060",
    routeSet: ["<sip:proxy.example.com;lr>"],
  },
  version: 512,
  start: 3,
  phone: "<urn:uuid:1>",
  sourceAddress: "192.0.2.10",
  userAgent: "snom",
  createdAt: 1,
  entity: "sip:1000@pbx",
  mediaType: "application/dialog-info+xml",
  grantedSeconds: 3_600,
  expiresAt: 1_795_425_098_700,
  flow: { listener: "lan", transport: "tcp", address: "192.0.2.10", port: 40_000 },
  list: null,
};

describe("contacts", () => {
  test("are the same after a restart; one that changed replaces, one that went is gone", () => {
    const before = new Journaling();
    const store = new BindingsStore(before.database, before.journal);
    expect(store.load()).toEqual([]);
    const refreshed = { ...binding, sequence: 1, source: undefined };
    store.commit({ saved: [binding, { ...binding, id: "b2" }, { ...binding, id: "b3" }], removed: [] });
    before.endTurn();
    store.commit({ saved: [refreshed], removed: ["b3", "never"] });
    const { database, journal } = before.restarted();
    const loaded = new BindingsStore(database, journal).load();
    expect(loaded).toEqual([refreshed, { ...binding, id: "b2" }]);
  });

  test("are refused while the disk takes no writes; those that end need none", () => {
    const journaling = new Journaling();
    const store = new BindingsStore(journaling.database, journaling.journal);
    store.commit({ saved: [binding], removed: [] });
    journaling.endTurn();
    journaling.setWritable(false);
    store.commit({ saved: [], removed: ["b1"] });
    journaling.endTurn();
    expect(() => store.commit({ saved: [{ ...binding, id: "b2" }], removed: [] })).toThrow(StoreError);
    store.commit({ saved: [], removed: ["b1"] });
    journaling.setWritable(true);
    journaling.clock.advance(1_000);
    expect(store.load()).toEqual([]);
  });
});

describe("publications", () => {
  test("are the same after a restart; one that changed replaces, one that went is gone", () => {
    const before = new Journaling();
    const store = new PublicationsStore(before.database, before.journal);
    expect(store.load()).toEqual([]);
    const modified = { ...publication, entityTag: "tag-2", value: null };
    store.commit({ saved: [publication, { ...publication, id: "p2" }, { ...publication, id: "p3" }], removed: [] });
    before.endTurn();
    store.commit({ saved: [modified], removed: ["p3", "never"] });
    const { database, journal } = before.restarted();
    expect(new PublicationsStore(database, journal).load()).toEqual([modified, { ...publication, id: "p2" }]);
  });

  test("are refused while the disk takes no writes", () => {
    const journaling = new Journaling();
    const store = new PublicationsStore(journaling.database, journaling.journal);
    journaling.setWritable(false);
    store.commit({ saved: [publication], removed: [] });
    journaling.endTurn();
    expect(() => store.commit({ saved: [{ ...publication, id: "p2" }], removed: [] })).toThrow(StoreError);
    journaling.setWritable(true);
    journaling.clock.advance(1_000);
    expect(store.load()).toEqual([publication]);
  });
});

describe("subscriptions", () => {
  const variants: readonly (readonly [string, SubscriptionRecord])[] = [
    ["one with all there is", subscription],
    ["one of a list", { ...subscription, list: { members: null } }],
    ["one without what may be missing", { ...subscription, eventId: null, flow: null, list: null }],
    ["one with texts that quote", { ...subscription, userAgent: 'a "b" \\ \u0000 ☎ [1,2]', exten: "*98#" }],
  ];
  for (const [title, record] of variants) {
    test(`${title} is the same after a restart`, () => {
      const before = new Journaling();
      new SubscriptionsStore(before.database, before.journal).save(9, record);
      const { database, journal } = before.restarted();
      expect([...new SubscriptionsStore(database, journal).load()]).toEqual([{ id: 9, record }]);
    });
  }

  test("come back in the order of their numbers; saved again they are replaced, removed they are gone", () => {
    const before = new Journaling();
    const store = new SubscriptionsStore(before.database, before.journal);
    for (const id of [3, 1, 2, 4]) store.save(id, { ...subscription, version: id });
    before.endTurn();
    store.save(2, { ...subscription, version: 1_026 });
    store.remove(3);
    store.remove(99);
    const { database, journal } = before.restarted();
    const loaded = [...new SubscriptionsStore(database, journal).load()];
    expect(loaded.map(({ id, record }) => [id, record.version])).toEqual([[1, 1], [2, 1_026], [4, 4]]);
  });

  test("newer numbers take the place of those in the record; a newer record takes the place of both", () => {
    const before = new Journaling();
    const store = new SubscriptionsStore(before.database, before.journal);
    const numbers = {
      localSequence: 2_000,
      remoteSequence: 9,
      version: 1_500,
      start: 4,
      grantedSeconds: 60,
      expiresAt: subscription.expiresAt + 60_000,
    };
    for (const id of [1, 2, 3]) store.save(id, subscription);
    before.endTurn();
    for (const id of [1, 2, 3]) store.saveNumbers(id, numbers);
    before.endTurn();
    const moved = { ...subscription, phone: "other" };
    store.save(2, moved);
    store.remove(3);
    const { database, journal } = before.restarted();
    const { localSequence, remoteSequence, ...others } = numbers;
    const dialog = { ...subscription.dialog, localSequence, remoteSequence };
    expect([...new SubscriptionsStore(database, journal).load()]).toEqual([
      { id: 1, record: { ...subscription, ...others, dialog } },
      { id: 2, record: moved },
    ]);
    expect(database.rows<object>("SELECT id FROM subscription_numbers")).toEqual([{ id: 1 }]);
  });

  test("each start has a number of its own, higher than any before", () => {
    let journaling = new Journaling();
    const starts: number[] = [];
    for (let i = 0; i < 4; i++) {
      starts.push(new SubscriptionsStore(journaling.database, journaling.journal).start);
      journaling = journaling.restarted();
    }
    expect(starts).toEqual([1, 2, 3, 4]);
  });

  test("a start that cannot be counted is none", () => {
    const journaling = new Journaling();
    journaling.setWritable(false);
    expect(() => new SubscriptionsStore(journaling.database, journaling.journal)).toThrow(StoreError);
  });
});

describe("entity-tags that other servers gave us", () => {
  const open = ({ database, journal, clock }: Journaling) => new TagsStore(database, journal, clock);
  const uri = "sip:1000@presence.example.com;transport=tcp";

  test("are recalled by section and URI, after a restart too", () => {
    const before = new Journaling();
    const store = open(before);
    const expiresAt = before.clock.wall() + 60_000;
    store.remember("trunk", uri, "t1", expiresAt);
    store.remember("trunk", uri, "t2", expiresAt + 0.4);
    store.remember("other", uri, "o1", expiresAt);
    for (const tags of [store, open(before.restarted())]) {
      expect([tags.recall("trunk", uri), tags.recall("other", uri), tags.recall("trunk", "sip:1001@x")])
        .toEqual(["t2", "o1", undefined]);
    }
  });

  test("are forgotten when they are still what is known", () => {
    const before = new Journaling();
    const store = open(before);
    store.remember("trunk", uri, "t1", before.clock.wall() + 60_000);
    before.endTurn();
    store.remember("trunk", uri, "t2", before.clock.wall() + 60_000);
    store.forget("trunk", uri, "t1");
    expect(store.recall("trunk", uri)).toBe("t2");
    store.forget("trunk", uri, "t2");
    store.forget("never", uri, "t2");
    expect(store.recall("trunk", uri)).toBeUndefined();
    expect(open(before.restarted()).recall("trunk", uri)).toBeUndefined();
  });

  test("end with their time; the next start clears them away", () => {
    const before = new Journaling();
    const store = open(before);
    store.remember("trunk", uri, "t1", before.clock.wall() + 60_000);
    before.endTurn();
    before.clock.advance(60_000);
    expect(store.recall("trunk", uri)).toBeUndefined();
    const countOf = ({ database }: Journaling) => database.rows("SELECT * FROM outbound_tags").length;
    const after = before.restarted();
    after.clock.setWall(before.clock.wall());
    expect(countOf(after)).toBe(1);
    expect(open(after).recall("trunk", uri)).toBeUndefined();
    after.endTurn();
    expect(countOf(after)).toBe(0);
  });

  test("are kept in memory while the disk refuses, and reach it later", () => {
    const before = new Journaling();
    const store = open(before);
    before.setWritable(false);
    store.remember("trunk", uri, "t1", before.clock.wall() + 60_000);
    before.endTurn();
    expect(store.recall("trunk", uri)).toBe("t1");
    before.setWritable(true);
    before.clock.advance(1_000);
    expect(open(before.restarted()).recall("trunk", uri)).toBe("t1");
  });
});
