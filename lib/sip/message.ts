/**
 * Owns `Message`: the index of one received message, and typed views of its headers.
 *
 * Theory: a message is the received bytes and integers that point into them. `parseMessage` fills the integers in one
 * pass without allocating; a getter makes its value when first asked and keeps it until the next parse. One `Message`
 * serves one parser for ever, so whoever wants something later copies it.
 */
import { type DigestCredentials, readCredentials } from "./authorization.ts";
import { type NameAddress, readNameAddress } from "./address.ts";
import { Char } from "./chars.ts";
import type { Cseq } from "./cseq.ts";
import { Cursor } from "./cursor.ts";
import { type EventHeader, readEvent } from "./event.ts";
import { Header, headerName, headerRows } from "./header_names.ts";
import { type MediaRange, type MediaType, readMediaRange, readMediaType } from "./media_type.ts";
import { Method, methodName } from "./method.ts";
import { ParseFailure } from "./parse_failure.ts";
import {
  decimalOf,
  endOfListValue,
  equalsIgnoreCase,
  expiresSecondsMax,
  skipLws,
  textOf,
  trimLws,
  unfoldedTextOf,
} from "./slice.ts";
import { SliceMemo } from "./slice_memo.ts";
import { readUri, type Uri, type WrittenUri } from "./uri.ts";
import { readVia, type Via } from "./via.ts";

/** Bounds of one message, each with its reason; the appliance's own bounds may be narrower. */
export const parseLimits = {
  /** Bytes of a whole message: a datagram cannot be longer. */
  messageBytes: 65_535,
  /** Bytes of start line and headers on a stream; the longest honest one seen has 4 KiB. */
  headBytes: 32_768,
  /** Header lines: Via and Record-Route of 70 hops, and room for the rest. */
  headerCount: 256,
  /** Bytes of a Request-URI; longer ones get 414. */
  uriBytes: 4_096,
} as const;

const NO_BYTES = new Uint8Array(0);
const NONE: readonly never[] = [];
const events = new SliceMemo<EventHeader>();
const accepts = new SliceMemo<readonly MediaRange[]>();
const userAgents = new SliceMemo<string>();

/** One received message; filled by `parseMessage`, valid until the next parse. Offsets count in `bytes`; −1 is absent. */
export class Message {
  /** The buffer that holds the message. */
  bytes: Uint8Array = NO_BYTES;
  /** Offset of the first byte, leading CRLFs included. */
  start = 0;
  /** Offset after the last byte given; a datagram's surplus is before it, but after `bodyEnd`. */
  end = 0;
  /** True for a request, false for a response. */
  isRequest = true;
  /** Method of a request; of a response, that of its CSeq. */
  method: Method = Method.unknown;
  /** Start of the request line's method token. */
  methodStart = 0;
  /** End of that token. */
  methodEnd = 0;
  /** Start of the Request-URI. */
  uriStart = 0;
  /** End of the Request-URI. */
  uriEnd = 0;
  /** Status code of a response, 100–699; 0 for a request. */
  status = 0;
  /** Start of a response's reason phrase. */
  reasonStart = 0;
  /** End of that phrase. */
  reasonEnd = 0;
  /** Start of the body. */
  bodyStart = 0;
  /** End of the body, where Content-Length cuts it. */
  bodyEnd = 0;

  /** Start of the topmost Via value. */
  topViaStart: number = -1;
  /** End of that value, without the rest of its line. */
  topViaEnd: number = -1;
  /** Start of its transport token. */
  transportStart: number = -1;
  /** End of its transport token. */
  transportEnd: number = -1;
  /** Start of its sent-by: host and port as written. */
  sentByStart: number = -1;
  /** End of its sent-by. */
  sentByEnd: number = -1;
  /** End of the host in its sent-by; brackets of IPv6 are inside. */
  sentByHostEnd: number = -1;
  /** Start of the value of its branch parameter. */
  branchStart: number = -1;
  /** End of that value. */
  branchEnd: number = -1;
  /** Start of its received parameter, at the semicolon. */
  receivedStart: number = -1;
  /** End of that parameter's value. */
  receivedEnd: number = -1;
  /** Start of its rport parameter, at the semicolon. */
  rportStart: number = -1;
  /** End of that parameter's value, or of its name when it is bare. */
  rportEnd: number = -1;
  /** Sequence number of CSeq. */
  cseqNumber: number = -1;
  /** Method of CSeq; for unknown ones compare the slice. */
  cseqMethod: Method = Method.unknown;
  /** Start of the method in CSeq. */
  cseqMethodStart: number = -1;
  /** End of the method in CSeq. */
  cseqMethodEnd: number = -1;
  /** Content-Length; −1 when there is none. */
  contentLength: number = -1;
  /** Max-Forwards 0–255; −1 when there is none. */
  maxForwardsNumber: number = -1;

  /** Number of header lines; the arrays below count by line. */
  headerCount = 0;
  /** Header id of each line. */
  readonly headerIds: Uint8Array = new Uint8Array(parseLimits.headerCount);
  /** Start of each line's name. */
  readonly nameStarts: Int32Array = new Int32Array(parseLimits.headerCount);
  /** End of each line's name. */
  readonly nameEnds: Int32Array = new Int32Array(parseLimits.headerCount);
  /** Start of each line's value, behind white space. */
  readonly valueStarts: Int32Array = new Int32Array(parseLimits.headerCount);
  /** End of each line's value, before white space; folds are still inside. */
  readonly valueEnds: Int32Array = new Int32Array(parseLimits.headerCount);
  /** Next line with the same id; −1 at the last. */
  readonly nextLines: Int16Array = new Int16Array(parseLimits.headerCount);
  /** First line of each header id; −1 when absent. */
  readonly firstLines: Int16Array = new Int16Array(headerRows.length);
  /** Last line of each header id that has a first one. */
  readonly lastLines: Int16Array = new Int16Array(headerRows.length);

  /** The first rule broken; `parseMessage` returns it. */
  failure: ParseFailure | undefined = undefined;

  readonly #cursor = new Cursor(NO_BYTES, 0, 0, "");
  readonly #readMediaRanges = () => this.#values(Header.accept, readMediaRange);
  #requestUri: WrittenUri | undefined = undefined;
  #vias: Via[] | undefined = undefined;
  #from: NameAddress | undefined = undefined;
  #to: NameAddress | undefined = undefined;
  #callId: string | undefined = undefined;
  #contacts: readonly NameAddress[] | "*" | undefined = undefined;
  #event: EventHeader | null | undefined = undefined;
  #accepts: readonly MediaRange[] | undefined = undefined;
  #contentType: MediaType | null | undefined = undefined;
  #authorizations: readonly DigestCredentials[] | undefined = undefined;

  /** Empties the index and the cached values and points at other bytes. Called by `parseMessage`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.isRequest = true;
    this.method = Method.unknown;
    this.methodStart =
      this.methodEnd =
      this.uriStart =
      this.uriEnd =
        start;
    this.status = 0;
    this.reasonStart = this.reasonEnd = start;
    this.bodyStart = this.bodyEnd = end;
    this.topViaStart =
      this.topViaEnd =
      this.transportStart =
      this.transportEnd =
        -1;
    this.sentByStart = this.sentByEnd = this.sentByHostEnd = -1;
    this.branchStart = this.branchEnd = -1;
    this.receivedStart =
      this.receivedEnd =
      this.rportStart =
      this.rportEnd =
        -1;
    this.cseqNumber = -1;
    this.cseqMethod = Method.unknown;
    this.cseqMethodStart = this.cseqMethodEnd = -1;
    this.contentLength = this.maxForwardsNumber = -1;
    this.headerCount = 0;
    this.firstLines.fill(-1);
    this.failure = undefined;
    this.#requestUri = undefined;
    this.#vias = undefined;
    this.#from = undefined;
    this.#to = undefined;
    this.#callId = undefined;
    this.#contacts = undefined;
    this.#event = undefined;
    this.#accepts = undefined;
    this.#contentType = undefined;
    this.#authorizations = undefined;
  }

  /** Method of the request line as text; of a response, that of CSeq. */
  get methodText(): string {
    if (this.method !== Method.unknown) return methodName(this.method);
    return this.isRequest
      ? textOf(this.bytes, this.methodStart, this.methodEnd)
      : textOf(this.bytes, this.cseqMethodStart, this.cseqMethodEnd);
  }

  /** The Request-URI as written. */
  get requestUriText(): string {
    return this.#requestUri?.text ?? textOf(this.bytes, this.uriStart, this.uriEnd);
  }

  /** The Request-URI, of any scheme; URI headers are not allowed. Throws `ParseFailure`. RFC 3261 §8.1.1.1, §19.1.1. */
  get requestUri(): Uri {
    return (this.#requestUri ??= this.#readRequestUri()).uri;
  }

  /** Reason phrase of a response. */
  get reasonText(): string {
    return textOf(this.bytes, this.reasonStart, this.reasonEnd);
  }

  /** All Via values, topmost first. Throws `ParseFailure`. Source: RFC 3261 §20.42. */
  get vias(): readonly Via[] {
    return this.#vias ??= this.#values(Header.via, readVia);
  }

  /** The topmost Via. Throws `ParseFailure`. */
  get topVia(): Via {
    return this.vias[0]!;
  }

  /** The branch of the topmost Via; the empty string when it has none. */
  get branch(): string {
    return textOf(this.bytes, this.branchStart, this.branchEnd);
  }

  /** From. Throws `ParseFailure`. Source: RFC 3261 §20.20. */
  get from(): NameAddress {
    return this.#from ??= this.#address(Header.from);
  }

  /** To. Throws `ParseFailure`. Source: RFC 3261 §20.39. */
  get to(): NameAddress {
    return this.#to ??= this.#address(Header.to);
  }

  /** Call-ID. Source: RFC 3261 §20.8. */
  get callId(): string {
    return this.#callId ??= this.text(Header.callId) ?? "";
  }

  /** CSeq. Source: RFC 3261 §20.16. */
  get cseq(): Cseq {
    const methodText = this.cseqMethod === Method.unknown
      ? textOf(this.bytes, this.cseqMethodStart, this.cseqMethodEnd)
      : methodName(this.cseqMethod);
    return { sequence: this.cseqNumber, method: this.cseqMethod, methodText };
  }

  /**
   * Contacts in order; `"*"` for the wildcard; empty when there is none. Throws `ParseFailure`, also for `*` among
   * others.
   *
   * Source: RFC 3261 §20.10.
   */
  get contacts(): readonly NameAddress[] | "*" {
    return this.#contacts ??= this.#readContacts();
  }

  /** Route values as written, topmost first. Source: RFC 3261 §20.34. */
  get routes(): readonly string[] {
    return this.all(Header.route);
  }

  /** Record-Route values as written, topmost first. Source: RFC 3261 §20.30. */
  get recordRoutes(): readonly string[] {
    return this.all(Header.recordRoute);
  }

  /** Event; `undefined` when absent. Throws `ParseFailure`. Source: RFC 6665 §8.2.1. */
  get event(): EventHeader | undefined {
    if (this.#event === undefined) {
      const line = this.firstLines[Header.event]!;
      this.#event = line < 0 ? null : this.#remembered(events, line, readEvent);
    }
    return this.#event ?? undefined;
  }

  /**
   * Expires in seconds, clamped to 2^32 − 1; `undefined` when absent. Throws `ParseFailure` for anything but digits.
   *
   * Source: RFC 3261 §20.19.
   */
  get expires(): number | undefined {
    return this.seconds(Header.expires);
  }

  /** Min-Expires in seconds, as `expires`. Source: RFC 3261 §20.23. */
  get minExpires(): number | undefined {
    return this.seconds(Header.minExpires);
  }

  /**
   * The entity-tag of SIP-If-Match; `undefined` when absent. Throws `ParseFailure` for anything but a single one.
   *
   * Source: RFC 3903 §6, §11.3.2, §12.
   */
  get sipIfMatch(): string | undefined {
    const line = this.firstLines[Header.sipIfMatch]!;
    if (line < 0) return undefined;
    const cursor = this.#cursorAt(line);
    const entityTag = cursor.token("entity-tag");
    cursor.finish("entity-tag", "RFC 3903 §12");
    return entityTag;
  }

  /** Seconds of Retry-After, without its comment and parameters; `undefined` when absent. Source: RFC 3261 §20.33. */
  get retryAfter(): number | undefined {
    return this.seconds(Header.retryAfter);
  }

  /** Accept, in order; empty when absent or empty. Throws `ParseFailure`. Source: RFC 3261 §20.1. */
  get accepts(): readonly MediaRange[] {
    return this.#accepts ??= this.#readAccepts();
  }

  /** Option tags of Supported, in lower case. Source: RFC 3261 §20.37. */
  get supported(): readonly string[] {
    return lowerCased(this.all(Header.supported));
  }

  /** Option tags of Require, in lower case. Source: RFC 3261 §20.32. */
  get require(): readonly string[] {
    return lowerCased(this.all(Header.require));
  }

  /** Option tags of Proxy-Require, in lower case. Source: RFC 3261 §20.29. */
  get proxyRequire(): readonly string[] {
    return lowerCased(this.all(Header.proxyRequire));
  }

  /** Methods of Allow. Source: RFC 3261 §20.5. */
  get allow(): readonly string[] {
    return this.all(Header.allow);
  }

  /** User-Agent, the empty string when absent. Source: RFC 3261 §20.41. */
  get userAgent(): string {
    const line = this.firstLines[Header.userAgent]!;
    return line < 0 ? "" : this.#remembered(userAgents, line, readText);
  }

  /** Max-Forwards; `undefined` when absent. Source: RFC 3261 §20.22. */
  get maxForwards(): number | undefined {
    return this.maxForwardsNumber < 0 ? undefined : this.maxForwardsNumber;
  }

  /** Content-Type; `undefined` when absent. Throws `ParseFailure`. Source: RFC 3261 §20.15. */
  get contentType(): MediaType | undefined {
    if (this.#contentType === undefined) {
      const line = this.firstLines[Header.contentType]!;
      this.#contentType = line < 0 ? null : this.#single(line, readMediaType);
    }
    return this.#contentType ?? undefined;
  }

  /** Content codings in order, in lower case; empty for identity. Source: RFC 3261 §20.12. */
  get contentEncoding(): readonly string[] {
    return lowerCased(this.all(Header.contentEncoding));
  }

  /** Whether the body has any coding but identity. Source: RFC 3261 §20.12. */
  get isEncoded(): boolean {
    return this.has(Header.contentEncoding) && this.contentEncoding.some((coding) => coding !== "identity");
  }

  /** Digest credentials of Authorization; other schemes are left out. Throws `ParseFailure`. RFC 3261 §20.7. */
  get authorizations(): readonly DigestCredentials[] {
    return this.#authorizations ??= this.#credentials(Header.authorization);
  }

  /** The body as a view of the received bytes. */
  get body(): Uint8Array {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /** The body as UTF-8 text. */
  get bodyText(): string {
    return textOf(this.bytes, this.bodyStart, this.bodyEnd);
  }

  /** Number of lines of a header. */
  count(id: Header): number {
    let count = 0;
    for (let line = this.firstLines[id]!; line >= 0; line = this.nextLines[line]!) count++;
    return count;
  }

  /** Whether a header is present. */
  has(id: Header): boolean {
    return this.firstLines[id]! >= 0;
  }

  /** Text of a header's first line, unfolded; `undefined` when absent. Source: RFC 3261 §7.3.1. */
  text(id: Header): string | undefined {
    const line = this.firstLines[id]!;
    return line < 0 ? undefined : unfoldedTextOf(this.bytes, this.valueStarts[line]!, this.valueEnds[line]!);
  }

  /** Every value of a header in order; those of list headers are split at commas. Source: RFC 3261 §7.3.1. */
  all(id: Header): readonly string[] {
    if (this.firstLines[id]! < 0) return NONE;
    const values: string[] = [];
    for (let line = this.firstLines[id]!; line >= 0; line = this.nextLines[line]!) {
      const end = this.valueEnds[line]!;
      let start = this.valueStarts[line]!;
      if (headerRows[id]!.kind !== "list") {
        values.push(unfoldedTextOf(this.bytes, start, end));
        continue;
      }
      while (start < end) {
        const comma = endOfListValue(this.bytes, start, end);
        const from = skipLws(this.bytes, start, comma);
        const to = trimLws(this.bytes, from, comma);
        if (from < to) values.push(unfoldedTextOf(this.bytes, from, to));
        start = comma + 1;
      }
    }
    return values;
  }

  /** Text of the first line of an extension header by its name in lower case; `undefined` when absent. */
  extension(lowerCaseName: string): string | undefined {
    for (let line = 0; line < this.headerCount; line++) {
      if (!equalsIgnoreCase(this.bytes, this.nameStarts[line]!, this.nameEnds[line]!, lowerCaseName)) continue;
      return unfoldedTextOf(this.bytes, this.valueStarts[line]!, this.valueEnds[line]!);
    }
    return undefined;
  }

  /** Seconds at the start of a header's first line, clamped to 2^32 − 1; `undefined` when absent. */
  seconds(id: Header): number | undefined {
    const line = this.firstLines[id]!;
    if (line < 0) return undefined;
    const start = this.valueStarts[line]!;
    let end = start;
    while (end < this.valueEnds[line]! && this.bytes[end]! >= Char.zero && this.bytes[end]! <= Char.nine) end++;
    const value = decimalOf(this.bytes, start, end);
    const isWhole = end === this.valueEnds[line]! || id === Header.retryAfter;
    if (value < 0 || !isWhole) {
      throw new ParseFailure({
        header: headerName(id),
        rule: "not a number of seconds",
        at: start,
        source: "RFC 3261 §25.1",
      });
    }
    return Math.min(value, expiresSecondsMax);
  }

  #cursorAt(line: number): Cursor {
    const name = headerName(this.headerIds[line]! as Header);
    return this.#cursor.reset(this.bytes, this.valueStarts[line]!, this.valueEnds[line]!, name);
  }

  #single<Value>(line: number, read: (cursor: Cursor) => Value): Value {
    const cursor = this.#cursorAt(line);
    const value = read(cursor);
    cursor.finish("value", "RFC 3261 §7.3.1");
    return value;
  }

  #readRequestUri(): WrittenUri {
    const cursor = this.#cursor.reset(this.bytes, this.uriStart, this.uriEnd, "Request-URI");
    const written = readUri(cursor);
    // RFC 3261 §19.1.1, table 1: no headers in a Request-URI.
    if (written.uri.headers.length > 0) cursor.fail("URI headers are not allowed", "RFC 3261 §19.1.1");
    return written;
  }

  #address(id: Header): NameAddress {
    const line = this.firstLines[id]!;
    if (line >= 0) return this.#single(line, readNameAddress);
    throw new ParseFailure({ header: headerName(id), rule: "missing", at: this.start, source: "RFC 3261 §8.1.1" });
  }

  /** Reads all values of a list header; empty elements are passed over. Source: RFC 3261 §7.3.1. */
  #values<Value>(id: Header, read: (cursor: Cursor) => Value): Value[] {
    const values: Value[] = [];
    for (let line = this.firstLines[id]!; line >= 0; line = this.nextLines[line]!) {
      const cursor = this.#cursorAt(line);
      while (!cursor.isAtEnd) {
        values.push(read(cursor));
        if (cursor.isAtEnd) break;
        if (!cursor.takeSeparator(Char.comma)) cursor.fail("comma expected between values", "RFC 3261 §7.3.1");
        if (cursor.isAtEnd) cursor.fail("value expected after comma", "RFC 3261 §7.3.1");
      }
    }
    return values;
  }

  #readAccepts(): readonly MediaRange[] {
    const line = this.firstLines[Header.accept]!;
    if (line < 0) return NONE;
    return this.nextLines[line]! < 0
      ? this.#remembered(accepts, line, this.#readMediaRanges)
      : this.#values(Header.accept, readMediaRange);
  }

  /** The value of a line that stands alone; what is written alike may get the same object. */
  #remembered<Value>(memo: SliceMemo<Value>, line: number, read: (cursor: Cursor) => Value): Value {
    const start = this.valueStarts[line]!;
    const end = this.valueEnds[line]!;
    return memo.get(this.bytes, start, end) ?? memo.add(this.bytes, start, end, read(this.#cursorAt(line)));
  }

  #readContacts(): readonly NameAddress[] | "*" {
    const line = this.firstLines[Header.contact]!;
    if (line < 0) return NONE;
    const start = this.valueStarts[line]!;
    const isStar = this.valueEnds[line]! - start === 1 && this.bytes[start] === Char.star;
    if (!isStar) return this.#values(Header.contact, readNameAddress);
    if (this.nextLines[line]! < 0) return "*";
    throw new ParseFailure({ header: "Contact", rule: "* among others", at: start, source: "RFC 3261 §20.10" });
  }

  #credentials(id: Header): readonly DigestCredentials[] {
    if (this.firstLines[id]! < 0) return NONE;
    const found: DigestCredentials[] = [];
    for (let line = this.firstLines[id]!; line >= 0; line = this.nextLines[line]!) {
      const credentials = readCredentials(this.#cursorAt(line));
      if (credentials !== undefined) found.push(credentials);
    }
    return found;
  }
}

function readText({ bytes, at, end }: Cursor): string {
  return unfoldedTextOf(bytes, at, end);
}

function lowerCased(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? texts : texts.map((text) => text.toLowerCase());
}
