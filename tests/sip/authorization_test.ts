import { describe, expect, it } from "bun:test";
import { parseChallenge, parseCredentials, writeChallenge, writeCredentials } from "../../lib/sip/authorization.ts";
import { parseText, requestText } from "./messages.ts";
import { ruleBroken } from "./rule_broken.ts";

const FULL = 'Digest username="alice",realm="hintd",nonce="n\\"1",uri="sip:1000@h",response="0123456789abcdef",' +
  'algorithm=SHA-256,cnonce="c",opaque="o",qop=auth,nc=00000001';

describe("credentials (RFC 3261 §20.7, RFC 7616 §3.4)", () => {
  it("read and written in full", () => {
    expect(parseCredentials(FULL)).toEqual({
      username: "alice",
      isUserHashed: false,
      realm: "hintd",
      nonce: 'n"1',
      uri: "sip:1000@h",
      response: "0123456789abcdef",
      algorithm: "SHA-256",
      cnonce: "c",
      opaque: "o",
      qop: "auth",
      nonceCount: "00000001",
    });
    expect(writeCredentials(parseCredentials(FULL)!)).toBe(FULL);
  });

  it("any case, any blanks, qop and algorithm quoted or not, folds", () => {
    const text =
      'DIGEST Username = "a" , REALM="r",\r\n nonce="n", uri="u", response="ABCDEF", qop="auth", algorithm="MD5"';
    expect(parseCredentials(text)).toMatchObject({ username: "a", response: "abcdef", qop: "auth", algorithm: "MD5" });
  });

  it("user names in UTF-8, plain and extended (RFC 7616 §3.4)", () => {
    const rest = 'realm="r",nonce="n",uri="u",response="x"';
    expect(parseCredentials(`Digest username="Jäsøn",${rest}`)!.username).toBe("Jäsøn");
    expect(parseCredentials(`Digest username*=UTF-8''J%C3%A4s%C3%B8n,${rest}`)!.username).toBe("Jäsøn");
    expect(parseCredentials(`Digest username="h",userhash=true,${rest}`)!.isUserHashed).toBe(true);
  });

  it("other schemes are passed over, several lines are all read", () => {
    expect(parseCredentials("Bearer abc")).toBeUndefined();
    const message = parseText(requestText({ Authorization: FULL, authorization: "Basic x", AUTHORIZATION: FULL }));
    expect(message.authorizations).toHaveLength(2);
  });

  const bad: [string, string][] = [
    ["Digest", "parameters expected after Digest"],
    ["Digest ", "parameter name expected"],
    ['Digest username="a"', "realm is missing"],
    ['Digest realm="a"', "username is missing"],
    ['Digest realm="a",realm="b"', "parameter realm appears twice"],
    ['Digest realm="a" nonce="b"', "unexpected text after parameters"],
    ['Digest realm="a', "quoted string is not closed"],
    ["Digest realm", "parameter realm has no value"],
    ['Digest realm="a",', "parameter name expected"],
    [`Digest username*=latin1''x,realm="r",nonce="n",uri="u",response="x"`, "username* is not UTF-8"],
    [`Digest username*=UTF-8''%FF,realm="r",nonce="n",uri="u",response="x"`, "username* is not UTF-8"],
  ];
  for (const [text, rule] of bad) {
    it(`${text} → ${rule}`, () => expect(ruleBroken(() => parseCredentials(text))).toBe(rule));
  }
});

describe("challenges (RFC 3261 §20.44, RFC 7616 §3.3)", () => {
  it("read and written", () => {
    const text = 'Digest realm="hintd",nonce="n",opaque="o",stale=true,algorithm=SHA-512-256,qop="auth,auth-int"';
    expect(parseChallenge(text)).toEqual({
      realm: "hintd",
      nonce: "n",
      opaque: "o",
      algorithm: "SHA-512-256",
      qop: ["auth", "auth-int"],
      isStale: true,
    });
    expect(writeChallenge(parseChallenge(text)!)).toBe(text);
  });

  it("the least there can be", () => {
    expect(parseChallenge('Digest realm="r",nonce="n"')).toMatchObject({ qop: [], isStale: false, algorithm: "" });
    expect(parseChallenge('NTLM realm="r"')).toBeUndefined();
    expect(ruleBroken(() => parseChallenge('Digest realm="r"'))).toBe("nonce is missing");
  });
});
