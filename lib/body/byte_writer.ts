/**
 * Owns a buffer that grows: documents whose length is known only once they are written.
 */
import type { HoleFill, RenderedBody } from "./rendered.ts";

const DIGIT_ZERO = 48;
const BLANK = 32;

/** Bytes written one after another; reset and used again, so that writing allocates nothing once it has grown. */
export class ByteWriter {
  #bytes = new Uint8Array(4_096);
  /** Bytes written. */
  length = 0;

  /** What was written, as a view that the next writing overwrites. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Starts anew. */
  reset(): void {
    this.length = 0;
  }

  /** Appends bytes; few of them by hand, because a call of `set` costs more than they do. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    const target = this.#bytes;
    const at = this.length;
    if (length > 24) target.set(bytes, at);
    else for (let i = 0; i < length; i++) target[at + i] = bytes[i]!;
    this.length = at + length;
  }

  /** Appends a text of ASCII, as `escapeText` makes it. */
  appendText(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Appends the digits of a non-negative integer. */
  appendDecimal(value: number): void {
    let count = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
    this.#reserve(count);
    this.#writeDigits(this.length + count, value);
    this.length += count;
  }

  /** Appends one watcher's copy of a document. */
  appendBody(body: RenderedBody, fill: HoleFill): void {
    this.#reserve(body.byteLength(fill));
    this.length = body.write(this.#bytes, this.length, fill);
  }

  /** Leaves `width` blanks for a number that is known later; returns where they are. */
  appendBlanks(width: number): number {
    this.#reserve(width);
    const at = this.length;
    this.#bytes.fill(BLANK, at, at + width);
    this.length += width;
    return at;
  }

  /** Writes the digits of a non-negative integer so that they end before `end`; there are blanks enough for them. */
  fillBlanks(end: number, value: number): void {
    this.#writeDigits(end, value);
  }

  #writeDigits(end: number, value: number): void {
    let at = end;
    let rest = value;
    do {
      this.#bytes[--at] = DIGIT_ZERO + rest % 10;
      rest = Math.floor(rest / 10);
    } while (rest > 0);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}
