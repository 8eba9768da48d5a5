/**
 * Owns the answers to SUBSCRIBEs that are not granted, in both profiles of status codes.
 */
import type { Reject } from "../runtime/result.ts";
import { allowEvents } from "./event_package.ts";

/** Which codes are spoken where Asterisk and the RFCs differ: `[server].sip_profile`. */
export type SipProfile = "asterisk" | "rfc";

/** Every refusal of the notifier, by case. */
export interface Refusals {
  /** The endpoint may not subscribe (`allow_subscribe = false`). */
  readonly notAllowed: Reject;
  /** The Event header is missing. */
  readonly missingEvent: Reject;
  /** The event package is unknown. */
  unknownEvent(name: string): Reject;
  /** None of the accepted body types can be made; `offered` are those that can. */
  notAcceptable(offered: readonly string[]): Reject;
  /** Expires lies between 0 and the floor. */
  tooBrief(minExpirySeconds: number): Reject;
  /** No hint for that extension. */
  noHint(exten: string, context: string): Reject;
  /** Nobody of that name has a mailbox. */
  noMailbox(name: string): Reject;
  /** The mailbox is somebody else's. */
  foreignMailbox(name: string): Reject;
  /** The endpoint is told of the mailbox unsolicited. */
  unsolicitedMailbox(name: string): Reject;
  /** The address-of-record is not the endpoint's own; whether it exists is not told. */
  noRegistration(name: string): Reject;
  /** The keys are those of somebody else's phones. */
  noFeatures(name: string): Reject;
  /** None of a list's members is there. */
  emptyList(name: string): Reject;
  /** The resource is a list and the watcher does not know lists; undefined: it asked for a hint of that name. */
  readonly listNotSupported: Reject | undefined;
  readonly uriScheme: Reject;
  readonly missingContact: Reject;
  readonly noSuchSubscription: Reject;
  readonly oldSequence: Reject;
  /** The endpoint's or the appliance's quota is used up. */
  readonly quota: Reject;
}

/** True for a refusal. */
export function isReject(outcome: object): outcome is Reject {
  return "status" in outcome;
}

/** Seconds after which a watcher that met a quota may try again. */
const QUOTA_RETRY_SECONDS = 300;

/**
 * Makes the refusals of a profile.
 *
 * Source: RFC 6665 §4.2.1.2 (489, 423), RFC 4662 §4.1 (421), RFC 3261 §8.2 (406, 416), §12.2.2 (481, 500).
 */
export function createRefusals(profile: SipProfile): Refusals {
  const isRfc = profile === "rfc";
  const badEvent = (why: string): Reject => ({ status: 489, headers: [["Allow-Events", allowEvents]], why });
  return {
    notAllowed: { status: isRfc ? 403 : 603, why: "the endpoint may not subscribe (allow_subscribe)" },
    missingEvent: isRfc
      ? { status: 400, reason: "Missing Event header", why: "no Event header" }
      : badEvent("no Event header"),
    unknownEvent: (name) => badEvent(`unknown event package "${name}"`),
    notAcceptable(offered) {
      const why = "none of the accepted body types can be made";
      return isRfc ? { status: 406, headers: [["Accept", offered.join(", ")]], why } : badEvent(why);
    },
    tooBrief: (minExpirySeconds) => ({
      status: 423,
      headers: [["Min-Expires", String(minExpirySeconds)]],
      why: `Expires is below ${minExpirySeconds}`,
    }),
    noHint: (exten, context) => ({ status: 404, why: `no hint "${exten}" in context "${context}"` }),
    noMailbox: (name) => ({ status: 404, why: `"${name}" has no mailbox` }),
    foreignMailbox: (name) => ({
      status: isRfc ? 403 : 404,
      why: `the mailbox of "${name}" is somebody else's (watch_mailboxes)`,
    }),
    unsolicitedMailbox: (name) => ({
      status: isRfc ? 403 : 500,
      why: `it is told of the mailbox of "${name}" unsolicited (mwi_subscribe_replaces_unsolicited)`,
    }),
    noRegistration: (name) => ({ status: 404, why: `"${name}" is no address-of-record of the endpoint's own` }),
    noFeatures: (name) => ({ status: isRfc ? 403 : 404, why: `"${name}" is not the endpoint itself` }),
    emptyList: (name) => ({ status: isRfc ? 404 : 500, why: `none of the members of list "${name}" is there` }),
    listNotSupported: isRfc
      ? { status: 421, headers: [["Require", "eventlist"]], why: "a list for a watcher that does not know lists" }
      : undefined,
    uriScheme: { status: 416, why: "the Request-URI is neither sip nor sips" },
    missingContact: { status: 400, reason: "Missing Contact header", why: "no Contact header" },
    noSuchSubscription: { status: 481, reason: "Subscription Does Not Exist", why: "no such subscription" },
    oldSequence: { status: 500, reason: "Invalid CSeq", why: "CSeq is not higher than the last one" },
    quota: { status: 503, headers: [["Retry-After", String(QUOTA_RETRY_SECONDS)]], why: "subscription quota reached" },
  };
}
