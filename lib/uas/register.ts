/**
 * Owns the handling of REGISTER: authenticate, ask the registrar, answer.
 */
import type { Authenticator } from "../auth/authenticator.ts";
import type { Registrar } from "../registrar/registrar.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import type { ServerTransaction } from "../transaction/transaction.ts";
import type { MethodHandler } from "./router.ts";

/** Option tags that a REGISTER may require. Source: RFC 3327 §5.3, RFC 5626 §6. */
export const registerOptions: readonly string[] = ["path", "outbound"];

/** What the handler needs. */
export interface RegisterParts {
  /** Proves senders. */
  readonly authenticator: Authenticator;
  /** Decides. */
  readonly registrar: Registrar;
  /** How an endpoint is answered, or undefined when a reload has removed it. */
  registrantOf(endpoint: string): Registrant | undefined;
}

/** What the configuration says of answers to an endpoint. */
export interface Registrant {
  /** Answers go back to the source port even where the request has no `rport`. */
  readonly isRportForced: boolean;
}

/**
 * Makes the handler of REGISTER.
 *
 * A REGISTER is no part of a dialog: a To tag, which some phones keep from an earlier answer, means nothing.
 * Source: RFC 3261 §10.3; §22 for the challenge.
 */
export function createRegisterHandler(parts: RegisterParts): MethodHandler {
  const { authenticator, registrar } = parts;

  function handle(request: Message, transaction: ServerTransaction): ResponseOptions | Reject {
    const { flow } = transaction;
    const verdict = authenticator.authenticate(request, flow);
    if (verdict.outcome === "challenge") return { status: 401, headers: verdict.headers, why: verdict.reason };
    const { endpoint } = verdict;
    const registrant = parts.registrantOf(endpoint);
    if (registrant !== undefined) transaction.isRportForced = registrant.isRportForced;
    return registrar.register(request, { endpoint, flow });
  }

  return { method: Method.register, name: "REGISTER", options: registerOptions, whenUnstored: "refuse", handle };
}
