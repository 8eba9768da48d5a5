/**
 * Owns the scan of the topmost Via: what matching and routing an answer need, as integers.
 *
 * Data plane: allocates nothing unless a rule is broken. `via.ts` reads the same value in full.
 */
import { Char, CharClass, charClass } from "./chars.ts";
import { Header } from "./header_names.ts";
import type { Message } from "./message.ts";
import { decimalOf, equalsIgnoreCase, skipClass, skipLws, skipQuoted } from "./slice.ts";

/** Where broken rules are told. */
export type Fault = (message: Message, header: string, rule: string, at: number, source: string) => void;

/**
 * Fills `topVia…`, `transport…`, `sentBy…`, `branch…`, `received…` and `rport…` of a message with indexed headers.
 *
 * Faults: another protocol than SIP/2.0, an empty or unclosed host, a port that is none, a parameter without a name.
 * Source: RFC 3261 §20.42, §25.1 via-parm; RFC 3581 §3.
 */
export function scanTopVia(message: Message, fault: Fault): void {
  const line = message.firstLines[Header.via]!;
  if (line < 0) return;
  const { bytes } = message;
  const start = message.valueStarts[line]!;
  const end = message.valueEnds[line]!;
  const versionStart = afterName(bytes, start, end);
  const versionEnd = versionStart < 0 ? -1 : skipClass(bytes, versionStart, end, CharClass.token);
  const transportStart = versionEnd < 0 ? -1 : afterSlash(bytes, versionEnd, end);
  const transportEnd = transportStart < 0 ? -1 : skipClass(bytes, transportStart, end, CharClass.token);
  const hostStart = transportEnd < 0 ? -1 : skipLws(bytes, transportEnd, end);
  if (hostStart <= transportEnd || transportEnd === transportStart) {
    return fault(message, "Via", "not SIP/2.0, a transport and a host", start, "RFC 3261 §20.42");
  }
  // Another version is a fault, but one that is answered to this very Via.
  if (!equalsIgnoreCase(bytes, versionStart, versionEnd, "2.0")) {
    fault(message, "Via", "version is not 2.0", versionStart, "RFC 3261 §20.42");
  }
  const hostEnd = endOfHost(bytes, hostStart, end);
  const sentByEnd = hostEnd < 0 ? -1 : endOfPort(bytes, hostEnd, end);
  if (sentByEnd < 0) return fault(message, "Via", "sent-by is not a host and port", hostStart, "RFC 3261 §20.42");
  message.topViaStart = start;
  message.transportStart = transportStart;
  message.transportEnd = transportEnd;
  message.sentByStart = hostStart;
  message.sentByHostEnd = hostEnd;
  message.sentByEnd = sentByEnd;
  scanParams(message, sentByEnd, end, fault);
}

/** Longest Via that is taken for plain: too short for more parameters than one may have. */
const PLAIN_BYTES = 128;

/**
 * Whether reading the Vias of a message in full could find no broken rule that the scan has not: there is one, short, of a
 * name or an IPv4 address, its port is one, its rport has no value.
 */
export function isPlainVia(message: Message): boolean {
  const { bytes, topViaStart, topViaEnd, sentByStart, sentByHostEnd, sentByEnd, rportStart, rportEnd } = message;
  const line = message.firstLines[Header.via]!;
  if (topViaEnd !== message.valueEnds[line] || message.nextLines[line]! >= 0) return false;
  if (topViaEnd - topViaStart > PLAIN_BYTES || bytes[sentByStart] === Char.leftBracket) return false;
  if (rportStart >= 0 && rportEnd - rportStart !== BARE_RPORT_BYTES) return false;
  if (sentByHostEnd === sentByEnd) return true;
  const port = decimalOf(bytes, sentByHostEnd + 1, sentByEnd);
  return port >= 1 && port <= 65_535;
}

/** `;rport` without white space. */
const BARE_RPORT_BYTES = 6;

/** Offset of the version after `SIP /`; −1 for anything else. */
function afterName(bytes: Uint8Array, start: number, end: number): number {
  const nameEnd = skipClass(bytes, start, end, CharClass.token);
  return equalsIgnoreCase(bytes, start, nameEnd, "sip") ? afterSlash(bytes, nameEnd, end) : -1;
}

function afterSlash(bytes: Uint8Array, start: number, end: number): number {
  const at = skipLws(bytes, start, end);
  return at < end && bytes[at] === Char.slash ? skipLws(bytes, at + 1, end) : -1;
}

function endOfHost(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  if (bytes[start] !== Char.leftBracket) {
    const hostEnd = skipClass(bytes, start, end, CharClass.host);
    return hostEnd === start ? -1 : hostEnd;
  }
  let at = start + 1;
  while (at < end && isIpv6Byte(bytes[at]!)) at++;
  return at > start + 1 && at < end && bytes[at] === Char.rightBracket ? at + 1 : -1;
}

function isIpv6Byte(byte: number): boolean {
  return byte === Char.colon || byte === Char.dot || (charClass[byte]! & CharClass.hex) !== 0;
}

/** End of `[ COLON port ]`; `start` when there is none, −1 when it is malformed. */
function endOfPort(bytes: Uint8Array, start: number, end: number): number {
  const colon = skipLws(bytes, start, end);
  if (colon >= end || bytes[colon] === Char.semicolon || bytes[colon] === Char.comma) return start;
  if (bytes[colon] !== Char.colon) return -1;
  const portStart = skipLws(bytes, colon + 1, end);
  const portEnd = skipClass(bytes, portStart, end, CharClass.digit);
  return portEnd === portStart || portEnd - portStart > 5 ? -1 : portEnd;
}

/** Walks the parameters to the comma or the end of the line, noting three of them. */
function scanParams(message: Message, start: number, end: number, fault: Fault): void {
  const { bytes } = message;
  let at = start;
  for (;;) {
    message.topViaEnd = at;
    const semicolon = skipLws(bytes, at, end);
    if (semicolon >= end || bytes[semicolon] === Char.comma) return;
    const nameStart = skipLws(bytes, semicolon + 1, end);
    const nameEnd = skipClass(bytes, nameStart, end, CharClass.token);
    if (bytes[semicolon] !== Char.semicolon || nameEnd === nameStart) {
      return fault(message, "Via", "parameter without name", semicolon, "RFC 3261 §25.1");
    }
    const equal = skipLws(bytes, nameEnd, end);
    if (equal >= end || bytes[equal] !== Char.equal) {
      at = nameEnd;
      noteParam(message, semicolon, nameStart, nameEnd, nameEnd, nameEnd);
      continue;
    }
    const valueStart = skipLws(bytes, equal + 1, end);
    at = bytes[valueStart] === Char.quote && valueStart < end
      ? skipQuoted(bytes, valueStart, end)
      : skipClass(bytes, valueStart, end, CharClass.genericValue);
    if (at <= valueStart) return fault(message, "Via", "parameter without value", valueStart, "RFC 3261 §25.1");
    noteParam(message, semicolon, nameStart, nameEnd, valueStart, at);
  }
}

function noteParam(
  message: Message,
  semicolon: number,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  const { bytes } = message;
  switch (nameEnd - nameStart) {
    case 6:
      if (message.branchStart >= 0 || !equalsIgnoreCase(bytes, nameStart, nameEnd, "branch")) return;
      message.branchStart = valueStart;
      message.branchEnd = valueEnd;
      return;
    case 5:
      if (!equalsIgnoreCase(bytes, nameStart, nameEnd, "rport")) return;
      message.rportStart = semicolon;
      message.rportEnd = valueEnd;
      return;
    case 8:
      if (!equalsIgnoreCase(bytes, nameStart, nameEnd, "received")) return;
      message.receivedStart = semicolon;
      message.receivedEnd = valueEnd;
  }
}
