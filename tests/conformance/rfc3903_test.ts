/** RFC 3903 §6, step by step: what an event state compositor does with a PUBLISH. */
import { describe, expect, test } from "bun:test";
import { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { bench, MemoryPublications, type PublishParts, told } from "../publication/publications_support.ts";

/** What a PUBLISH is answered, the reason phrase of unreadable headers included. */
function answerTo(act: () => ReturnType<ReturnType<typeof bench>["publish"]>): string {
  try {
    return told(act());
  } catch (error) {
    if (error instanceof ParseFailure) return `${error.status} ${error.reasonPhrase}`;
    throw error;
  }
}

describe("RFC 3903 §6, before the steps", () => {
  const ignored: [string, string][] = [
    ["Record-Route", "Record-Route: <sip:proxy.example.org;lr>"],
    ["Contact", "Contact: <sip:alice@192.0.2.20>"],
  ];
  test.each(ignored)("%s is ignored", (_name, line) => {
    expect(told(bench().publish({ body: "x", headers: [line] }))).toBe("granted 3600 s");
  });
  test("a To tag means nothing, since a PUBLISH needs no dialog (§4)", () => {
    expect(told(bench().publish({ body: "x", toTag: "x" }))).toBe("granted 3600 s");
  });
  test("requests are done in the order in which they come, each whole before the next", () => {
    const { granted, composed } = bench();
    granted({ body: "a" });
    granted({ body: "b" }, "bob");
    expect(composed).toEqual(["mood 1000: alice=a", "mood 1000: alice=a, bob=b"]);
  });
});

describe("RFC 3903 §6 step 1, Request-URI", () => {
  const cases: [string, string, PublishParts, string][] = [
    ["a resource of ours", "alice", {}, "granted 3600 s"],
    ["a resource of ours, whatever the domain", "alice", { uri: "sip:1000@elsewhere.example" }, "granted 3600 s"],
    ["a sips resource", "alice", { uri: "sips:1000@example.org" }, "granted 3600 s"],
    ["an escaped user", "alice", { uri: "sip:%31000@example.org" }, "granted 3600 s"],
    ["no user, where To has one", "alice", { uri: "sip:example.org" }, "granted 3600 s"],
    ["no user at all", "alice", { uri: "sip:example.org", to: "sip:example.org" }, "404"],
    ["a resource that there is not", "alice", { uri: "sip:4711@example.org" }, "404"],
    ["a resource that the sender may not publish for", "bob", { uri: "sip:1001@example.org" }, "403"],
    ["a resource, by an endpoint that may publish nothing", "mallory", {}, "403"],
    ["a tel URI", "alice", { uri: "tel:+491" }, "416"],
    ["a URI of an unknown scheme", "alice", { uri: "pres:1000@example.org" }, "416"],
  ];
  test.each(cases)("%s", (_what, publisher, parts, answer) => {
    expect(told(bench().publish({ body: "x", ...parts }, publisher))).toBe(answer);
  });
  test("comes after Event, which says what a Request-URI means", () => {
    expect(told(bench().publish({ uri: "sip:4711@example.org", event: "weather" }))).toStartWith("489");
  });
  test("skips the remaining steps when it refuses", () => {
    expect(told(bench().publish({ uri: "sip:4711@example.org", ifMatch: "x", expires: 1 }))).toBe("404");
  });
});

describe("RFC 3903 §6 step 2, Event", () => {
  const cases: [string, string | null, string][] = [
    ["a package that is published", "mood", "granted 3600 s"],
    ["another one", "note;x=y", "granted 3600 s"],
    ["none", null, "489 | Allow-Events: mood, note"],
    ["an unknown package", "weather", "489 | Allow-Events: mood, note"],
    ["a template of a known package", "mood.winfo", "489 | Allow-Events: mood, note"],
    ["a known package in another case: case counts", "Mood", "489 | Allow-Events: mood, note"],
  ];
  test.each(cases)("%s", (_what, event, answer) => {
    expect(told(bench().publish({ event, body: "x" }))).toBe(answer);
  });
  test("skips the remaining steps when it refuses", () => {
    expect(told(bench().publish({ event: "weather", ifMatch: "x", expires: 1 }))).toStartWith("489");
  });
});

describe("RFC 3903 §6 step 3, SIP-If-Match", () => {
  const bad: [string, string, string][] = [
    ["several entity-tags", "a, b", "400 Bad SIP-If-Match header: unexpected text after entity-tag"],
    ["none", "", "400 Bad SIP-If-Match header: entity-tag expected"],
    ["a quoted one, as HTTP has", '"a"', "400 Bad SIP-If-Match header: entity-tag expected"],
  ];
  test.each(bad)("with %s is refused with 400 that names the header", (_what, ifMatch, answer) => {
    expect(answerTo(() => bench().publish({ ifMatch }))).toBe(answer);
  });
  test("in two lines is refused with 400 that names the header", () => {
    expect(answerTo(() => bench().publish({ ifMatch: "a", headers: ["SIP-If-Match: b"] }))).toMatch(
      /^400 .*SIP-If-Match/,
    );
  });
  test("that is absent makes a publication of its own beside the sender's others", () => {
    const { granted, composed } = bench();
    const tags = [granted({ body: "a" }), granted({ body: "b" })];
    expect(new Set(tags).size).toBe(2);
    expect(composed.at(-1)).toBe("mood 1000: alice=a, alice=b");
  });

  test.each(["dx200xyz", "*"])("of %s, which was never given, is refused with 412", (ifMatch) => {
    expect(told(bench().publish({ ifMatch, body: "x" }))).toBe("412");
  });
  const others: [string, PublishParts, string][] = [
    ["another sender", {}, "bob"],
    ["another package", { event: "note" }, "alice"],
    ["another target", { uri: "sip:1001@example.org" }, "alice"],
  ];
  for (const [operation, parts] of [["refresh", {}], ["modify", { body: "y" }], ["remove", { expires: 0 }]] as const) {
    test.each(others)(`for a ${operation} by a tag that belongs to %s is refused with 412`, (_what, changes, who) => {
      const { granted, publish, composed } = bench();
      const ifMatch = granted({ body: "x" });
      expect(told(publish({ ifMatch, ...parts, ...changes }, who))).toBe("412");
      expect(composed).toEqual(["mood 1000: alice=x"]);
      expect(told(publish({ ifMatch }))).toBe("granted 3600 s");
    });
  }
  test("matches whatever URI means the same target", () => {
    const { granted, publish } = bench();
    const ifMatch = granted({ body: "x" });
    expect(told(publish({ ifMatch, uri: "sips:1000;phone@example.net" }))).toBe("granted 3600 s");
  });
  const overs: [string, (world: ReturnType<typeof bench>, tag: string) => void][] = [
    ["replaced by a refresh", ({ granted }, ifMatch) => granted({ ifMatch })],
    ["replaced by a modification", ({ granted }, ifMatch) => granted({ ifMatch, body: "y" })],
    ["removed", ({ granted }, ifMatch) => granted({ ifMatch, expires: 0 })],
    ["expired", ({ clock }) => clock.advance(3_600_010)],
  ];
  test.each(overs)("of a tag that was %s is refused with 412", (_what, end) => {
    const world = bench();
    const ifMatch = world.granted({ body: "x" });
    end(world, ifMatch);
    expect(told(world.publish({ ifMatch }))).toBe("412");
  });
  test("of a removed publication's last answer names nothing", () => {
    const { granted, publish } = bench();
    const last = granted({ ifMatch: granted({ body: "x" }), expires: 0 });
    expect(told(publish({ ifMatch: last }))).toBe("412");
  });
  test("skips the remaining steps when it refuses", () => {
    expect(told(bench().publish({ ifMatch: "x", expires: 1, body: "x", type: "image/png" }))).toBe("412");
  });
});

describe("RFC 3903 §6 step 4, Expires", () => {
  const cases: [string, number | undefined, string][] = [
    ["absent, the default", undefined, "granted 3600 s"],
    ["what is asked for", 600, "granted 600 s"],
    ["the floor", 60, "granted 60 s"],
    ["below the floor", 59, "423 | Min-Expires: 60"],
    ["1", 1, "423 | Min-Expires: 60"],
    ["the ceiling", 3600, "granted 3600 s"],
    ["above the ceiling, which is lowered and never extended", 3601, "granted 3600 s"],
    ["as large as numbers go", 4_294_967_295, "granted 3600 s"],
  ];
  test.each(cases)("of an initial publication: %s", (_what, expires, answer) => {
    expect(told(bench().publish(expires === undefined ? { body: "x" } : { expires, body: "x" }))).toBe(answer);
  });
  test.each(cases)("of a refresh: %s", (_what, expires, answer) => {
    const { granted, publish } = bench();
    const ifMatch = granted({ body: "x", expires: 100 });
    expect(told(publish(expires === undefined ? { ifMatch } : { expires, ifMatch }))).toBe(answer);
  });
  test("of a modification sets the lifetime anew, shorter ones too", () => {
    const { granted, clock, composed } = bench();
    granted({ ifMatch: granted({ body: "x" }), expires: 60, body: "y" });
    clock.advance(60_010);
    expect(composed.at(-1)).toBe("mood 1000: ");
  });
  test("below the floor leaves the publication as it was", () => {
    const { granted, publish } = bench();
    const ifMatch = granted({ body: "x" });
    expect(told(publish({ ifMatch, expires: 5, body: "y" }))).toStartWith("423");
    expect(told(publish({ ifMatch }))).toBe("granted 3600 s");
  });
  test("that is no number is refused with 400 that names the header", () => {
    expect(answerTo(() => bench().publish({ body: "x", expires: "soon" }))).toMatch(/^400 Bad Expires header/);
  });
  test("skips the remaining steps when it refuses", () => {
    expect(told(bench().publish({ expires: 1, body: "x", type: "image/png" }))).toStartWith("423");
  });
});

describe("RFC 3903 §6 step 5, body", () => {
  const accept = "415 | Accept: text/plain, text/x-more";
  const cases: [string, PublishParts, string][] = [
    ["of a type of the package", { body: "x" }, "granted 3600 s"],
    ["of one of its other types, whatever case and parameters", {
      body: "x",
      type: "Text/X-More;charset=UTF-8",
    }, "granted 3600 s"],
    ["of a type that does not match the package", { body: "x", type: "application/pidf+xml" }, accept],
    ["without a type (RFC 3261 §20.15)", { body: "x", type: null }, "400 Missing Content-Type header"],
    [
      "that is encoded (RFC 3261 §8.2.3)",
      { body: "x", headers: ["Content-Encoding: gzip"] },
      "415 | Accept-Encoding: identity",
    ],
    ["that is encoded as it is", { body: "x", headers: ["Content-Encoding: identity"] }, "granted 3600 s"],
    ["as long as is taken", { body: "x".repeat(32_768) }, "granted 3600 s"],
    ["longer than is taken (RFC 3261 §21.4.11)", { body: "x".repeat(32_769) }, "413"],
    ["that the package cannot read", { body: "?" }, "400 Bad Text"],
    ["that speaks for a name the sender may publish for", { body: "@1001 x" }, "granted 3600 s"],
    ["that speaks for a name of somebody else's", { body: "@1002 x" }, "403"],
    ["that is missing where SIP-If-Match is too", {}, "400 Missing SIP-If-Match header Or Body"],
    ["that is missing likewise, in a removal", { expires: 0 }, "400 Missing SIP-If-Match header Or Body"],
  ];
  test.each(cases)("%s", (_what, parts, answer) => {
    const { publish, composed, port } = bench();
    expect(told(publish(parts))).toBe(answer);
    expect([composed.length, port.changes.length]).toEqual(answer.startsWith("granted") ? [1, 1] : [0, 0]);
  });
  test.each(cases.filter(([, { body }]) => body !== undefined))("of a modification %s", (_what, parts, answer) => {
    const { granted, publish, composed, publications } = bench();
    const ifMatch = granted({ body: "before" });
    const before = publications.snapshot();
    expect(told(publish({ ...parts, ifMatch }))).toBe(answer);
    if (answer.startsWith("granted")) return;
    expect(composed).toEqual(["mood 1000: alice=before"]);
    expect(publications.snapshot()).toEqual(before);
    expect(told(publish({ ifMatch }))).toBe("granted 3600 s");
  });

  test("of an initial publication leaves those of others alone (§4.1)", () => {
    const { granted, composed } = bench();
    granted({ body: "a" });
    granted({ body: "b" }, "bob");
    granted({ body: "c", event: "note" });
    granted({ body: "d", uri: "sip:1001@example.org" });
    expect(composed).toEqual([
      "mood 1000: alice=a",
      "mood 1000: alice=a, bob=b",
      "note 1000: alice=c",
      "mood 1001: alice=d",
    ]);
  });
  test("of a modification replaces what was said, and is composed as the latest (§4.4)", () => {
    const { granted, composed } = bench();
    const ifMatch = granted({ body: "a" });
    granted({ body: "b" }, "bob");
    granted({ ifMatch, body: "c" });
    expect(composed.at(-1)).toBe("mood 1000: bob=b, alice=c");
  });
  test("of a modification that is partial builds on what was said", () => {
    const { granted, composed } = bench();
    granted({ ifMatch: granted({ body: "a" }), body: "b", type: "text/x-more" });
    expect(composed.at(-1)).toBe("mood 1000: alice=a b");
  });
  test("that is absent refreshes: it prolongs and changes nothing else (§4.3)", () => {
    const { granted, composed, clock, publications } = bench();
    const ifMatch = granted({ body: "a", expires: 100 });
    granted({ body: "b", expires: 1000 }, "bob");
    const published = publications.snapshot()[0]!;
    clock.advance(50_000);
    granted({ ifMatch, expires: 1000 });
    clock.advance(60_000);
    expect(composed).toEqual(["mood 1000: alice=a", "mood 1000: alice=a, bob=b"]);
    expect(publications.snapshot().find(({ id }) => id === published.id)).toEqual({
      ...published,
      expiresSeconds: 940,
    });
    clock.advance(940_010);
    expect(composed.slice(2)).toEqual(["mood 1000: alice=a", "mood 1000: "]);
  });

  test("with Expires: 0 is removed at once (§4.5)", () => {
    const { granted, composed, port, publications, timers } = bench();
    granted({ ifMatch: granted({ body: "x" }), expires: 0 });
    expect(composed).toEqual(["mood 1000: alice=x", "mood 1000: "]);
    expect([publications.count, port.rows.size, timers.armedCount]).toEqual([0, 0, 0]);
  });
  const needless: [string, PublishParts][] = [
    ["a body, which should not be there", { body: "y" }],
    ["a body of another type", { body: "y", type: "image/png" }],
    ["a body that cannot be read", { body: "?" }],
  ];
  test.each(needless)("with Expires: 0 is removed, %s", (_what, parts) => {
    const { granted, composed } = bench();
    granted({ ifMatch: granted({ body: "x" }), expires: 0, ...parts });
    expect(composed.at(-1)).toBe("mood 1000: ");
  });
  test("with Expires: 0 of an initial publication is judged and stored nowhere", () => {
    const { publish, composed, port } = bench();
    expect(told(publish({ body: "x", expires: 0 }))).toBe("granted 0 s");
    expect(told(publish({ body: "?", expires: 0 }))).toBe("400 Bad Text");
    expect(told(publish({ body: "x", type: "image/png", expires: 0 }))).toStartWith("415");
    expect([composed.length, port.changes.length]).toEqual([0, 0]);
  });

  test("is not done at all when it cannot be stored: 503 with Retry-After, whatever the operation", () => {
    const { granted, publish, composed, port, publications } = bench();
    const ifMatch = granted({ body: "x" });
    const before = publications.snapshot();
    port.isFull = true;
    for (const parts of [{ body: "y" }, { ifMatch }, { ifMatch, body: "y" }, { ifMatch, expires: 0 }]) {
      expect(told(publish(parts))).toBe("503 | Retry-After: 60");
    }
    expect(composed).toEqual(["mood 1000: alice=x"]);
    expect(publications.snapshot()).toEqual(before);
    port.isFull = false;
    expect(told(publish({ ifMatch }))).toBe("granted 3600 s");
  });
});

describe("RFC 3903 §6 step 6, the answer", () => {
  test("has a new entity-tag each time, a token that nobody guesses", () => {
    const { granted } = bench();
    const tags = [granted({ body: "x" })];
    for (let i = 0; i < 20; i++) tags.push(granted({ ifMatch: tags.at(-1)!, ...(i % 2 === 0 ? {} : { body: "y" }) }));
    tags.push(granted({ ifMatch: tags.at(-1)!, expires: 0 }));
    expect(new Set(tags).size).toBe(tags.length);
    for (const tag of tags) expect(tag).toMatch(/^[0-9a-v]{20}$/);
  });
  test("is stored before it is given", () => {
    const port = new MemoryPublications();
    const { granted } = bench({ port });
    const first = granted({ body: "x" });
    expect(port.records.map(({ entityTag, value }) => [entityTag, value])).toEqual([[first, ["x"]]]);
    const second = granted({ ifMatch: first });
    expect(port.records.map(({ entityTag }) => entityTag)).toEqual([second]);
  });
});
