/**
 * Owns the bytes of a NOTIFY: lines written once per subscription, lines written once for all that are reached alike, and what changes from
 * one NOTIFY to the next.
 *
 *     NOTIFY … | Via: …;branch=[branch] … | Route, From, To, Call-ID | Contact, Event … CSeq: | number … Content-Length … | body
 *     '- own -' '-------- shared --------' '--------- own ----------' '------ shared -------' '-------- written -------' 'copied'
 *
 * Own lines are all that a subscription keeps of it, a quarter of the message: they are what a fan-out to thousands finds cold in the
 * processor's cache.
 *
 * Budget: 0.6 µs for a NOTIFY of 900 bytes, no allocation (tests/bench/notify_bench.ts).
 */
import type { HoleFill } from "../body/rendered.ts";
import type { RequestRoute } from "../dialog/route_set.ts";
import type { Dialog } from "../dialog/dialog.ts";
import { copySlice } from "../sip/slice.ts";
import { ByteWriter } from "../sip/writer.ts";
import type { OwnAddress } from "./contact.ts";
import type { TerminationReason } from "./subscription_transitions.ts";

const encoder = new TextEncoder();
const stateLine = (state: string) => encoder.encode(` NOTIFY\r\nSubscription-State: ${state}`);
const ACTIVE = stateLine("active;expires=");
const PENDING = stateLine("pending;expires=");
const TERMINATED: Readonly<Record<TerminationReason, Uint8Array>> = {
  timeout: stateLine("terminated;reason=timeout"),
  noresource: stateLine("terminated;reason=noresource"),
  deactivated: stateLine("terminated;reason=deactivated"),
  rejected: stateLine("terminated;reason=rejected"),
  giveup: stateLine("terminated;reason=giveup"),
};
const NO_BODY = encoder.encode("\r\nContent-Length: 0\r\n\r\n");
const END_OF_HEADERS = encoder.encode("\r\n\r\n");

/** A body that is copied into a NOTIFY: a shared document, or what a list has written. */
export interface NotifyBody {
  /** Bytes that `write` will write: the value of Content-Length. */
  byteLength(fill: HoleFill): number;
  /** Writes it behind `offset`, where there is room for it; returns the offset behind it. */
  write(target: Uint8Array, offset: number, fill: HoleFill): number;
}

/** What stays the same in all NOTIFYs of a subscription, until its flow, target or body type changes. */
export interface NotifyHead {
  /** The request line, and behind it Route, From, To and Call-ID. */
  readonly own: Uint8Array;
  /** Length of the request line. */
  readonly lineLength: number;
  readonly shared: SharedLines;
}

/** What stays the same for all subscriptions that are reached alike and get documents of one type. */
interface SharedLines {
  /** Via and Max-Forwards. */
  readonly via: Uint8Array;
  /** Where in `via` the branch is patched in. */
  readonly branchAt: number;
  /** From Contact up to and including `CSeq: `. */
  readonly rest: Uint8Array;
  /** From behind Subscription-State up to the value of Content-Length. */
  readonly contentLines: Uint8Array;
}

/** What a head is made of; all texts as they stand on the wire. */
export interface NotifyHeadParts {
  readonly dialog: Dialog;
  readonly route: RequestRoute;
  /** How the peer reaches us. */
  readonly own: OwnAddress;
  /** Value of Event, parameters echoed. */
  readonly event: string;
  readonly userAgent: string;
  /** Value of Content-Type. */
  readonly contentType: string;
  /** Its body is that of a list. */
  readonly isList: boolean;
  /** Bytes of a branch. */
  readonly branchLength: number;
}

/** Kinds of shared lines that are remembered: transports, media types, and what phones write into Event. */
const KINDS = 16;

/** What shared lines are made of. */
type Kind = Pick<NotifyHeadParts, "own" | "event" | "userAgent" | "contentType" | "branchLength">;

/** The last kinds that were written, in a ring; those of lists, which have boundaries of their own, are none. */
const kinds: (Kind & { readonly lines: SharedLines })[] = [];
let nextKind = 0;

/** Where own lines are written; most subscriptions are told once and then rest, so that nothing is kept before the second time. */
const scratch = new ByteWriter();

/**
 * Writes the head of a subscription's NOTIFYs. It holds until the next one is written: see `keptHead`.
 *
 * Source: RFC 3261 §8.1.1, §12.2.1.1; RFC 6665 §4.2.2; RFC 3581 §3 (rport); RFC 4662 §4.1 (Require).
 */
export function writeNotifyHead(parts: NotifyHeadParts): NotifyHead {
  const { dialog, route } = parts;
  const writer = scratch.reset().text("NOTIFY ").text(route.requestUri).text(" SIP/2.0\r\n");
  const lineLength = writer.length;
  for (const value of route.routes) writer.text("Route: ").text(value).crlf();
  writer.text("From: <").text(dialog.localUri).text(">;tag=").text(dialog.localTag);
  writer.text("\r\nTo: <").text(dialog.remoteUri).text(">");
  if (dialog.remoteTag !== "") writer.text(";tag=").text(dialog.remoteTag);
  writer.text("\r\nCall-ID: ").text(dialog.callId).crlf();
  return { own: writer.view(), lineLength, shared: sharedLinesOf(parts) };
}

/** The same head, to be kept. */
export function keptHead({ own, lineLength, shared }: NotifyHead): NotifyHead {
  return { own: own.slice(), lineLength, shared };
}

/** Bytes of a head. */
export function headLength({ own, shared }: NotifyHead): number {
  return own.length + shared.via.length + shared.rest.length;
}

function sharedLinesOf(parts: NotifyHeadParts): SharedLines {
  if (parts.isList) return writeSharedLines(parts);
  for (let kind = 0; kind < kinds.length; kind++) {
    if (areAlike(kinds[kind]!, parts)) return kinds[kind]!.lines;
  }
  const lines = writeSharedLines(parts);
  const { own, event, userAgent, contentType, branchLength } = parts;
  kinds[nextKind] = { own, event, userAgent, contentType, branchLength, lines };
  nextKind = (nextKind + 1) % KINDS;
  return lines;
}

/** Whether shared lines are the same. A text that many hold is one object, so that this looks at few letters. */
function areAlike(a: Kind, b: Kind): boolean {
  return a.contentType === b.contentType && a.event === b.event && a.own.sentBy === b.own.sentBy &&
    a.own.viaTransport === b.own.viaTransport && a.userAgent === b.userAgent && a.branchLength === b.branchLength;
}

function writeSharedLines(parts: NotifyHeadParts): SharedLines {
  const beforeBranch = encoder.encode(`Via: SIP/2.0/${parts.own.viaTransport} ${parts.own.sentBy};rport;branch=`);
  const afterBranch = encoder.encode("\r\nMax-Forwards: 70\r\n");
  const via = new Uint8Array(beforeBranch.length + parts.branchLength + afterBranch.length);
  via.set(beforeBranch);
  via.set(afterBranch, beforeBranch.length + parts.branchLength);
  const require = parts.isList ? "Require: eventlist\r\n" : "";
  const userAgent = parts.userAgent === "" ? "" : `User-Agent: ${parts.userAgent}\r\n`;
  return {
    via,
    branchAt: beforeBranch.length,
    rest: encoder.encode(`Contact: <${parts.own.contactUri}>\r\nEvent: ${parts.event}\r\n${require}${userAgent}CSeq: `),
    contentLines: encoder.encode(`\r\nContent-Type: ${parts.contentType}\r\nContent-Length: `),
  };
}

/** What changes from one NOTIFY to the next. */
export interface NotifyPatch {
  branch: Uint8Array;
  /** CSeq number. */
  sequence: number;
  /** Seconds left; ignored when `reason` is set. */
  expiresSeconds: number;
  isPending: boolean;
  /** Set in the last NOTIFY. */
  reason: TerminationReason | undefined;
}

/** Where a NOTIFY is written; a transaction is one. */
export interface NotifyRoom {
  /** Room of exactly `length` bytes. */
  room(length: number): Uint8Array;
}

/**
 * Writes one NOTIFY.
 *
 * @returns What `into` gave: exactly the message.
 */
export function writeNotify(
  head: NotifyHead,
  patch: NotifyPatch,
  body: NotifyBody,
  fill: HoleFill,
  into: NotifyRoom,
): Uint8Array {
  const bodyLength = body.byteLength(fill);
  const state = patch.reason === undefined ? (patch.isPending ? PENDING : ACTIVE) : TERMINATED[patch.reason];
  const { own, lineLength, shared } = head;
  const { via, rest, contentLines } = shared;
  const ownEnd = own.length + via.length;
  let length = ownEnd + rest.length + decimalLength(patch.sequence) + state.length;
  if (patch.reason === undefined) length += decimalLength(patch.expiresSeconds);
  length += bodyLength === 0
    ? NO_BODY.length
    : contentLines.length + decimalLength(bodyLength) + END_OF_HEADERS.length + bodyLength;

  const target = into.room(length);
  copySlice(own, 0, lineLength, target, 0);
  append(target, lineLength, via);
  append(target, lineLength + shared.branchAt, patch.branch);
  copySlice(own, lineLength, own.length, target, lineLength + via.length);
  let at = append(target, ownEnd, rest);
  at = writeDecimal(target, at, patch.sequence);
  at = append(target, at, state);
  if (patch.reason === undefined) at = writeDecimal(target, at, patch.expiresSeconds);
  if (bodyLength === 0) {
    append(target, at, NO_BODY);
    return target;
  }
  at = append(target, at, contentLines);
  at = writeDecimal(target, at, bodyLength);
  at = append(target, at, END_OF_HEADERS);
  body.write(target, at, fill);
  return target;
}

function append(target: Uint8Array, at: number, bytes: Uint8Array): number {
  copySlice(bytes, 0, bytes.length, target, at);
  return at + bytes.length;
}

/** Digits of a non-negative integer. */
function decimalLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) length++;
  return length;
}

/** Writes a non-negative integer; returns the offset behind it. */
function writeDecimal(target: Uint8Array, at: number, value: number): number {
  const end = at + decimalLength(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    target[i] = 48 + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return end;
}
