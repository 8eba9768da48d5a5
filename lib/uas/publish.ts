/**
 * Owns the handling of PUBLISH: authenticate, ask the event state compositor, answer.
 */
import type { Authenticator } from "../auth/authenticator.ts";
import type { Publications } from "../publication/publications.ts";
import { isReject } from "../publication/refusals.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { ServerTransaction } from "../transaction/transaction.ts";
import type { MethodHandler } from "./router.ts";

/** What the handler needs. */
export interface PublishParts {
  /** Proves senders. */
  readonly authenticator: Authenticator;
  /** Decides. */
  readonly publications: Publications;
  /** How an endpoint is answered, or undefined when a reload has removed it. */
  publisherOf(endpoint: string): Publisher | undefined;
}

/** What the configuration says of answers to an endpoint. */
export interface Publisher {
  /** Answers go back to the source port even where the request has no `rport`. */
  readonly isRportForced: boolean;
}

/**
 * Makes the handler of PUBLISH.
 *
 * A PUBLISH makes no dialog and needs none: To tag, Contact and Record-Route mean nothing.
 * Source: RFC 3903 §4, §6; RFC 3261 §22 for the challenge.
 */
export function createPublishHandler(parts: PublishParts): MethodHandler {
  const { authenticator, publications } = parts;

  function handle(request: Message, transaction: ServerTransaction): ResponseOptions | Reject {
    const verdict = authenticator.authenticate(request, transaction.flow);
    if (verdict.outcome === "challenge") return { status: 401, headers: verdict.headers, why: verdict.reason };
    const { endpoint } = verdict;
    const publisher = parts.publisherOf(endpoint);
    if (publisher === undefined) return { status: 403, why: "the endpoint is not configured any more" };
    transaction.isRportForced = publisher.isRportForced;
    const outcome = publications.publish(request, endpoint);
    if (isReject(outcome)) return outcome;
    return {
      status: 200,
      headers: [["SIP-ETag", outcome.entityTag], ["Expires", String(outcome.expiresSeconds)]],
    };
  }

  return { method: Method.publish, name: "PUBLISH", options: [], whenUnstored: "refuse", handle };
}
