/** Sections: which hints they publish, how many at a time, and what a reload and a stop do to them. */
import { describe, expect, test } from "bun:test";
import type { OutboundPublishConfig } from "../../lib/uac/publish_config.ts";
import type { TagMemory } from "../../lib/uac/section.ts";
import { bench, section, stateOf, userOf } from "./support.ts";

const three = { 1000: "Custom:one", 1001: "Custom:two", 2000: "Custom:three" };

function users(all: Pick<ReturnType<typeof bench>, "server">, from = 0): string[] {
  return all.server.since(from).map(userOf);
}

describe("at start", () => {
  test("every matching hint is published, a few at a time", async () => {
    const hints = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [String(1000 + i), `Custom:d${i}`]));
    const all = bench({ hints });
    const { server, network, pass } = all;
    let outstanding = 0, most = 0;
    network.fate = (sent) => {
      outstanding += sent.to === "192.0.2.50:5060" ? 1 : 0;
      most = Math.max(most, outstanding);
      outstanding -= sent.to === "192.0.2.50:5060" ? 0 : 1;
      return [10];
    };
    await pass(20_000);
    expect([server.inbox.length, server.held.size, most]).toEqual([1_000, 1_000, 8]);
    expect(users(all)).toEqual(Object.keys(hints));
    expect(new Set(server.inbox.map((each) => each.header("Call-ID"))).size).toBe(1_000);
  });

  test("a hint that changes before its turn is published once, as it is then", async () => {
    const hints = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [String(1000 + i), `Custom:d${i}`]));
    const { server, network, pass, set } = bench({ hints });
    network.fate = () => [10];
    await pass(15);
    set("d90", "RINGING");
    await pass(1_000);
    expect(server.inbox.filter((each) => userOf(each) === "1090").map(stateOf)).toEqual(["early"]);
  });
});

describe("which hints", () => {
  const cases: [string, Partial<OutboundPublishConfig>, string[]][] = [
    ["all", {}, ["1000", "1001", "2000", "x1000"]],
    ["by extension, not anchored", { exten: "100" }, ["1000", "1001", "x1000"]],
    ["by extension, anchored", { exten: "^100[01]$" }, ["1000", "1001"]],
    ["in any case of letters", { exten: "^X" }, ["x1000"]],
    ["by a POSIX class", { exten: "^[[:digit:]]+1$" }, ["1001"]],
    ["by context", { context: "^other$" }, ["x1000"]],
    ["by both", { context: "DEFAULT", exten: "0$" }, ["1000", "2000"]],
    ["none", { exten: "nobody" }, []],
  ];
  test.each(cases)("%s", async (_what, options, expected) => {
    const all = bench({ hints: three, sections: {} });
    all.applyHints(three, { other: { include: [], autohints: false, hints: { x1000: "Custom:one" } } });
    all.publishers.replaceConfig({ trunk: section(options) });
    await all.pass(100);
    expect(users(all)).toEqual(expected);
  });
});

describe("addresses", () => {
  const cases: [string, Partial<OutboundPublishConfig>, [uri: string, from: string, to: string]][] = [
    ["follow server_uri", {}, ["sip:1000@p.example", "sip:1000@p.example", "sip:1000@p.example"]],
    ["leave the way to the server out of From and To", { server_uri: "sip:x@p.example:5060;transport=udp;a=b" }, [
      "sip:1000@p.example:5060;transport=udp;a=b",
      "sip:1000@p.example;a=b",
      "sip:1000@p.example;a=b",
    ]],
    ["take the extension as user everywhere", { from_uri: "sip:a@from.example", to_uri: "sip:to.example:5080" }, [
      "sip:1000@p.example",
      "sip:1000@from.example",
      "sip:1000@to.example:5080",
    ]],
    [
      "stay as they are without multi_user",
      { multi_user: false, server_uri: "sip:all@p.example", to_uri: "sips:b@c" },
      [
        "sip:all@p.example",
        "sip:all@p.example",
        "sips:b@c",
      ],
    ],
  ];
  test.each(cases)("%s", async (_what, options, [uri, from, to]) => {
    const { server, pass } = bench({ hints: { 1000: "Custom:one" }, sections: { trunk: section(options) } });
    await pass(100);
    const { last } = server;
    expect(last.startLine).toBe(`PUBLISH ${uri} SIP/2.0`);
    expect([last.header("From").split(";tag")[0], last.header("To")]).toEqual([`<${from}>`, `<${to}>`]);
    expect(last.body).toContain(`entity="${from}"`);
  });

  test("write an extension as a user may be written (RFC 3261 §25.1)", async () => {
    const { server, pass } = bench({ hints: { "a b@c": "Custom:one" } });
    await pass(100);
    expect(server.last.startLine).toBe("PUBLISH sip:a%20b%40c@p.example SIP/2.0");
  });

  const broken: [string, Partial<OutboundPublishConfig>][] = [
    ["from_uri", { from_uri: "alice" }],
    ["server_uri", { server_uri: "sip:@@" }],
    ["body", { body: "text/plain" }],
  ];
  test.each(broken)("a %s that cannot be used leaves its section out, and says so", async (_what, options) => {
    const all = bench({ hints: three, sections: { bad: section(options), good: section() } });
    await all.pass(100);
    expect(all.server.inbox.length).toBe(3);
    expect(all.logged.map(([level, , fields]) => [level, fields?.section])).toEqual([["error", "bad"]]);
  });
});

describe("without multi_user", () => {
  const shared = { sections: { trunk: section({ multi_user: false, server_uri: "sip:all@p.example" }) } };
  const idOf = (body: string) => /<dialog id="([^"]*)"/.exec(body)?.[1];

  test("one publication carries the last change", async () => {
    const { server, pass, set, publishers, clock } = bench({ hints: three, ...shared });
    await pass(100);
    expect([server.inbox.length, publishers.snapshot().map((row) => row.extension)]).toEqual([1, [""]]);
    for (const [device, state] of [["one", "INUSE"], ["three", "RINGING"], ["one", "ONHOLD"]] as const) {
      set(device, state);
      await pass(1_000);
    }
    expect(server.since(1).map((each) => [idOf(each.body), stateOf(each), each.header("SIP-If-Match")])).toEqual([
      ["1000", "confirmed", "tag1"],
      ["2000", "early", "tag2"],
      ["1000", "confirmed", "tag3"],
    ]);
    expect(server.last.version).toBe(Math.floor((clock.wall() - clock.now()) / 1_000) + 3);
  });

  test("the start tells of the hint that changed last", async () => {
    const all = bench({ hints: three, sections: {} });
    await all.pass(5_000);
    all.set("two", "INUSE");
    all.publishers.replaceConfig(shared.sections);
    await all.pass(100);
    expect(all.server.inbox.map((each) => idOf(each.body))).toEqual(["1001"]);
  });

  test("a hint that is gone gives way to another; the last one takes the publication with it", async () => {
    const { server, pass, set, applyHints } = bench({ hints: three, ...shared, profile: "asterisk" });
    await pass(1_000);
    set("three", "INUSE");
    await pass(1_000);
    applyHints({ 1000: "Custom:one", 1001: "Custom:two" });
    await pass(100);
    expect(idOf(server.last.body)).not.toBe("2000");
    applyHints({});
    await pass(100);
    expect([server.last.header("Expires"), server.held.size]).toEqual(["0", 0]);
    applyHints({ 3000: "Custom:four" });
    await pass(100);
    expect([idOf(server.last.body), server.last.header("SIP-If-Match")]).toEqual(["3000", ""]);
  });
});

describe("a reload of hints", () => {
  test("publishes what is new and removes what is gone, with Expires 0, its tag and no body (RFC 3903 §4.5)", async () => {
    const all = bench({ hints: three });
    const { server, pass, applyHints, publishers } = all;
    await pass(100);
    applyHints({ 1000: "Custom:one", 1001: "Custom:two", 3000: "Custom:new" });
    await pass(100);
    expect(users(all, 3).toSorted()).toEqual(["2000", "3000"]);
    const removal = server.since(3).find((each) => userOf(each) === "2000")!;
    expect([removal.header("Expires"), removal.header("SIP-If-Match"), removal.body, removal.header("Content-Type")])
      .toEqual(["0", "tag3", "", ""]);
    expect([...server.held.values()].toSorted()).toEqual([
      "sip:1000@p.example",
      "sip:1001@p.example",
      "sip:3000@p.example",
    ]);
    expect(publishers.snapshot().map((row) => row.extension)).toEqual(["1000", "1001", "3000"]);
  });

  test("removes what is on its way as soon as its tag is known", async () => {
    const { server, pass, applyHints, timers } = bench({ hints: { 1000: "Custom:one" } });
    server.answer = () => undefined;
    await pass(100);
    applyHints({});
    await pass(100);
    expect(server.inbox.length).toBe(1);
    server.answer = (request) => server.keep(request);
    server.send(server.last, server.keep(server.last)!);
    await pass(100);
    expect([server.inbox.length, server.last.header("Expires"), server.last.header("SIP-If-Match")]).toEqual([
      2,
      "0",
      "tag1",
    ]);
    expect([server.held.size, timers.armedCount]).toEqual([0, 0]);
  });

  test("forgets what was never sent without a word", async () => {
    const { server, pass, applyHints, timers } = bench({ hints: { 1000: "Custom:one" }, isServerKnown: false });
    await pass(100);
    applyHints({});
    await pass(600_000);
    expect([server.inbox.length, timers.armedCount]).toEqual([0, 0]);
  });

  const ends: [string, string[], number][] = [
    ["412: it is gone already", ["412 Conditional Request Failed"], 1],
    ["500", ["500 Server Internal Error"], 1],
    ["403", ["403 Forbidden"], 1],
    ["423", ["423 Interval Too Brief", "Min-Expires: 60"], 1],
    ["503", ["503 Service Unavailable"], 1],
  ];
  test.each(ends)("does not repeat a removal answered with %s", async (_what, answer, count) => {
    const { server, pass, applyHints, timers } = bench({ hints: { 1000: "Custom:one" } });
    await pass(100);
    server.answer = () => answer as [string];
    applyHints({});
    await pass(1_000_000);
    expect([server.inbox.length - 1, timers.armedCount]).toEqual([count, 0]);
  });

  test("a removal proves itself like any other request", async () => {
    const auth = { username: "hintd", password: "secret" };
    const all = bench({ hints: { 1000: "Custom:one" }, sections: { trunk: section({ auth }) } });
    const { server, pass, applyHints } = all;
    await pass(100);
    server.answer = (request) =>
      request.header("Authorization") === ""
        ? ["401 Unauthorized", 'WWW-Authenticate: Digest realm="p", nonce="n"']
        : server.keep(request);
    applyHints({});
    await pass(100);
    expect([server.inbox.length, server.held.size]).toEqual([3, 0]);
  });
});

describe("a reload of sections", () => {
  test("keeps what reads the same", async () => {
    const { server, pass, publishers } = bench({ hints: three, sections: { a: section(), b: section() } });
    await pass(100);
    publishers.replaceConfig({ b: section(), a: section() });
    await pass(100);
    expect(server.inbox.length).toBe(6);
  });

  test("removes a section that is gone", async () => {
    const { server, pass, publishers, timers } = bench({ hints: three });
    await pass(100);
    publishers.replaceConfig({});
    await pass(100);
    expect(server.since(3).map((each) => each.header("Expires"))).toEqual(["0", "0", "0"]);
    expect([server.held.size, publishers.snapshot(), timers.armedCount]).toEqual([0, [], 0]);
  });

  test("begins a section anew that reads differently", async () => {
    const { server, pass, publishers } = bench({ hints: three });
    await pass(100);
    publishers.replaceConfig({ trunk: section({ exten: "2000", expiration: 120 }) });
    await pass(100);
    expect([...server.held.values()]).toEqual(["sip:2000@p.example"]);
    expect(publishers.snapshot()).toEqual([{
      section: "trunk",
      event: "dialog",
      extension: "2000",
      uri: "sip:2000@p.example",
      state: "published",
      lastStatus: 200,
      why: "",
      expiresSeconds: 120,
      failingSince: undefined,
    }]);
  });

  test("tells the bodies that are made otherwise now", async () => {
    const { server, pass, publishers, generators, engine } = bench({
      hints: { 1000: "Custom:one,CustomPresence:one" },
      sections: { trunk: section({ event: "presence" }) },
      profile: "asterisk",
    });
    engine.setPresenceState("CustomPresence:one", { state: "away", subtype: "", message: "" });
    await pass(100);
    const count = server.inbox.length;
    generators.configure({ supplements: [], disabled: [] });
    publishers.replaceConfig({ trunk: section({ event: "presence" }) });
    await pass(100);
    expect(server.inbox.length).toBe(count + 1);
    expect(server.last.header("SIP-If-Match")).not.toBe("");
  });

  test("gives a section up that ends while its server is silent", async () => {
    const { server, pass, publishers, timers } = bench({ hints: three });
    await pass(100);
    server.answer = () => undefined;
    publishers.replaceConfig({});
    await pass(40_000);
    expect([server.inbox.length, timers.armedCount]).toEqual([6, 0]);
  });
});

describe("stop", () => {
  test("removes everything and resolves when all is gone", async () => {
    const hints = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [String(1000 + i), `Custom:d${i}`]));
    const { server, network, pass, publishers, timers, clock } = bench({ hints });
    network.fate = () => [5];
    await pass(5_000);
    let stoppedAt = 0;
    const before = clock.now();
    publishers.stop().then(() => stoppedAt = clock.now());
    await pass(3_000);
    expect([server.held.size, timers.armedCount]).toEqual([0, 0]);
    expect(stoppedAt - before).toBeLessThan(500);
  });

  test("waits three seconds at most, and then leaves nothing behind", async () => {
    const { server, pass, publishers, timers, clock, transactions } = bench({ hints: three });
    await pass(100);
    server.answer = () => undefined;
    let stoppedAt = 0;
    publishers.stop().then(() => stoppedAt = clock.now());
    await pass(2_900);
    expect(stoppedAt).toBe(0);
    await pass(200);
    expect(stoppedAt).toBeGreaterThan(0);
    expect([timers.armedCount, transactions.snapshot().clientCount]).toEqual([0, 0]);
  });

  test("does not wait for a server that has not answered before", async () => {
    const { server, pass, publishers, timers } = bench({ hints: three, isServerKnown: false });
    await pass(100);
    let isStopped = false;
    publishers.stop().then(() => isStopped = true);
    await pass();
    expect([isStopped, server.inbox.length, timers.armedCount]).toEqual([true, 0, 0]);
  });

  test("without sections is nothing", async () => {
    const { publishers, timers } = bench({ sections: {} });
    await publishers.stop();
    expect(timers.armedCount).toBe(0);
  });
});

describe("entity-tags that outlive a crash", () => {
  function memory(): TagMemory & { readonly tags: Map<string, string> } {
    const tags = new Map<string, string>();
    const keyOf = (name: string, uri: string) => `${name} ${uri}`;
    return {
      tags,
      recall: (name, uri) => tags.get(keyOf(name, uri)),
      remember: (name, uri, tag) => void tags.set(keyOf(name, uri), tag),
      forget: (name, uri, tag) => {
        if (tags.get(keyOf(name, uri)) === tag) tags.delete(keyOf(name, uri));
      },
    };
  }

  test("are remembered at each change, and forgotten with their publication", async () => {
    const tags = memory();
    const { pass, set, publishers } = bench({ hints: { 1000: "Custom:one" }, tags });
    await pass(100);
    set("one", "INUSE");
    await pass(100);
    expect([...tags.tags]).toEqual([["trunk sip:1000@p.example", "tag2"]]);
    publishers.stop();
    await pass(100);
    expect(tags.tags.size).toBe(0);
  });

  const lives: [string, OutboundPublishConfig["event"], [tag: string, state: string][]][] = [
    ["modify its old publication", "presence", [["tag1", "idle"]]],
    ["replace its old publication, whose dialogs may have ended", "dialog", [["tag1", "none"], ["", "idle"]]],
  ];
  test.each(lives)("make the next run %s (event %s)", async (_what, event, expected) => {
    const tags = memory();
    const sections = { trunk: section({ event }) };
    const before = bench({ hints: { 1000: "Custom:one" }, tags, sections });
    await before.pass(100);
    const after = bench({ hints: { 1000: "Custom:one" }, tags, sections, wall: before.clock.wall() + 60_000 });
    after.server.held.set("tag1", "sip:1000@p.example");
    await after.pass(100);
    expect(after.server.inbox.map((each) => [each.header("SIP-If-Match"), stateOf(each)])).toEqual(expected);
    if (event === "dialog") expect(after.server.last.version).toBeGreaterThan(before.server.last.version);
  });

  test("that the server does not know cost one 412", async () => {
    const tags = memory();
    tags.tags.set("trunk sip:1000@p.example", "old");
    const { server, pass } = bench({ hints: { 1000: "Custom:one" }, tags });
    await pass(100);
    expect(server.inbox.map((each) => each.header("SIP-If-Match"))).toEqual(["old", ""]);
    expect([...tags.tags.values()]).toEqual(["tag1"]);
  });

  test("are those of the start: a section that a reload begins anew has none", async () => {
    const tags = memory();
    const { server, pass, publishers } = bench({ hints: { 1000: "Custom:one" }, tags });
    await pass(100);
    publishers.replaceConfig({ trunk: section({ expiration: 200 }) });
    await pass(100);
    const initial = server.since(1).find((each) => each.header("Expires") === "200")!;
    expect(initial.header("SIP-If-Match")).toBe("");
    expect([...tags.tags.values()]).toEqual([...server.held.keys()]);
  });
});
