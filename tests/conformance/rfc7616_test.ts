import { describe, expect, test } from "bun:test";
import { digestResponse, hashPassword } from "../../lib/auth/digest.ts";
import { NONCE_CHARS } from "../../lib/auth/nonces.ts";
import { type HashAlgorithm, hashHex } from "../../lib/runtime/hash.ts";
import { parseChallenge, parseCredentials } from "../../lib/sip/authorization.ts";
import { answer, bench, challengeOf, endpoint, request } from "../auth/support.ts";

const desk = { remoteAddress: "192.168.1.20" };
const alice = { alice: endpoint({ auth: { username: "alice", password: "secret" } }) };

/** The response that the server computes for credentials as a GET of HTTP carries them. */
function expected(authorization: string, account: { username: string; password: string }): string {
  const { realm, uri, nonce, nonceCount: count, cnonce, qop, algorithm: name } = parseCredentials(authorization)!;
  const algorithm = name as HashAlgorithm;
  const passwordHash = hashPassword(algorithm, { ...account, realm });
  const protection = { qop, count, cnonce };
  return digestResponse({ algorithm, passwordHash, method: "GET", uri, nonce, protection });
}

describe("RFC 7616 §3.9.1 example", () => {
  const common = 'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", ' +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, ' +
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, ' +
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const cases: [algorithm: HashAlgorithm, response: string][] = [
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ];
  for (const [algorithm, response] of cases) {
    test(`${algorithm} gives the printed response`, () => {
      const authorization = `${common}, algorithm=${algorithm}, response="${response}"`;
      expect(expected(authorization, { username: "Mufasa", password: "Circle of Life" })).toBe(response);
    });
  }
});

describe("RFC 7616 §3.9.2 example", () => {
  // The RFC prints values made with SHA-512 cut to 256 bits, not with SHA-512/256, whose initial values differ (FIPS 180-4
  // §5.3.6); the corrected values are those of every implementation of the registered algorithm.
  const username = "J\u00e4s\u00f8n Doe";
  const printedUserHash = "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec";
  const authorization = 'Digest username*=UTF-8\'\'J%C3%A4s%C3%B8n%20Doe, realm="api@example.org", uri="/doe.json", ' +
    'algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, ' +
    'cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, ' +
    'response="ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd", userhash=false';

  test("username* is read as the user name", () => {
    expect(parseCredentials(authorization)).toMatchObject({ username, isUserHashed: false });
  });

  test("SHA-512-256 gives the corrected response, not the printed one", () => {
    const response = expected(authorization, { username, password: "Secret, or not?" });
    expect(response).toBe("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    expect(response).not.toBe(parseCredentials(authorization)!.response);
  });

  test("the printed user name hash is truncated SHA-512, which shows the mistake", () => {
    expect(new Bun.CryptoHasher("sha512").update(`${username}:api@example.org`).digest("hex").slice(0, 64))
      .toBe(printedUserHash);
    expect(hashHex("SHA-512-256", `${username}:api@example.org`))
      .toBe("793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
  });
});

describe("RFC 2617 §3.5 example, which RFC 3261 §22.4 inherits", () => {
  test("MD5 with qop=auth gives the printed response", () => {
    const authorization = 'Digest username="Mufasa", realm="testrealm@host.com", uri="/dir/index.html", ' +
      'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop=auth, nc=00000001, cnonce="0a4f113b", algorithm=MD5, ' +
      'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    expect(expected(authorization, { username: "Mufasa", password: "Circle Of Life" })).toBe(
      "6629fae49393a05397450978507c4ef1",
    );
  });

  test("MD5 without qop is the form of RFC 2069", () => {
    const passwordHash = hashHex("MD5", "Mufasa:testrealm@host.com:Circle Of Life");
    const nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    const uri = "/dir/index.html";
    expect(digestResponse({ algorithm: "MD5", passwordHash, method: "GET", uri, nonce, protection: undefined }))
      .toBe(hashHex("MD5", `${passwordHash}:${nonce}:${hashHex("MD5", `GET:${uri}`)}`));
  });
});

describe("RFC 7616 §3.3 challenge", () => {
  const first = bench(alice).authenticator.authenticate(request(), desk);
  const challenge = challengeOf(first);

  test("quotes realm, nonce and qop, and quotes neither stale nor algorithm", () => {
    expect(challenge).toMatch(/^Digest realm="hintd",nonce="[\w-]+",algorithm=MD5,qop="auth"$/);
    expect(challenge.match(/nonce="([^"]*)"/)![1]!.length).toBe(NONCE_CHARS);
  });

  test("has another nonce in every response", () => {
    const { authenticator } = bench(alice);
    const nonces = Array.from(
      { length: 100 },
      () => parseChallenge(challengeOf(authenticator.authenticate(request(), desk)))!.nonce,
    );
    expect(new Set(nonces).size).toBe(100);
  });

  test("says charset=UTF-8 as soon as a user name is not ASCII (§4)", () => {
    const { authenticator } = bench({ ...alice, jas: endpoint({ auth: { username: "J\u00e4s", password: "x" } }) });
    expect(challengeOf(authenticator.authenticate(request(), desk))).toEndWith(",charset=UTF-8");
  });

  test("says stale=true only when the response was right and the nonce was not", () => {
    const { authenticator } = bench(alice);
    const send = (parts: Parameters<typeof answer>[1]) => {
      const authorization = [answer(challenge, parts)];
      return challengeOf(authenticator.authenticate(request({ authorization }), { remoteAddress: "192.168.1.77" }));
    };
    expect(send({ nonce: "somebody else's" })).toContain(",stale=true");
    expect(send({ nonce: "somebody else's", password: "wrong" })).not.toContain("stale");
  });
});

describe("RFC 7616 §3.4 credentials", () => {
  const { authenticator } = bench(alice);
  const challenge = challengeOf(authenticator.authenticate(request(), desk));
  const good = answer(challenge);
  for (const name of ["username", "realm", "nonce", "uri", "response"]) {
    test(`without ${name} are a 400 that names Authorization`, () => {
      const authorization = [good.replace(new RegExp(`${name}="[^"]*",?`), "")];
      expect(() => authenticator.authenticate(request({ authorization }), desk)).toThrow("Authorization");
    });
  }

  test("of scheme Basic are as if there were none (RFC 3261 §22)", () => {
    const authorization = ["Basic YWxpY2U6c2VjcmV0"];
    expect(authenticator.authenticate(request({ authorization }), desk)).toMatchObject({ reason: "no credentials" });
  });
});
