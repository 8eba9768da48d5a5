/** The life of publications: expiry, restart, reload, quotas, and how they are described. */
import { describe, expect, test } from "bun:test";
import type { PublicationSnapshot } from "../../lib/publication/publication.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { scriptedEntropy } from "../registrar/support.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { bench, Grants, MemoryPublications, textPackage, told } from "./publications_support.ts";

describe("expiry (RFC 3903 §4.2)", () => {
  test("withdraws a publication and composes what is left, each once", () => {
    const { granted, clock, composed, counters, port, timers } = bench();
    granted({ body: "a", expires: 100 });
    granted({ body: "b", expires: 60 }, "bob");
    clock.advance(60_010);
    expect(composed.slice(2)).toEqual(["mood 1000: alice=a"]);
    clock.advance(40_000);
    expect(composed.slice(2)).toEqual(["mood 1000: alice=a", "mood 1000: "]);
    expect([counters.expired, port.rows.size, timers.armedCount]).toEqual([2, 0, 0]);
  });
  test("never comes early", () => {
    const { granted, clock, composed } = bench();
    granted({ body: "a", expires: 60 });
    clock.advance(59_999);
    expect(composed.length).toBe(1);
  });
  test("goes by time that passes, not by the wall clock", () => {
    const { granted, clock, composed } = bench();
    granted({ body: "a", expires: 60 });
    clock.setWall(clock.wall() + 86_400_000);
    clock.advance(59_000);
    expect(composed.length).toBe(1);
    clock.advance(1_010);
    expect(composed.length).toBe(2);
  });
  test("that is due is carried out before the next PUBLISH for the target, though its timer is late", () => {
    const { granted, publish, clock, composed, timers } = bench();
    const ifMatch = granted({ body: "a", expires: 60 });
    granted({ body: "b" }, "bob");
    timers.stop();
    clock.advance(61_000);
    expect(told(publish({ ifMatch }))).toBe("412");
    granted({ body: "c" }, "bob");
    expect(composed.slice(2)).toEqual(["mood 1000: bob=b", "mood 1000: bob=b, bob=c"]);
  });
  test("comes although the disk refuses to forget", () => {
    const { granted, clock, composed, port, publications } = bench();
    granted({ body: "a", expires: 60 });
    port.isFull = true;
    clock.advance(60_010);
    expect([composed.at(-1), publications.count, port.rows.size]).toEqual(["mood 1000: ", 0, 1]);
  });
});

describe("a publication", () => {
  test("may take from what its publisher says elsewhere for the target, from nobody else's, and for good", () => {
    const clock = new ManualClock();
    const port = new MemoryPublications();
    const { granted, composed, timers } = bench({ clock, port });
    granted({ body: "a" });
    granted({ body: "a", uri: "sip:1001@example.org", to: "sip:1001@example.org" });
    granted({ body: "a" }, "bob");
    const ifMatch = granted({ body: "-a", expires: 60 });
    expect(composed.at(-1)).toBe("mood 1000: alice=, bob=a, alice=-a");
    clock.advance(60_010);
    expect(composed.at(-1)).toBe("mood 1000: alice=, bob=a");
    expect(ifMatch).not.toBe("");
    timers.stop();
    const again = bench({ clock, port, entropy: scriptedEntropy(2) });
    expect(again.composed).toEqual(["mood 1000: alice=, bob=a", "mood 1001: alice=a"]);
  });

  test("takes nothing where the disk refuses it", () => {
    const { granted, publish, composed, port } = bench();
    granted({ body: "a" });
    port.isFull = true;
    expect(told(publish({ body: "-a" }))).toStartWith("503");
    expect(composed).toEqual(["mood 1000: alice=a"]);
  });
});

describe("a restart", () => {
  /** One life of the appliance, then another on the same disk, `downMillis` later. */
  function restarted(first: (world: ReturnType<typeof bench>) => void, { downMillis = 0, grants = new Grants() } = {}) {
    const clock = new ManualClock();
    const port = new MemoryPublications();
    const world = bench({ clock, port });
    first(world);
    world.timers.stop();
    clock.advance(downMillis);
    return bench({ clock, port, grants, entropy: scriptedEntropy(2) });
  }

  test("takes up what lives, and composes each target once, in order of last modification", () => {
    let tag = "";
    const { composed, counters } = restarted(({ granted }) => {
      tag = granted({ body: "a" });
      granted({ body: "b" }, "bob");
      granted({ body: "n", event: "note" });
      tag = granted({ ifMatch: tag, body: "c" });
      tag = granted({ ifMatch: tag });
    });
    expect(composed).toEqual(["mood 1000: bob=b, alice=c", "note 1000: alice=n"]);
    expect(counters).toMatchObject({ published: 0, expired: 0, revoked: 0 });
  });
  test("keeps tags, lifetimes and the order of what comes later", () => {
    let tag = "";
    const { granted, composed, clock } = restarted(({ granted }) => {
      tag = granted({ body: "a", expires: 100 });
      granted({ body: "b" }, "bob");
    }, { downMillis: 30_000 });
    granted({ ifMatch: tag, body: "c", expires: 60 });
    expect(composed.at(-1)).toBe("mood 1000: bob=b, alice=c");
    clock.advance(60_010);
    expect(composed.at(-1)).toBe("mood 1000: bob=b");
  });
  test("after a restart goes on with that order", () => {
    const clock = new ManualClock();
    const port = new MemoryPublications();
    const first = bench({ clock, port });
    const tag = first.granted({ body: "a" });
    first.granted({ body: "b" }, "bob");
    bench({ clock, port, entropy: scriptedEntropy(2) }).granted({ ifMatch: tag, body: "c" });
    expect(bench({ clock, port, entropy: scriptedEntropy(3) }).composed).toEqual(["mood 1000: bob=b, alice=c"]);
  });
  test("takes up no more than there is room for, the ones modified longest ago first", () => {
    const port = new MemoryPublications();
    bench({ port }).granted({ body: "a" });
    const [record] = port.records;
    for (let i = 2; i <= limits.publicationCount + 1; i++) {
      const each = { ...record!, id: `id${i}`, entityTag: `tag${i}`, target: "1000", modification: i };
      port.rows.set(each.id, JSON.stringify(each));
    }
    expect(bench({ port, packages: [textPackage("mood")] }).publications.count).toBe(limits.publicationCount);
    expect([port.rows.size, port.rows.has(`id${limits.publicationCount + 1}`)]).toEqual([
      limits.publicationCount,
      false,
    ]);
  });
  test("lets what was refreshed last live for what it had left", () => {
    const { publications, clock, composed } = restarted(({ granted, clock }) => {
      const tag = granted({ body: "a", expires: 100 });
      clock.advance(90_000);
      granted({ ifMatch: tag, expires: 100 });
    }, { downMillis: 60_000 });
    expect(publications.snapshot()[0]?.expiresSeconds).toBe(40);
    clock.advance(40_010);
    expect(composed).toEqual(["mood 1000: alice=a", "mood 1000: "]);
  });
  test("forgets what ended meanwhile, and says nothing of it", () => {
    const { composed, port, timers } = restarted(({ granted }) => granted({ body: "a" }), { downMillis: 3_600_000 });
    expect([composed, port.rows.size, timers.armedCount]).toEqual([[], 0, 0]);
  });
  test("drops what is not granted any more: publisher, target, package", () => {
    const grants = new Grants();
    grants.granted.delete("bob");
    grants.known.delete("1001");
    const { composed, port } = restarted(({ granted }) => {
      granted({ body: "a" });
      granted({ body: "b" }, "bob");
      granted({ body: "c", uri: "sip:1001@example.org" });
    }, { grants });
    expect([composed, port.rows.size]).toEqual([["mood 1000: alice=a"], 1]);

    const withoutNotes = bench({ port, packages: [textPackage("note")] });
    expect([withoutNotes.publications.count, port.rows.size]).toEqual([0, 0]);
  });
  test("after which the wall clock stands earlier lengthens no life beyond the ceiling", () => {
    const clock = new ManualClock();
    const port = new MemoryPublications();
    bench({ clock, port }).granted({ body: "a" });
    const later = new ManualClock();
    later.setWall(clock.wall() - 86_400_000);
    expect(bench({ clock: later, port }).publications.snapshot()[0]?.expiresSeconds).toBe(3600);
  });
  test("on a disk that refuses to forget still composes", () => {
    const port = new MemoryPublications();
    const clock = new ManualClock();
    const { granted, timers } = bench({ port, clock });
    granted({ body: "a", expires: 60 });
    granted({ body: "b" }, "bob");
    timers.stop();
    clock.advance(61_000);
    port.isFull = true;
    expect(bench({ port, clock }).composed).toEqual(["mood 1000: bob=b"]);
  });
});

describe("a reload", () => {
  test("withdraws what is not granted any more, and composes each target once", () => {
    const { granted, grants, publications, composed, counters, port, timers } = bench();
    for (const body of ["a", "b"]) granted({ body }, "bob");
    granted({ body: "c" });
    granted({ body: "d", uri: "sip:1001@example.org" });
    grants.granted.delete("bob");
    composed.length = 0;
    publications.recheck();
    expect(composed).toEqual(["mood 1000: alice=c"]);
    expect([counters.revoked, port.rows.size, timers.armedCount]).toEqual([2, 2, 2]);
    publications.recheck();
    expect(composed.length).toBe(1);
  });
  test("withdraws what a Request-URI meant before and does not mean now", () => {
    const { granted, grants, publications, composed } = bench();
    granted({ body: "a", uri: "sip:1000;x=y@example.org" });
    grants.targetOf = (_publisher, _event, user) => user;
    publications.recheck();
    expect(composed.at(-1)).toBe("mood 1000: ");
  });
  test("puts other lifetimes in force; what lives keeps what it was granted", () => {
    const { granted, publish, publications } = bench();
    granted({ body: "a" });
    publications.replaceRules({ minExpirySeconds: 10, maxExpirySeconds: 20 });
    expect(publications.snapshot()[0]?.expiresSeconds).toBe(3600);
    expect([told(publish({ body: "b" })), told(publish({ body: "b", expires: 10 }))])
      .toEqual(["granted 20 s", "granted 10 s"]);
    expect(told(publish({ body: "b", expires: 9 }))).toBe("423 | Min-Expires: 10");
  });
});

describe("quotas (RFC 3903 §9: 503 with Retry-After)", () => {
  const full = "503 | Retry-After: 60";

  test("of one endpoint for one target leave room for others, and for changes of what is there", () => {
    const { granted, publish } = bench();
    const tags = Array.from({ length: limits.publicationCountPerTarget }, () => granted({ body: "x" }));
    expect(told(publish({ body: "x" }))).toBe(full);
    expect(told(publish({ body: "x" }, "bob"))).toBe("granted 3600 s");
    expect(told(publish({ body: "x", event: "note" }))).toBe("granted 3600 s");
    expect(told(publish({ ifMatch: tags[0]!, body: "y" }))).toBe("granted 3600 s");
    granted({ ifMatch: tags[1]!, expires: 0 });
    expect(told(publish({ body: "x" }))).toBe("granted 3600 s");
    expect(told(publish({ body: "x" }))).toBe(full);
  });
  /** A world in which every endpoint may publish for every extension. */
  function openWorld() {
    const grants = new Grants();
    grants.targetOf = (_publisher, _event, user) => user;
    return bench({ grants });
  }
  test("of one endpoint leave room for others", () => {
    const { publish, granted } = openWorld();
    for (let i = 0; i < limits.publicationCountPerPublisher; i++) granted({ body: "x", uri: `sip:${i}@h` });
    expect(told(publish({ body: "x", uri: "sip:more@h" }))).toBe(full);
    expect(told(publish({ body: "x", uri: "sip:more@h" }, "bob"))).toBe("granted 3600 s");
  });
  test("of the appliance are everybody's", () => {
    const { publish, granted, publications, clock } = openWorld();
    const perEndpoint = limits.publicationCountPerPublisher;
    for (let i = 0; i < limits.publicationCount; i++) {
      granted({ body: "x", uri: `sip:${i}@h`, expires: 3600 }, `endpoint${Math.floor(i / perEndpoint)}`);
    }
    expect(told(publish({ body: "x" }))).toBe(full);
    clock.advance(3_600_010);
    expect([publications.count, told(publish({ body: "x" }, "endpoint0"))]).toEqual([0, "granted 3600 s"]);
  });
  test("of what partial documents add up to: 413, and what was there stays", () => {
    const { granted, publish, composed } = bench();
    const body = "x".repeat(32_000);
    let ifMatch = granted({ body });
    for (let i = 1; i < 8; i++) ifMatch = granted({ ifMatch, body, type: "text/x-more" });
    expect(told(publish({ ifMatch, body, type: "text/x-more" }))).toBe("413");
    expect([told(publish({ ifMatch, body: "short" })), composed.at(-1)])
      .toEqual(["granted 3600 s", "mood 1000: alice=short"]);
  });
});

describe("the description of publications", () => {
  test("is by package and target, and tells no entity-tag", () => {
    const { granted, publications, clock, port } = bench();
    granted({ body: "b", event: "note", expires: 100 }, "bob");
    granted({ body: "a", uri: "sip:1001@example.org" });
    const tag = granted({ body: "x".repeat(200), type: "text/x-more" });
    clock.advance(1_500);
    const rows = publications.snapshot();
    const wanted: Omit<PublicationSnapshot, "id">[] = [
      {
        publisher: "alice",
        event: "mood",
        target: "1000",
        mediaType: "text/x-more",
        description: `${"x".repeat(119)}…`,
        publishedAt: Date.UTC(2026, 0, 1),
        expiresSeconds: 3599,
      },
      {
        publisher: "alice",
        event: "mood",
        target: "1001",
        mediaType: "text/plain",
        description: "a",
        publishedAt: Date.UTC(2026, 0, 1),
        expiresSeconds: 3599,
      },
      {
        publisher: "bob",
        event: "note",
        target: "1000",
        mediaType: "text/plain",
        description: "b",
        publishedAt: Date.UTC(2026, 0, 1),
        expiresSeconds: 99,
      },
    ];
    expect(rows.map(({ id: _id, ...rest }) => rest)).toEqual(wanted);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
    const told = JSON.stringify(rows);
    expect(port.records.some(({ entityTag }) => told.includes(entityTag) || entityTag === "")).toBe(false);
    expect(told).not.toContain(tag);
  });
  test("keeps its id and its first date over refreshes and modifications", () => {
    const { granted, publications, clock } = bench();
    const first = granted({ body: "a" });
    const [before] = publications.snapshot();
    clock.advance(10_000);
    granted({ ifMatch: granted({ ifMatch: first }), body: "b" });
    expect(publications.snapshot()).toEqual([{ ...before!, description: "b" }]);
  });
});

test("a document that asks for everything is heeded once it is granted, and only then", () => {
  const { asked, granted, publish, port } = bench();
  port.isFull = true;
  publish({ body: "!" });
  publish({ body: "!", event: "note", expires: 1 });
  expect(asked).toEqual([]);
  port.isFull = false;
  const ifMatch = granted({ body: "!" });
  const next = granted({ body: "a", ifMatch });
  expect(asked).toEqual(["mood"]);
  granted({ ifMatch: granted({ body: "!", ifMatch: next }), expires: 0 });
  granted({ body: "!", event: "note" });
  expect(asked).toEqual(["mood", "mood", "note"]);
});

test("what is granted and refused is counted by operation", () => {
  const { granted, publish, counters, clock } = bench();
  const ifMatch = granted({ body: "a" });
  granted({ ifMatch: granted({ ifMatch: granted({ ifMatch }), body: "b" }), expires: 0 });
  granted({ body: "c" });
  publish({});
  clock.advance(3_600_010);
  expect(counters).toEqual({
    published: 2,
    refreshed: 1,
    modified: 1,
    removed: 1,
    refused: 1,
    expired: 1,
    revoked: 0,
  });
});
