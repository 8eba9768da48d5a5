/**
 * Owns the header fields: id, canonical name, compact form and grammar kind, in one table; and the lookup from bytes.
 * Source: RFC 3261 §7.3.1, §20; compact forms also RFC 3515, RFC 3841, RFC 3892, RFC 4028, RFC 6665, RFC 8224.
 */
import { lowerCase } from "./chars.ts";

/** Ids of the header fields we know; `unknown` covers extension headers, which stay reachable by name. */
export const Header = {
  unknown: 0,
  accept: 1,
  acceptContact: 2,
  acceptEncoding: 3,
  acceptLanguage: 4,
  alertInfo: 5,
  allow: 6,
  allowEvents: 7,
  authenticationInfo: 8,
  authorization: 9,
  callId: 10,
  callInfo: 11,
  contact: 12,
  contentDisposition: 13,
  contentEncoding: 14,
  contentLanguage: 15,
  contentLength: 16,
  contentType: 17,
  cseq: 18,
  date: 19,
  errorInfo: 20,
  event: 21,
  expires: 22,
  flowTimer: 23,
  from: 24,
  identity: 25,
  inReplyTo: 26,
  join: 27,
  maxForwards: 28,
  mimeVersion: 29,
  minExpires: 30,
  minSe: 31,
  organization: 32,
  pAssertedIdentity: 33,
  path: 34,
  pPreferredIdentity: 35,
  priority: 36,
  privacy: 37,
  proxyAuthenticate: 38,
  proxyAuthorization: 39,
  proxyRequire: 40,
  rack: 41,
  reason: 42,
  recordRoute: 43,
  referredBy: 44,
  referSub: 45,
  referTo: 46,
  rejectContact: 47,
  remotePartyId: 48,
  replaces: 49,
  replyTo: 50,
  requestDisposition: 51,
  require: 52,
  retryAfter: 53,
  route: 54,
  rseq: 55,
  securityClient: 56,
  securityServer: 57,
  securityVerify: 58,
  server: 59,
  serviceRoute: 60,
  sessionExpires: 61,
  sipEtag: 62,
  sipIfMatch: 63,
  subject: 64,
  subscriptionState: 65,
  supported: 66,
  suppressIfMatch: 67,
  timestamp: 68,
  to: 69,
  unsupported: 70,
  userAgent: 71,
  via: 72,
  warning: 73,
  wwwAuthenticate: 74,
} as const;

/** One of the `Header` ids. */
export type Header = (typeof Header)[keyof typeof Header];

/**
 * `single`: a second line makes the message bad; `list`: lines and commas both separate values; `lines`: one value a
 * line, where a getter that wants one takes the first.
 */
export type HeaderKind = "single" | "list" | "lines";

/** One row of the header table. */
export interface HeaderRow {
  /** Name as it is written. */
  readonly name: string;
  /** One-letter form, or the empty string. */
  readonly compact: string;
  /** How several values are told apart. */
  readonly kind: HeaderKind;
}

/** Rows by header id. Source: RFC 3261 §20, table 2. */
export const headerRows: readonly HeaderRow[] = [
  row("", "", "lines"),
  row("Accept", "", "list"),
  row("Accept-Contact", "a", "list"),
  row("Accept-Encoding", "", "list"),
  row("Accept-Language", "", "list"),
  row("Alert-Info", "", "list"),
  row("Allow", "", "list"),
  row("Allow-Events", "u", "list"),
  row("Authentication-Info", "", "lines"),
  row("Authorization", "", "lines"),
  row("Call-ID", "i", "single"),
  row("Call-Info", "", "list"),
  row("Contact", "m", "list"),
  row("Content-Disposition", "", "lines"),
  row("Content-Encoding", "e", "list"),
  row("Content-Language", "", "list"),
  row("Content-Length", "l", "single"),
  row("Content-Type", "c", "single"),
  row("CSeq", "", "single"),
  row("Date", "", "lines"),
  row("Error-Info", "", "list"),
  row("Event", "o", "single"),
  row("Expires", "", "single"),
  row("Flow-Timer", "", "single"),
  row("From", "f", "single"),
  row("Identity", "y", "single"),
  row("In-Reply-To", "", "list"),
  row("Join", "", "single"),
  row("Max-Forwards", "", "single"),
  row("MIME-Version", "", "lines"),
  row("Min-Expires", "", "single"),
  row("Min-SE", "", "single"),
  row("Organization", "", "lines"),
  row("P-Asserted-Identity", "", "list"),
  row("Path", "", "list"),
  row("P-Preferred-Identity", "", "list"),
  row("Priority", "", "lines"),
  row("Privacy", "", "lines"),
  row("Proxy-Authenticate", "", "lines"),
  row("Proxy-Authorization", "", "lines"),
  row("Proxy-Require", "", "list"),
  row("RAck", "", "single"),
  row("Reason", "", "list"),
  row("Record-Route", "", "list"),
  row("Referred-By", "b", "single"),
  row("Refer-Sub", "", "single"),
  row("Refer-To", "r", "single"),
  row("Reject-Contact", "j", "list"),
  row("Remote-Party-ID", "", "list"),
  row("Replaces", "", "single"),
  row("Reply-To", "", "lines"),
  row("Request-Disposition", "d", "list"),
  row("Require", "", "list"),
  row("Retry-After", "", "single"),
  row("Route", "", "list"),
  row("RSeq", "", "single"),
  row("Security-Client", "", "list"),
  row("Security-Server", "", "list"),
  row("Security-Verify", "", "list"),
  row("Server", "", "lines"),
  row("Service-Route", "", "list"),
  row("Session-Expires", "x", "single"),
  row("SIP-ETag", "", "single"),
  row("SIP-If-Match", "", "single"),
  row("Subject", "s", "lines"),
  row("Subscription-State", "", "single"),
  row("Supported", "k", "list"),
  row("Suppress-If-Match", "", "single"),
  row("Timestamp", "", "lines"),
  row("To", "t", "single"),
  row("Unsupported", "", "list"),
  row("User-Agent", "", "lines"),
  row("Via", "v", "list"),
  row("Warning", "", "list"),
  row("WWW-Authenticate", "", "lines"),
];

function row(name: string, compact: string, kind: HeaderKind): HeaderRow {
  return { name, compact, kind };
}

/** Canonical name of a header id; the empty string for `Header.unknown`. */
export function headerName(id: Header): string {
  return headerRows[id]!.name;
}

/** 1 at the id of every header that may appear once only. */
export const isSingleHeader: Uint8Array = Uint8Array.from(headerRows, (each) => each.kind === "single" ? 1 : 0);

const SLOT_MASK = 511;

/** Folds one more byte of a name into its hash; start at 0. Letters count in lower case. */
export function hashNameByte(hash: number, byte: number): number {
  return (hash * 33 + lowerCase[byte]!) & 0xffff;
}

/** Open-addressed table: hash slot → index into `spellings`, 0 for empty. */
const slots = new Uint8Array(SLOT_MASK + 1);
const spellings: Uint8Array[] = [new Uint8Array(0)];
const spellingIds: number[] = [Header.unknown];

function enter(spelling: string, id: number): void {
  const bytes = new TextEncoder().encode(spelling.toLowerCase());
  let slot = bytes.reduce(hashNameByte, 0) & SLOT_MASK;
  while (slots[slot] !== 0) slot = (slot + 1) & SLOT_MASK;
  slots[slot] = spellings.length;
  spellings.push(bytes);
  spellingIds.push(id);
}

headerRows.forEach(({ name, compact }, id) => {
  if (name !== "") enter(name, id);
  if (compact !== "") enter(compact, id);
});

/**
 * Id of the header whose long or compact name, in any case, stands in a slice; allocates nothing.
 *
 * @param hash The name's bytes folded by `hashNameByte`, which the scanner does on its way to the colon.
 * Source: RFC 3261 §7.3.1, §7.3.3.
 */
export function headerOf(bytes: Uint8Array, start: number, end: number, hash: number): Header {
  let slot = hash & SLOT_MASK;
  for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
    const spelling = spellings[entry]!;
    if (spelling.length === end - start) {
      let at = 0;
      while (at < spelling.length && lowerCase[bytes[start + at]!] === spelling[at]) at++;
      if (at === spelling.length) return spellingIds[entry] as Header;
    }
    slot = (slot + 1) & SLOT_MASK;
  }
  return Header.unknown;
}
