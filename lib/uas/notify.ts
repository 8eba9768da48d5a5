/**
 * Owns the handling of NOTIFY outside any dialog: a provider or another server tells of messages that wait there.
 */
import type { Authenticator } from "../auth/authenticator.ts";
import { keepMessages, type MailboxKeeper } from "../event/mailboxes/incoming.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { ServerTransaction } from "../transaction/transaction.ts";
import type { MethodHandler } from "./router.ts";

/** What the handler needs. */
export interface NotifyParts {
  /** Proves senders. */
  readonly authenticator: Authenticator;
  /** Keeps what they tell. */
  readonly keeper: MailboxKeeper;
  /** What the configuration says of an endpoint, or undefined when a reload has removed it. */
  tellerOf(endpoint: string): MessageTeller | undefined;
}

/** An endpoint that may tell of messages. */
export interface MessageTeller {
  /** Answers go back to the source port even where the request has no `rport`. */
  readonly isRportForced: boolean;
  /** Mailbox that its NOTIFYs set; empty for none. */
  readonly mailbox: string;
}

/**
 * Makes the handler of NOTIFY. hintd subscribes to nothing elsewhere, so a NOTIFY inside a dialog is 481.
 *
 * Source: RFC 6665 §4.1.3; RFC 3261 §22 for the challenge.
 */
export function createNotifyHandler(parts: NotifyParts): MethodHandler {
  function handle(request: Message, transaction: ServerTransaction): ResponseOptions | Reject {
    if (request.to.tag !== undefined) {
      return { status: 481, reason: "Subscription Does Not Exist", why: "NOTIFY inside a dialog that is not here" };
    }
    const verdict = parts.authenticator.authenticate(request, transaction.flow);
    if (verdict.outcome === "challenge") return { status: 401, headers: verdict.headers, why: verdict.reason };
    const teller = parts.tellerOf(verdict.endpoint);
    if (teller === undefined) return { status: 403, why: "the endpoint is not configured any more" };
    transaction.isRportForced = teller.isRportForced;
    return keepMessages(request, teller.mailbox, parts.keeper) ?? { status: 200 };
  }

  return { method: Method.notify, name: "NOTIFY", options: [], handle };
}
