/**
 * Owns dialog state on the side that answered the request which made it: identifiers, sequence numbers, target, routes.
 */
import type { Message } from "../sip/message.ts";

/**
 * One peer relation, made by a request that we answered with a 2xx.
 *
 * Source: RFC 3261 §12.
 */
export interface Dialog {
  readonly callId: string;
  /** Our tag; made by us, never reused, so it alone finds the dialog. */
  readonly localTag: string;
  readonly remoteTag: string;
  /** Our URI: the To of the request that made the dialog. */
  readonly localUri: string;
  /** The peer's URI: the From of that request. */
  readonly remoteUri: string;
  /** Sequence number of the last request that we sent; 0 before the first. */
  localSequence: number;
  /** Sequence number of the last request that the peer sent. */
  remoteSequence: number;
  /** URI of the peer's Contact: the Request-URI of what we send. */
  remoteTarget: string;
  /** Route header values in the order in which they are sent. */
  readonly routeSet: readonly string[];
}

/**
 * Makes the dialog state of the side that answers.
 *
 * @param request The dialog-making request; Contact present. Nothing of its buffer is kept.
 * @param localTag The tag that the answer carries in To.
 * @param remoteTarget URI text of the one Contact.
 * Source: RFC 3261 §12.1.1.
 */
export function dialogFromRequest(request: Message, localTag: string, remoteTarget: string): Dialog {
  return {
    callId: request.callId,
    localTag,
    remoteTag: request.from.tag ?? "",
    localUri: request.to.uriText,
    remoteUri: request.from.uriText,
    localSequence: 0,
    remoteSequence: request.cseqNumber,
    remoteTarget,
    // RFC 3261 §12.1.1: taken in order, all parameters preserved.
    routeSet: request.recordRoutes,
  };
}

/** True when `request` names exactly this dialog. Source: RFC 3261 §12. */
export function belongsTo(dialog: Dialog, request: Message): boolean {
  return request.callId === dialog.callId && (request.from.tag ?? "") === dialog.remoteTag &&
    request.to.tag === dialog.localTag;
}
