/**
 * Owns the answers to PUBLISHes that are not granted.
 */
import type { Reject } from "../runtime/result.ts";

/** Seconds after which a publisher may try again when our disk or our tables refused. Source: RFC 3903 §9. */
const RETRY_SECONDS = 60;

const retryLater: readonly (readonly [string, string])[] = [["Retry-After", String(RETRY_SECONDS)]];

/**
 * Every refusal of the event state compositor, by case; those of targets and documents come from whoever reads them.
 *
 * Source: RFC 3903 §6, §11.1.1; RFC 3261 §8.2.2.1 (416), §8.2.3 (415).
 */
export const refusals = {
  requestScheme: (scheme: string): Reject => ({ status: 416, why: `Request-URI is a ${scheme} URI` }),
  badEvent: (name: string | undefined, allowEvents: string): Reject => ({
    status: 489,
    headers: [["Allow-Events", allowEvents]],
    why: name === undefined ? "no Event header" : `event package "${name}" takes no publications`,
  }),
  /** The same for a tag that never was, one that is over, and one of somebody else's: it tells nothing. */
  conditionFailed: { status: 412, why: "SIP-If-Match names no publication of the sender for this target" },
  tooBrief: (minExpirySeconds: number): Reject => ({
    status: 423,
    headers: [["Min-Expires", String(minExpirySeconds)]],
    why: `Expires is below ${minExpirySeconds}`,
  }),
  nothingPublished: {
    status: 400,
    reason: "Missing SIP-If-Match header Or Body",
    why: "neither SIP-If-Match nor a body",
  },
  missingContentType: { status: 400, reason: "Missing Content-Type header", why: "a body without Content-Type" },
  encoded: { status: 415, headers: [["Accept-Encoding", "identity"]], why: "encoded body" },
  mediaType: (name: string, accepted: readonly string[]): Reject => ({
    status: 415,
    headers: [["Accept", accepted.join(", ")]],
    why: `body is ${name}`,
  }),
  tooLarge: (bytesMax: number): Reject => ({ status: 413, why: `body is longer than ${bytesMax} bytes` }),
  tooMuch: (charsMax: number): Reject => ({
    status: 413,
    why: `what the publication has grown to is longer than ${charsMax} characters`,
  }),
  full: { status: 503, headers: retryLater, why: "no room for another publication" },
  publisherFull: (publisher: string): Reject => ({
    status: 503,
    headers: retryLater,
    why: `"${publisher}" has no room for another publication`,
  }),
  targetFull: (publisher: string, target: string): Reject => ({
    status: 503,
    headers: retryLater,
    why: `"${publisher}" has no room for another publication for "${target}"`,
  }),
  /** RFC 3903 §6 suggests 504; 503 tells when to come again (§9). */
  unstored: { status: 503, headers: retryLater, why: "the publication could not be stored" },
} satisfies Record<string, Reject | ((...values: never[]) => Reject)>;

/** Tells a refusal from what was asked for, which may be any plain value. */
export function isReject(outcome: unknown): outcome is Reject {
  return typeof outcome === "object" && outcome !== null && "status" in outcome && "why" in outcome;
}
