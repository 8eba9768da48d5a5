import { describe, expect, test } from "bun:test";
import { DIGEST_ALGORITHMS, DIGEST_CHARS } from "../../lib/auth/digest.ts";
import { hashHex } from "../../lib/runtime/hash.ts";
import { parseChallenge } from "../../lib/sip/authorization.ts";
import { answer, bench, challengeOf, endpoint, request } from "../auth/support.ts";

const desk = { remoteAddress: "192.168.1.20" };
const alice = { alice: endpoint({ auth: { username: "alice", password: "secret" } }) };

describe("RFC 8760 §2.2 representation", () => {
  for (const algorithm of DIGEST_ALGORITHMS) {
    test(`${algorithm} is ${DIGEST_CHARS[algorithm]} lower-case hexadecimal characters`, () => {
      expect(hashHex(algorithm, "")).toMatch(new RegExp(`^[0-9a-f]{${DIGEST_CHARS[algorithm]}}$`));
    });
  }

  test("the digest of nothing is the printed one (§2.6)", () => {
    expect(hashHex("SHA-256", "")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("RFC 8760 §2.3 UAS behaviour", () => {
  const verdict = bench(alice).authenticator.authenticate(request(), desk);
  const challenges = verdict.outcome === "challenge" ? verdict.headers.map(([, value]) => parseChallenge(value)!) : [];

  test("challenges of one realm use different algorithms, the preferred one on top", () => {
    expect(challenges.map(({ algorithm }) => algorithm)).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
    expect(new Set(challenges.map(({ realm }) => realm)).size).toBe(1);
  });

  test("the client may use any of them", () => {
    for (const algorithm of DIGEST_ALGORITHMS) {
      const { authenticator } = bench(alice);
      const challenge = challengeOf(authenticator.authenticate(request(), desk), algorithm);
      const authorization = [answer(challenge)];
      expect(authenticator.authenticate(request({ authorization }), desk).outcome).toBe("accepted");
    }
  });

  test("a response of one algorithm does not pass for another", () => {
    const { authenticator } = bench(alice);
    const strong = challengeOf(authenticator.authenticate(request(), desk), "SHA-256");
    const authorization = [answer(strong).replace("algorithm=SHA-256", "algorithm=SHA-512-256")];
    expect(authenticator.authenticate(request({ authorization }), desk)).toMatchObject({ reason: "wrong password" });
  });
});

describe("RFC 8760 §2.6 modifications", () => {
  test("every challenge carries qop", () => {
    const verdict = bench(alice).authenticator.authenticate(request(), desk);
    expect(verdict.outcome === "challenge" && verdict.headers.every(([, value]) => value.includes('qop="auth"'))).toBe(
      true,
    );
  });

  test("Basic is neither offered nor accepted", () => {
    const { authenticator } = bench(alice);
    const verdict = authenticator.authenticate(request({ authorization: ["Basic YWxpY2U6c2VjcmV0"] }), desk);
    expect(verdict.outcome === "challenge" && verdict.headers.every(([, value]) => value.startsWith("Digest "))).toBe(
      true,
    );
  });

  test("qop may be missing from clients of RFC 3261", () => {
    const { authenticator } = bench(alice);
    const authorization = [answer(challengeOf(authenticator.authenticate(request(), desk)), { qop: "" })];
    expect(authenticator.authenticate(request({ authorization }), desk).outcome).toBe("accepted");
  });
});
