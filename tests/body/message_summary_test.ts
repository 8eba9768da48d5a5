/** application/simple-message-summary in both profiles (RFC 3842 §5.2). */
import { describe, expect, test } from "bun:test";
import { messageSummary } from "../../lib/body/message_summary.ts";
import { readMessageSummary } from "../../lib/body/read/message_summary.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { messageCountMax } from "../../lib/state/mailbox_counts.ts";

const fillOf = (entity: string) => holeFill({ entity, remote: "sip:me@example.com", guid: "g" });
const fill = fillOf("sip:alice@example.com");
const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");
const alice = { ownerUser: "alice", voicemailUser: "" };

describe("profile asterisk", () => {
  test("has no account where nobody knows whom to call, and always urgent messages", () => {
    const text = messageSummary({ ...alice, counts: { new: 0, old: 3 } }, "asterisk").text(fill);
    expect(text).toBe(lines("Messages-Waiting: no", "Voice-Message: 0/3 (0/0)"));
  });

  test("says whom to call, at the host that was asked", () => {
    const counts = { new: 2, old: 8, newUrgent: 1, oldUrgent: 2 };
    const text = messageSummary({ ...alice, voicemailUser: "*97", counts }, "asterisk").text(fill);
    expect(text).toBe(
      lines("Messages-Waiting: yes", "Message-Account: sip:*97@example.com", "Voice-Message: 2/8 (1/2)"),
    );
  });
});

describe("profile rfc", () => {
  test("names the account always, and urgent messages where there are any (§3.8)", () => {
    const plain = messageSummary({ ...alice, counts: { new: 1, old: 0 } }, "rfc").text(fill);
    expect(plain).toBe(lines("Messages-Waiting: yes", "Message-Account: sip:alice@example.com", "Voice-Message: 1/0"));
    const urgent = messageSummary({ ...alice, counts: { new: 1, old: 1, oldUrgent: 1 } }, "rfc").text(fill);
    expect(urgent).toEndWith("Voice-Message: 1/1 (0/1)\r\n");
  });
});

test.each([
  ["sip:alice@example.com", "example.com"],
  ["sip:alice@example.com:5070;transport=tcp", "example.com:5070"],
  ["sips:alice@[2001:db8::1]:5061", "[2001:db8::1]:5061"],
  ["sip:example.com", "example.com"],
  ["sip:a%40b;x=1@example.com?Subject=a&b=c", "example.com"],
])("the account is at the host of %s", (entity, host) => {
  const body = messageSummary({ ...alice, voicemailUser: "*97", counts: { new: 0, old: 0 } }, "asterisk");
  const text = body.text(fillOf(entity));
  expect(text).toContain(`Message-Account: sip:*97@${host}\r\n`);
  expect(body.byteLength(fillOf(entity))).toBe(text.length);
});

test.each(["asterisk", "rfc"] as const)("profile %s can be read, up to the largest counts", (profile) => {
  const counts = { new: messageCountMax, old: messageCountMax, newUrgent: messageCountMax, oldUrgent: 1 };
  const body = messageSummary({ ...alice, voicemailUser: "*97", counts }, profile);
  const read = readMessageSummary(new TextEncoder().encode(body.text(fill)));
  expect(read).toEqual({
    isWaiting: true,
    account: "sip:*97@example.com",
    counts: new Map([["voice-message", counts]]),
  });
});
