/** Owns URIs: SIP and SIPS in full, tel by number, every other scheme as opaque text. */
import { Char, CharClass, charClass } from "./chars.ts";
import { Cursor } from "./cursor.ts";
import { equalHosts, readHostPort, writeHost } from "./host.ts";
import { addParam, NONE, type Param, paramOf } from "./params.ts";
import { bytesOf, equalsIgnoreCase, indexOfByte, skipClass, textOf } from "./slice.ts";
import { SliceMemo } from "./slice_memo.ts";

/** A parsed URI; escapes are undone, so that equal names have equal text. */
export interface Uri {
  /** Scheme in lower case, without the colon. */
  readonly scheme: string;
  /** User part of sip and sips, number of tel; `undefined` when there is none. */
  readonly user: string | undefined;
  /** Password part; `undefined` when there is none. */
  readonly password: string | undefined;
  /** Host as written, IPv6 without brackets; empty for other schemes than sip and sips. */
  readonly host: string;
  /** Port as written; `undefined` when there is none. */
  readonly port: number | undefined;
  /** URI parameters (`;transport=tcp`), names in lower case. */
  readonly params: readonly Param[];
  /** URI headers (`?subject=…`), names as written. */
  readonly headers: readonly Param[];
  /** Everything after the colon, for schemes other than sip, sips and tel; empty for those. */
  readonly opaque: string;
}

/**
 * Parses a URI from text.
 *
 * Throws `ParseFailure` for everything that is not a URI.
 * Source: RFC 3261 §19.1.1, §25.1.
 */
export function parseUri(text: string): Uri {
  return readNewUri(Cursor.over(text, "URI"));
}

/** A URI, and how it was written. */
export interface WrittenUri {
  readonly uri: Uri;
  readonly text: string;
}

/** What phones write in request after request: their own URI, those of the extensions. */
const uris = new SliceMemo<WrittenUri>();

/**
 * Reads a URI that fills the rest of the cursor; what is written alike may get the same object.
 *
 * Rejects bytes outside the grammar, broken escapes, an empty user before `@`, a malformed host, parameters without a
 * name, headers without `=`.
 * Source: RFC 3261 §19.1.1, §25.1; RFC 3966 §3 for tel.
 */
export function readUri(cursor: Cursor): WrittenUri {
  const { bytes, at, end } = cursor;
  const known = uris.get(bytes, at, end);
  if (known === undefined) return uris.add(bytes, at, end, { uri: readNewUri(cursor), text: textOf(bytes, at, end) });
  cursor.at = end;
  return known;
}

function readNewUri(cursor: Cursor): Uri {
  const start = cursor.at;
  cursor.at = skipClass(cursor.bytes, start, cursor.end, CharClass.token);
  if (cursor.at === start || !cursor.isAt(CharClass.uri) || cursor.peek() !== Char.colon) {
    cursor.fail("URI scheme expected", "RFC 3261 §25.1");
  }
  const isSip = equalsIgnoreCase(cursor.bytes, start, cursor.at, "sip");
  const scheme = isSip ? "sip" : cursor.textFrom(start).toLowerCase();
  cursor.at++;
  requireUriBytes(cursor);
  if (scheme === "sip" || scheme === "sips") return readSipUri(cursor, scheme);
  if (scheme === "tel") return readTelUri(cursor);
  return { ...EMPTY, scheme, opaque: textOf(cursor.bytes, cursor.at, cursor.end) };
}

const EMPTY: Uri = {
  scheme: "",
  user: undefined,
  password: undefined,
  host: "",
  port: undefined,
  params: NONE,
  headers: NONE,
  opaque: "",
};

function requireUriBytes(cursor: Cursor): void {
  const start = cursor.at;
  if (start === cursor.end) cursor.fail("URI ends after its scheme", "RFC 3261 §25.1");
  for (let at = start; at < cursor.end; at++) {
    const byte = cursor.bytes[at]!;
    const isEscape = byte !== Char.percent ||
      (at + 2 < cursor.end && isHex(cursor.bytes[at + 1]!) && isHex(cursor.bytes[at + 2]!));
    if (isEscape && (charClass[byte]! & CharClass.uri) !== 0) continue;
    cursor.at = at;
    cursor.fail(isEscape ? "character not allowed in a URI" : "escape is not % and two digits", "RFC 3261 §25.1");
  }
}

function isHex(byte: number): boolean {
  return (charClass[byte]! & CharClass.hex) !== 0;
}

function readSipUri(cursor: Cursor, scheme: string): Uri {
  let user: string | undefined;
  let password: string | undefined;
  if (indexOfByte(cursor.bytes, Char.at, cursor.at, cursor.end) >= 0) {
    user = unescapedRun(cursor, CharClass.user);
    if (user === "") cursor.fail("user part is empty", "RFC 3261 §25.1");
    if (cursor.take(Char.colon)) password = unescapedRun(cursor, CharClass.password);
    if (!cursor.take(Char.at)) cursor.fail("character not allowed in the user part", "RFC 3261 §25.1");
  }
  const { host, port } = readHostPort(cursor);
  const params = readUriParams(cursor);
  const headers = cursor.take(Char.question) ? readUriHeaders(cursor) : NONE;
  if (!cursor.isAtEnd) cursor.fail("unexpected character after the host", "RFC 3261 §25.1");
  return { scheme, user, password, host, port, params, headers, opaque: "" };
}

function readTelUri(cursor: Cursor): Uri {
  const start = cursor.at;
  while (!cursor.isAtEnd && cursor.peek() !== Char.semicolon) cursor.at++;
  const user = cursor.textFrom(start);
  if (user === "") cursor.fail("telephone number expected", "RFC 3966 §3");
  const params = readUriParams(cursor);
  if (!cursor.isAtEnd) cursor.fail("unexpected character after the number", "RFC 3966 §3");
  return { ...EMPTY, scheme: "tel", user, params };
}

function readUriParams(cursor: Cursor): readonly Param[] {
  let params: Param[] | undefined;
  while (cursor.take(Char.semicolon)) {
    const name = unescapedRun(cursor, CharClass.param).toLowerCase();
    if (name === "") cursor.fail("URI parameter has no name", "RFC 3261 §25.1");
    const value = cursor.take(Char.equal) ? unescapedRun(cursor, CharClass.param) : undefined;
    addParam(cursor, params ??= [], { name, value });
  }
  return params ?? NONE;
}

function readUriHeaders(cursor: Cursor): readonly Param[] {
  const headers: Param[] = [];
  do {
    const name = unescapedRun(cursor, CharClass.uriHeader);
    if (name === "" || !cursor.take(Char.equal)) cursor.fail("URI header is not name=value", "RFC 3261 §25.1");
    addParam(cursor, headers, { name, value: unescapedRun(cursor, CharClass.uriHeader) });
  } while (cursor.take(AMPERSAND));
  return headers;
}

const AMPERSAND = 0x26;

/** Takes bytes of a class and escapes; returns their text unescaped. Escapes are known to be well formed here. */
function unescapedRun(cursor: Cursor, classBit: number): string {
  const { bytes, end } = cursor;
  const start = cursor.at;
  let hasEscapes = false;
  while (cursor.at < end) {
    const byte = bytes[cursor.at]!;
    if (byte === Char.percent) {
      hasEscapes = true;
      cursor.at += 3;
    } else if ((charClass[byte]! & classBit) !== 0) cursor.at++;
    else break;
  }
  return hasEscapes ? unescape(bytes, start, cursor.at) : textOf(bytes, start, cursor.at);
}

function unescape(bytes: Uint8Array, start: number, end: number): string {
  const plain = new Uint8Array(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === Char.percent) {
      plain[length++] = hexValue(bytes[at + 1]!) * 16 + hexValue(bytes[at + 2]!);
      at += 2;
    } else plain[length++] = byte;
  }
  return textOf(plain, 0, length);
}

function hexValue(byte: number): number {
  return byte <= Char.nine ? byte - Char.zero : (byte & 0x5f) - 55;
}

/** Writes a URI, escaping what its parts may not hold. Source: RFC 3261 §19.1.2. */
export function writeUri(uri: Uri): string {
  let text = `${uri.scheme}:`;
  if (uri.scheme === "tel") return text + (uri.user ?? "") + writeUriParams(uri.params);
  if (uri.scheme !== "sip" && uri.scheme !== "sips") return text + uri.opaque;
  if (uri.user !== undefined) {
    text += writeUser(uri.user);
    if (uri.password !== undefined) text += `:${escape(uri.password, CharClass.password)}`;
    text += "@";
  }
  text += writeHost(uri.host);
  if (uri.port !== undefined) text += `:${uri.port}`;
  text += writeUriParams(uri.params);
  uri.headers.forEach(({ name, value }, i) => {
    text += `${i === 0 ? "?" : "&"}${escape(name, CharClass.uriHeader)}=${escape(value ?? "", CharClass.uriHeader)}`;
  });
  return text;
}

/** Writes the user part of a URI, escaping what it may not hold. Source: RFC 3261 §19.1.2. */
export function writeUser(user: string): string {
  return escape(user, CharClass.user);
}

function writeUriParams(params: readonly Param[]): string {
  let text = "";
  for (const { name, value } of params) {
    text += `;${escape(name, CharClass.param)}`;
    if (value !== undefined) text += `=${escape(value, CharClass.param)}`;
  }
  return text;
}

const HEX = "0123456789ABCDEF";

function escape(text: string, classBit: number): string {
  const bytes = bytesOf(text);
  if (skipClass(bytes, 0, bytes.length, classBit) === bytes.length) return text;
  let result = "";
  for (const byte of bytes) {
    result += (charClass[byte]! & classBit) !== 0
      ? String.fromCharCode(byte)
      : `%${HEX.charAt(byte >> 4)}${HEX.charAt(byte & 15)}`;
  }
  return result;
}

/** Parameters that make two URIs differ when only one of them carries it. */
const DISTINGUISHING = ["user", "ttl", "method", "maddr", "transport"];

/**
 * Whether two URIs name the same thing.
 *
 * User and password compare exactly, the rest ignoring case; a missing port differs from 5060 written out; parameters
 * in one URI only are ignored except user, ttl, method, maddr and transport; headers count in full, in any order.
 * Schemes other than sip and sips compare by text.
 * Source: RFC 3261 §19.1.4.
 */
export function equalUri(a: Uri, b: Uri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.scheme !== "sip" && a.scheme !== "sips") return writeUri(a) === writeUri(b);
  return a.user === b.user && a.password === b.password && a.port === b.port && equalHosts(a.host, b.host) &&
    equalParams(a.params, b.params) && equalUriHeaders(a.headers, b.headers);
}

function equalParams(a: readonly Param[], b: readonly Param[]): boolean {
  for (const { name } of a) {
    const other = paramOf(b, name);
    if (other !== undefined && other.toLowerCase() !== paramOf(a, name)!.toLowerCase()) return false;
  }
  return DISTINGUISHING.every((name) => (paramOf(a, name) === undefined) === (paramOf(b, name) === undefined));
}

function equalUriHeaders(a: readonly Param[], b: readonly Param[]): boolean {
  const flatten = (headers: readonly Param[]) => headers.map(({ name, value }) => `${name.toLowerCase()}=${value}`);
  return flatten(a).sort().join("&") === flatten(b).sort().join("&");
}
