/** Owns reading of one header value left to right: the steps that the grammar's rules have in common. */
import { Char, CharClass, charClass } from "./chars.ts";
import { ParseFailure } from "./parse_failure.ts";
import { bytesOf, equalsIgnoreCase, skipClass, skipLws, skipQuoted, textOf } from "./slice.ts";

/**
 * A position in a slice of bytes; reused from value to value.
 *
 * Control plane only: it makes strings and throws `ParseFailure`. Reading never passes `end`.
 */
export class Cursor {
  /** The buffer that is read. */
  bytes: Uint8Array;
  /** Offset of the next byte. */
  at: number;
  /** Offset after the last byte. */
  end: number;
  /** Header field named in failures. */
  header: string;

  /** A cursor over [start, end) of a buffer. */
  constructor(bytes: Uint8Array, start: number, end: number, header: string) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.header = header;
  }

  /** A cursor over the UTF-8 bytes of a text. */
  static over(text: string, header: string): Cursor {
    const bytes = bytesOf(text);
    return new Cursor(bytes, 0, bytes.length, header);
  }

  /** Points the cursor at another slice. */
  reset(bytes: Uint8Array, start: number, end: number, header: string): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.header = header;
    return this;
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** Next byte without taking it; −1 at the end. */
  peek(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1;
  }

  /** Takes `byte` if it comes next. */
  take(byte: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  /** Passes linear white space, folds included. */
  skipLws(): void {
    this.at = skipLws(this.bytes, this.at, this.end);
  }

  /** Takes `byte` with white space on both sides if it comes next (SLASH, SEMI, COMMA, EQUAL …). RFC 3261 §25.1. */
  takeSeparator(byte: number): boolean {
    const after = skipLws(this.bytes, this.at, this.end);
    if (after >= this.end || this.bytes[after] !== byte) return false;
    this.at = skipLws(this.bytes, after + 1, this.end);
    return true;
  }

  /** Takes the longest run of bytes in a class; may be empty. */
  run(classBit: number): string {
    const start = this.at;
    this.at = skipClass(this.bytes, start, this.end, classBit);
    return textOf(this.bytes, start, this.at);
  }

  /** Takes the next token if it spells `lower`, in any case. */
  takeWord(lower: string): boolean {
    const end = skipClass(this.bytes, this.at, this.end, CharClass.token);
    if (!equalsIgnoreCase(this.bytes, this.at, end, lower)) return false;
    this.at = end;
    return true;
  }

  /** Takes a token. Rejects an empty one with `<what> expected`. Source: RFC 3261 §25.1 token. */
  token(what: string): string {
    const start = this.at;
    this.at = skipClass(this.bytes, start, this.end, CharClass.token);
    if (this.at === start) this.fail(`${what} expected`, "RFC 3261 §25.1");
    return textOf(this.bytes, start, this.at);
  }

  /**
   * Takes a quoted string and returns its text without quotes and escapes. Rejects one that never closes.
   *
   * Source: RFC 3261 §25.1 quoted-string.
   */
  quotedString(): string {
    const start = this.at;
    const after = skipQuoted(this.bytes, start, this.end);
    if (after < 0) this.fail("quoted string is not closed", "RFC 3261 §25.1");
    this.at = after;
    return unquote(textOf(this.bytes, start + 1, after - 1));
  }

  /** Text from `start` to the current position. */
  textFrom(start: number): string {
    return textOf(this.bytes, start, this.at);
  }

  /** Whether the next byte belongs to a class. */
  isAt(classBit: number): boolean {
    return this.at < this.end && (charClass[this.bytes[this.at]!]! & classBit) !== 0;
  }

  /** Passes white space and rejects anything after it with `unexpected text after <what>`. */
  finish(what: string, source: string): void {
    this.skipLws();
    if (this.at < this.end) this.fail(`unexpected text after ${what}`, source);
  }

  /** Throws the `ParseFailure` for the current position. */
  fail(rule: string, source: string): never {
    throw new ParseFailure({ header: this.header, rule, at: this.at, source });
  }
}

function unquote(text: string): string {
  if (!text.includes("\\")) return text.includes("\r\n") ? text.replaceAll("\r\n", "") : text;
  let result = "";
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) === Char.backslash) i++;
    result += text.charAt(i);
  }
  return result.replaceAll("\r\n", "");
}

const NEEDS_ESCAPE = /["\\\r\n]/;

/** Writes a text as a quoted string, escaping `"` and `\`; line ends become spaces. Source: RFC 3261 §25.1. */
export function quote(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  let result = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === Char.quote || code === Char.backslash) result += "\\";
    result += code === Char.cr || code === Char.lf ? " " : text.charAt(i);
  }
  return result + '"';
}
