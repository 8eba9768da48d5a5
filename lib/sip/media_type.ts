/** Owns media types and the media ranges of Accept. */
import { Char } from "./chars.ts";
import { Cursor } from "./cursor.ts";
import { type Param, paramOf, readParams, writeParams } from "./params.ts";

/** A media type as Content-Type carries it. */
export interface MediaType {
  /** Type in lower case. */
  readonly type: string;
  /** Subtype in lower case. */
  readonly subtype: string;
  /** `type/subtype` in lower case. */
  readonly name: string;
  /** Parameters in order, names in lower case. */
  readonly params: readonly Param[];
}

/** A media range as Accept carries it; type and subtype may be `*`. */
export interface MediaRange extends MediaType {
  /** Quality 0 … 1; 1 when absent. */
  readonly q: number;
}

/** Parses a media type from text. Throws `ParseFailure`. Source: RFC 3261 §20.15. */
export function parseMediaType(text: string, header = "Content-Type"): MediaType {
  const cursor = Cursor.over(text, header);
  cursor.skipLws();
  const type = readMediaType(cursor);
  cursor.finish("media type", "RFC 3261 §25.1");
  return type;
}

/** Reads one media type up to a comma or the end. Rejects all but `type/subtype *( ;param )`. */
export function readMediaType(cursor: Cursor): MediaType {
  const type = cursor.token("media type").toLowerCase();
  if (!cursor.takeSeparator(Char.slash)) cursor.fail("/ expected in media type", "RFC 3261 §25.1");
  const subtype = cursor.token("media subtype").toLowerCase();
  const params = readParams(cursor);
  cursor.skipLws();
  return { type, subtype, name: `${type}/${subtype}`, params };
}

/** Reads one media range up to a comma or the end. Rejects a `q` that is no number from 0 to 1. RFC 3261 §20.1. */
export function readMediaRange(cursor: Cursor): MediaRange {
  const media = readMediaType(cursor);
  const text = paramOf(media.params, "q");
  const q = text === undefined ? 1 : isDecimal(text) ? Number(text) : -1;
  if (!(q >= 0 && q <= 1)) cursor.fail("q is not between 0 and 1", "RFC 3261 §25.1");
  return { ...media, q };
}

/** Digits and a dot: nothing else that `Number` would take. */
function isDecimal(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== Char.dot && (code < Char.zero || code > Char.nine)) return false;
  }
  return text !== "";
}

/** Whether a range covers a media type (`type/subtype`, lower case); parameters are ignored. RFC 3261 §20.1. */
export function coversMediaType(range: MediaRange, name: string): boolean {
  if (range.type === "*") return true;
  return range.subtype === "*" ? name.startsWith(`${range.type}/`) : range.name === name;
}

/** Writes a media type. */
export function writeMediaType(media: Pick<MediaType, "name" | "params">): string {
  return media.name + writeParams(media.params);
}
