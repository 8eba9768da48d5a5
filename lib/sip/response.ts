/** Owns the making of a response from its request: header bytes are copied as they came, only the top Via is patched. */
import { Char, CharClass } from "./chars.ts";
import { Header } from "./header_names.ts";
import type { Message } from "./message.ts";
import { Method } from "./method.ts";
import { equalsIgnoreCase, skipClass, skipLws, skipQuoted } from "./slice.ts";
import { reasonPhrase } from "./status.ts";
import { ByteWriter } from "./writer.ts";

/** What goes into a response besides the request's own headers. */
export interface ResponseOptions {
  /** Status code, 100–699. */
  readonly status: number;
  /** Reason phrase; the standard one unless told. */
  readonly reason?: string | undefined;
  /** Tag for To, where the request's To has none. */
  readonly toTag?: string | undefined;
  /** Headers as [name, value], in order. */
  readonly headers?: readonly (readonly [string, string])[] | undefined;
  /** Body; text goes as UTF-8. */
  readonly body?: Uint8Array | string | undefined;
  /** Media type of the body. */
  readonly contentType?: string | undefined;
  /** Source address of the request, IPv6 without brackets; written as RFC 3261 §18.2.1 and RFC 3581 §4 ask. */
  readonly received?: string;
  /** Source port of the request; written where the request asked for it. */
  readonly rport?: number;
  /** Writes `received` and `rport` even where the request did not ask: the peer is believed to be behind NAT. */
  readonly isRportForced?: boolean;
}

const scratch = new ByteWriter(4096);
const NO_HEADERS: readonly (readonly [string, string])[] = [];

/**
 * Writes a response to a request.
 *
 * Copies all Via values, From, To, Call-ID and CSeq, Timestamp on 100, Record-Route on 101–299 to requests that make
 * dialogs. `received` is added when the sent-by host is another text than the source address or when the request has
 * `rport`; `rport` gets its value where the request has the parameter. The request may be one that failed to parse, as
 * long as its failure `isAnswerable`.
 *
 * @returns Bytes of the caller's own.
 * Source: RFC 3261 §8.2.6, §12.1.1, §18.2.1; RFC 3581 §4.
 */
export function writeResponse(request: Message, options: ResponseOptions): Uint8Array {
  return appendResponse(scratch.reset(), request, options).copy();
}

/** Appends a response to a writer, as `writeResponse` does. */
export function appendResponse(writer: ByteWriter, request: Message, options: ResponseOptions): ByteWriter {
  const { status } = options;
  writer.text("SIP/2.0 ").number(status).byte(Char.space).lineText(options.reason ?? reasonPhrase(status)).crlf();
  appendVias(writer, request, options);
  if (status > 100 && status < 300 && makesDialog(request.method)) appendLines(writer, request, Header.recordRoute);
  appendLine(writer, request, "From: ", request.firstLines[Header.from]!);
  appendTo(writer, request, options.toTag);
  appendLine(writer, request, "Call-ID: ", request.firstLines[Header.callId]!);
  appendLine(writer, request, "CSeq: ", request.firstLines[Header.cseq]!);
  // RFC 3261 §8.2.6.1: a Timestamp MUST be copied into the 100.
  if (status === 100) appendLines(writer, request, Header.timestamp);
  const { headers = NO_HEADERS } = options;
  for (let i = 0; i < headers.length; i++) writer.header(headers[i]![0], headers[i]![1]);
  return appendBody(writer, options);
}

function appendBody(writer: ByteWriter, { body, contentType }: ResponseOptions): ByteWriter {
  if (body === undefined || body.length === 0) return writer.text("Content-Length: 0\r\n\r\n");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (contentType !== undefined) writer.header("Content-Type", contentType);
  return writer.text("Content-Length: ").number(bytes.length).text("\r\n\r\n").bytes(bytes);
}

/** RFC 3261 §12.1.1, RFC 6665 §4.2.1.2, RFC 3515 §2.4.6: the requests whose 2xx makes a dialog. */
function makesDialog(method: Method): boolean {
  return method === Method.invite || method === Method.subscribe || method === Method.refer || method === Method.notify;
}

function appendLine(writer: ByteWriter, request: Message, name: string, line: number): void {
  if (line < 0) return;
  writer.text(name).bytes(request.bytes, request.valueStarts[line]!, request.valueEnds[line]!).crlf();
}

function appendLines(writer: ByteWriter, request: Message, id: typeof Header.recordRoute | typeof Header.timestamp) {
  const name = id === Header.recordRoute ? "Record-Route: " : "Timestamp: ";
  for (let line = request.firstLines[id]!; line >= 0; line = request.nextLines[line]!) {
    appendLine(writer, request, name, line);
  }
}

function appendVias(writer: ByteWriter, request: Message, options: ResponseOptions): void {
  let line = request.firstLines[Header.via]!;
  if (line < 0) return;
  appendTopVia(writer, request, request.valueEnds[line]!, options);
  while ((line = request.nextLines[line]!) >= 0) appendLine(writer, request, "Via: ", line);
}

/** Copies the first Via line in pieces, leaving out the parameters that are about to be written anew. */
function appendTopVia(writer: ByteWriter, request: Message, lineEnd: number, options: ResponseOptions): void {
  const { bytes } = request;
  const writesRport = options.rport !== undefined && (request.rportStart >= 0 || options.isRportForced === true);
  const writesReceived = options.received !== undefined &&
    (writesRport || options.isRportForced === true || !isSentBy(request, options.received));
  // A parameter that stays is an empty cut at the end.
  const { topViaEnd } = request;
  const isReceivedCut = writesReceived && request.receivedStart >= 0;
  const isRportCut = writesRport && request.rportStart >= 0;
  const receivedStart = isReceivedCut ? request.receivedStart : topViaEnd;
  const receivedEnd = isReceivedCut ? request.receivedEnd : topViaEnd;
  const rportStart = isRportCut ? request.rportStart : topViaEnd;
  const rportEnd = isRportCut ? request.rportEnd : topViaEnd;
  const isReceivedFirst = receivedStart < rportStart;
  writer.text("Via: ").bytes(bytes, request.topViaStart, isReceivedFirst ? receivedStart : rportStart);
  if (isReceivedFirst) writer.bytes(bytes, receivedEnd, rportStart).bytes(bytes, rportEnd, topViaEnd);
  else writer.bytes(bytes, rportEnd, receivedStart).bytes(bytes, receivedEnd, topViaEnd);
  if (writesReceived) writer.text(";received=").text(options.received!);
  if (writesRport) writer.text(";rport=").number(options.rport!);
  writer.bytes(bytes, topViaEnd, lineEnd).crlf();
}

function isSentBy(request: Message, address: string): boolean {
  const { bytes, sentByStart, sentByHostEnd } = request;
  return bytes[sentByStart] === Char.leftBracket
    ? equalsIgnoreCase(bytes, sentByStart + 1, sentByHostEnd - 1, address.toLowerCase())
    : equalsIgnoreCase(bytes, sentByStart, sentByHostEnd, address.toLowerCase());
}

/** RFC 3261 §8.2.6.2: a To without tag gets ours, except in a 100. */
function appendTo(writer: ByteWriter, request: Message, toTag: string | undefined): void {
  const line = request.firstLines[Header.to]!;
  if (line < 0) return;
  const start = request.valueStarts[line]!;
  const end = request.valueEnds[line]!;
  writer.text("To: ").bytes(request.bytes, start, end);
  if (toTag !== undefined && tagStart(request.bytes, start, end) < 0) writer.text(";tag=").text(toTag);
  writer.crlf();
}

/**
 * Where the value of the `tag` parameter of a From or To begins, a token, found without reading the address.
 *
 * @returns -1 when there is none.
 * Source: RFC 3261 §20.39.
 */
export function tagStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte === Char.quote) {
      const after = skipQuoted(bytes, at, end);
      at = after < 0 ? end : after;
    } else if (byte === Char.less) {
      while (at < end && bytes[at] !== Char.greater) at++;
    } else if (byte === Char.semicolon) {
      const nameStart = skipLws(bytes, at + 1, end);
      const nameEnd = skipClass(bytes, nameStart, end, CharClass.token);
      const equal = skipLws(bytes, nameEnd, end);
      if (equalsIgnoreCase(bytes, nameStart, nameEnd, "tag") && equal < end && bytes[equal] === Char.equal) {
        return skipLws(bytes, equal + 1, end);
      }
      at = nameEnd;
    } else at++;
  }
  return -1;
}
