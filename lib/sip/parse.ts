/**
 * Owns `parseMessage`: one pass over received bytes that checks the start line and indexes the headers.
 *
 * Theory: start line, then one scan that hashes each name on the way to its colon and finds the line's end, then the
 * few values that every message needs as integers: top Via, CSeq, Content-Length, Max-Forwards. The scan goes on after
 * the first broken rule, since what follows decides whether the sender can be told. Everything else waits in the
 * message's lazy getters. No allocation unless a rule is broken; time is linear in the size of the message.
 *
 * Budget: 1.5 µs for a response, 3 µs for a SUBSCRIBE. Benchmark: tests/bench/parse_bench.ts.
 */
import { Char, CharClass, charClass } from "./chars.ts";
import { cseqMax } from "./cseq.ts";
import { hashNameByte, Header, headerName, headerOf, isSingleHeader } from "./header_names.ts";
import { type Message, parseLimits } from "./message.ts";
import { Method, methodOf } from "./method.ts";
import { ParseFailure } from "./parse_failure.ts";
import { decimalOf, equalsIgnoreCase, equalSlices, skipClass, skipLws, trimLws } from "./slice.ts";
import { scanTopVia } from "./top_via.ts";

/**
 * Parses the message in [start, end) of `bytes` into `message`, which points into `bytes` until its next parse.
 *
 * Bytes after Content-Length are ignored, as are CRLFs in front.
 *
 * @returns The first rule broken, `undefined` when there is none: 400 for syntax, missing or repeated headers, values
 * out of range; 505 for another SIP version; 414 for a Request-URI above `parseLimits.uriBytes`; 513 for a message or
 * header count above the limits. After a failure that `isAnswerable` the index serves `writeResponse`.
 * Source: RFC 3261 §7, §8.1.1, §8.2, §18.3, §20, §25.1.
 */
export function parseMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  message: Message,
): ParseFailure | undefined {
  message.reset(bytes, start, end);
  if (end - start > parseLimits.messageBytes) {
    fault(message, "message", "too long", start, "RFC 3261 §21.5.7", 513);
    message.failure!.isAnswerable = false;
    return message.failure;
  }
  // RFC 3261 §7.5: ignore CRLFs in front of the start line.
  let at = start;
  while (at < end && (bytes[at] === Char.cr || bytes[at] === Char.lf)) at++;
  at = parseStartLine(message, at);
  if (at >= 0) {
    indexHeaders(message, at);
    checkHeaders(message);
  }
  if (message.failure !== undefined) message.failure.isAnswerable = isAnswerable(message);
  return message.failure;
}

/**
 * Whether a datagram is a keep-alive instead of a message: nothing but CR, LF, NUL and blanks, or fewer than four bytes.
 *
 * Source: RFC 3261 §7.5, RFC 5626 §3.5.
 */
export function isKeepAlive(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4) return true;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0 && (charClass[bytes[at]!]! & CharClass.lws) === 0) return false;
  }
  return true;
}

/** Notes a broken rule; the first one counts. */
function fault(message: Message, header: string, rule: string, at: number, source: string, status = 400): void {
  message.failure ??= new ParseFailure({ header, rule, at, source, status });
}

/** Parses the first line; returns the offset after it, −1 when the line never ends or is empty. */
function parseStartLine(message: Message, start: number): number {
  const { bytes, end } = message;
  let lineEnd = start;
  while (lineEnd < end && bytes[lineEnd]! !== Char.cr && bytes[lineEnd]! !== Char.lf) lineEnd++;
  message.isRequest = !startsWithSip(bytes, start, lineEnd);
  const name = message.isRequest ? "Request-Line" : "Status-Line";
  if (lineEnd === start) {
    fault(message, "message", "empty", start, "RFC 3261 §7");
    return -1;
  }
  if (lineEnd + 1 >= end || bytes[lineEnd] !== Char.cr || bytes[lineEnd + 1] !== Char.lf) {
    fault(message, name, "not ended by CRLF", lineEnd, "RFC 3261 §7");
    return -1;
  }
  if (message.isRequest) parseRequestLine(message, start, lineEnd);
  else parseStatusLine(message, start, lineEnd);
  return lineEnd + 2;
}

/** `SIP/`, with which no method can start, in any case. */
function startsWithSip(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 4 && bytes[start + 3] === Char.slash && equalsIgnoreCase(bytes, start, start + 3, "sip");
}

/** RFC 3261 §7.1: Method SP Request-URI SP SIP-Version, one SP each and no other white space. */
function parseRequestLine(message: Message, start: number, end: number): void {
  const { bytes } = message;
  const methodEnd = skipClass(bytes, start, end, CharClass.token);
  message.methodStart = start;
  message.methodEnd = methodEnd;
  message.method = methodOf(bytes, start, methodEnd);
  if (methodEnd === start || methodEnd === end || bytes[methodEnd] !== Char.space) {
    return fault(message, "Request-Line", "method is not a token and one space", methodEnd, "RFC 3261 §7.1");
  }
  const uriStart = methodEnd + 1;
  const uriEnd = skipClass(bytes, uriStart, end, CharClass.uri);
  message.uriStart = uriStart;
  message.uriEnd = uriEnd;
  if (uriEnd === uriStart || uriEnd === end || bytes[uriEnd] !== Char.space) {
    return fault(message, "Request-URI", "not a URI and one space", uriEnd, "RFC 3261 §7.1");
  }
  if (uriEnd - uriStart > parseLimits.uriBytes) {
    return fault(message, "Request-URI", "too long", uriStart, "RFC 3261 §21.4.12", 414);
  }
  parseVersion(message, "Request-Line", uriEnd + 1, end);
}

/** RFC 3261 §7.2: SIP-Version SP Status-Code SP Reason-Phrase; the phrase may be empty. */
function parseStatusLine(message: Message, start: number, end: number): void {
  const { bytes } = message;
  const versionEnd = skipClass(bytes, start, end, CharClass.token | CharClass.uri);
  parseVersion(message, "Status-Line", start, versionEnd);
  const codeStart = versionEnd + 1;
  const codeEnd = skipClass(bytes, codeStart, end, CharClass.digit);
  const status = decimalOf(bytes, codeStart, codeEnd);
  if (codeEnd - codeStart !== 3 || status < 100 || status > 699) {
    return fault(message, "Status-Line", "status code is not 100 to 699", codeStart, "RFC 3261 §7.2");
  }
  message.status = status;
  // The space before an empty phrase is in the grammar, but not in every answer. COMPAT(phones without reason phrase)
  if (codeEnd < end && bytes[codeEnd] !== Char.space) {
    return fault(message, "Status-Line", "space expected after the code", codeEnd, "RFC 3261 §7.2");
  }
  message.reasonStart = Math.min(codeEnd + 1, end);
  message.reasonEnd = end;
}

/** RFC 3261 §7.1: SIP/2.0, in any case; other versions get 505 (§21.5.6). */
function parseVersion(message: Message, line: string, start: number, end: number): void {
  const { bytes } = message;
  if (equalsIgnoreCase(bytes, start, end, "sip/2.0")) return;
  const major = skipClass(bytes, start + 4, end, CharClass.digit);
  const isVersion = startsWithSip(bytes, start, end) && major > start + 4 && bytes[major] === Char.dot &&
    skipClass(bytes, major + 1, end, CharClass.digit) === end && end > major + 1;
  if (isVersion) fault(message, line, "version is not SIP/2.0", start, "RFC 3261 §21.5.6", 505);
  else fault(message, line, "not ended by SIP/2.0", start, "RFC 3261 §7.1");
}

/** Indexes the header lines and finds where the body starts. */
function indexHeaders(message: Message, start: number): void {
  const { bytes, end } = message;
  let at = start;
  while (at < end) {
    if (bytes[at] === Char.cr && at + 1 < end && bytes[at + 1] === Char.lf) {
      message.bodyStart = at + 2;
      return;
    }
    const nameStart = at;
    let hash = 0;
    while (at < end && (charClass[bytes[at]!]! & CharClass.token) !== 0) hash = hashNameByte(hash, bytes[at++]!);
    const nameEnd = at;
    while (at < end && (bytes[at] === Char.space || bytes[at] === Char.tab)) at++;
    const isNamed = nameEnd > nameStart && bytes[at] === Char.colon && at < end;
    if (!isNamed) fault(message, "message", "header line without name and colon", nameStart, "RFC 3261 §7.3.1");
    const valueStart = isNamed ? at + 1 : at;
    const lineEnd = endOfLine(message, valueStart);
    if (lineEnd < 0) break;
    if (isNamed && !addLine(message, nameStart, nameEnd, valueStart, lineEnd, hash)) return;
    at = lineEnd + 2;
  }
  fault(message, "message", "headers are not ended by an empty line", end, "RFC 3261 §7");
}

/** Offset of the CRLF that ends a header line, folds passed over; −1 when there is none. RFC 3261 §7.3.1. */
function endOfLine(message: Message, start: number): number {
  const { bytes, end } = message;
  let at = start;
  for (;;) {
    while (at < end && bytes[at]! !== Char.cr && bytes[at]! !== Char.lf) at++;
    if (at + 1 >= end) return -1;
    if (bytes[at] === Char.cr && bytes[at + 1] === Char.lf) {
      const next = at + 2 < end ? bytes[at + 2] : 0;
      if (next !== Char.space && next !== Char.tab) return at;
      at += 3;
    } else {
      fault(message, "message", "CR or LF alone in a header", at, "RFC 3261 §7.3.1");
      at++;
    }
  }
}

/** Enters one line into the index; false when the index is full. */
function addLine(
  message: Message,
  nameStart: number,
  nameEnd: number,
  start: number,
  end: number,
  hash: number,
): boolean {
  const { bytes } = message;
  const line = message.headerCount;
  if (line === parseLimits.headerCount) {
    fault(message, "message", "too many headers", nameStart, "RFC 3261 §21.5.7", 513);
    return false;
  }
  message.headerCount = line + 1;
  const id = headerOf(bytes, nameStart, nameEnd, hash);
  message.headerIds[line] = id;
  message.nameStarts[line] = nameStart;
  message.nameEnds[line] = nameEnd;
  message.valueStarts[line] = skipLws(bytes, start, end);
  message.valueEnds[line] = trimLws(bytes, message.valueStarts[line]!, end);
  message.nextLines[line] = -1;
  const isFirst = message.firstLines[id]! < 0;
  if (isFirst) message.firstLines[id] = line;
  else message.nextLines[message.lastLines[id]!] = line;
  message.lastLines[id] = line;
  if (isFirst) return true;
  if (isSingleHeader[id] === 1) fault(message, headerName(id), "appears more than once", nameStart, "RFC 3261 §7.3.1");
  return true;
}

/** Headers every message has. Source: RFC 3261 §8.1.1, §8.2.6.2. */
const MANDATORY = [Header.via, Header.from, Header.to, Header.callId, Header.cseq] as const;

/** Checks what every message must have, and takes the integers out of it. */
function checkHeaders(message: Message): void {
  for (let i = 0; i < MANDATORY.length; i++) {
    const id = MANDATORY[i]!;
    const line = message.firstLines[id]!;
    if (line < 0) fault(message, headerName(id), "missing", message.start, "RFC 3261 §8.1.1");
    else if (message.valueStarts[line] === message.valueEnds[line]) {
      fault(message, headerName(id), "empty", message.valueStarts[line]!, "RFC 3261 §25.1");
    }
  }
  scanTopVia(message, fault);
  checkCallId(message);
  scanCseq(message);
  checkContentLength(message);
  message.maxForwardsNumber = numberOf(message, Header.maxForwards);
  if (message.maxForwardsNumber > 255) {
    const at = message.valueStarts[message.firstLines[Header.maxForwards]!]!;
    fault(message, "Max-Forwards", "above 255", at, "RFC 3261 §20.22");
  }
}

/** RFC 3261 §25.1 callid = word [ "@" word ]; the at signs are not counted. */
function checkCallId(message: Message): void {
  const line = message.firstLines[Header.callId]!;
  if (line < 0) return;
  const end = message.valueEnds[line]!;
  const bad = skipClass(message.bytes, message.valueStarts[line]!, end, CharClass.callId);
  if (bad < end) fault(message, "Call-ID", "character not allowed", bad, "RFC 3261 §25.1");
}

function scanCseq(message: Message): void {
  const line = message.firstLines[Header.cseq]!;
  if (line < 0) return;
  const { bytes } = message;
  const start = message.valueStarts[line]!;
  const end = message.valueEnds[line]!;
  const numberEnd = skipClass(bytes, start, end, CharClass.digit);
  const methodStart = skipLws(bytes, numberEnd, end);
  const methodEnd = skipClass(bytes, methodStart, end, CharClass.token);
  const sequence = decimalOf(bytes, start, numberEnd);
  if (sequence < 0 || methodStart === numberEnd || methodEnd === methodStart || methodEnd !== end) {
    return fault(message, "CSeq", "not a number and a method", start, "RFC 3261 §20.16");
  }
  // RFC 3261 §8.1.1.5: less than 2^31.
  if (sequence > cseqMax) return fault(message, "CSeq", "number is above 2147483647", start, "RFC 3261 §8.1.1.5");
  message.cseqNumber = sequence;
  message.cseqMethod = methodOf(bytes, methodStart, methodEnd);
  message.cseqMethodStart = methodStart;
  message.cseqMethodEnd = methodEnd;
  if (!message.isRequest) message.method = message.cseqMethod;
  // RFC 3261 §8.1.1.5: the method MUST match that of the request.
  else if (!equalSlices(bytes, methodStart, methodEnd, bytes, message.methodStart, message.methodEnd)) {
    fault(message, "CSeq", "method does not match request", methodStart, "RFC 3261 §8.1.1.5");
  }
}

/** RFC 3261 §18.3: a datagram longer than Content-Length says is cut, a shorter one refused. */
function checkContentLength(message: Message): void {
  message.contentLength = numberOf(message, Header.contentLength);
  message.bodyEnd = message.end;
  if (message.contentLength < 0) return;
  if (message.contentLength > message.end - message.bodyStart) {
    const at = message.valueStarts[message.firstLines[Header.contentLength]!]!;
    return fault(message, "Content-Length", "larger than the message", at, "RFC 3261 §18.3");
  }
  message.bodyEnd = message.bodyStart + message.contentLength;
}

function numberOf(message: Message, id: typeof Header.contentLength | typeof Header.maxForwards): number {
  const line = message.firstLines[id]!;
  if (line < 0) return -1;
  const value = decimalOf(message.bytes, message.valueStarts[line]!, message.valueEnds[line]!);
  if (value < 0) fault(message, headerName(id), "not a number", message.valueStarts[line]!, "RFC 3261 §25.1");
  return value;
}

/** RFC 3261 §8.2.6, §17.1.1.3: an answer needs Via, From, To, Call-ID and CSeq; an ACK and a response get none. */
function isAnswerable(message: Message): boolean {
  if (!message.isRequest || message.method === Method.ack || message.methodEnd === message.methodStart) return false;
  if (message.sentByStart < 0) return false;
  for (let i = 0; i < MANDATORY.length; i++) {
    const line = message.firstLines[MANDATORY[i]!]!;
    if (line < 0 || message.valueStarts[line] === message.valueEnds[line]) return false;
  }
  return true;
}
