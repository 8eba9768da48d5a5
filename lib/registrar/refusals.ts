/**
 * Owns the answers to REGISTERs that are not granted.
 */
import type { Reject } from "../runtime/result.ts";

/** Seconds after which a phone may try again when our disk or our tables refused. */
const RETRY_SECONDS = 60;

const retryLater: readonly (readonly [string, string])[] = [["Retry-After", String(RETRY_SECONDS)]];

/**
 * Every refusal of the registrar, by case. None is 6xx.
 *
 * Source: RFC 3261 §10.3 (400, 403, 404, 500), RFC 3327 §5.3 (420), RFC 5626 §6 (400, 439).
 */
export const refusals = {
  toScheme: (scheme: string): Reject => ({ status: 416, why: `To is a ${scheme} URI, neither sip nor sips` }),
  requestScheme: (scheme: string): Reject => ({ status: 416, why: `Request-URI is a ${scheme} URI` }),
  unknownEndpoint: { status: 403, why: "the endpoint is not configured any more" },
  unknownAor: (user: string): Reject => ({ status: 404, why: `"${user}" is no address-of-record of the endpoint` }),
  closedAor: (name: string): Reject => ({ status: 403, why: `"${name}" takes no contacts (max_contacts = 0)` }),
  tooMany: (name: string, countMax: number): Reject => ({
    status: 403,
    reason: "Too Many Contacts",
    why: `"${name}" takes at most ${countMax} contacts (max_contacts)`,
  }),
  crowdedRequest: (countMax: number): Reject => ({
    status: 403,
    reason: "Too Many Contacts",
    why: `more than ${countMax} contacts in one REGISTER`,
  }),
  contactDenied: (host: string): Reject => ({ status: 403, why: `contact host "${host}" is denied (contact_deny)` }),
  contactScheme: (scheme: string): Reject => ({
    status: 400,
    reason: "Contact URI Is Neither sip Nor sips",
    why: `contact is a ${scheme} URI`,
  }),
  contactTooLong: { status: 400, reason: "Contact Too Long", why: "contact, path and Call-ID are too long to be kept" },
  badParameter: (name: string): Reject => ({
    status: 400,
    reason: `Bad Contact header: ${name}`,
    why: `contact parameter ${name} cannot be read`,
  }),
  starWithLifetime: {
    status: 400,
    reason: "Contact * Needs Expires: 0",
    why: "Contact is * and Expires is not 0",
  },
  flowAmongOthers: {
    status: 400,
    reason: "Contact With reg-id Among Others",
    why: "several contacts, one of them for a single flow",
  },
  oldSequence: { status: 500, reason: "Request Out Of Order", why: "CSeq is not higher than the binding's" },
  pathUnsupported: {
    status: 420,
    headers: [["Unsupported", "path"]],
    why: "Path without support_path, or without the phone's support",
  },
  firstHopLacksOutbound: { status: 439, why: "the phone asks for outbound through a proxy that does not" },
  full: { status: 503, headers: retryLater, why: "no room for another binding" },
  /** RFC 3261 §10.3 has 500; 503 tells when to come again, and every phone understands it. */
  unstored: { status: 503, headers: retryLater, why: "the binding could not be stored" },
} satisfies Record<string, Reject | ((...values: never[]) => Reject)>;

/** Tells a refusal from what was asked for. */
export function isReject(outcome: object | string): outcome is Reject {
  return typeof outcome !== "string" && "why" in outcome;
}
