/**
 * Owns multipart/related around RLMI: boundaries and the headers of parts.
 *
 * The lengths of parts are written into blanks left for them, right-aligned, as recorded.
 * Data plane: no allocation. Source: RFC 2046 §5.1, RFC 2387 §3, RFC 4662 §5.1.
 */
import type { ByteWriter } from "./byte_writer.ts";

const utf8 = new TextEncoder();
const DELIMITER = utf8.encode("\r\n--");
const CONTENT_ID = utf8.encode("\r\nContent-ID: <");
const CONTENT_TYPE = utf8.encode(">\r\nContent-Type: ");
const CONTENT_LENGTH = utf8.encode("\r\nContent-Length:");
const END_OF_HEADERS = utf8.encode("\r\n\r\n");
const END = utf8.encode("--\r\n");

/** Room for the length of a part, the blank before it included. */
const LENGTH_WIDTH = 6;

/** Value of Content-Type of a multipart whose first part is RLMI; `boundary` has letters and digits only. */
export function listContentType(boundary: string): string {
  return `multipart/related;type="application/rlmi+xml";boundary=${boundary}`;
}

/** Writes a delimiter and the start of a part's headers; its Content-ID follows. */
export function writePartStart(out: ByteWriter, boundary: string): void {
  out.append(DELIMITER);
  out.appendText(boundary);
  out.append(CONTENT_ID);
}

/**
 * Writes the rest of a part's headers behind its Content-ID; the content follows.
 *
 * @returns Where the content begins; `writePartEnd` wants to know.
 */
export function writePartHeaders(out: ByteWriter, contentType: string): number {
  out.append(CONTENT_TYPE);
  out.appendText(contentType);
  out.append(CONTENT_LENGTH);
  out.appendBlanks(LENGTH_WIDTH);
  out.append(END_OF_HEADERS);
  return out.length;
}

/** Fills in the length of the part whose content begins at `start` and ends here. */
export function writePartEnd(out: ByteWriter, start: number): void {
  out.fillBlanks(start - END_OF_HEADERS.length, out.length - start);
}

/** Closes a multipart. */
export function writeMultipartEnd(out: ByteWriter, boundary: string): void {
  out.append(DELIMITER);
  out.appendText(boundary);
  out.append(END);
}

/** Bytes of a part besides boundary, Content-ID, media type and content. */
export const partBytes: number = DELIMITER.length + CONTENT_ID.length + CONTENT_TYPE.length + CONTENT_LENGTH.length +
  LENGTH_WIDTH + END_OF_HEADERS.length;

/** Bytes of a multipart's end besides its boundary. */
export const multipartEndBytes: number = DELIMITER.length + END.length;
