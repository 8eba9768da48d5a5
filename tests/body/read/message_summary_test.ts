/** simple-message-summary from others. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DocumentFault } from "../../../lib/body/read/document_fault.ts";
import { readMessageSummary } from "../../../lib/body/read/message_summary.ts";
import { bytesOf, faultOf, sound } from "./documents.ts";

const read = (text: string) => sound(readMessageSummary(bytesOf(text)));

describe("the documents of RFC 3842 §4.1", () => {
  test("counts of one class, urgent ones among them", () => {
    const text =
      "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n";
    expect(read(text)).toEqual({
      isWaiting: true,
      account: "sip:alice@vmail.example.com",
      counts: new Map([["voice-message", { new: 2, old: 8, newUrgent: 0, oldUrgent: 2 }]]),
    });
  });

  test("headers of single messages behind an empty line", () => {
    const text = `Messages-Waiting: yes
Message-Account: sip:alice@vmail.example.com
Voice-Message: 4/8 (1/2)

To: <alice@atlanta.example.com>
From: <bob@biloxi.example.com>
Subject: carpool tomorrow?
Priority: normal

To: <alice@example.com>
Subject: HELP! at home ill, present for me please
Priority: urgent
`;
    for (const form of [text, text.replaceAll("\n", "\r\n")]) {
      expect([...read(form).counts]).toEqual([["voice-message", { new: 4, old: 8, newUrgent: 1, oldUrgent: 2 }]]);
    }
  });
});

test("every word counts in any case, blanks where the grammar has them", () => {
  const summary = read("MESSAGES-WAITING \t:  NO \r\nvoice-MESSAGE:0 / 3( 0/ 1 )\r\nFax-Message: 1/0\r\nnone: 0/0");
  expect(summary.isWaiting).toBe(false);
  expect([...summary.counts.keys()]).toEqual(["voice-message", "fax-message", "none"]);
  expect(summary.counts.get("voice-message")).toEqual({ new: 0, old: 3, newUrgent: 0, oldUrgent: 1 });
  expect(summary.counts.get("fax-message")).toEqual({ new: 1, old: 0, newUrgent: 0, oldUrgent: 0 });
});

const refused: readonly (readonly [document: string, rule: string])[] = [
  ["", "Line 1: the first line must be"],
  ["\r\nMessages-Waiting: yes\r\n", "Line 1: the first line must be"],
  ["Voice-Message: 1/0\r\nMessages-Waiting: yes\r\n", "Line 1: the first line must be"],
  ["Messages-Waiting: maybe", "Line 1: the first line must be"],
  ["Messages-Waiting: yes\r\nVoice-Message", "Line 2: the line must be a message class"],
  ["Messages-Waiting: yes\r\n Voice-Message: 1/0", "Line 2: the line must be a message class"],
  ["Messages-Waiting: yes\r\nVoice-Message: 1", "Line 2: counts must be like"],
  ["Messages-Waiting: yes\r\nVoice-Message: -1/0", "counts must be like"],
  ["Messages-Waiting: yes\r\nVoice-Message: 1/0 (1)", "counts must be like"],
  ["Messages-Waiting: yes\r\nVoice-Message: 4294967296/0", "counts must be like"],
  ["Messages-Waiting: yes\r\nVoice-Message: 99999999999999999999/0", "counts must be like"],
  [`Messages-Waiting: yes\r\n${"Voice-Message: 1/0\r\n".repeat(20_000)}`, "too many lines"],
  [`Messages-Waiting:${" ".repeat(60_000)}x`, "the first line must be"],
  [`Messages-Waiting: yes\nVoice-Message: 1/0${" ".repeat(60_000)}x`, "Line 2"],
];
for (const [text, rule] of refused) {
  test(`refuses ${JSON.stringify(text).slice(0, 100)}: ${rule}`, () => {
    const start = performance.now();
    expect(faultOf(readMessageSummary(bytesOf(text)))).toContain(rule);
    expect(performance.now() - start).toBeLessThan(100);
  });
}

test("bytes that are no UTF-8 are refused", () => {
  expect(faultOf(readMessageSummary(Uint8Array.of(0xff)))).toBe("Line 1: the document must be UTF-8");
});

test("any text is a summary or a fault, never anything thrown", () => {
  const pieces = fc.constantFrom(
    "Messages-Waiting",
    "Voice-Message",
    ": ",
    "yes",
    "1/2",
    " (0/0)",
    "\r\n",
    "\n",
    " ",
    "x",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (soup) => {
      const answer = readMessageSummary(bytesOf(soup.join("")));
      expect(answer instanceof DocumentFault || typeof answer.isWaiting === "boolean").toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
