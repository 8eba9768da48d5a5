import { expect, test } from "bun:test";
import fc from "fast-check";
import { redacted } from "../../lib/trace/redact.ts";

const hex = "6629fae49393a05397450978507c4ef1";
const hidden = "x".repeat(hex.length);

const cases: [title: string, text: string, shown: string][] = [
  [
    "the response of Authorization (RFC 3261 §22.4)",
    `Authorization: Digest username="bob", response="${hex}", opaque="5ccc"\r\n\r\n`,
    `Authorization: Digest username="bob", response="${hidden}", opaque="5ccc"\r\n\r\n`,
  ],
  [
    "the response of Proxy-Authorization, in any letters and white space",
    `proxy-AUTHORIZATION : Digest RESPONSE = "${hex}"\r\n\r\n`,
    `proxy-AUTHORIZATION : Digest RESPONSE = "${hidden}"\r\n\r\n`,
  ],
  [
    "a response on a line that continues the header (RFC 3261 §7.3.1)",
    `Authorization: Digest username="bob",\r\n response="${hex}"\r\nContact: <sip:response="a"@b>\r\n\r\n`,
    `Authorization: Digest username="bob",\r\n response="${hidden}"\r\nContact: <sip:response="a"@b>\r\n\r\n`,
  ],
  [
    "a response without quotes",
    `Authorization: Digest response=${hex},qop=auth\r\n`,
    `Authorization: Digest response=${hidden},qop=auth\r\n`,
  ],
  ["a response that never ends", `Authorization: Digest response="${hex}`, `Authorization: Digest response="${hidden}`],
  [
    "several headers",
    `Authorization: Digest response="${hex}"\r\nAuthorization: Digest response="${hex}"\r\n`,
    `Authorization: Digest response="${hidden}"\r\nAuthorization: Digest response="${hidden}"\r\n`,
  ],
  [
    "rspauth of Authentication-Info (RFC 7616 §3.5)",
    `Authentication-Info: rspauth="${hex}"\r\n`,
    `Authentication-Info: rspauth="${hidden}"\r\n`,
  ],
  ["credentials of Basic", "Authorization: Basic Ym9iOnNlY3JldA==\r\n", "Authorization: Basic xxxxxxxxxxxxxxxx\r\n"],
  [
    "nothing else: a nonce and a challenge stay",
    `WWW-Authenticate: Digest nonce="${hex}"\r\nX: response="${hex}"\r\n`,
    `WWW-Authenticate: Digest nonce="${hex}"\r\nX: response="${hex}"\r\n`,
  ],
  [
    "and a name in UTF-8 in front does not move it",
    `From: "Jürgen 日本" <sip:a@b>\r\nAuthorization: Digest response="${hex}"\r\n`,
    `From: "Jürgen 日本" <sip:a@b>\r\nAuthorization: Digest response="${hidden}"\r\n`,
  ],
];

for (const [title, text, shown] of cases) {
  test(`redaction hides ${title}`, () => {
    expect(new TextDecoder().decode(redacted(new TextEncoder().encode(text)))).toBe(shown);
  });
}

test("redaction keeps the original as it is, and every length", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
    const original = Buffer.concat([Buffer.from(`Authorization: Digest response="${hex}"\r\n`), noise]);
    const before = Buffer.from(original);
    expect(redacted(original).length).toBe(original.length);
    expect(original.equals(before)).toBe(true);
  }));
});
