/**
 * Owns the keys by which requests find their server transaction.
 */
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { tagOf } from "../sip/response.ts";
import { textOf } from "../sip/slice.ts";
import { hasCookie } from "./branch.ts";

/**
 * What a request and its retransmissions, and an INVITE and its ACK and CANCEL, have in common.
 *
 * With the magic cookie: branch and sent-by. Without, for peers of RFC 2543: Request-URI, From tag, Call-ID, CSeq number
 * and the whole top Via; the method and the To tag are compared apart, since an ACK has others.
 * Source: RFC 3261 §17.2.3.
 */
export function transactionKey(request: Message): string {
  const { bytes } = request;
  if (hasCookie(bytes, request.branchStart, request.branchEnd)) {
    const sentBy = textOf(bytes, request.sentByStart, request.sentByEnd).toLowerCase();
    return `${textOf(bytes, request.branchStart, request.branchEnd)} ${sentBy}`;
  }
  const via = textOf(bytes, request.topViaStart, request.topViaEnd);
  return `${request.callId} ${request.cseqNumber} ${tagIn(request, Header.from)} ${request.requestUriText} ${via}`;
}

/** Whether a request comes from a peer of RFC 2543, so that the To tag tells transactions apart too. */
export function isOldStyle(request: Message): boolean {
  return !hasCookie(request.bytes, request.branchStart, request.branchEnd);
}

/**
 * What requests have in common that a forking proxy made of one.
 *
 * @returns `undefined` for a request inside a dialog. Source: RFC 3261 §8.2.2.2.
 */
export function mergeKey(request: Message): string | undefined {
  if (request.method === Method.ack || request.method === Method.cancel) return undefined;
  if (tagIn(request, Header.to) !== "") return undefined;
  return `${request.callId} ${request.cseqNumber} ${request.methodText} ${tagIn(request, Header.from)}`;
}

/** Tag of From or To; empty when there is none. */
export function tagIn(request: Message, header: typeof Header.from | typeof Header.to): string {
  const line = request.firstLines[header]!;
  return line < 0 ? "" : tagOf(request.bytes, request.valueStarts[line]!, request.valueEnds[line]!) ?? "";
}
