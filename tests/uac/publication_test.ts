/**
 * One publication over its life.
 *
 *     hintd                                  server
 *       │── PUBLISH, document ────────────────▶│
 *       │◀──────────────── 200, SIP-ETag: a ───│
 *       │── PUBLISH, If-Match: a, document ───▶│  a change
 *       │◀──────────────── 200, SIP-ETag: b ───│
 *       │── PUBLISH, If-Match: b ─────────────▶│  before the expiry
 *       │◀──────────────── 200, SIP-ETag: c ───│
 *       │── PUBLISH, If-Match: c, Expires: 0 ─▶│  the hint is gone
 */
import { describe, expect, test } from "bun:test";
import { parseCredentials } from "../../lib/sip/authorization.ts";
import type { Call } from "../../lib/state/resource.ts";
import { type Answer, bench, section, Server, stateOf, userOf } from "./support.ts";

const one = { hints: { 1000: "Custom:one" } };

/** A bench whose one publication is in force. */
async function published(options: Parameters<typeof bench>[0] = one) {
  const all = bench(options);
  await all.pass(100);
  return all;
}

describe("an initial publication (RFC 3903 §4.2)", () => {
  test("is a request outside any dialog, with event, lifetime and document, and without Contact", async () => {
    const { server } = await published();
    expect(server.inbox.length).toBe(1);
    const { last } = server;
    const [head, body] = last.text.split("\r\n\r\n");
    const length = new TextEncoder().encode(body).length;
    expect(head!.replace(/(branch=|tag=|Call-ID: )[0-9a-zA-Z]+/g, "$1…").split("\r\n")).toEqual([
      "PUBLISH sip:1000@p.example SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=…",
      "Max-Forwards: 70",
      "From: <sip:1000@p.example>;tag=…",
      "To: <sip:1000@p.example>",
      "Call-ID: …",
      "CSeq: 1 PUBLISH",
      "Event: dialog",
      "Expires: 3600",
      "User-Agent: hintd",
      "Content-Type: application/dialog-info+xml",
      `Content-Length: ${length}`,
    ]);
    expect(stateOf(last)).toBe("idle");
    expect(last.body).toContain('entity="sip:1000@p.example"');
  });

  test("carries PIDF for event presence, and any body that is wished", async () => {
    const bodies = [["presence", ""], ["presence", "application/xpidf+xml"], [
      "dialog",
      "Application/PIDF+xml",
    ]] as const;
    for (const [event, body] of bodies) {
      const { server } = await published({ ...one, sections: { trunk: section({ event, body }) } });
      expect(server.last.header("Event")).toBe(event);
      expect(server.last.header("Content-Type")).toBe(body === "" ? "application/pidf+xml" : body.toLowerCase());
    }
  });
});

describe("who is calling", () => {
  const call: Call = {
    id: "c1",
    state: "early",
    direction: "recipient",
    callId: "abc",
    localTag: "l",
    remoteTag: "r",
    localIdentity: undefined,
    remoteIdentity: { uri: "sip:caller@elsewhere.example", display: "Caller" },
    startedAt: 0,
  };
  test.each([["asterisk", false], ["rfc", true]] as const)("in profile %s is told: %p", async (profile, isTold) => {
    const { server, engine, pass } = bench({ hints: { 1000: "PJSIP/alice" }, profile });
    engine.setEndpoint("alice", { isReachable: true, busyAt: 0 });
    engine.setCalls("PJSIP/alice", [call]);
    await pass(100);
    expect(stateOf(server.last)).toBe("early");
    expect([server.last.body.includes("caller@"), server.last.body.includes("call-id")]).toEqual([isTold, isTold]);
  });
});

describe("a change", () => {
  test("modifies what is there: same Call-ID and From tag, higher CSeq, new version (RFC 3903 §4.4)", async () => {
    const { server, set, pass } = await published();
    set("one", "INUSE");
    await pass();
    set("one", "RINGING");
    await pass();
    const [first, second, third] = server.inbox as [typeof server.last, typeof server.last, typeof server.last];
    expect(server.inbox.map(stateOf)).toEqual(["idle", "confirmed", "early"]);
    expect([second.header("SIP-If-Match"), third.header("SIP-If-Match")]).toEqual(["tag1", "tag2"]);
    expect(new Set(server.inbox.map((each) => each.header("Call-ID"))).size).toBe(1);
    expect(new Set(server.inbox.map((each) => each.tag("From"))).size).toBe(1);
    expect([second.sequence > first.sequence, third.sequence > second.sequence]).toEqual([true, true]);
    expect([second.version - first.version, third.version - second.version]).toEqual([1, 1]);
  });

  test("while a request is on its way waits for its answer, and of several only the last is told", async () => {
    const { server, set, pass } = bench(one);
    server.answer = () => undefined;
    await pass(10);
    for (const state of ["INUSE", "BUSY", "RINGING", "ONHOLD", "RINGING"] as const) set("one", state);
    await pass(100);
    expect(server.inbox.length).toBe(1);
    server.answer = (request) => server.keep(request);
    server.send(server.last, server.keep(server.last)!);
    await pass(100);
    expect(server.inbox.map(stateOf)).toEqual(["idle", "early"]);
  });

  test("that is taken back meanwhile is not told", async () => {
    const { server, set, pass } = bench(one);
    server.answer = () => undefined;
    await pass(10);
    set("one", "INUSE");
    set("one", "NOT_INUSE");
    server.answer = (request) => server.keep(request);
    server.send(server.last, server.keep(server.last)!);
    await pass(100);
    expect(server.inbox.length).toBe(1);
  });

  test("that no document shows is not told", async () => {
    const { server, engine, set, pass } = await published({ hints: { 1000: "Custom:one,CustomPresence:one" } });
    set("one", "NOT_INUSE");
    engine.setPresenceState("CustomPresence:one", { state: "dnd", subtype: "", message: "" });
    await pass(100);
    expect(server.inbox.length).toBe(1);
  });
});

describe("a document whose dialogs are all terminated, as of an idle extension in profile asterisk", () => {
  const told = (server: Server, from: number) =>
    server.since(from).map((each) => [each.header("SIP-If-Match"), stateOf(each), Number(each.header("Expires"))]);

  test("is followed by a publication of its own: such dialogs do not come back (RFC 4235 §3.7.1)", async () => {
    const { server, set, pass } = await published({ ...one, profile: "asterisk" });
    for (const state of ["RINGING", "INUSE", "NOT_INUSE", "RINGING"] as const) {
      set("one", state);
      await pass(100);
    }
    expect(told(server, 0)).toEqual([
      ["", "terminated", 3_600],
      ["tag1", "none", 0],
      ["", "early", 3_600],
      ["tag2", "confirmed", 3_600],
      ["tag3", "terminated", 3_600],
      ["tag4", "none", 0],
      ["", "early", 3_600],
    ]);
    expect(server.held.size).toBe(1);
  });

  test("is refreshed like any other", async () => {
    const { server, pass } = await published({ ...one, profile: "asterisk" });
    await pass(3_241_000);
    expect(told(server, 1)).toEqual([["tag1", "none", 3_600]]);
  });

  test("that the server has forgotten need not be removed", async () => {
    const { server, set, pass } = await published({ ...one, profile: "asterisk" });
    server.held.clear();
    set("one", "RINGING");
    await pass(100);
    expect(told(server, 1)).toEqual([["tag1", "none", 0], ["", "early", 3_600]]);
  });

  test("and a hint that goes while it is being replaced leaves nothing behind", async () => {
    const { server, set, pass, applyHints, timers } = await published({ ...one, profile: "asterisk" });
    server.answer = () => undefined;
    set("one", "RINGING");
    await pass(100);
    applyHints({});
    server.answer = (request) => server.keep(request);
    server.send(server.last, server.keep(server.last)!);
    await pass(100);
    expect([server.inbox.length, server.held.size, timers.armedCount]).toEqual([2, 0, 0]);
  });
});

describe("the version of dialog-info (RFC 4235 §4.1)", () => {
  test("begins at the seconds of the wall clock, so that a later run is above an earlier one", async () => {
    const { server, clock } = await published();
    expect(server.last.version).toBe(Math.floor((clock.wall() - clock.now()) / 1_000));
  });
  test("grows where a document may have arrived, and stays where it certainly did not", async () => {
    const { server, set, pass } = await published();
    server.answer = (request) => server.inbox.length === 2 ? undefined : server.keep(request);
    set("one", "INUSE");
    await pass(60_000);
    server.answer = (request) => request === server.inbox[3] ? ["412 Gone"] : server.keep(request);
    set("one", "RINGING");
    await pass(100);
    const first = server.inbox[0]!.version;
    expect(server.inbox.map((each) => each.version - first)).toEqual([0, 1, 2, 3, 3]);
  });
});

describe("a refresh (RFC 3903 §4.3)", () => {
  const cases: [grantedSeconds: number, atSeconds: number][] = [
    [3_600, 3_240],
    [60, 54],
    [30, 25],
    [8, 4],
    [1, 0.5],
  ];
  test.each(cases)("of %d seconds comes after %d, under the tag and without a body", async (granted, atSeconds) => {
    const { server, pass } = bench(one);
    server.answer = (request) => server.keep(request, String(granted));
    await pass(10);
    await pass(atSeconds * 1_000 - 50);
    expect(server.inbox.length).toBe(1);
    await pass(100);
    expect(server.inbox.length).toBe(2);
    expect([server.last.header("SIP-If-Match"), server.last.body, server.last.header("Content-Type")]).toEqual([
      "tag1",
      "",
      "",
    ]);
    expect(server.last.header("Expires")).toBe("3600");
  });

  test("uses the tag of the last answer, again and again", async () => {
    const { server, pass } = await published();
    await pass(4 * 3_240_000 + 1_000);
    expect(server.inbox.map((each) => each.header("SIP-If-Match"))).toEqual(["", "tag1", "tag2", "tag3", "tag4"]);
    expect(server.held.size).toBe(1);
  });

  test("is put off by a change", async () => {
    const { server, set, pass } = await published();
    await pass(3_000_000);
    set("one", "INUSE");
    await pass(3_000_000);
    expect(server.inbox.length).toBe(2);
    await pass(300_000);
    expect(server.inbox.length).toBe(3);
  });

  test("is an initial publication where the server gives no tag", async () => {
    const { server, pass } = bench(one);
    server.answer = () => ["200 OK", "Expires: 100"];
    await pass(95_000);
    expect(server.inbox.map((each) => [each.header("SIP-If-Match"), stateOf(each)])).toEqual([
      ["", "idle"],
      ["", "idle"],
    ]);
  });

  test("follows the lifetime asked for where the server names none", async () => {
    const { server, pass } = bench({ ...one, sections: { trunk: section({ expiration: 100 }) } });
    server.answer = () => ["200 OK", "SIP-ETag: x"];
    await pass(89_000);
    expect(server.inbox.length).toBe(1);
    await pass(2_000);
    expect(server.last.header("SIP-If-Match")).toBe("x");
  });
});

describe("412 (RFC 3903 §5)", () => {
  test("to a refresh: the tag is forgotten, and the document published initially at once", async () => {
    const { server, counters, pass } = await published();
    server.held.clear();
    await pass(3_241_000);
    expect(server.inbox.map((each) => [each.header("SIP-If-Match"), stateOf(each)])).toEqual([
      ["", "idle"],
      ["tag1", "none"],
      ["", "idle"],
    ]);
    expect(counters.tagsForgotten).toBe(1);
  });
  test("to a change: the newest state is published initially", async () => {
    const { server, set, pass } = await published();
    server.answer = (request) => {
      if (server.inbox.length > 2) return server.keep(request);
      set("one", "ONHOLD");
      return ["412 Conditional Request Failed"];
    };
    set("one", "RINGING");
    await pass(100);
    expect(server.inbox.map(stateOf)).toEqual(["idle", "early", "confirmed"]);
    expect(server.last.header("SIP-If-Match")).toBe("");
  });
  test("again and again ends in a slow retry", async () => {
    const { server, publishers, pass } = bench(one);
    server.answer = () => ["412 Conditional Request Failed"];
    await pass(60_000);
    expect(server.inbox.length).toBe(6);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", lastStatus: 412 });
    await pass(600_000);
    expect(server.inbox.length).toBe(12);
  });
});

describe("423 (RFC 3903 §5)", () => {
  test("raises the lifetime to Min-Expires, for all publications of the section", async () => {
    const { server, pass } = bench({ sections: { trunk: section({ expiration: 60 }) } });
    server.answer = (request) =>
      Number(request.header("Expires")) < 900 ? ["423 Interval Too Brief", "Min-Expires: 900"] : server.keep(request);
    await pass(100);
    expect(server.inbox.map((each) => each.header("Expires"))).toEqual(["60", "60", "900", "900"]);
    expect(server.held.size).toBe(2);
    await pass(811_000);
    expect(server.since(4).map((each) => each.header("Expires"))).toEqual(["900", "900"]);
  });
  const useless: [string, Answer][] = [
    ["without Min-Expires", ["423 Interval Too Brief"]],
    ["with one that is no number", ["423 Interval Too Brief", "Min-Expires: soon"]],
    ["with one that asks for what it got", ["423 Interval Too Brief", "Min-Expires: 3600"]],
    ["with one beyond a day", ["423 Interval Too Brief", "Min-Expires: 86401"]],
  ];
  test.each(useless)("%s is a refusal", async (_what, answer) => {
    const { server, publishers, pass } = bench(one);
    server.answer = () => answer;
    await pass(60_000);
    expect(server.inbox.length).toBe(1);
    expect(publishers.snapshot()[0]).toMatchObject({
      state: "failing",
      lastStatus: 423,
      why: "423 Interval Too Brief",
    });
  });
});

describe("401 and 407 (RFC 3261 §22)", () => {
  const secured = { ...one, sections: { trunk: section({ auth: { username: "hintd", password: "secret" } }) } };
  const challenge = (nonce: string, more = "") =>
    `Digest realm="p", nonce="${nonce}", algorithm=SHA-256, qop="auth"${more}`;

  test("are answered at once, the next request carries credentials unasked", async () => {
    const { server, set, pass, counters } = bench(secured);
    server.answer = (request) =>
      request.header("Authorization") === ""
        ? ["401 Unauthorized", `WWW-Authenticate: ${challenge("n1")}`]
        : server.keep(request);
    await pass(100);
    set("one", "INUSE");
    await pass(100);
    expect(server.inbox.map((each) => parseCredentials(each.header("Authorization") || "Basic x")?.nonceCount)).toEqual(
      [
        undefined,
        "00000001",
        "00000002",
      ],
    );
    const [first, second] = server.inbox as [typeof server.last, typeof server.last];
    expect([second.header("Call-ID"), second.tag("From"), second.sequence]).toEqual([
      first.header("Call-ID"),
      first.tag("From"),
      first.sequence + 1,
    ]);
    expect(parseCredentials(second.header("Authorization"))).toMatchObject({
      username: "hintd",
      realm: "p",
      uri: "sip:1000@p.example",
      algorithm: "SHA-256",
    });
    expect(second.version).toBe(first.version);
    expect(counters).toMatchObject({ challengesAnswered: 1, granted: 2 });
  });

  test("of a proxy are answered in Proxy-Authorization", async () => {
    const { server, pass } = bench(secured);
    server.answer = (request) =>
      request.header("Proxy-Authorization") === ""
        ? ["407 Proxy Authentication Required", `Proxy-Authenticate: ${challenge("n1")}`]
        : server.keep(request);
    await pass(100);
    expect([server.inbox.length, server.held.size]).toEqual([2, 1]);
  });

  test("for a stale nonce are answered with the new one", async () => {
    const { server, set, pass } = bench(secured);
    let nonce = 0;
    server.answer = (request) => {
      const credentials = parseCredentials(request.header("Authorization") || "Basic x");
      if (credentials?.nonce === `n${nonce}` && credentials.nonceCount === "00000001") return server.keep(request);
      return ["401 Unauthorized", `WWW-Authenticate: ${challenge(`n${++nonce}`, credentials ? ", stale=true" : "")}`];
    };
    await pass(100);
    set("one", "INUSE");
    await pass(100);
    set("one", "RINGING");
    await pass(100);
    expect(server.inbox.length).toBe(6);
    expect(stateOf(server.last)).toBe("early");
  });

  test("after a right answer mean a wrong password: refused, logged once, tried again slowly", async () => {
    const { server, publishers, logged, pass } = bench(secured);
    server.answer = () => ["401 Unauthorized", `WWW-Authenticate: ${challenge("n1")}`];
    await pass(60_000);
    expect(server.inbox.length).toBe(2);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", why: "401 Unauthorized: wrong password" });
    await pass(1_200_000);
    expect(server.inbox.length).toBeLessThanOrEqual(6);
    expect(logged.filter(([level]) => level === "warn").length).toBe(1);
  });

  test("with stale=true for ever end after six requests", async () => {
    const { server, pass } = bench(secured);
    let nonce = 0;
    server.answer = () => ["401 Unauthorized", `WWW-Authenticate: ${challenge(`n${nonce++}`, ", stale=true")}`];
    await pass(60_000);
    expect(server.inbox.length).toBe(6);
  });

  test("without credentials in the configuration are refusals", async () => {
    const { server, publishers, pass } = bench(one);
    server.answer = () => ["401 Unauthorized", `WWW-Authenticate: ${challenge("n1")}`];
    await pass(60_000);
    expect(server.inbox.length).toBe(1);
    expect(publishers.snapshot()[0]?.why).toBe("401 Unauthorized: no credentials");
  });
});

describe("a server that does not answer", () => {
  test("is tried again after ever longer pauses of random length, with the newest state", async () => {
    const { server, set, pass, publishers, logged, clock, world } = bench(one);
    server.answer = () => undefined;
    await pass(100);
    set("one", "INUSE");
    await pass(33_000);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", lastStatus: 0, why: "nobody answered" });
    expect(publishers.snapshot()[0]!.failingSince).toBeGreaterThanOrEqual(clock.wall() - 2_000);
    await pass(3_600_000);
    const gaps = server.inbox.slice(1).map(({ at }, i) => at - server.inbox[i]!.at - 32_000);
    gaps.slice(0, 8).forEach((gap, i) => {
      const longest = Math.min(300_000, 2_000 * 2 ** i);
      expect(gap).toBeGreaterThanOrEqual(longest / 2);
      expect(gap).toBeLessThanOrEqual(longest + 1_000);
    });
    expect(gaps.length).toBeGreaterThan(10);
    expect(stateOf(server.last)).toBe("confirmed");
    // Each has failed but one that may still be waited for.
    expect(world.failures).toBe(server.inbox.filter(({ at }) => at + 32_000 < clock.now()).length);
    server.answer = (request) => server.keep(request);
    await pass(400_000);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "published", lastStatus: 200, failingSince: undefined });
    expect(logged.map(([level, message]) => [level, message])).toEqual([
      ["warn", "A server does not take publications; trying again until it does"],
      ["info", "A server answers again"],
    ]);
  });

  test("that is not found is looked for again", async () => {
    const { server, world, pass, publishers } = bench({ ...one, isServerKnown: false });
    await pass(20_000);
    expect([server.inbox.length, world.asked.length > 2]).toEqual([0, true]);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", why: "there is no way to the server" });
    world.isServerKnown = true;
    await pass(60_000);
    expect(server.held.size).toBe(1);
  });

  test("whose connection breaks is connected to again", async () => {
    const sections = { trunk: section({ server_uri: "sip:p.example;transport=tcp" }) };
    const { network, clock, pass, publishers } = bench({ ...one, sections: {} });
    const stream = new Server(network, clock, "192.0.2.50", "tcp");
    stream.answer = () => undefined;
    publishers.replaceConfig(sections);
    await pass(100);
    const { flow } = stream.last;
    network.cut(flow);
    stream.answer = (request) => stream.keep(request);
    await pass(100);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", why: "the connection broke" });
    await pass(2_100);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "published", lastStatus: 200 });
    expect(stream.last.flow).not.toBe(flow);
  });

  test("whose name is never resolved counts as silent", async () => {
    const { server, world, set, pass, publishers } = await published();
    world.isResolverStuck = true;
    set("one", "INUSE");
    await pass(33_000);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "failing", lastStatus: 0 });
    world.isResolverStuck = false;
    await pass(2_100);
    expect(server.inbox.map(stateOf)).toEqual(["idle", "confirmed"]);
  });

  test("is met with a probe of one request, and all follow when it is answered", async () => {
    const hints = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [String(1000 + i), `Custom:d${i}`]));
    const { server, pass } = bench({ hints });
    server.answer = () => undefined;
    await pass(31_000);
    expect(server.inbox.length).toBe(8);
    await pass(20_000);
    expect(server.inbox.length).toBe(9);
    server.answer = (request) => server.keep(request);
    await pass(60_000);
    expect(server.held.size).toBe(30);
  });
});

describe("503 and 408", () => {
  test.each([["503 Service Unavailable"], ["408 Request Timeout"]])("%s pauses the whole section", async (status) => {
    const { server, pass, publishers } = bench();
    server.answer = () => [status];
    await pass(900);
    expect(server.inbox.length).toBe(2);
    await pass(1_200);
    expect(server.inbox.length).toBe(3);
    expect(publishers.snapshot().map((row) => row.state)).toEqual(["failing", "failing"]);
  });
  test("Retry-After is respected, and no server keeps us away longer than about an hour (RFC 3261 §20.33)", async () => {
    for (const [value, fromSeconds, toSeconds] of [["100", 100, 111], ["4294967295", 3_600, 3_961]] as const) {
      const { server, pass } = bench(one);
      server.answer = () => ["503 Service Unavailable", `Retry-After: ${value}`];
      await pass(fromSeconds * 1_000 - 100);
      expect(server.inbox.length).toBe(1);
      await pass((toSeconds - fromSeconds) * 1_000);
      expect(server.inbox.length).toBe(2);
    }
  });
});

describe("other failures", () => {
  test("500 holds one publication back and no other", async () => {
    const { server, pass, set, publishers } = bench();
    server.answer = (request) => userOf(request) === "1000" ? ["500 Server Internal Error"] : server.keep(request);
    await pass(100);
    set("two", "INUSE");
    await pass(100);
    expect(server.inbox.map(userOf)).toEqual(["1000", "1001", "1001"]);
    expect(publishers.snapshot().map((row) => row.state)).toEqual(["failing", "published"]);
    await pass(200_000);
    const tries = server.inbox.filter((each) => userOf(each) === "1000").length;
    expect(tries).toBeGreaterThanOrEqual(6);
    expect(tries).toBeLessThanOrEqual(9);
    server.answer = (request) => server.keep(request);
    await pass(300_000);
    expect(publishers.snapshot().map((row) => row.state)).toEqual(["published", "published"]);
  });
  test("a refusal with Retry-After is tried again after it", async () => {
    const { server, pass } = bench(one);
    server.answer = () => ["480 Temporarily Unavailable", "Retry-After: 20"];
    await pass(19_900);
    expect(server.inbox.length).toBe(1);
    await pass(2_200);
    expect(server.inbox.length).toBe(2);
  });
  const refusals = [
    "403 Forbidden",
    "404 Not Found",
    "415 Unsupported Media Type",
    "489 Bad Event",
    "302 Moved",
    "603 Decline",
  ];
  test.each(refusals)("%s is logged once for all publications and tried again after ten minutes", async (status) => {
    const { server, pass, logged, publishers, set } = bench();
    server.answer = () => [status];
    await pass(100);
    set("one", "INUSE");
    await pass(539_000);
    expect(server.inbox.length).toBe(2);
    await pass(62_000);
    expect(server.inbox.length).toBe(4);
    expect(logged.length).toBe(1);
    expect(logged[0]![2]).toMatchObject({ section: "trunk", why: status });
    expect(publishers.snapshot()[0]).toMatchObject({
      state: "failing",
      lastStatus: Number(status.slice(0, 3)),
      why: status,
    });
    server.answer = (request) => server.keep(request);
    await pass(601_000);
    expect(logged.at(-1)!.slice(0, 2)).toEqual(["info", "A server accepts all publications again"]);
    expect(server.inbox.filter((each) => userOf(each) === "1000").map(stateOf).at(-1)).toBe("confirmed");
  });
  test("a 200 for zero seconds is a refusal", async () => {
    const { server, pass, publishers } = bench(one);
    server.answer = () => ["200 OK", "SIP-ETag: x", "Expires: 0"];
    await pass(60_000);
    expect(server.inbox.length).toBe(1);
    expect(publishers.snapshot()[0]).toMatchObject({
      state: "failing",
      why: "200 OK, but for 0 seconds",
      expiresSeconds: 0,
    });
  });
  test("a provisional answer is none", async () => {
    const { server, pass, publishers } = bench(one);
    server.answer = () => ["100 Trying"];
    await pass(1_000);
    expect(publishers.snapshot()[0]).toMatchObject({ state: "pending", lastStatus: 0 });
    server.send(server.last, server.keep(server.last)!);
    await pass();
    expect(publishers.snapshot()[0]).toMatchObject({ state: "published", lastStatus: 200, expiresSeconds: 3_600 });
  });
});

describe("a request too large for a datagram (RFC 3261 §18.1.1)", () => {
  const large = { hints: { [`1${"0".repeat(200)}`]: "Custom:one" } };
  test("goes by a stream", async () => {
    const all = bench(large);
    const stream = new Server(all.network, all.clock, "192.0.2.50", "tcp");
    await all.pass(100);
    expect([stream.inbox.length, all.server.inbox.length]).toEqual([1, 0]);
    expect(stream.last.header("Via")).toStartWith("SIP/2.0/TCP ");
    expect(all.world.asked.map(([, isReliableWanted]) => isReliableWanted)).toEqual([false, true]);
  });
  test("goes as a datagram after all where there is no stream", async () => {
    const { server, pass } = bench(large);
    await pass(100);
    expect(server.inbox.length).toBe(1);
    expect(server.last.header("Via")).toStartWith("SIP/2.0/UDP ");
  });
});
