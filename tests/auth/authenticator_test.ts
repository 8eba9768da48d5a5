import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Verdict } from "../../lib/auth/authenticator.ts";
import type { EndpointOptions } from "../../lib/auth/identify.ts";
import { NONCE_LIFETIME_SECONDS } from "../../lib/auth/nonces.ts";
import { hashHex } from "../../lib/runtime/hash.ts";
import {
  answer,
  type AnswerParts,
  bench,
  challengeOf,
  config,
  endpoint,
  HandClock,
  maskedHeaders,
  request,
} from "./support.ts";

const desk = { remoteAddress: "192.168.1.20" };
const auth = { username: "alice", password: "secret" };
const alice = { alice: endpoint({ auth }) };

/** Asks without credentials, then answers the challenge. */
function twoRounds(
  { authenticator }: ReturnType<typeof bench>,
  options: { algorithm?: string; peer?: { remoteAddress: string }; answer?: AnswerParts; uri?: string; to?: string } =
    {},
): Verdict {
  const { algorithm = "MD5", peer = desk, uri, to } = options;
  const parts = { ...(uri === undefined ? {} : { uri }), ...(to === undefined ? {} : { to }) };
  const challenge = challengeOf(authenticator.authenticate(request(parts), peer), algorithm);
  const authorization = [answer(challenge, options.answer)];
  return authenticator.authenticate(request({ ...parts, authorization }), peer);
}

/** Reason of a challenge, or "accepted". */
function reasonOf(verdict: Verdict): string {
  return verdict.outcome === "accepted" ? "accepted" : verdict.reason;
}

describe("an endpoint with auth", () => {
  for (const algorithm of ["SHA-512-256", "SHA-256", "MD5"]) {
    test(`is challenged, then accepted on ${algorithm} with a clear password`, () => {
      const all = bench(alice);
      const first = all.authenticator.authenticate(request(), desk);
      expect(first).toMatchObject({ outcome: "challenge", stale: false, reason: "no credentials" });
      expect(twoRounds(all, { algorithm })).toEqual({
        outcome: "accepted",
        endpoint: "alice",
        credentialsProven: true,
      });
      expect(all.counters).toEqual({ proven: 1, believed: 0, challenged: 2, stale: 0, refused: 0 });
      expect(all.failures.snapshot()).toEqual([]);
    });
  }

  test("is accepted on its digests, and offered only their algorithms, strongest first", () => {
    const digests = ["MD5", "SHA-256"].map((name) => `${name}:${hashHex(name as "MD5", "alice:hintd:secret")}`);
    const all = bench({ alice: endpoint({ auth: { username: "alice", password_digest: digests } }) });
    const first = all.authenticator.authenticate(request(), desk);
    expect(first.outcome === "challenge" && first.headers.map(([, value]) => value.match(/algorithm=([^,]+)/)?.[1]))
      .toEqual(["SHA-256", "MD5"]);
    expect(reasonOf(twoRounds(all, { algorithm: "SHA-256" }))).toBe("accepted");
    expect(reasonOf(twoRounds(all, { algorithm: "MD5" }))).toBe("accepted");
    expect(reasonOf(twoRounds(all, { answer: { algorithm: "SHA-512-256" } }))).toBe("unsupported algorithm");
  });

  const faults: [name: string, parts: AnswerParts, reason: string][] = [
    ["a wrong password", { password: "wrong" }, "wrong password"],
    ["another user name", { username: "bob" }, "wrong user name"],
    ["another realm", { realm: "asterisk" }, "wrong realm"],
    ["a made-up nonce", { nonce: "made-up" }, "foreign nonce"],
    ["a URI of another user", { uri: "sip:1001@192.168.1.1" }, "wrong URI"],
    ["a URI that is none", { uri: "/dir/index.html" }, "wrong URI"],
    ["a URI of another scheme", { uri: "http://192.168.1.1" }, "wrong URI"],
    ["another method in the digest", { method: "REGISTER" }, "wrong password"],
    ["qop=auth-int, which is not offered", { qop: "auth-int" }, "malformed credentials"],
    ["a count that is no number", { count: "0000000g" }, "malformed credentials"],
    ["a count of nine digits", { count: "000000001" }, "malformed credentials"],
    ["no cnonce", { cnonce: "" }, "malformed credentials"],
    ["an algorithm variant that is not offered", { algorithm: "MD5-sess" }, "unsupported algorithm"],
    ["an unknown algorithm", { algorithm: "SHA-1" }, "unsupported algorithm"],
  ];
  for (const [name, parts, reason] of faults) {
    test(`is challenged again for ${name}`, () => {
      const all = bench(alice);
      const verdict = twoRounds(all, { answer: parts });
      expect(reasonOf(verdict)).toBe(reason);
      expect(verdict).toMatchObject({ outcome: "challenge", stale: reason === "foreign nonce" });
    });
  }

  const leniencies: [name: string, algorithm: string, parts: AnswerParts][] = [
    ["the algorithm in lower case", "SHA-256", { algorithm: "sha-256" }],
    ["no algorithm, which means MD5 (RFC 7616 §3.3)", "MD5", { algorithm: "" }],
    ["a count without leading zeros", "MD5", { count: "1" }],
    ["a count in upper case", "MD5", { count: "0000000A" }],
    ["no qop, as RFC 2069 has it (RFC 3261 §22.4)", "MD5", { qop: "" }],
    ["the URI with other host, port and parameters (RFC 3261 §22.4)", "MD5", {
      uri: "sip:1000@pbx.example.com:5070;transport=udp",
    }],
    ["the URI with sips", "MD5", { uri: "sips:1000@192.168.1.1" }],
    ["the URI escaped otherwise", "MD5", { uri: "sip:%31000@192.168.1.1" }],
    ["the registrar's URI without a user", "MD5", { uri: "sip:192.168.1.1" }],
  ];
  for (const [name, algorithm, parts] of leniencies) {
    test(`is accepted with ${name}`, () => {
      expect(reasonOf(twoRounds(bench(alice), { algorithm, answer: parts }))).toBe("accepted");
    });
  }

  test("is accepted with the URI of To where the Request-URI has no user", () => {
    const to = "sip:1000@192.168.1.1";
    expect(reasonOf(twoRounds(bench(alice), { uri: "sip:192.168.1.1", to, answer: { uri: to } }))).toBe("accepted");
  });

  test("is accepted with any of several credentials, and with others for other realms beside them (RFC 3261 §22.3)", () => {
    const { authenticator } = bench(alice);
    const challenge = challengeOf(authenticator.authenticate(request(), desk));
    const authorization = [
      answer(challenge, { realm: "asterisk" }),
      answer(challenge, { password: "wrong" }),
      answer(challenge),
    ];
    expect(reasonOf(authenticator.authenticate(request({ authorization }), desk))).toBe("accepted");
  });

  test("with empty credentials before the first challenge is like one without (RFC 8760 §2.7)", () => {
    const { authenticator } = bench(alice);
    const authorization = ['Digest username="alice",realm="hintd",nonce="",uri="sip:192.168.1.1",response=""'];
    expect(reasonOf(authenticator.authenticate(request({ authorization }), desk))).toBe("no credentials");
  });

  test("may have a name with quotes, backslashes and letters of every script (RFC 7616 §4)", () => {
    for (const username of ['a"l\\ice', "J\u00e4s\u00f8n Doe", "Ja\u0308son", "\u738b\u5c0f\u660e"]) {
      const all = bench({ alice: endpoint({ auth: { username, password: "Secret, or not?" } }) });
      const sent = { username: username.normalize("NFC"), password: "Secret, or not?" };
      for (const algorithm of ["MD5", "SHA-256"]) {
        expect(reasonOf(twoRounds(all, { algorithm, answer: sent }))).toBe("accepted");
      }
    }
  });

  test("whose digests are all unreadable is challenged like others and never accepted", () => {
    const broken = bench({ alice: endpoint({ auth: { username: "alice", password_digest: ["MD5:oops"] } }) });
    expect(maskedHeaders(broken.authenticator.authenticate(request(), desk)))
      .toBe(maskedHeaders(bench(alice).authenticator.authenticate(request(), desk)));
    expect(reasonOf(twoRounds(broken))).toBe("unsupported algorithm");
  });

  test("proves nothing by the hash that stands for nobody", () => {
    const { authenticator } = bench(alice);
    const challenge = challengeOf(
      authenticator.authenticate(request({ from: "sip:eve@192.168.1.1" }), desk),
      "SHA-256",
    );
    const nonce = challenge.match(/nonce="([^"]*)"/)![1]!;
    const uri = "sip:1000@192.168.1.1";
    const requestHash = hashHex("SHA-256", `SUBSCRIBE:${uri}`);
    const response = hashHex("SHA-256", `${"0".repeat(64)}:${nonce}:00000001:0a4f113b:auth:${requestHash}`);
    const authorization = [
      `Digest username="eve",realm="hintd",nonce="${nonce}",uri="${uri}",response="${response}",algorithm=SHA-256,` +
      `cnonce="0a4f113b",qop=auth,nc=00000001`,
    ];
    for (const from of ["sip:eve@192.168.1.1", "sip:alice@192.168.1.1"]) {
      expect(authenticator.authenticate(request({ from, authorization }), desk).outcome).toBe("challenge");
    }
  });
});

describe("clients of RFC 2069", () => {
  test("are refused with a stronger algorithm, which they cannot know", () => {
    expect(reasonOf(twoRounds(bench(alice), { algorithm: "SHA-256", answer: { qop: "" } }))).toBe(
      "malformed credentials",
    );
  });

  test("are refused where the appliance does not serve them", () => {
    const strict = bench(alice, { acceptsMissingQop: false });
    expect(reasonOf(twoRounds(strict, { answer: { qop: "" } }))).toBe("malformed credentials");
  });

  test("spend a nonce with every request", () => {
    const { authenticator } = bench(alice);
    const authorization = [answer(challengeOf(authenticator.authenticate(request(), desk)), { qop: "" })];
    expect(reasonOf(authenticator.authenticate(request({ authorization }), desk))).toBe("accepted");
    expect(authenticator.authenticate(request({ authorization }), desk))
      .toMatchObject({ outcome: "challenge", stale: true, reason: "replayed nonce" });
  });
});

describe("a nonce that is spent makes a stale challenge, which a phone answers by itself (RFC 7616 §3.3)", () => {
  /** A first success, and the challenge it answered. */
  function begun(clock = new HandClock()) {
    const all = bench(alice, { clock });
    const challenge = challengeOf(all.authenticator.authenticate(request(), desk));
    const send = (parts: AnswerParts = {}, peer = desk) =>
      all.authenticator.authenticate(request({ authorization: [answer(challenge, parts)] }), peer);
    expect(reasonOf(send())).toBe("accepted");
    return { ...all, send, challenge };
  }

  test("the same request again is a replay", () => {
    expect(begun().send()).toMatchObject({ stale: true, reason: "replayed nonce" });
  });

  test("the next count is accepted, a gap too, and an older count only once", () => {
    const { send } = begun();
    const counts = ["00000002", "00000005", "00000003", "00000003", "00000005", "00000006"];
    expect(counts.map((count) => reasonOf(send({ count }))))
      .toEqual(["accepted", "accepted", "accepted", "replayed nonce", "replayed nonce", "accepted"]);
  });

  test("another source cannot use it", () => {
    const { send } = begun();
    expect(send({ count: "00000002" }, { remoteAddress: "192.168.1.21" })).toMatchObject({
      stale: true,
      reason: "foreign nonce",
    });
  });

  test("the same source in its mapped spelling can", () => {
    const { send } = begun();
    expect(reasonOf(send({ count: "00000002" }, { remoteAddress: "::ffff:192.168.1.20" }))).toBe("accepted");
  });

  test("it expires", () => {
    const clock = new HandClock();
    const { send } = begun(clock);
    clock.at += (NONCE_LIFETIME_SECONDS + 1) * 1_000;
    expect(send({ count: "00000002" })).toMatchObject({ stale: true, reason: "expired nonce" });
  });

  test("a wrong password with it is no stale challenge, and does not spend the count", () => {
    const { send } = begun();
    expect(send({ count: "00000002", password: "wrong" })).toMatchObject({ stale: false, reason: "wrong password" });
    expect(reasonOf(send({ count: "00000002" }))).toBe("accepted");
  });

  test("the fresh nonce of the stale challenge is accepted", () => {
    const { send, authenticator } = begun();
    const authorization = [answer(challengeOf(send()))];
    expect(reasonOf(authenticator.authenticate(request({ authorization }), desk))).toBe("accepted");
  });

  test("it survives an orderly restart with its counts, and is stale after a crash", () => {
    const { send, authenticator, clock, challenge } = begun();
    expect(reasonOf(send({ count: "00000002" }))).toBe("accepted");
    const authorization = (count: string) => [answer(challenge, { count })];
    const again = bench(alice, { clock, seed: 5, resumed: authenticator.snapshotNonces() }).authenticator;
    expect(reasonOf(again.authenticate(request({ authorization: authorization("00000002") }), desk))).toBe(
      "replayed nonce",
    );
    expect(reasonOf(again.authenticate(request({ authorization: authorization("00000003") }), desk))).toBe("accepted");
    const crashed = bench(alice, { clock, seed: 5 }).authenticator;
    expect(crashed.authenticate(request({ authorization: authorization("00000004") }), desk))
      .toMatchObject({ stale: true, reason: "foreign nonce" });
  });
});

describe("strangers", () => {
  const open: Record<string, EndpointOptions> = {
    alice: endpoint({ auth }),
    shut: endpoint({ auth: { username: "shut", password: "secret" }, deny: ["192.168.1.20"] }),
  };

  test("are challenged for ever, with any credentials", () => {
    const { authenticator } = bench(open);
    let verdict = authenticator.authenticate(request({ from: "sip:eve@192.168.1.1" }), desk);
    for (let i = 0; i < 5; i++) {
      const authorization = [answer(challengeOf(verdict), { username: "eve" })];
      verdict = authenticator.authenticate(request({ from: "sip:eve@192.168.1.1", authorization }), desk);
      expect(verdict).toMatchObject({ outcome: "challenge", stale: false, reason: "unknown endpoint" });
    }
  });

  test("cannot be told from a wrong password or a denied source, byte for byte", () => {
    const { authenticator } = bench(open);
    const ask = (user: string, authorization: string[] = []) =>
      authenticator.authenticate(request({ from: `sip:${user}@192.168.1.1`, authorization }), desk);
    const unasked = ["alice", "eve", "shut"].map((user) => maskedHeaders(ask(user)));
    const wrong = ["alice", "eve", "shut"].map((user) => {
      return maskedHeaders(ask(user, [answer(challengeOf(ask(user)), { username: user, password: "wrong" })]));
    });
    const right = maskedHeaders(ask("shut", [answer(challengeOf(ask("shut")), { username: "shut" })]));
    expect(new Set([...unasked, ...wrong, right]).size).toBe(1);
    const dialog = authenticator.authenticateInDialog(request(), desk, {
      endpoint: "gone",
      sourceAddress: "192.168.1.20",
    });
    expect(maskedHeaders(dialog)).toBe(unasked[0]!);
  });

  test("cost the same hashes as a wrong password", () => {
    const { authenticator } = bench(open);
    const times = (user: string) => {
      const asked = request({ from: `sip:${user}@192.168.1.1` });
      const challenge = challengeOf(authenticator.authenticate(asked, desk));
      const message = request({
        from: `sip:${user}@192.168.1.1`,
        authorization: [answer(challenge, { username: user, password: "wrong" })],
      });
      let best = Infinity;
      for (let round = 0; round < 30; round++) {
        const startedAt = performance.now();
        for (let i = 0; i < 100; i++) authenticator.authenticate(message, desk);
        best = Math.min(best, performance.now() - startedAt);
      }
      return best;
    };
    times("alice");
    const ratio = times("eve") / times("alice");
    expect(ratio).toBeGreaterThan(1 / 3);
    expect(ratio).toBeLessThan(3);
  });

  test("are counted by source, name and reason until they get it right", () => {
    const all = bench(open);
    for (let i = 0; i < 11; i++) twoRounds(all, { answer: { password: "wrong" } });
    expect(all.failures.snapshot()).toMatchObject([
      { source: "192.168.1.20", user: "alice", reason: "wrong password", count: 11 },
    ]);
    expect(all.lines[0]).toBe(
      "Request refused: wrong password source=192.168.1.20 user=alice transaction=z9hG4bK776asdhds",
    );
    expect(all.lines.join()).not.toContain("secret");
    twoRounds(all);
    expect(all.failures.snapshot()).toEqual([]);
  });

  test("are not yet complained of while some endpoint is known by its Authorization user only", () => {
    const all = bench({ alice: endpoint({ auth, identify_by: ["auth_username"] }) });
    const from = "sip:7000@192.168.1.1";
    const first = all.authenticator.authenticate(request({ from }), desk);
    expect(reasonOf(first)).toBe("no credentials");
    const authorization = [answer(challengeOf(first))];
    expect(reasonOf(all.authenticator.authenticate(request({ from, authorization }), desk))).toBe("accepted");
    expect(all.failures.snapshot()).toEqual([]);
  });

  test("from something that is no address are strangers too", () => {
    const { authenticator } = bench({ alice: endpoint() });
    expect(reasonOf(authenticator.authenticate(request(), { remoteAddress: "nowhere" }))).toBe("unknown endpoint");
  });
});

describe("an endpoint without auth", () => {
  const word = { alice: endpoint(), bob: endpoint({ match: ["192.168.1.30"], identify_by: ["ip"] }) };

  test("is believed on its word or by its address, and the verdict says so", () => {
    const all = bench(word);
    expect(all.authenticator.authenticate(request(), desk))
      .toEqual({ outcome: "accepted", endpoint: "alice", credentialsProven: false });
    expect(all.authenticator.authenticate(request(), { remoteAddress: "192.168.1.30" }))
      .toEqual({ outcome: "accepted", endpoint: "bob", credentialsProven: false });
    expect(all.counters.believed).toBe(2);
  });

  test("is a stranger where its ACL denies the source", () => {
    const { authenticator } = bench({ alice: endpoint({ deny: ["0.0.0.0/0"], permit: ["10.0.0.0/8"] }) });
    expect(reasonOf(authenticator.authenticate(request(), desk))).toBe("source denied");
    expect(reasonOf(authenticator.authenticate(request(), { remoteAddress: "10.1.2.3" }))).toBe("accepted");
  });
});

describe("a request inside a dialog", () => {
  const binding = { endpoint: "alice", sourceAddress: "192.168.1.20" };
  const elsewhere = { remoteAddress: "192.168.1.99" };

  test("of an endpoint with auth needs credentials, from whatever address and whoever From names", () => {
    const { authenticator } = bench(alice);
    const inDialog = (authorization: string[] = []) =>
      authenticator.authenticateInDialog(request({ from: "sip:eve@192.168.1.1", authorization }), elsewhere, binding);
    const first = inDialog();
    expect(reasonOf(first)).toBe("no credentials");
    expect(inDialog([answer(challengeOf(first), { password: "wrong" })])).toMatchObject({ reason: "wrong password" });
    expect(inDialog([answer(challengeOf(first))])).toEqual({
      outcome: "accepted",
      endpoint: "alice",
      credentialsProven: true,
    });
  });

  test("of an endpoint with auth refuses the credentials of another endpoint", () => {
    const { authenticator } = bench({ ...alice, bob: endpoint({ auth: { username: "bob", password: "other" } }) });
    const first = authenticator.authenticateInDialog(request(), desk, binding);
    const authorization = [answer(challengeOf(first), { username: "bob", password: "other" })];
    expect(reasonOf(authenticator.authenticateInDialog(request({ authorization }), desk, binding))).toBe(
      "wrong user name",
    );
  });

  test("of an endpoint without auth is bound to the source that set it up", () => {
    const { authenticator } = bench({ alice: endpoint() });
    const from = (remoteAddress: string) =>
      reasonOf(authenticator.authenticateInDialog(request(), { remoteAddress }, binding));
    expect(from("192.168.1.20")).toBe("accepted");
    expect(from("::ffff:192.168.1.20")).toBe("accepted");
    expect(from("192.168.1.99")).toBe("other source");
  });

  test("is a stranger's where the ACL denies the source", () => {
    const { authenticator } = bench({ alice: endpoint({ deny: ["192.168.1.99"] }) });
    expect(reasonOf(authenticator.authenticateInDialog(request(), elsewhere, binding))).toBe("source denied");
  });

  test("is a stranger's after a reload has removed the endpoint", () => {
    const { authenticator } = bench({ alice: endpoint() });
    authenticator.replaceEndpoints(config({ bob: endpoint() }));
    expect(reasonOf(authenticator.authenticateInDialog(request(), desk, binding))).toBe("unknown endpoint");
  });
});

describe("a reload", () => {
  test("takes over passwords, endpoints and realm, and keeps nonces of the same realm", () => {
    const { authenticator } = bench(alice);
    const challenge = challengeOf(authenticator.authenticate(request(), desk));
    authenticator.replaceEndpoints(config({ alice: endpoint({ auth: { username: "alice", password: "new" } }) }));
    const send = (parts: AnswerParts) =>
      authenticator.authenticate(request({ authorization: [answer(challenge, parts)] }), desk);
    expect(reasonOf(send({}))).toBe("wrong password");
    expect(reasonOf(send({ password: "new" }))).toBe("accepted");
    authenticator.replaceEndpoints(config(alice, { realm: "office" }));
    expect(reasonOf(send({ count: "00000002" }))).toBe("wrong realm");
    expect(send({ count: "00000002", realm: "office" })).toMatchObject({ stale: true, reason: "foreign nonce" });
  });
});

describe("whatever a client sends in its credentials", () => {
  test("only the right password proves anything", () => {
    const { authenticator } = bench(alice);
    const texts = fc.string();
    const parts = fc.record(
      {
        username: texts,
        password: texts,
        method: texts,
        uri: texts,
        count: texts,
        cnonce: texts,
        qop: texts,
        realm: texts,
        nonce: texts,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(parts, (parts) => {
        const challenge = challengeOf(authenticator.authenticate(request(), desk));
        let verdict: Verdict;
        try {
          verdict = authenticator.authenticate(
            request({ authorization: [answer(challenge, parts as AnswerParts)] }),
            desk,
          );
        } catch (failure) {
          expect((failure as Error).name).toBe("ParseFailure");
          return;
        }
        if (verdict.outcome === "accepted") {
          expect({ username: "alice", password: "secret", method: "SUBSCRIBE", realm: "hintd", ...parts })
            .toMatchObject({ username: "alice", password: "secret", method: "SUBSCRIBE", realm: "hintd" });
          expect(parts.nonce).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });
});
