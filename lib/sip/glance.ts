/**
 * Owns the one look at a 2xx that says which request it is to: status, branch and CSeq, and nothing else.
 *
 * Data plane. Of the answers to NOTIFY nothing else is wanted, and they are half of what arrives. Names and values are looked for as
 * nearly everybody writes them; whoever writes them otherwise is read in full, by `parseMessage`. A branch that is ours was not made up,
 * so that whatever stands around it proves nothing more.
 *
 * Budget: 0.5 µs, no allocation. Benchmark: tests/bench/parse_bench.ts.
 */
import { Char, CharClass } from "./chars.ts";
import type { Message } from "./message.ts";
import { methodOf } from "./method.ts";
import { bytesOf, decimalOf, equalsIgnoreCase, indexOfByte, skipClass } from "./slice.ts";

const BEFORE_STATUS = bytesOf("SIP/2.0 ");
const STATUS_END = BEFORE_STATUS.length + 3;
const BEFORE_BRANCH = bytesOf(";branch=");
const VIA = "via:";
const COMPACT_VIA = "v:";
const CSEQ = "cseq:";

/** What letters have set and their capitals have not. */
const LETTER_CASE = 0x20;
const LETTER_C = 0x63;
const LETTER_V = 0x76;

/**
 * Looks at the message in [start, end) of `bytes`, and fills `status`, `branch…`, `cseqMethod…` and `method` of `message` with what it
 * says. Its other members are those of a message without headers.
 *
 * @returns False when it is no 2xx, or one that has to be read in full: another order than Via before CSeq, other spellings, folds, a
 * broken rule.
 * Source: RFC 3261 §7.2, §17.1.3.
 */
export function glanceAtSuccess(bytes: Uint8Array, start: number, end: number, message: Message): boolean {
  if (end - start <= STATUS_END || bytes[start + BEFORE_STATUS.length] !== Char.zero + 2) return false;
  if (!startsWith(bytes, start, BEFORE_STATUS) || bytes[start + STATUS_END] !== Char.space) return false;
  const status = decimalOf(bytes, start + BEFORE_STATUS.length, start + STATUS_END);
  if (status < 0) return false;
  message.reset(bytes, start, end);
  message.isRequest = false;
  message.status = status;
  let line = nextLine(bytes, start + STATUS_END, end);
  while (line >= 0) {
    const letter = bytes[line]! | LETTER_CASE;
    if (letter === LETTER_V && message.branchStart < 0) {
      if (!takeBranch(bytes, line, end, message)) return false;
    } else if (letter === LETTER_C && equalsIgnoreCase(bytes, line, line + CSEQ.length, CSEQ)) {
      return message.branchStart >= 0 && takeCseq(bytes, line + CSEQ.length, end, message);
    }
    line = nextLine(bytes, line, end);
  }
  return false;
}

function startsWith(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

/** Where the next header line begins; −1 when there is none, or one that belongs to this. */
function nextLine(bytes: Uint8Array, start: number, end: number): number {
  const line = indexOfByte(bytes, Char.lf, start, end) + 1;
  if (line === 0 || line + CSEQ.length >= end) return -1;
  const first = bytes[line];
  return first === Char.cr || first === Char.space || first === Char.tab ? -1 : line;
}

/** Notes the branch of the top Via, whose line begins at `line`; false when it is not found at one look. */
function takeBranch(bytes: Uint8Array, line: number, end: number, message: Message): boolean {
  const isVia = equalsIgnoreCase(bytes, line, line + VIA.length, VIA) ||
    equalsIgnoreCase(bytes, line, line + COMPACT_VIA.length, COMPACT_VIA);
  if (!isVia) return false;
  for (let at = line; at + BEFORE_BRANCH.length < end; at++) {
    const byte = bytes[at];
    if (byte === Char.semicolon && startsWith(bytes, at, BEFORE_BRANCH)) {
      message.branchStart = at + BEFORE_BRANCH.length;
      message.branchEnd = skipClass(bytes, message.branchStart, end, CharClass.genericValue);
      return message.branchEnd > message.branchStart;
    }
    // The line's end, another Via behind this one, or a quoted string in which anything may stand.
    if (byte === Char.cr || byte === Char.lf || byte === Char.comma || byte === Char.quote) return false;
  }
  return false;
}

/** Notes the method of CSeq, whose value begins at `start`; false when it is not found at one look. */
function takeCseq(bytes: Uint8Array, start: number, end: number, message: Message): boolean {
  const numberStart = skipSpaces(bytes, start, end);
  const numberEnd = skipClass(bytes, numberStart, end, CharClass.digit);
  const methodStart = skipSpaces(bytes, numberEnd, end);
  const methodEnd = skipClass(bytes, methodStart, end, CharClass.token);
  if (numberEnd === numberStart || methodStart === numberEnd || methodEnd === end || bytes[methodEnd] !== Char.cr) {
    return false;
  }
  message.cseqMethodStart = methodStart;
  message.cseqMethodEnd = methodEnd;
  message.method = message.cseqMethod = methodOf(bytes, methodStart, methodEnd);
  return true;
}

function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === Char.space) at++;
  return at;
}
