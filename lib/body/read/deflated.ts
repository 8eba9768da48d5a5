/**
 * Owns the reading of bodies with Content-Encoding: deflate.
 */
import { inflateRawSync, inflateSync } from "node:zlib";
import { limits } from "../../runtime/limits.ts";
import { DocumentFault } from "./document_fault.ts";

/**
 * Inflates a body.
 *
 * COMPAT: the coding is a zlib stream (RFC 1950), but some send what is inside of it alone (RFC 1951).
 *
 * @returns The bytes, or the fault: no such stream, or more than a SIP message may have, whereupon it stops.
 * Source: RFC 9110 §8.4.1.2.
 */
export function inflated(bytes: Uint8Array): Uint8Array | DocumentFault {
  const inflate = isZlib(bytes) ? inflateSync : inflateRawSync;
  try {
    return inflate(bytes, { maxOutputLength: limits.messageBytes });
  } catch {
    return new DocumentFault(1, "the body cannot be inflated, or becomes too long");
  }
}

/** Source: RFC 1950 §2.2: method 8, and a header that is a multiple of 31. */
function isZlib(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return (first & 15) === 8 && (first * 256 + second) % 31 === 0;
}
