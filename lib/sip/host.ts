/** Owns host and port: names, IPv4 and bracketed IPv6, as URIs and Via carry them. */
import { Char, CharClass } from "./chars.ts";
import type { Cursor } from "./cursor.ts";
import { bytesOf, decimalOf, skipClass, skipLws, textOf } from "./slice.ts";

/** A host as text, IPv6 without brackets, and a port if one was written. */
export interface HostPort {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  /** Port as written; `undefined` when there is none. */
  readonly port: number | undefined;
}

/**
 * Reads `host [ ":" port ]`.
 *
 * Rejects an empty host, an IPv6 address that is none or has a zone, and ports outside 1–65535. Three colons before an
 * embedded IPv4 address, a product of the grammar's bug, read as two.
 * Source: RFC 3261 §25.1 hostport, RFC 5118 §4.2, §4.10.
 */
export function readHostPort(cursor: Cursor): HostPort {
  const host = cursor.peek() === Char.leftBracket ? readIpv6Reference(cursor) : readHostName(cursor);
  const colon = skipLws(cursor.bytes, cursor.at, cursor.end);
  if (colon >= cursor.end || cursor.bytes[colon] !== Char.colon) return { host, port: undefined };
  const start = skipLws(cursor.bytes, colon + 1, cursor.end);
  cursor.at = skipClass(cursor.bytes, start, cursor.end, CharClass.digit);
  const port = decimalOf(cursor.bytes, start, cursor.at);
  if (port < 1 || port > 65_535) {
    cursor.at = start;
    cursor.fail("port is not between 1 and 65535", "RFC 3261 §25.1");
  }
  return { host, port };
}

function readHostName(cursor: Cursor): string {
  const start = cursor.at;
  cursor.at = skipClass(cursor.bytes, start, cursor.end, CharClass.host);
  // The underscore is not in the grammar, but is in the names that people give their machines. COMPAT(container names)
  if (cursor.at === start) cursor.fail("host expected", "RFC 3261 §25.1");
  return cursor.textFrom(start);
}

function readIpv6Reference(cursor: Cursor): string {
  const start = cursor.at + 1;
  let end = start;
  while (end < cursor.end && cursor.bytes[end] !== Char.rightBracket) end++;
  if (end >= cursor.end || !parseIpv6(cursor.bytes, start, end, groups)) {
    cursor.fail("IPv6 address is malformed", "RFC 3261 §25.1");
  }
  cursor.at = end + 1;
  return textOf(cursor.bytes, start, end).replace(":::", "::");
}

const groups = new Uint16Array(8);
const otherGroups = new Uint16Array(8);

/** Writes a host for a URI, Via or SDP: IPv6 goes between brackets. */
export function writeHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Whether two hosts are the same: names and IPv4 ignoring case, IPv6 by value. Source: RFC 3261 §19.1.4. */
export function equalHosts(a: string, b: string): boolean {
  if (!a.includes(":") || !b.includes(":")) return a.toLowerCase() === b.toLowerCase();
  const [aBytes, bBytes] = [bytesOf(a), bytesOf(b)];
  return parseIpv6(aBytes, 0, aBytes.length, groups) && parseIpv6(bBytes, 0, bBytes.length, otherGroups) &&
    groups.every((group, i) => group === otherGroups[i]);
}

/**
 * Parses the IPv6 address filling a slice into its eight groups.
 *
 * @returns False when it is none; zone ids (`%eth0`) are none.
 * Source: RFC 4291 §2.2, RFC 5118 §4.10.
 */
export function parseIpv6(bytes: Uint8Array, start: number, end: number, into: Uint16Array): boolean {
  let at = start;
  let count = 0;
  let gap = -1;
  if (end - at >= 2 && bytes[at] === Char.colon && bytes[at + 1] === Char.colon) {
    gap = 0;
    at += 2;
    if (at < end && bytes[at] === Char.colon) at++;
  }
  while (at < end) {
    const groupEnd = skipClass(bytes, at, end, CharClass.hex);
    if (groupEnd < end && bytes[groupEnd] === Char.dot) {
      if (count > 6 || !parseIpv4(bytes, at, end, into, count)) return false;
      count += 2;
      break;
    }
    if (groupEnd === at || groupEnd - at > 4 || count === 8) return false;
    into[count++] = parseInt(textOf(bytes, at, groupEnd), 16);
    at = groupEnd;
    if (at === end) break;
    if (bytes[at] !== Char.colon || ++at === end) return false;
    if (bytes[at] !== Char.colon) continue;
    if (gap >= 0) return false;
    gap = count;
    at++;
    // RFC 5118 §4.10: a third colon is tolerated, and only before an IPv4 address.
    if (at < end && bytes[at] === Char.colon) {
      at++;
      if (bytes[skipClass(bytes, at, end, CharClass.digit)] !== Char.dot) return false;
    }
  }
  if (gap < 0) return count === 8;
  if (count > 7) return false;
  into.copyWithin(8 - (count - gap), gap, count);
  into.fill(0, gap, 8 - (count - gap));
  return true;
}

function parseIpv4(bytes: Uint8Array, start: number, end: number, into: Uint16Array, group: number): boolean {
  let at = start;
  let address = 0;
  for (let octet = 0; octet < 4; octet++) {
    const octetEnd = skipClass(bytes, at, end, CharClass.digit);
    const value = octetEnd - at > 3 ? -1 : decimalOf(bytes, at, octetEnd);
    if (value < 0 || value > 255) return false;
    address = address * 256 + value;
    at = octetEnd;
    if (octet < 3 && (at >= end || bytes[at++] !== Char.dot)) return false;
  }
  into[group] = Math.trunc(address / 65_536);
  into[group + 1] = address % 65_536;
  return at === end;
}
