/** Feeds the same bytes to a stream reader whole, byte by byte, and with trailing bytes, and wants the same result. */
import { expect } from "bun:test";

/**
 * Runs `read` three ways and expects `expected` each time.
 *
 * @param bytes The stream.
 * @param trailing Bytes of an unfinished unit that follows; they must not change what was read before.
 * @param read Feeds the chunks in order to a fresh reader and returns what it read.
 */
export function threeWays<Result>(
  { bytes, trailing, read, expected }: {
    bytes: Uint8Array;
    trailing: Uint8Array;
    read: (chunks: Uint8Array[]) => Result;
    expected: Result;
  },
): void {
  expect(read([bytes])).toEqual(expected);
  expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  const joined = new Uint8Array(bytes.length + trailing.length);
  joined.set(bytes);
  joined.set(trailing, bytes.length);
  expect(read([joined])).toEqual(expected);
}
