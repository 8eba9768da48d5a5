/** Answers to challenges: by the numbers of RFC 7616, and by the rules for when to answer at all. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { DigestClient } from "../../lib/auth/client.ts";
import { digestResponse, hashPassword } from "../../lib/auth/digest.ts";
import type { Entropy } from "../../lib/runtime/entropy.ts";
import type { HashAlgorithm } from "../../lib/runtime/hash.ts";
import { type DigestCredentials, parseCredentials } from "../../lib/sip/authorization.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { scriptedEntropy } from "../support/site.ts";

const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";

/** Entropy whose every token is the cnonce of the examples. */
const example: Entropy = { ...scriptedEntropy(), token: () => cnonce };
const mufasa = { username: "Mufasa", password: "Circle of Life" };
const indexPage = { method: "GET", uri: "/dir/index.html" };
const publish = { method: "PUBLISH", uri: "sip:1000@p.example" };

/** A 401, or a 407 where the headers are a proxy's. */
function challenged(...values: string[]): Message {
  return response(401, values.map((value) => `WWW-Authenticate: ${value}`));
}

function response(status: number, lines: readonly string[]): Message {
  const bytes = new TextEncoder().encode([
    `SIP/2.0 ${status} Unauthorized`,
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "From: <sip:a@b>;tag=1",
    "To: <sip:a@b>;tag=2",
    "Call-ID: 1",
    "CSeq: 1 PUBLISH",
    ...lines,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"));
  const message = new Message();
  expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
  return message;
}

function digest(algorithm: string, more = 'qop="auth, auth-int"', realm = "http-auth@example.org"): string {
  return `Digest realm="${realm}", nonce="${nonce}", opaque="${opaque}", ${more}${
    algorithm === "" ? "" : `, algorithm=${algorithm}`
  }`;
}

/** The credentials of the next request, by header name. */
function sent(client: DigestClient, request = publish): { name: string; credentials: DigestCredentials }[] {
  return client.headers(request).map(([name, value]) => ({ name, credentials: parseCredentials(value)! }));
}

describe("RFC 7616 §3.9.1: the example of Mufasa", () => {
  const cases: [HashAlgorithm, string][] = [
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ];
  test.each(cases)("%s", (algorithm, expected) => {
    const client = new DigestClient(mufasa, example);
    expect(client.receiveChallenge(challenged(digest(algorithm)))).toBe("answerable");
    const { name, credentials } = sent(client, indexPage)[0]!;
    expect(name).toBe("Authorization");
    expect(credentials).toMatchObject({
      username: "Mufasa",
      realm: "http-auth@example.org",
      uri: "/dir/index.html",
      algorithm,
      nonce,
      nonceCount: "00000001",
      cnonce,
      qop: "auth",
      response: expected,
      opaque,
    });
  });
});

test("SHA-512-256 is the hash of FIPS 180-4, checked against the system's (RFC 7616 §3.9.2 prints a truncated SHA-512)", () => {
  const hash = (text: string) => createHash("sha512-256").update(text, "utf8").digest("hex");
  const client = new DigestClient({ username: "J\u00e4s\u00f8n Doe", password: "Secret, or not?" }, example);
  client.receiveChallenge(challenged(digest("SHA-512-256", 'qop="auth"', "api@example.org")));
  const { credentials } = sent(client)[0]!;
  const middle = `${nonce}:00000001:${cnonce}:auth`;
  expect(credentials.response).toBe(
    hash(`${hash("J\u00e4s\u00f8n Doe:api@example.org:Secret, or not?")}:${middle}:${hash(`PUBLISH:${publish.uri}`)}`),
  );
});

describe("of several challenges", () => {
  const cases: [string, string[], string][] = [
    ["the strongest is answered", ["MD5", "SHA-256", "SHA-512-256"], "SHA-512-256"],
    ["in whatever order they come", ["SHA-256", "SHA-512-256", "MD5"], "SHA-512-256"],
    ["in any case of letters, repeated as written", ["md5", "sha-256"], "sha-256"],
    ["session variants and unknown algorithms are left aside", ["SHA-256-sess", "SHA3-512", "MD5"], "MD5"],
    ["none named means MD5, and none is named", [""], ""],
  ];
  test.each(cases)("RFC 8760 §2.4: %s", (_what, algorithms, expected) => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    expect(client.receiveChallenge(challenged(...algorithms.map((each) => digest(each))))).toBe("answerable");
    expect(sent(client).map(({ credentials }) => credentials.algorithm)).toEqual([expected]);
  });

  test("RFC 3261 §22.3: a proxy's and a server's are answered side by side, each in its header", () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    expect(client.receiveChallenge(response(407, [`Proxy-Authenticate: ${digest("MD5", 'qop="auth"', "proxy")}`])))
      .toBe("answerable");
    expect(client.receiveChallenge(challenged(digest("SHA-256", 'qop="auth"', "server")))).toBe("answerable");
    expect(sent(client).map(({ name, credentials }) => [name, credentials.realm, credentials.nonceCount])).toEqual([
      ["Proxy-Authorization", "proxy", "00000001"],
      ["Authorization", "server", "00000001"],
    ]);
  });

  test("no more than four realms are remembered", () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    for (let i = 0; i < 6; i++) client.receiveChallenge(challenged(digest("MD5", 'qop="auth"', `realm${i}`)));
    expect(sent(client).map(({ credentials }) => credentials.realm)).toEqual(["realm2", "realm3", "realm4", "realm5"]);
  });
});

describe("RFC 7616 §3.4: the nonce count", () => {
  test("grows with each request that carries the nonce, and the response with it", () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    client.receiveChallenge(challenged(digest("SHA-256")));
    const all = Array.from({ length: 17 }, () => sent(client)[0]!.credentials);
    expect(all.map((each) => each.nonceCount).slice(-3)).toEqual(["0000000f", "00000010", "00000011"]);
    const last = all.at(-1)!;
    expect(last.response).toBe(digestResponse({
      algorithm: "SHA-256",
      passwordHash: hashPassword("SHA-256", { ...mufasa, realm: last.realm }),
      ...publish,
      nonce,
      protection: { qop: "auth", count: "00000011", cnonce: last.cnonce },
    }));
    expect(new Set(all.map((each) => each.cnonce)).size).toBe(17);
  });

  test("begins anew with a new nonce", () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    client.receiveChallenge(challenged(digest("MD5")));
    client.headers(publish);
    client.begin();
    client.headers(publish);
    expect(client.receiveChallenge(challenged(digest("MD5").replace(nonce, "other")))).toBe("answerable");
    expect(sent(client)[0]!.credentials).toMatchObject({ nonce: "other", nonceCount: "00000001" });
  });

  test("is absent where the server offers no qop, as in RFC 2069", () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    client.receiveChallenge(challenged(`Digest realm="r", nonce="n"`));
    const { credentials } = sent(client)[0]!;
    expect(credentials).toMatchObject({ qop: "", nonceCount: "", cnonce: "", opaque: "" });
    expect(credentials.response).toBe(digestResponse({
      algorithm: "MD5",
      passwordHash: hashPassword("MD5", { ...mufasa, realm: "r" }),
      ...publish,
      nonce: "n",
      protection: undefined,
    }));
  });
});

describe("a challenge after an answer", () => {
  const answered = () => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    client.begin();
    client.receiveChallenge(challenged(digest("MD5")));
    client.headers(publish);
    return client;
  };
  test("means a wrong password", () => {
    expect(answered().receiveChallenge(challenged(digest("MD5")))).toBe("wrong password");
  });
  test("is answered again when the nonce was stale (RFC 7616 §3.3)", () => {
    expect(answered().receiveChallenge(challenged(digest("MD5", 'qop="auth", stale=TRUE')))).toBe("answerable");
  });
  test("is answered when the nonce was one of an earlier request, stale or not", () => {
    const client = answered();
    client.begin();
    client.headers(publish);
    expect(client.receiveChallenge(challenged(digest("MD5")))).toBe("answerable");
    client.headers(publish);
    expect(client.receiveChallenge(challenged(digest("MD5")))).toBe("wrong password");
  });
  test("of another realm is answered", () => {
    expect(answered().receiveChallenge(challenged(digest("MD5", 'qop="auth"', "other")))).toBe("answerable");
  });
});

describe("what cannot be answered", () => {
  const cases: [string, string[]][] = [
    ["another scheme", ["Basic realm=x"]],
    ["only integrity protection", [digest("MD5", 'qop="auth-int"')]],
    ["no nonce", ['Digest realm="x"']],
    ["garbage", ["Digest ,,,"]],
    ["nothing at all", []],
  ];
  test.each(cases)("%s", (_what, values) => {
    const client = new DigestClient(mufasa, scriptedEntropy());
    expect(client.receiveChallenge(challenged(...values))).toBe("no usable challenge");
    expect(client.headers(publish)).toEqual([]);
  });
  test("without credentials: anything", () => {
    const client = new DigestClient(undefined, scriptedEntropy());
    expect(client.receiveChallenge(challenged(digest("MD5")))).toBe("no credentials");
    expect(client.headers(publish)).toEqual([]);
  });
});
