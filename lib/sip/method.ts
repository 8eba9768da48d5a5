/** Owns the request methods as small integers, so that nothing on the data plane compares strings. */

/**
 * Ids of the methods we know; `unknown` covers every other token.
 * Source: RFC 3261 §7.1, RFC 3262 §3, RFC 3311 §4, RFC 3428 §4, RFC 3515 §2, RFC 3903 §3, RFC 6086 §4, RFC 6665 §3.
 */
export const Method = {
  unknown: 0,
  invite: 1,
  ack: 2,
  bye: 3,
  cancel: 4,
  options: 5,
  register: 6,
  subscribe: 7,
  notify: 8,
  publish: 9,
  info: 10,
  refer: 11,
  message: 12,
  update: 13,
  prack: 14,
} as const;

/** One of the `Method` ids. */
export type Method = (typeof Method)[keyof typeof Method];

const NAMES = [
  "",
  "INVITE",
  "ACK",
  "BYE",
  "CANCEL",
  "OPTIONS",
  "REGISTER",
  "SUBSCRIBE",
  "NOTIFY",
  "PUBLISH",
  "INFO",
  "REFER",
  "MESSAGE",
  "UPDATE",
  "PRACK",
] as const;

/** The first two bytes tell our methods apart, `RE` excepted: candidates by `(first & 31) << 5 | (second & 31)`. */
const CANDIDATES: readonly Method[][] = Array.from({ length: 1024 }, () => []);
for (let id = 1; id < NAMES.length; id++) {
  const name = NAMES[id]!;
  CANDIDATES[((name.charCodeAt(0) & 31) << 5) | (name.charCodeAt(1) & 31)]!.push(id as Method);
}

/** Name of a method id as it goes on the wire; the empty string for `Method.unknown`. */
export function methodName(id: Method): string {
  return NAMES[id];
}

/**
 * Id of the method spelled by a slice; allocates nothing.
 *
 * @returns `Method.unknown` for any other token, and for other cases of letters: methods are case-sensitive.
 * Source: RFC 3261 §7.1.
 */
export function methodOf(bytes: Uint8Array, start: number, end: number): Method {
  if (end - start < 3) return Method.unknown;
  const candidates = CANDIDATES[((bytes[start]! & 31) << 5) | (bytes[start + 1]! & 31)]!;
  for (let i = 0; i < candidates.length; i++) {
    const name = NAMES[candidates[i]!];
    if (name.length !== end - start) continue;
    let at = 0;
    while (at < name.length && bytes[start + at] === name.charCodeAt(at)) at++;
    if (at === name.length) return candidates[i]!;
  }
  return Method.unknown;
}
