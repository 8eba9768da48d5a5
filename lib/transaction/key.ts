/**
 * Owns the keys by which requests find their server transaction.
 *
 * Theory. A key is what certain texts of a request hash to, sixty-four bits under a secret start, so that no string is made
 * and kept for each request: with the table full and twenty thousand new requests a second, two meet once in nine hundred
 * years. A map is asked for the first half; whoever is found there has its second half compared.
 */
import { CharClass, lowerCase } from "../sip/chars.ts";
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { tagStart } from "../sip/response.ts";
import { skipClass, textOf } from "../sip/slice.ts";
import { hasCookie } from "./branch.ts";

/** What requests are told apart by. */
export interface RequestKey {
  /** What a map is asked for: 32 bits. */
  readonly index: number;
  /** What must be the same besides: 32 bits. */
  readonly check: number;
}

/** What the requests of one transaction have in common. */
export interface TransactionKey extends RequestKey {
  /**
   * Method, and for peers of RFC 2543 the To tag: 32 bits. Not in the halves, for an INVITE, its ACK and its CANCEL have the same ones.
   */
  readonly kind: number;
}

/** Whether two keys are the same. */
export function equalKeys(a: RequestKey, b: RequestKey): boolean {
  return a.index === b.index && a.check === b.check;
}

/** Ends each text, so that "ab", "c" is another key than "a", "bc"; no text holds it. */
const END = 0xff;

/** Makes keys. */
export class RequestKeys {
  readonly #startIndex: number;
  readonly #startCheck: number;
  #index = 0;
  #check = 0;

  /** @param seeds Two random 32-bit integers, drawn for each start: nobody can make requests whose keys meet. */
  constructor(seeds: readonly [number, number]) {
    [this.#startIndex, this.#startCheck] = seeds;
  }

  /**
   * What a request and its retransmissions, and an INVITE and its ACK and CANCEL, have in common.
   *
   * With the magic cookie: branch and sent-by. Without, for peers of RFC 2543: Request-URI, From tag, Call-ID, CSeq number
   * and the whole top Via. What besides is the same in a request and its retransmissions alone is the `kind`.
   * Source: RFC 3261 §17.2.3.
   */
  ofTransaction(request: Message): TransactionKey {
    const { bytes } = request;
    this.#begin();
    const isOld = isOldStyle(request);
    if (!isOld) {
      this.#add(bytes, request.branchStart, request.branchEnd);
      this.#addLowerCase(bytes, request.sentByStart, request.sentByEnd);
    } else {
      this.#addDialog(request);
      this.#add(bytes, request.uriStart, request.uriEnd);
      this.#add(bytes, request.topViaStart, request.topViaEnd);
    }
    const index = this.#index;
    const check = this.#check;
    this.#add(bytes, request.methodStart, request.methodEnd);
    if (isOld) this.#addTag(request, Header.to);
    return { index, check, kind: this.#check };
  }

  /**
   * What requests have in common that a forking proxy made of one.
   *
   * @returns `undefined` for a request inside a dialog. Source: RFC 3261 §8.2.2.2.
   */
  ofMerged(request: Message): RequestKey | undefined {
    if (request.method === Method.ack || request.method === Method.cancel) return undefined;
    if (hasTag(request, Header.to)) return undefined;
    this.#begin();
    this.#addDialog(request);
    this.#add(request.bytes, request.methodStart, request.methodEnd);
    return { index: this.#index, check: this.#check };
  }

  #begin(): void {
    this.#index = this.#startIndex;
    this.#check = this.#startCheck;
  }

  /** Call-ID, CSeq number and From tag. */
  #addDialog(request: Message): void {
    const callId = request.firstLines[Header.callId]!;
    this.#add(request.bytes, request.valueStarts[callId]!, request.valueEnds[callId]!);
    const { cseqNumber } = request;
    for (let shift = 0; shift < 32; shift += 8) this.#byte((cseqNumber >>> shift) & 0xff);
    this.#addTag(request, Header.from);
  }

  #addTag(request: Message, header: TaggedHeader): void {
    const start = tagStartIn(request, header);
    this.#add(request.bytes, start, tagEnd(request, start));
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#byte(bytes[at]!);
    this.#byte(END);
  }

  #addLowerCase(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#byte(lowerCase[bytes[at]!]!);
    this.#byte(END);
  }

  /** FNV-1a beside one step of Murmur3: two hashes that have nothing in common. */
  #byte(byte: number): void {
    this.#index = Math.imul(this.#index ^ byte, 0x01000193);
    const mixed = Math.imul(this.#check ^ byte, 0xcc9e2d51);
    this.#check = (mixed << 15) | (mixed >>> 17);
  }
}

/** Whether a request comes from a peer of RFC 2543, so that the To tag tells transactions apart too. */
export function isOldStyle(request: Message): boolean {
  return !hasCookie(request.bytes, request.branchStart, request.branchEnd);
}

type TaggedHeader = typeof Header.from | typeof Header.to;

/** Tag of From or To; empty when there is none. */
export function tagIn(request: Message, header: TaggedHeader): string {
  const start = tagStartIn(request, header);
  return textOf(request.bytes, start, tagEnd(request, start));
}

/** Whether From or To has a tag that is not empty. */
function hasTag(request: Message, header: TaggedHeader): boolean {
  const start = tagStartIn(request, header);
  return tagEnd(request, start) > start;
}

/** Start of the tag of From or To; -1 when there is none. */
function tagStartIn(request: Message, header: TaggedHeader): number {
  const line = request.firstLines[header]!;
  return line < 0 ? -1 : tagStart(request.bytes, request.valueStarts[line]!, request.valueEnds[line]!);
}

function tagEnd(request: Message, start: number): number {
  return start < 0 ? -1 : skipClass(request.bytes, start, request.end, CharClass.token);
}
