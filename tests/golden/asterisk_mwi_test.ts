/**
 * Profile asterisk against every recorded exchange about message waiting: the recorded requests go to a whole appliance, and what it
 * answers must be what was recorded: status, body to the last byte, and every header that both have, but for those listed here.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const directory = join(import.meta.dir, "../fixtures/captures/lifecycle");

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.mwi100]
match = ["192.0.2.10"]
identify_by = ["ip"]
mailboxes = ["100@default"]

[contexts.default]
`;

/** Values that are another server's own, or random. */
const OWN = ["Via", "Contact", "Call-ID", "Allow", "Supported", "Server", "User-Agent", "Allow-Events", "CSeq", "Content-Length"];

/** Names of the differences that are on purpose, and how often each was needed. */
const uses = new Map([
  // RFC 6665 §4.1.3: so that a phone knows whether to come back.
  ["a terminated subscription says why", 0],
]);

function use(name: string): void {
  uses.set(name, uses.get(name)! + 1);
}

/** Messages of a capture with who sent them. */
function messagesOf(file: string): { isSent: boolean; received: Received }[] {
  const [, ...parts] = readFileSync(join(directory, file), "utf8").split(/^########/m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    const [, direction, size] = /(SENT|RECV) .* (\d+) bytes$/.exec(part.slice(0, end))!;
    const text = part.slice(end + 1, end + 1 + Number(size));
    return { isSent: direction === "SENT", received: new Received(text, undefined as never, 0) };
  });
}

/** A recorded request as it goes to our appliance, in its dialog. */
function rewritten(text: string, toTag: string): string {
  return text.replaceAll(/127\.0\.0\.1:5160/g, "192.0.2.1:5060").replaceAll(/127\.0\.0\.1:\d+/g, "192.0.2.10:5060")
    .replaceAll("127.0.0.1", "192.0.2.1").replace(/^(To: .*;tag=).*$/m, (_, head) => head + toTag);
}

/** A header with addresses made the same and tags numbered. */
function comparable(value: string, tags: Map<string, string>): string {
  return value.replaceAll(/(?:127\.0\.0\.1|192\.0\.2\.\d+)(?::\d+)?/g, "HOST")
    .replace(/"[^"]*" /, "").replace(/;tag=(.*)$/, (_, tag) => {
      if (!tags.has(tag)) tags.set(tag, `TAG${tags.size}`);
      return `;tag=${tags.get(tag)}`;
    });
}

function compare(recorded: Received, ours: Received, tags: readonly [Map<string, string>, Map<string, string>]): void {
  expect(ours.startLine.replace("192.0.2.10:5060", "HOST")).toBe(recorded.startLine.replace(/127\.0\.0\.1:\d+/, "HOST"));
  const names = recorded.text.slice(0, recorded.text.indexOf("\r\n\r\n")).split("\r\n").slice(1)
    .map((line) => line.slice(0, line.indexOf(":")));
  for (const name of names.filter((each) => !OWN.includes(each))) {
    const [was, is] = [comparable(recorded.header(name), tags[0]), comparable(ours.header(name), tags[1])];
    if (was === is) continue;
    expect([name, was, is]).toEqual(["Subscription-State", "terminated", "terminated;reason=timeout"]);
    use("a terminated subscription says why");
  }
  expect(ours.body).toBe(recorded.body);
}

for (const file of ["mwi.txt", "mwi-aor-unknown.txt"]) {
  test(`${file}: the recorded requests get the recorded answers`, async () => {
    const site = await Site.start(config);
    const phone = site.phone("192.0.2.10");
    const recorded = messagesOf(file);
    const tags = [new Map<string, string>(), new Map<string, string>()] as const;
    let at = 0;
    for (const { isSent, received } of recorded) {
      if (isSent && received.status > 0) continue;
      if (isSent) {
        phone.send(rewritten(received.text, phone.inbox.find(({ status }) => status === 200)?.tag("To") ?? ""));
        await site.pass();
      } else compare(received, phone.inbox[at++]!, tags);
    }
    expect(phone.inbox.length).toBe(at);
    expect(site.core.subscriptions.count).toBe(0);
  });
}

test("every difference on purpose is needed", () => {
  for (const [name, count] of uses) expect([name, count > 0]).toEqual([name, true]);
});
