/**
 * Owns the branch of our own requests: it says where in a table the transaction is, and proves that we wrote it.
 *
 *     z9hG4bK | 4 digits of slot index | 12 random digits, drawn for each use
 *
 * Digits are [0-9a-v], five bits each. The 60 random bits make branches unique and keep strangers from forging answers; so the
 * sent-by of a response, which RFC 3261 §18.1.2 has compared, proves nothing more.
 */
import type { Entropy } from "../runtime/entropy.ts";

const encoder = new TextEncoder();

/** The magic cookie. Source: RFC 3261 §8.1.1.7. */
const cookie = encoder.encode("z9hG4bK");
const digits = encoder.encode("0123456789abcdefghijklmnopqrstuv");
const indexDigits = 4;
const randomDigits = 12;

/** Bytes of every branch of ours. */
export const branchLength: number = cookie.length + indexDigits + randomDigits;

/** Slots that an index can tell apart. */
export const branchIndexMax: number = 32 ** indexDigits;

/** A branch for slot `index`; its random digits are zeros until `renewBranch`. */
export function newBranch(index: number): Uint8Array {
  const branch = new Uint8Array(branchLength);
  branch.set(cookie);
  writeDigits(branch, cookie.length, indexDigits, index);
  writeDigits(branch, cookie.length + indexDigits, randomDigits, 0);
  return branch;
}

/** Draws new random digits. */
export function renewBranch(branch: Uint8Array, entropy: Entropy): void {
  const half = randomDigits / 2;
  writeDigits(branch, branchLength - randomDigits, half, entropy.uint32() & 0x3fffffff);
  writeDigits(branch, branchLength - half, half, entropy.uint32() & 0x3fffffff);
}

/** Slot index in the branch [start, end); −1 when it cannot be one of ours. */
export function branchIndex(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== branchLength) return -1;
  let index = 0;
  for (let at = start + cookie.length; at < start + cookie.length + indexDigits; at++) {
    const byte = bytes[at]!;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x76 ? byte - 0x57 : -1;
    if (digit < 0) return -1;
    index = index * 32 + digit;
  }
  return index;
}

/** Whether the branch [start, end) starts with the magic cookie, in any case. Source: RFC 3261 §17.2.3. */
export function hasCookie(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= cookie.length) return false;
  for (let i = 0; i < cookie.length; i++) {
    if ((bytes[start + i]! | 0x20) !== (cookie[i]! | 0x20)) return false;
  }
  return true;
}

/** Writes the lowest 30 bits of `value` at most. */
function writeDigits(target: Uint8Array, at: number, count: number, value: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    target[i] = digits[rest & 31]!;
    rest >>>= 5;
  }
}
