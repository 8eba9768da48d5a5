/** Owns header parameters: `;name=value` lists as header fields carry them. */
import { Char, CharClass } from "./chars.ts";
import { type Cursor, quote } from "./cursor.ts";
import { bytesOf, equalsIgnoreCase, skipClass } from "./slice.ts";

/** One parameter. */
export interface Param {
  /** Name in lower case. */
  readonly name: string;
  /** Value without quotes and escapes; `undefined` when there is none. */
  readonly value: string | undefined;
}

/** No parameters, as most values have: one list for all of them. */
export const NONE: readonly Param[] = [];

/** Value of the first parameter of that name (lower case): the empty string for a bare flag, `undefined` if absent. */
export function paramOf(params: readonly Param[], name: string): string | undefined {
  for (const param of params) {
    if (param.name === name) return param.value ?? "";
  }
  return undefined;
}

/** Whether a parameter of that name (lower case) is present. */
export function hasParam(params: readonly Param[], name: string): boolean {
  return paramOf(params, name) !== undefined;
}

/**
 * Reads `*( SEMI generic-param )` up to the first byte that is none.
 *
 * Rejects an empty name, and a value that is neither token, host nor quoted string.
 * Source: RFC 3261 §25.1 generic-param.
 */
export function readParams(cursor: Cursor): readonly Param[] {
  let params: Param[] | undefined;
  while (cursor.takeSeparator(Char.semicolon)) {
    const name = readParamName(cursor);
    const value = cursor.takeSeparator(Char.equal) ? readParamValue(cursor, name) : undefined;
    addParam(cursor, params ??= [], { name, value });
  }
  return params ?? NONE;
}

/** Names of nearly all parameters there are; of these no text is made. */
const USUAL_NAMES = [
  "tag",
  "transport",
  "expires",
  "q",
  "id",
  "username",
  "realm",
  "nonce",
  "uri",
  "response",
  "algorithm",
  "cnonce",
  "opaque",
  "qop",
  "nc",
];

/** Reads a parameter's name, in lower case. Rejects an empty one. Source: RFC 3261 §25.1 generic-param. */
export function readParamName(cursor: Cursor): string {
  const { bytes, at } = cursor;
  const end = skipClass(bytes, at, cursor.end, CharClass.token);
  for (let i = 0; i < USUAL_NAMES.length; i++) {
    if (!equalsIgnoreCase(bytes, at, end, USUAL_NAMES[i]!)) continue;
    cursor.at = end;
    return USUAL_NAMES[i]!;
  }
  return cursor.token("parameter name").toLowerCase();
}

/** Parameters of one value at most: comparing two lists is quadratic, and no honest one has a quarter of it. */
const paramCountMax = 64;

/** Adds a parameter to a list. Rejects the one that is too many. */
export function addParam(cursor: Cursor, params: Param[], param: Param): void {
  if (params.length === paramCountMax) cursor.fail("too many parameters", "RFC 3261 §21.4.1");
  params.push(param);
}

/**
 * Reads one gen-value: token, host, IPv6 address with or without brackets, or quoted string.
 *
 * Source: RFC 3261 §25.1 gen-value, RFC 5118 §4.5.
 */
export function readParamValue(cursor: Cursor, name: string): string {
  if (cursor.peek() === Char.quote) return cursor.quotedString();
  const value = cursor.run(CharClass.genericValue);
  if (value === "") cursor.fail(`parameter ${name} has no value`, "RFC 3261 §25.1");
  return value;
}

/** Writes parameters as `;name=value`, quoting values that are not tokens or hosts. */
export function writeParams(params: readonly Param[]): string {
  let text = "";
  for (const { name, value } of params) {
    text += value === undefined ? `;${name}` : `;${name}=${isBareValue(value) ? value : quote(value)}`;
  }
  return text;
}

function isBareValue(value: string): boolean {
  const bytes = bytesOf(value);
  return bytes.length > 0 && skipClass(bytes, 0, bytes.length, CharClass.genericValue) === bytes.length;
}
