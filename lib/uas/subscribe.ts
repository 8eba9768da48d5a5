/**
 * Owns the handling of SUBSCRIBE: authenticate, ask the notifier, answer.
 */
import type { Authenticator } from "../auth/authenticator.ts";
import type { Notifier, Subscriber } from "../event/notifier.ts";
import { recipientListOption } from "../event/lists/recipient_list.ts";
import { listOption } from "../event/lists/resource_lists.ts";
import { isReject } from "../event/refusals.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { ServerTransaction } from "../transaction/transaction.ts";
import { ownAddressOf } from "../event/contact.ts";
import type { MethodHandler } from "./router.ts";

/** Option tags that a SUBSCRIBE may require; OPTIONS tells of them. */
export const subscribeOptions: readonly string[] = [listOption, recipientListOption];

/** What the handler needs. */
export interface SubscribeParts {
  readonly authenticator: Authenticator;
  readonly notifier: Notifier;
  /** The configured rules of an endpoint, or undefined when a reload has removed it. */
  subscriberOf(endpoint: string): Subscriber | undefined;
}

/**
 * Makes the handler of SUBSCRIBE.
 *
 * Source: RFC 6665 §4.2.1; RFC 3261 §22 for the challenge.
 */
export function createSubscribeHandler(parts: SubscribeParts): MethodHandler {
  const { authenticator, notifier } = parts;

  function handle(request: Message, transaction: ServerTransaction): ResponseOptions | Reject {
    const { flow } = transaction;
    // RFC 3261 §8.2.3: a body that cannot be decoded is refused; one that can but means nothing here is passed over.
    const hasList = request.require.includes(recipientListOption);
    if (!hasList && request.isEncoded) {
      return { status: 415, headers: [["Accept-Encoding", "identity"]], why: "encoded body" };
    }
    const subscription = request.to.tag === undefined ? undefined : notifier.find(request);
    // RFC 3261 §12.2.2: the tags are unguessable, so 481 tells a stranger nothing.
    if (request.to.tag !== undefined && subscription === undefined) return notifier.refusals.noSuchSubscription;
    const verdict = subscription === undefined
      ? authenticator.authenticate(request, flow)
      : authenticator.authenticateInDialog(request, flow, subscription);
    if (verdict.outcome === "challenge") return { status: 401, headers: verdict.headers, why: verdict.reason };
    const subscriber = parts.subscriberOf(verdict.endpoint);
    if (subscriber === undefined) return notifier.refusals.notAllowed;
    transaction.isRportForced = subscriber.isRportForced;
    const context = { subscriber, flow };
    const outcome = subscription === undefined
      ? notifier.subscribe(request, context)
      : notifier.refresh(subscription, request, context);
    if (isReject(outcome)) return outcome;
    const { contact } = ownAddressOf(flow);
    const expires = ["Expires", String(outcome.expiresSeconds)] as const;
    // RFC 4662 §4.1: whoever asked for what turns out to be a list must know lists.
    const headers = outcome.isList ? [expires, ["Require", listOption] as const, contact] : [expires, contact];
    return { status: 200, toTag: outcome.localTag, headers };
  }

  return { method: Method.subscribe, name: "SUBSCRIBE", options: subscribeOptions, whenUnstored: "answer", handle };
}
