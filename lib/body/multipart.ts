/**
 * Owns multipart/related around RLMI: boundaries and the headers of parts.
 *
 * Two layouts. As Asterisk: an empty line before the first boundary, and parts with Content-Length, right-aligned. As RFC 4662 §6 has
 * it: neither, and parts that are binary, since MIME would have them ASCII.
 * Data plane: no allocation. Source: RFC 2046 §5.1, RFC 2387 §3, RFC 4662 §5.1.
 */
import type { ByteWriter } from "./byte_writer.ts";

/** Whose layout a multipart has. */
export type MultipartLayout = "asterisk" | "rfc";

const utf8 = new TextEncoder();
const LINE_END = utf8.encode("\r\n");
const DASHES = utf8.encode("--");
const CONTENT_ID = utf8.encode("\r\nContent-ID: <");
const CONTENT_TYPE = utf8.encode(">\r\nContent-Type: ");
const CONTENT_LENGTH = utf8.encode("\r\nContent-Length:");
const BINARY = utf8.encode("\r\nContent-Transfer-Encoding: binary");
const END_OF_HEADERS = utf8.encode("\r\n\r\n");

/** Room for the length of a part, the blank before it included. */
const LENGTH_WIDTH = 6;

/** Value of Content-Type of a multipart whose first part is RLMI; `boundary` has letters and digits only. */
export function listContentType(boundary: string): string {
  return `multipart/related;type="application/rlmi+xml";boundary=${boundary}`;
}

/** Begins a multipart; its first part follows at once. */
export function writeMultipartStart(out: ByteWriter, layout: MultipartLayout): void {
  if (layout === "asterisk") out.append(LINE_END);
}

/** Writes what separates a part from the one before it. */
export function writeSeparator(out: ByteWriter): void {
  out.append(LINE_END);
}

/** Begins a part: its delimiter, and its headers up to its Content-ID, which follows. */
export function writePartStart(out: ByteWriter, boundary: string): void {
  out.append(DASHES);
  out.appendText(boundary);
  out.append(CONTENT_ID);
}

/**
 * Writes the rest of a part's headers behind its Content-ID; the content follows.
 *
 * @returns Where the content begins; `writePartEnd` wants to know.
 */
export function writePartHeaders(out: ByteWriter, contentType: string, layout: MultipartLayout): number {
  out.append(CONTENT_TYPE);
  out.appendText(contentType);
  if (layout === "asterisk") {
    out.append(CONTENT_LENGTH);
    out.appendBlanks(LENGTH_WIDTH);
  } else out.append(BINARY);
  out.append(END_OF_HEADERS);
  return out.length;
}

/** Ends the part whose content begins at `start`. */
export function writePartEnd(out: ByteWriter, start: number, layout: MultipartLayout): void {
  if (layout === "asterisk") out.fillBlanks(start - END_OF_HEADERS.length, out.length - start);
}

/** Closes a multipart. */
export function writeMultipartEnd(out: ByteWriter, boundary: string): void {
  out.append(LINE_END);
  out.append(DASHES);
  out.appendText(boundary);
  out.append(DASHES);
  out.append(LINE_END);
}

/** Most bytes of a part besides boundary, Content-ID, media type and content. */
export const partBytesMax: number = LINE_END.length + DASHES.length + CONTENT_ID.length + CONTENT_TYPE.length +
  Math.max(BINARY.length, CONTENT_LENGTH.length + LENGTH_WIDTH) + END_OF_HEADERS.length;

/** Most bytes of a multipart's start and end besides its boundary. */
export const multipartBytesMax: number = 3 * LINE_END.length + 2 * DASHES.length;
