/**
 * Owns how long an answer to somebody unknown may be.
 */
import { limits } from "../runtime/limits.ts";
import type { Message } from "../sip/message.ts";
import { type ResponseOptions, writeResponse } from "../sip/response.ts";

/** Bytes that a sender who has proven nothing may get for `requestBytes`. */
export function bytesPaidBy(requestBytes: number): number {
  return requestBytes * limits.amplification;
}

/**
 * Writes the longest response of at most `bytesMax` bytes: headers are left out from the last on, then the reason phrase.
 *
 * @param options Without a body.
 * @returns undefined when even the bare status line is too much: say nothing.
 */
export function fitResponse(request: Message, options: ResponseOptions, bytesMax: number): Uint8Array | undefined {
  const { headers = [], reason: _, ...bare } = options;
  for (let count = headers.length; count >= 0; count--) {
    const bytes = writeResponse(request, { ...options, headers: headers.slice(0, count) });
    if (bytes.length <= bytesMax) return bytes;
  }
  const bytes = writeResponse(request, bare);
  return bytes.length <= bytesMax ? bytes : undefined;
}
