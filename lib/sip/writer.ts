/**
 * Owns `ByteWriter`, the append-only writer of messages over one reusable buffer.
 *
 * Budget: no allocation but growth; appending ASCII text costs about 1 ns a byte. Benchmark: tests/bench/parse_bench.ts.
 */
import { Char } from "./chars.ts";
import { copySlice } from "./slice.ts";

const encoder = new TextEncoder();

/**
 * Appends bytes to a buffer that grows by doubling and is reused after `reset`.
 *
 * `view` is valid until the next call; `copy` is the caller's.
 */
export class ByteWriter {
  /** Bytes written so far: [0, length) of `buffer`. */
  length = 0;
  /** The buffer; replaced when it grows, so never keep it. */
  buffer: Uint8Array;

  /** An empty writer with room for `capacity` bytes. */
  constructor(capacity = 2048) {
    this.buffer = new Uint8Array(capacity);
  }

  /** Forgets everything written. */
  reset(): this {
    this.length = 0;
    return this;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    copySlice(this.buffer, 0, this.length, grown, 0);
    this.buffer = grown;
  }

  /** Appends one byte. */
  byte(byte: number): this {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = byte;
    return this;
  }

  /** Appends a text as UTF-8; ASCII, the usual case, goes without an encoder. */
  text(text: string): this {
    this.reserve(text.length);
    const { buffer } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return this.bytes(encoder.encode(text));
      buffer[at++] = code;
    }
    this.length = at;
    return this;
  }

  /** Appends a slice of other bytes, all of them unless told. */
  bytes(source: Uint8Array, start = 0, end: number = source.length): this {
    this.reserve(end - start);
    copySlice(source, start, end, this.buffer, this.length);
    this.length += end - start;
    return this;
  }

  /** Appends a non-negative integer in decimal. */
  number(value: number): this {
    let width = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) width++;
    this.reserve(width);
    this.length += width;
    this.patchNumber(this.length - width, width, value);
    return this;
  }

  /** Appends CR LF. */
  crlf(): this {
    return this.byte(Char.cr).byte(Char.lf);
  }

  /** Appends `name: value` and CR LF, the value as `lineText` does. */
  header(name: string, value: string): this {
    return this.text(name).byte(Char.colon).byte(Char.space).lineText(value).crlf();
  }

  /** Appends a text that stays on its line: CR, LF and NUL become spaces, so no value can add a header. */
  lineText(text: string): this {
    const start = this.length;
    this.text(text);
    for (let at = start; at < this.length; at++) {
      const byte = this.buffer[at];
      if (byte === Char.cr || byte === Char.lf || byte === 0) this.buffer[at] = Char.space;
    }
    return this;
  }

  /** Overwrites bytes written before with `source`. */
  patch(at: number, source: Uint8Array): void {
    this.buffer.set(source, at);
  }

  /** Overwrites `width` bytes with a decimal number, zeros in front. */
  patchNumber(at: number, width: number, value: number): void {
    let rest = value;
    for (let i = at + width - 1; i >= at; i--) {
      const next = Math.floor(rest / 10);
      this.buffer[i] = Char.zero + (rest - next * 10);
      rest = next;
    }
  }

  /** What was written, without copying; valid until the next call. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}
