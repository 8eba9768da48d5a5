/** What is taken out of everything that goes to a stranger. */
import { describe, expect, test } from "bun:test";
import { redactedMessage, redactedNotes, scrubber } from "../../lib/doctor/redaction.ts";

const request = (header: string, body = "") =>
  `SUBSCRIBE sip:1000@hintd SIP/2.0\r\n${header}\r\nCSeq: 1 SUBSCRIBE\r\n\r\n${body}`;

describe("proofs of passwords", () => {
  const parts =
    'username="alice", realm="hintd", nonce="s3cret", uri="sip:hintd", cnonce="s3cret", nc=00000001, qop=auth, ' +
    'opaque="s3cret", algorithm=MD5, response="s3cret"';
  const left = 'username="alice", realm="hintd", uri="sip:hintd", nc=00000001, qop=auth, algorithm=MD5, (not told)';

  test.each(["Authorization", "Proxy-Authorization", "authorization", "PROXY-AUTHORIZATION", "WWW-Authenticate"])(
    "are taken out of %s, and what is needed to understand it stays (RFC 3261 §20.7)",
    (name) => {
      expect(redactedMessage(request(`${name}: Digest ${parts}`))).toBe(request(`${name}: Digest ${left}`));
    },
  );

  test("are taken out of lines that continue a header (RFC 3261 §7.3.1)", () => {
    const folded = redactedMessage(request(`Authorization : Digest ${parts.replaceAll(", ", ",\r\n  ")}`));
    expect(folded).toBe(request(`Authorization: Digest ${left}`));
  });

  test.each([
    ["another scheme", "Authorization: Basic czNjcmV0s3cret"],
    ["a token", "Authorization: Bearer s3cret"],
    ["no scheme", "Authorization: s3cret"],
    ["a proof of the server's", 'Authentication-Info: rspauth="s3cret", nextnonce="s3cret"'],
    ["quotes that are never closed", 'Authorization: Digest username="alice", response="s3cret'],
    ["quotes of another kind", "Authorization: Digest response='s3cret s3cret'"],
    ["a browser that speaks HTTP to the wrong port", "Cookie: hintd=s3cret"],
  ])("are taken out where there is %s", (_, header) => {
    expect(redactedMessage(request(header))).not.toContain("s3cret");
  });

  test("are taken out of a message that was cut off", () => {
    expect(redactedMessage('SUBSCRIBE sip:x SIP/2.0\r\nAuthorization: Digest response="s3cr')).not.toContain("s3cr");
  });

  test("are taken out where lines end in bare LF", () => {
    expect(redactedMessage(request('Authorization: Digest response="s3cret"').replaceAll("\r", ""))).not.toContain(
      "s3cret",
    );
  });

  test("all other headers stay as they are", () => {
    const plain = request("Contact: <sip:alice@192.168.1.20>\r\nX-Authorization-Hint: none", "<presence/>");
    expect(redactedMessage(plain)).toBe(plain);
  });
});

describe("texts that people wrote of themselves", () => {
  test.each([
    ["<note>s3cret</note>", "<note>(not told)</note>"],
    ['<dm:note xml:lang="de">s3cret\n s3cret</dm:note>', '<dm:note xml:lang="de">(not told)</dm:note>'],
    [
      '<digium_presence type="away" subtype="">s3cret</digium_presence>',
      '<digium_presence type="away" subtype="">(not told)</digium_presence>',
    ],
    ["<tuple><note>s3cret was cut o", "<tuple><note>(not told)</note>"],
    ['{"basic":"open","note":"s3\\"cret","calls":[]}', '{"basic":"open","note":"(not told)","calls":[]}'],
    ['{"basic":"open","note":"s3cret was cut…', '{"basic":"open","note":"(not told)'],
    ["<notebook>stays</notebook>", "<notebook>stays</notebook>"],
  ])("%s", (text, expected) => {
    expect(redactedNotes(text)).toBe(expected);
  });

  test("are taken out of a message's body, wherever its note stands", () => {
    const sent = redactedMessage(
      request("Content-Type: application/pidf+xml", "<presence><note>s3cret</note></presence>"),
    );
    expect(sent).toEndWith("\r\n\r\n<presence><note>(not told)</note></presence>");
  });

  test("a body of plain text is one (RFC 3428 §4)", () => {
    expect(redactedMessage(request("Content-Type: text/plain", "s3cret"))).toEndWith("\r\n\r\n(not told)");
    expect(redactedMessage(request("c: text/html;charset=utf-8", "s3cret"))).not.toContain("s3cret");
  });
});

describe("secrets of the configuration", () => {
  const scrub = scrubber(["s3cret-one", "s3cret", "https://hooks.example/T00", "1000", "reception"], ["reception"]);

  test.each([
    [
      "wherever they stand",
      "Webhook https://hooks.example/T00 fails: s3cret-one",
      "Webhook (not told) fails: (not told)",
    ],
    ["the longer one first", "s3cret-one s3cret", "(not told) (not told)"],
    ["but not names, whoever chose them for a password", "reception is 1000", "reception is 1000"],
    [
      "passwords in URIs (RFC 3261 §19.1.1)",
      "<sip:alice:hidden@192.168.1.20:5060>",
      "<sip:alice:(not told)@192.168.1.20:5060>",
    ],
    ["of the web, too", "http://crm:hidden@crm.example:80/x", "http://crm:(not told)@crm.example:80/x"],
    ["a port is no password", "sip:192.168.1.20:5060 <sip:a@b>", "sip:192.168.1.20:5060 <sip:a@b>"],
  ])("%s", (_, text, expected) => {
    expect(scrub(text)).toBe(expected);
  });
});
