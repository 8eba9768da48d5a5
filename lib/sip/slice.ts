/** Owns what is done with a slice [start, end) of a buffer without making a string first, and the making of strings. */
import { Char, CharClass, charClass, lowerCase } from "./chars.ts";

/** Upper bound of expiry values in seconds, 2^32 − 1. Source: RFC 3261 §20.19. */
export const expiresSecondsMax = 4_294_967_295;

/** Node's reader and copier of a slice, without a view in between. */
const { utf8Slice, copy } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  copy(this: Uint8Array, target: Uint8Array, targetStart: number, start: number, end: number): number;
};
/** A slice of fewer bytes is copied sooner by hand than the copier is called. */
const COPIER_BYTES = 32;
const encoder = new TextEncoder();

/** Text of a slice; bytes that are not UTF-8 become U+FFFD. Source: RFC 3261 §7.3.1, §25.1. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return start >= end ? "" : utf8Slice.call(bytes, start, end);
}

/** Copies a slice to `at` in `target`, where there is room for it. */
export function copySlice(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start >= COPIER_BYTES) copy.call(source, target, at, start, end);
  else for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!;
}

/** UTF-8 bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of a header value with each fold turned into one space. Source: RFC 3261 §7.3.1. */
export function unfoldedTextOf(bytes: Uint8Array, start: number, end: number): string {
  const text = textOf(bytes, start, end);
  return indexOfByte(bytes, Char.lf, start, end) < 0 ? text : unfold(text);
}

function unfold(text: string): string {
  let result = "";
  for (const line of text.split("\r\n")) {
    result = result === "" ? line.trimEnd() : `${result.trimEnd()} ${line.trim()}`;
  }
  return result;
}

/** Whether a slice spells `lower`, which is ASCII in lower case, in any case. */
export function equalsIgnoreCase(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (lowerCase[bytes[start + i]!] !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether two slices hold the same bytes. */
export function equalSlices(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) {
    if (a[i] !== b[j]) return false;
  }
  return true;
}

/**
 * Value of 1*DIGIT filling a slice.
 *
 * @returns −1 when the slice is empty or holds anything else; `Number.MAX_SAFE_INTEGER` for everything beyond it.
 */
export function decimalOf(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - Char.zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) value = Number.MAX_SAFE_INTEGER;
  }
  return value;
}

/** Value of a text of 1*DIGIT; −1 for any other, `Number.MAX_SAFE_INTEGER` for everything beyond it. */
export function decimalOfText(text: string): number {
  const bytes = bytesOf(text);
  return decimalOf(bytes, 0, bytes.length);
}

/** First offset of a byte in a slice; −1 when it is not there. Never looks behind the slice, as `indexOf` would. */
export function indexOfByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === byte) return at;
  }
  return -1;
}

/** First offset in a slice that is not LWS, folds included; `end` when all of it is. */
export function skipLws(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (charClass[bytes[at]!]! & CharClass.lws) !== 0) at++;
  return at;
}

/** Offset after the last byte of a slice that is not LWS; `start` when all of it is. */
export function trimLws(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (charClass[bytes[at - 1]!]! & CharClass.lws) !== 0) at--;
  return at;
}

/** First offset in a slice whose byte is outside `classBit`. */
export function skipClass(bytes: Uint8Array, start: number, end: number, classBit: number): number {
  let at = start;
  while (at < end && (charClass[bytes[at]!]! & classBit) !== 0) at++;
  return at;
}

/**
 * Offset after the quoted string that opens at `start`.
 *
 * @returns −1 when it never closes.
 * Source: RFC 3261 §25.1 quoted-string.
 */
export function skipQuoted(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === Char.quote) return at + 1;
    if (byte === Char.backslash) at++;
  }
  return -1;
}

/**
 * Offset of the comma that ends one value of a comma-separated list, or `end`; commas in quoted strings and between
 * angle brackets do not count, and an unclosed one runs to the end.
 *
 * Source: RFC 3261 §7.3.1.
 */
export function endOfListValue(bytes: Uint8Array, start: number, end: number): number {
  let isBracketed = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === Char.comma && !isBracketed) return at;
    if (byte === Char.less) isBracketed = true;
    else if (byte === Char.greater) isBracketed = false;
    else if (byte === Char.quote && !isBracketed) {
      const after = skipQuoted(bytes, at, end);
      if (after < 0) return end;
      at = after - 1;
    }
  }
  return end;
}
