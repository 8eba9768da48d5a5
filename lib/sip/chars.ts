/** Owns the character classes of the SIP grammar as one table, byte → bits, and the bytes that have a name. */

/** Bytes with a meaning in the grammar. */
export const Char = {
  tab: 0x09,
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  percent: 0x25,
  leftParenthesis: 0x28,
  rightParenthesis: 0x29,
  star: 0x2a,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  slash: 0x2f,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  semicolon: 0x3b,
  less: 0x3c,
  equal: 0x3d,
  greater: 0x3e,
  question: 0x3f,
  at: 0x40,
  leftBracket: 0x5b,
  backslash: 0x5c,
  rightBracket: 0x5d,
  delete: 0x7f,
} as const;

/** Bits of `charClass`, named after the rules of RFC 3261 §25.1. */
export const CharClass = {
  /** `token`. */
  token: 1,
  /** `DIGIT`. */
  digit: 2,
  /** `HEXDIG` in either case. */
  hex: 4,
  /** `LWS` byte by byte: SP, HTAB, and the CR and LF of a fold. */
  lws: 8,
  /** `user` without escapes: unreserved and user-unreserved. */
  user: 16,
  /** `password` without escapes. */
  password: 32,
  /** `paramchar` without escapes. */
  param: 64,
  /** hname and hvalue without escapes. */
  uriHeader: 128,
  /** Letters, digits, `-`, `.` and `_` of a host name. */
  host: 256,
  /** `word`, and the `@` between two of them: a Call-ID. */
  callId: 512,
  /** Everything a URI of any scheme may hold: reserved, unreserved, `%`, and brackets for IPv6. */
  uri: 1024,
  /** `ALPHA`. */
  alpha: 2048,
  /** gen-value besides token and quoted string: host characters with the colons and brackets of IPv6. */
  genericValue: 4096,
} as const;

const ALPHA = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGIT = "0123456789";
const UNRESERVED = ALPHA + DIGIT + "-_.!~*'()";
const RESERVED = ";/?:@&=+$,";
const TOKEN = ALPHA + DIGIT + "-.!%*_+`'~";

/** Class bits of each byte. */
export const charClass: Uint16Array = classify([
  [CharClass.token, TOKEN],
  [CharClass.digit, DIGIT],
  [CharClass.hex, DIGIT + "abcdefABCDEF"],
  [CharClass.lws, " \t\r\n"],
  [CharClass.user, UNRESERVED + "&=+$,;?/"],
  [CharClass.password, UNRESERVED + "&=+$,"],
  [CharClass.param, UNRESERVED + "[]/:&+$"],
  [CharClass.uriHeader, UNRESERVED + "[]/?:+$"],
  [CharClass.host, ALPHA + DIGIT + "-._"],
  [CharClass.callId, TOKEN + '()<>:\\"/[]?{}@'],
  [CharClass.uri, UNRESERVED + RESERVED + "%[]"],
  [CharClass.alpha, ALPHA],
  [CharClass.genericValue, TOKEN + "[]:"],
]);

/** Lower case of each ASCII letter; every other byte maps to itself. */
export const lowerCase: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte,
);

function classify(rules: readonly (readonly [number, string])[]): Uint16Array {
  const table = new Uint16Array(256);
  for (const [bit, members] of rules) {
    for (let i = 0; i < members.length; i++) table[members.charCodeAt(i)]! |= bit;
  }
  return table;
}
