/** Messages for the tests of lib/sip: texts that are whole but for what a case changes. */
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import type { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { bytesOf } from "../../lib/sip/slice.ts";

const HEADERS: readonly [string, string][] = [
  ["Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport"],
  ["Max-Forwards", "70"],
  ["From", '"Alice" <sip:alice@example.org>;tag=a1'],
  ["To", "<sip:1000@example.org>"],
  ["Call-ID", "c1@192.0.2.1"],
  ["CSeq", "1 SUBSCRIBE"],
];

/** A SUBSCRIBE with the lines given in place of, or besides, its usual ones; `undefined` leaves a usual one out. */
export function requestText(
  changes: Readonly<Record<string, string | undefined>> = {},
  { startLine = "SUBSCRIBE sip:1000@example.org SIP/2.0", body = "" } = {},
): string {
  const lines = [startLine];
  for (const [name, value] of HEADERS) {
    const line = name in changes ? changes[name] : value;
    if (line !== undefined) lines.push(`${name}: ${line}`);
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value !== undefined && !HEADERS.some(([usual]) => usual === name)) lines.push(`${name}: ${value}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** Parses a text; the failure, if any, is in `message.failure`. */
export function parseText(text: string): Message {
  const message = new Message();
  const bytes = bytesOf(text);
  parseMessage(bytes, 0, bytes.length, message);
  return message;
}

/** What a failure says, as one comparable line. */
export function told(failure: ParseFailure | undefined): string | undefined {
  return failure && `${failure.status} ${failure.reasonPhrase} (${failure.source})`;
}
