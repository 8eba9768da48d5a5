/**
 * Owns the cutting of a byte stream into messages.
 *
 * Theory: between messages CRLFs are counted: two are a ping. A message's head ends at CRLF CRLF; its Content-Length,
 * which a stream demands, tells where the body ends. A message that lies whole in one chunk is handed up in place;
 * only one that straddles chunks is gathered in the framer's own buffer, which is given back when it is empty. Each
 * byte is looked at once, however the stream is cut.
 */
import { Char } from "./chars.ts";
import { parseLimits } from "./message.ts";
import { ParseFailure } from "./parse_failure.ts";
import { copySlice, decimalOf, equalsIgnoreCase, skipLws, trimLws } from "./slice.ts";

/** Who gets what the framer finds. */
export interface FrameReceiver {
  /** One whole message in [start, end) of `bytes`, valid during the call only. */
  receiveFrame(bytes: Uint8Array, start: number, end: number): void;
  /** A keep-alive ping, CRLF CRLF between messages; the answer is one CRLF. Source: RFC 5626 §3.5.1. */
  receivePing(): void;
  /**
   * The stream cannot be read on. [start, end) holds what there is of the message, its whole head unless the head was
   * too long, so that it can be answered before the connection is closed. Called once.
   */
  frameFailed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number): void;
}

/** Bounds of one message on a stream. */
export interface FrameLimits {
  /** Start line and headers. */
  readonly headBytes: number;
  /** Head and body. */
  readonly messageBytes: number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Framer of one connection.
 *
 * Failures: 513 for a head or message above the limits; 400 for a missing, repeated or malformed Content-Length.
 * Source: RFC 3261 §7.5, §18.3, §20.14; RFC 5626 §3.5.1.
 */
export class StreamFramer {
  readonly #receiver: FrameReceiver;
  readonly #limits: FrameLimits;
  /** Bytes of an unfinished message: [0, #length). */
  #buffer: Uint8Array = NO_BYTES;
  #length = 0;
  /** Bytes of the unfinished message already searched for its head's end. */
  #scanned = 0;
  /** Length of the unfinished message, once its head is whole; 0 before. */
  #frameBytes = 0;
  /** CRs and LFs seen since the last message or ping; four are a ping. */
  #lineEnds = 0;
  #hasFailed = false;

  /** A framer that tells `receiver`, at the start of a stream. */
  constructor(receiver: FrameReceiver, limits: FrameLimits = parseLimits) {
    this.#receiver = receiver;
    this.#limits = limits;
  }

  /** Whether a message has begun and is not complete: the time it may take is bounded by the connection's owner. */
  get isInsideMessage(): boolean {
    return this.#length > 0;
  }

  /** Whether the stream broke a rule; all further bytes are ignored. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Takes the next bytes of the stream. They are not kept: what is unfinished is copied. */
  receive(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#hasFailed) {
      if (this.#length > 0) at = this.#continueMessage(chunk, at);
      else {
        at = this.#skipLineEnds(chunk, at);
        if (at < chunk.length) at = this.#startMessage(chunk, at);
      }
    }
  }

  /** RFC 3261 §7.5: CRLFs before a start line are ignored. RFC 5626 §3.5.1: a double CRLF is a ping. */
  #skipLineEnds(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && (chunk[at] === Char.cr || chunk[at] === Char.lf)) {
      const expected = (this.#lineEnds & 1) === 0 ? Char.cr : Char.lf;
      this.#lineEnds = chunk[at] === expected ? this.#lineEnds + 1 : chunk[at] === Char.cr ? 1 : 0;
      at++;
      if (this.#lineEnds < 4) continue;
      this.#lineEnds = 0;
      this.#receiver.receivePing();
    }
    if (at < chunk.length) this.#lineEnds = 0;
    return at;
  }

  /** A message begins at `start`: hands it up in place when it is whole, else keeps the rest of the chunk. */
  #startMessage(chunk: Uint8Array, start: number): number {
    const available = chunk.length - start;
    const headBytes = headEnd(chunk, start, chunk.length) - start;
    if (headBytes < 0) {
      if (available > this.#limits.headBytes) {
        this.#failHead(chunk, start, chunk.length);
        return chunk.length;
      }
      this.#keep(chunk, start, chunk.length);
      this.#scanned = available;
      return chunk.length;
    }
    const frameBytes = this.#measure(chunk, start, start + headBytes);
    if (frameBytes < 0) return chunk.length;
    if (frameBytes <= available) {
      this.#receiver.receiveFrame(chunk, start, start + frameBytes);
      return start + frameBytes;
    }
    this.#frameBytes = frameBytes;
    this.#keep(chunk, start, chunk.length);
    return chunk.length;
  }

  /** Adds what the unfinished message still lacks; returns how far the chunk was used. */
  #continueMessage(chunk: Uint8Array, start: number): number {
    if (this.#frameBytes === 0) return this.#continueHead(chunk, start);
    const end = Math.min(chunk.length, start + this.#frameBytes - this.#length);
    this.#keep(chunk, start, end);
    if (this.#length === this.#frameBytes) this.#deliver();
    return end;
  }

  #continueHead(chunk: Uint8Array, start: number): number {
    const before = this.#length;
    // No more than the limit is ever kept: one byte above it proves the head too long.
    const end = Math.min(chunk.length, start + this.#limits.headBytes + 1 - before);
    this.#keep(chunk, start, end);
    const headBytes = headEnd(this.#buffer, Math.max(0, this.#scanned - 3), this.#length);
    this.#scanned = this.#length;
    if (headBytes < 0) {
      if (this.#length > this.#limits.headBytes) this.#failHead(this.#buffer, 0, this.#length);
      return end;
    }
    const frameBytes = this.#measure(this.#buffer, 0, headBytes);
    if (frameBytes < 0) return chunk.length;
    // Bytes behind the frame belong to the next message: they stay in the chunk.
    const used = Math.min(end, start + frameBytes - before);
    this.#length = before + used - start;
    this.#frameBytes = frameBytes;
    if (this.#length === frameBytes) this.#deliver();
    return used;
  }

  #deliver(): void {
    const buffer = this.#buffer;
    const end = this.#frameBytes;
    this.#buffer = NO_BYTES;
    this.#length = 0;
    this.#scanned = 0;
    this.#frameBytes = 0;
    this.#receiver.receiveFrame(buffer, 0, end);
    release(buffer);
  }

  /** Length of the message whose head is [start, end); −1 after telling the failure. */
  #measure(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > this.#limits.headBytes) return this.#failHead(bytes, start, end);
    const contentLength = contentLengthOf(bytes, start, end);
    if (typeof contentLength !== "number") return this.#fail(contentLength, bytes, start, end);
    const frameBytes = end - start + contentLength;
    if (frameBytes <= this.#limits.messageBytes) return frameBytes;
    return this.#fail(failure("message", "too long", start, "RFC 3261 §21.5.7", 513), bytes, start, end);
  }

  #failHead(bytes: Uint8Array, start: number, end: number): -1 {
    return this.#fail(failure("message", "headers too long", start, "RFC 3261 §21.5.7", 513), bytes, start, end);
  }

  #fail(reason: ParseFailure, bytes: Uint8Array, start: number, end: number): -1 {
    this.#hasFailed = true;
    this.#receiver.frameFailed(reason, bytes, start, end);
    this.close();
    return -1;
  }

  /** Gives the buffer back; the framer takes nothing more. */
  close(): void {
    this.#hasFailed = true;
    release(this.#buffer);
    this.#buffer = NO_BYTES;
    this.#length = 0;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#buffer.length) {
      const grown = acquire(Math.max(needed, this.#buffer.length * 2));
      copySlice(this.#buffer, 0, this.#length, grown, 0);
      release(this.#buffer);
      this.#buffer = grown;
    }
    copySlice(chunk, start, end, this.#buffer, this.#length);
    this.#length = needed;
  }
}

/** Offset after the first CRLF CRLF in [start, end); −1 when there is none. Where no CR or LF stands, none of the next four bytes ends it. */
function headEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 3;
  while (at < end) {
    const byte = bytes[at];
    if (byte !== Char.lf) at += byte === Char.cr ? 1 : 4;
    else if (bytes[at - 1] === Char.cr && bytes[at - 2] === Char.lf && bytes[at - 3] === Char.cr) return at + 1;
    else at += 2;
  }
  return -1;
}

/** Value of the only Content-Length in a head, or why there is none. Source: RFC 3261 §18.3, §20.14. */
function contentLengthOf(bytes: Uint8Array, start: number, end: number): number | ParseFailure {
  let found = -1;
  let lineStart = start;
  while (lineStart < end) {
    const lineEnd = endOfLine(bytes, lineStart);
    if (isContentLength(bytes, lineStart)) {
      const colon = bytes.indexOf(Char.colon, lineStart);
      // A folded value ends on a later line; digits and white space are all that may stand there.
      let valueEnd = lineEnd;
      while (bytes[valueEnd] === Char.space || bytes[valueEnd] === Char.tab) {
        valueEnd = endOfLine(bytes, valueEnd);
      }
      const valueStart = skipLws(bytes, colon + 1, valueEnd);
      const value = decimalOf(bytes, valueStart, trimLws(bytes, valueStart, valueEnd));
      if (value < 0) return failure("Content-Length", "not a number", lineStart, "RFC 3261 §20.14");
      if (found >= 0) return failure("Content-Length", "appears more than once", lineStart, "RFC 3261 §7.3.1");
      found = value;
    }
    lineStart = lineEnd;
  }
  return found < 0 ? failure("Content-Length", "missing", start, "RFC 3261 §18.3") : found;
}

/** Offset after the next LF; a head ends with one. */
function endOfLine(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at++] !== Char.lf);
  return at;
}

/** Whether a line starts with `Content-Length` or `l`, white space and a colon. */
function isContentLength(bytes: Uint8Array, start: number): boolean {
  let nameEnd = start;
  if (equalsIgnoreCase(bytes, start, start + 14, "content-length")) nameEnd = start + 14;
  else if (equalsIgnoreCase(bytes, start, start + 1, "l")) nameEnd = start + 1;
  else return false;
  while (bytes[nameEnd] === Char.space || bytes[nameEnd] === Char.tab) nameEnd++;
  return bytes[nameEnd] === Char.colon;
}

function failure(header: string, rule: string, at: number, source: string, status = 400): ParseFailure {
  return new ParseFailure({ header, rule, at, source, status });
}

/** Buffers that no framer uses at the moment; few are, since most messages arrive whole. */
const pool: Uint8Array[] = [];
const pooledBytes = 8_192;
const pooledCount = 64;

function acquire(size: number): Uint8Array {
  if (size > pooledBytes) return new Uint8Array(size);
  return pool.pop() ?? new Uint8Array(pooledBytes);
}

function release(buffer: Uint8Array): void {
  if (buffer.length === pooledBytes && pool.length < pooledCount) pool.push(buffer);
}
