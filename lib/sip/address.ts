/** Owns name-addr and addr-spec: what From, To, Contact, Route and their kin carry. */
import { Char, CharClass, charClass } from "./chars.ts";
import { Cursor, quote } from "./cursor.ts";
import { type Param, paramOf, readParams, writeParams } from "./params.ts";
import { decimalOfText, expiresSecondsMax, skipLws, textOf, trimLws } from "./slice.ts";
import { readUri, type Uri, writeUri } from "./uri.ts";

/** An address with its header parameters. */
export interface NameAddress {
  /** Display name without quotes and escapes; empty when there is none. */
  readonly display: string;
  /** The URI. */
  readonly uri: Uri;
  /** The URI as it was written. */
  readonly uriText: string;
  /** Header parameters (`tag`, `expires`, `+sip.instance` …), names in lower case. */
  readonly params: readonly Param[];
  /** The `tag` parameter; `undefined` when there is none. */
  readonly tag: string | undefined;
}

/** Parses one address from text. Throws `ParseFailure`, also for anything after it. Source: RFC 3261 §20.10. */
export function parseNameAddress(text: string, header = "Contact"): NameAddress {
  const cursor = Cursor.over(text, header);
  cursor.skipLws();
  const address = readNameAddress(cursor);
  cursor.finish("address", "RFC 3261 §20.10");
  return address;
}

/**
 * Reads one address up to a comma or the end.
 *
 * Without angle brackets the URI ends at the first `;`, and what follows are header parameters; a `?` or comma in such
 * a URI is rejected, as are white space inside `<>`, an unclosed quote or bracket, and text that is no token in an
 * unquoted display name.
 * Source: RFC 3261 §20, §20.10, §25.1 name-addr; RFC 4475 §3.1.2.13–15.
 */
export function readNameAddress(cursor: Cursor): NameAddress {
  const display = readDisplayName(cursor);
  const isBracketed = cursor.take(Char.less);
  const end = isBracketed ? endOfBracketed(cursor) : endOfBare(cursor);
  const limit = cursor.end;
  cursor.end = end;
  const { uri, text: uriText } = readUri(cursor);
  cursor.end = limit;
  cursor.at = isBracketed ? end + 1 : end;
  const params = readParams(cursor);
  cursor.skipLws();
  return { display, uri, uriText, params, tag: paramOf(params, "tag") };
}

function readDisplayName(cursor: Cursor): string {
  if (cursor.peek() === Char.quote) {
    const display = cursor.quotedString();
    cursor.skipLws();
    if (cursor.peek() !== Char.less) cursor.fail("< expected after display name", "RFC 3261 §25.1");
    return display;
  }
  // Unquoted: *(token LWS), so the bracket comes after tokens and white space only; anything else starts a URI.
  const start = cursor.at;
  let at = start;
  while (at < cursor.end && isDisplayByte(cursor.bytes[at]!)) at++;
  if (at < cursor.end && cursor.bytes[at] === Char.less) {
    cursor.at = at;
    return joinWords(textOf(cursor.bytes, start, trimLws(cursor.bytes, start, at)));
  }
  return "";
}

/** Tokens and LWS, and UTF-8 that the grammar wants quoted. COMPAT(phones with localised names) */
function isDisplayByte(byte: number): boolean {
  return byte > Char.delete || (charClass[byte]! & (CharClass.token | CharClass.lws)) !== 0;
}

function joinWords(text: string): string {
  return text.includes("\r\n") ? text.split("\r\n").map((line) => line.trim()).join(" ") : text;
}

function endOfBracketed(cursor: Cursor): number {
  for (let at = cursor.at; at < cursor.end; at++) {
    if (cursor.bytes[at] === Char.greater) return at;
  }
  return cursor.fail("> expected after URI", "RFC 3261 §25.1");
}

function endOfBare(cursor: Cursor): number {
  const { bytes, end } = cursor;
  let at = cursor.at;
  while (at < end && (charClass[bytes[at]!]! & CharClass.uri) !== 0) {
    const byte = bytes[at]!;
    if (byte === Char.semicolon || byte === Char.comma) return at;
    if (byte === Char.question) {
      cursor.at = at;
      cursor.fail("URI with ? needs angle brackets", "RFC 3261 §20");
    }
    at++;
  }
  const next = skipLws(bytes, at, end);
  if (next < end && bytes[next] !== Char.semicolon && bytes[next] !== Char.comma) {
    cursor.at = at;
    cursor.fail("display name needs quotes", "RFC 3261 §25.1");
  }
  return at;
}

/** Writes an address, always with angle brackets and a quoted display name. Source: RFC 3261 §20.10. */
export function writeNameAddress(address: NameAddress): string {
  const uri = `<${writeUri(address.uri)}>`;
  return (address.display === "" ? uri : `${quote(address.display)} ${uri}`) + writeParams(address.params);
}

/**
 * The `expires` parameter of a Contact in seconds, clamped to 2^32 − 1; 3600 for a malformed one.
 *
 * @returns `undefined` when there is none.
 * Source: RFC 3261 §10.2.1.1, §20.10.
 */
export function contactExpires(address: NameAddress): number | undefined {
  const text = paramOf(address.params, "expires");
  if (text === undefined) return undefined;
  const value = decimalOfText(text);
  return value < 0 ? 3600 : Math.min(value, expiresSecondsMax);
}
