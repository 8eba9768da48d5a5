import { describe, expect, test } from "bun:test";
import { fitChallenges, type HeaderPair, writeChallenges } from "../../lib/auth/challenge.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { parseChallenge } from "../../lib/sip/authorization.ts";
import { writeResponse } from "../../lib/sip/response.ts";
import { answer, bench, challengeOf, endpoint, parseRequest, request, requestText } from "./support.ts";

const nonce = "abcdefghijklmnopqrstuvwx";

describe("a challenge", () => {
  const all = {
    realm: "hintd",
    nonce,
    algorithms: ["SHA-512-256", "SHA-256", "MD5"],
    isStale: false,
    hasCharset: false,
  } as const;

  test("is one header per algorithm, strongest first, with qop and one nonce (RFC 8760 §2.3, §2.6)", () => {
    expect(writeChallenges(all)).toEqual([
      ["WWW-Authenticate", `Digest realm="hintd",nonce="${nonce}",algorithm=SHA-512-256,qop="auth"`],
      ["WWW-Authenticate", `Digest realm="hintd",nonce="${nonce}",algorithm=SHA-256,qop="auth"`],
      ["WWW-Authenticate", `Digest realm="hintd",nonce="${nonce}",algorithm=MD5,qop="auth"`],
    ]);
  });

  test("says stale=true unquoted (RFC 7616 §3.3)", () => {
    for (const [, value] of writeChallenges({ ...all, isStale: true })) {
      expect(value).toContain(",stale=true");
      expect(parseChallenge(value)?.isStale).toBe(true);
    }
  });

  test("says charset=UTF-8 where names are not ASCII (RFC 7616 §4)", () => {
    for (const [, value] of writeChallenges({ ...all, hasCharset: true })) expect(value).toEndWith(",charset=UTF-8");
  });

  test("quotes a realm with quotes and backslashes", () => {
    const realm = 'The "Hint" \\ Daemon';
    for (const [, value] of writeChallenges({ ...all, realm })) expect(parseChallenge(value)?.realm).toBe(realm);
  });
});

describe("no amplification: a 401 is at most twice the request", () => {
  const far = { received: "203.200.113.199", rport: 65_535, toTag: "0123456789" };
  const { authenticator } = bench({ alice: endpoint({ auth: { username: "alice", password: "secret" } }) });

  /** Sizes of a request and of its 401 as it leaves, and how many challenges that holds. */
  function exchange(text: string): { requestBytes: number; responseBytes: number; challengeCount: number } {
    const message = parseRequest(text);
    const verdict = authenticator.authenticate(message, { remoteAddress: far.received });
    if (verdict.outcome !== "challenge") throw new Error("Request was accepted");
    let challengeCount = 0;
    const response = fitChallenges(text.length, verdict.headers, (headers: readonly HeaderPair[]) => {
      challengeCount = headers.length;
      return writeResponse(message, { status: 401, headers, ...far });
    });
    return {
      requestBytes: text.length,
      responseBytes: response?.length ?? 0,
      challengeCount: response ? challengeCount : 0,
    };
  }

  test("the SUBSCRIBE of a desk phone pays for all three algorithms", () => {
    const { requestBytes, responseBytes, challengeCount } = exchange(requestText());
    expect(challengeCount).toBe(3);
    expect(responseBytes).toBeLessThanOrEqual(requestBytes * limits.amplification);
    expect(responseBytes).toBeLessThan(600);
  });

  test("the shortest SUBSCRIBE with every demanded header in long form pays for two", () => {
    const text = [
      "SUBSCRIBE sip:1000@192.168.1.1 SIP/2.0",
      "Via: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK1;rport",
      "From: <sip:a@192.168.1.1>;tag=1",
      "To: <sip:1000@192.168.1.1>",
      "Call-ID: 1",
      "CSeq: 1 SUBSCRIBE",
      "Max-Forwards: 70",
      "Contact: <sip:a@192.168.1.20>",
      "Event: dialog",
      "\r\n",
    ].join("\r\n");
    const { requestBytes, responseBytes, challengeCount } = exchange(text);
    expect(challengeCount).toBeGreaterThanOrEqual(2);
    expect(responseBytes).toBeLessThanOrEqual(requestBytes * limits.amplification);
  });

  test("the shortest request that parses gets a 401 in bounds or silence", () => {
    const text =
      "SUBSCRIBE sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;rport\r\nf:sip:a\r\nt:sip:a\r\ni:1\r\nCSeq:1 SUBSCRIBE\r\n\r\n";
    const { requestBytes, responseBytes } = exchange(text);
    expect(requestBytes).toBeLessThan(100);
    expect(responseBytes).toBe(0);
  });

  test("however short or long the request is", () => {
    for (let padding = 0; padding < 700; padding++) {
      const text =
        "SUBSCRIBE sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;rport\r\nf:sip:a\r\nt:sip:a\r\ni:1\r\nCSeq:1 SUBSCRIBE\r\n" +
        `Subject: ${"x".repeat(padding)}\r\n\r\n`;
      const { requestBytes, responseBytes } = exchange(text);
      expect(responseBytes).toBeLessThanOrEqual(requestBytes * limits.amplification);
    }
  });

  test("drops the strongest challenge first and gives up when the last is too large", () => {
    const headers: HeaderPair[] = [["A", "1"], ["B", "2"], ["C", "3"]];
    const seen: string[] = [];
    const write = (each: readonly HeaderPair[]) => {
      seen.push(each.map(([name]) => name).join(""));
      return new Uint8Array(each.length * 10);
    };
    expect(fitChallenges(15, headers, write)?.length).toBe(30);
    expect(fitChallenges(14, headers, write)?.length).toBe(20);
    expect(fitChallenges(4, headers, write)).toBeUndefined();
    expect(seen).toEqual(["ABC", "ABC", "BC", "ABC", "BC", "C"]);
  });

  test("stale=true fits too: its request carries credentials", () => {
    const first = authenticator.authenticate(request(), { remoteAddress: far.received });
    const authorization = [answer(challengeOf(first))];
    const accepted = authenticator.authenticate(request({ authorization }), { remoteAddress: far.received });
    expect(accepted.outcome).toBe("accepted");
    expect(exchange(requestText({ authorization })).challengeCount).toBe(3);
  });
});
