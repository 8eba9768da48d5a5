/**
 * Owns the bytes of a rendered body: shared by all watchers of one state, with holes for what differs between them.
 *
 * Theory. A change of one extension reaches thousands of watchers, whose bodies differ in four short places: the URI they asked for, their
 * own URI, the version counter of their subscription, a random id. So a body is kept as literal pieces of UTF-8 around holes, and sending
 * it is a run of copies into the datagram that is being built.
 * Data plane: no allocation in `byteLength` and `write`. Budget: a body of 400 bytes in 0.5 µs (tests/bench/render_bench.ts).
 */
import { escapeText, type Hole, splitAtHoles } from "./text.ts";

/** What one watcher's copy of a body is filled with: texts as `escapeText` makes them, so one character is one byte. */
export interface HoleFill {
  /** Watched URI as the watcher wrote it. */
  readonly entity: string;
  /** The watcher's own URI, from its From header. */
  readonly remote: string;
  /** Number of this document within the subscription, from 0; counts every document sent. Source: RFC 4235 §4.1. */
  version: number;
  /** An id that no other watcher has. */
  readonly guid: string;
}

/** Escapes a subscription's texts, once per subscription; any text will do, the result cannot break a document. */
export function holeFill(texts: { entity: string; remote: string; guid: string; version?: number }): HoleFill {
  return {
    entity: escapeText(texts.entity),
    remote: escapeText(texts.remote),
    version: texts.version ?? 0,
    guid: escapeText(texts.guid),
  };
}

const utf8 = new TextEncoder();

const holeCodes: readonly Hole[] = [
  "entity",
  "remote",
  "version",
  "guid",
  "entityScheme",
  "entityAddress",
  "entityHost",
];
const ENTITY = 0;
const REMOTE = 1;
const VERSION = 2;
const GUID = 3;
const ENTITY_SCHEME = 4;
const ENTITY_ADDRESS = 5;
const ENTITY_HOST = 6;
const DIGIT_ZERO = 48;
const AMPERSAND = 38;
const SEMICOLON = 59;
const QUESTION_MARK = 63;

/** One document, immutable: literal bytes with holes between them. */
export class RenderedBody {
  /** Media type, the value of Content-Type. */
  readonly mediaType: string;
  /** Bytes of the literal pieces together. */
  readonly #literalBytes: number;
  /** `#literals[i]` stands before hole `i`; the last one closes the document. */
  readonly #literals: readonly Uint8Array[];
  /** Code of each hole, in order. */
  readonly #holes: Uint8Array;

  /** Takes a serialised document with the marks of text.ts in it. */
  constructor(mediaType: string, serialized: string) {
    const { literals, holes } = splitAtHoles(serialized);
    this.mediaType = mediaType;
    this.#literals = literals.map((literal) => utf8.encode(literal));
    this.#literalBytes = this.#literals.reduce((sum, literal) => sum + literal.length, 0);
    this.#holes = Uint8Array.from(holes, (hole) => holeCodes.indexOf(hole));
  }

  /** Bytes that `write` will write for this fill: the value of Content-Length. */
  byteLength(fill: HoleFill): number {
    let length = this.#literalBytes;
    for (let i = 0; i < this.#holes.length; i++) {
      switch (this.#holes[i]) {
        case ENTITY:
          length += fill.entity.length;
          break;
        case REMOTE:
          length += fill.remote.length;
          break;
        case VERSION:
          length += digitCount(fill.version);
          break;
        case GUID:
          length += fill.guid.length;
          break;
        case ENTITY_SCHEME:
          length += schemeLength(fill.entity);
          break;
        case ENTITY_ADDRESS:
          length += fill.entity.length - schemeLength(fill.entity);
          break;
        case ENTITY_HOST:
          length += hostEnd(fill.entity) - hostStart(fill.entity);
          break;
      }
    }
    return length;
  }

  /**
   * Writes the document for one watcher.
   *
   * @param target Has room for `byteLength(fill)` bytes behind `offset`; is not kept.
   * @returns Offset behind the last byte written.
   */
  write(target: Uint8Array, offset: number, fill: HoleFill): number {
    const literals = this.#literals;
    const holes = this.#holes;
    let at = offset;
    for (let i = 0; i < holes.length; i++) {
      at = copy(literals[i] as Uint8Array, target, at);
      switch (holes[i]) {
        case ENTITY:
          at = copyText(fill.entity, 0, fill.entity.length, target, at);
          break;
        case REMOTE:
          at = copyText(fill.remote, 0, fill.remote.length, target, at);
          break;
        case VERSION:
          at = writeDigits(fill.version, target, at);
          break;
        case GUID:
          at = copyText(fill.guid, 0, fill.guid.length, target, at);
          break;
        case ENTITY_SCHEME:
          at = copyText(fill.entity, 0, schemeLength(fill.entity), target, at);
          break;
        case ENTITY_ADDRESS:
          at = copyText(fill.entity, schemeLength(fill.entity), fill.entity.length, target, at);
          break;
        case ENTITY_HOST:
          at = copyText(fill.entity, hostStart(fill.entity), hostEnd(fill.entity), target, at);
          break;
      }
    }
    return copy(literals[holes.length] as Uint8Array, target, at);
  }

  /** Tells whether every watcher would get the very same bytes from `other`. */
  equals(other: RenderedBody): boolean {
    if (this.mediaType !== other.mediaType || this.#literalBytes !== other.#literalBytes) return false;
    return equalBytes(this.#holes, other.#holes) &&
      this.#literals.every((literal, i) => equalBytes(literal, other.#literals[i] as Uint8Array));
  }

  /** The document for one watcher as text; for people and tests, not for the wire. */
  text(fill: HoleFill): string {
    const bytes = new Uint8Array(this.byteLength(fill));
    this.write(bytes, 0, fill);
    return new TextDecoder().decode(bytes);
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Copies `source`; a short piece by hand, because a call of `set` costs more than it does. */
function copy(source: Uint8Array, target: Uint8Array, at: number): number {
  const length = source.length;
  if (length > 24) target.set(source, at);
  else for (let i = 0; i < length; i++) target[at + i] = source[i] as number;
  return at + length;
}

/** Copies a slice of a text of ASCII. */
function copyText(source: string, start: number, end: number, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = start; i < end; i++) target[at++] = source.charCodeAt(i);
  return at;
}

/** Length of the scheme with its colon; 0 where there is none. */
function schemeLength(entity: string): number {
  return entity.indexOf(":") + 1;
}

/** Where the host begins; a URI has one "@" at most, since that of a user is escaped. */
function hostStart(entity: string): number {
  const at = entity.indexOf("@");
  return at < 0 ? schemeLength(entity) : at + 1;
}

/** Where host and port end: before parameters, headers, or what had to be escaped. */
function hostEnd(entity: string): number {
  let end = hostStart(entity);
  while (end < entity.length) {
    const code = entity.charCodeAt(end);
    if (code === SEMICOLON || code === QUESTION_MARK || code === AMPERSAND) break;
    end++;
  }
  return end;
}

function digitCount(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}

function writeDigits(value: number, target: Uint8Array, at: number): number {
  const end = at + digitCount(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    target[i] = DIGIT_ZERO + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return end;
}
