/** Owns digest challenges and credentials: WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization. */
import { Char, CharClass } from "./chars.ts";
import { Cursor, quote } from "./cursor.ts";
import type { Param } from "./params.ts";
import { addParam, hasParam, paramOf, readParamName, readParamValue } from "./params.ts";

/** Digest credentials of a request; texts without quotes and escapes, empty where absent. */
export interface DigestCredentials {
  /** User name, also from the extended form `username*`. */
  readonly username: string;
  /** Whether `username` is a hash. */
  readonly isUserHashed: boolean;
  /** Realm of the challenge that is answered. */
  readonly realm: string;
  /** Nonce of that challenge. */
  readonly nonce: string;
  /** The URI as the client hashed it. */
  readonly uri: string;
  /** Digest in lower case hexadecimal. */
  readonly response: string;
  /** Algorithm as written; empty means MD5. */
  readonly algorithm: string;
  /** The client's own nonce. */
  readonly cnonce: string;
  /** What the challenge asked to be sent back. */
  readonly opaque: string;
  /** Quality of protection in lower case; empty for clients of RFC 2069. */
  readonly qop: string;
  /** Nonce count, eight hexadecimal digits as written. */
  readonly nonceCount: string;
}

/** A digest challenge. */
export interface DigestChallenge {
  /** Protection space, shown to users. */
  readonly realm: string;
  /** Nonce to be used in the answer. */
  readonly nonce: string;
  /** Text to be sent back as it is; empty for none. */
  readonly opaque: string;
  /** Algorithm as written; empty means MD5. */
  readonly algorithm: string;
  /** Offered qualities of protection, lower case. */
  readonly qop: readonly string[];
  /** Whether only the nonce was refused. */
  readonly isStale: boolean;
}

/**
 * Reads credentials that fill the cursor.
 *
 * @returns `undefined` for another scheme than Digest. Rejects malformed parameters and digest credentials that lack
 * username, realm, nonce, uri or response, and duplicates of any parameter.
 * Source: RFC 3261 §22.4, RFC 7616 §3.4, RFC 8760 §2.
 */
export function readCredentials(cursor: Cursor): DigestCredentials | undefined {
  const params = readDigestParams(cursor);
  if (params === undefined) return undefined;
  const extendedName = paramOf(params, "username*");
  const username = extendedName === undefined ? paramOf(params, "username") : decodeExtended(cursor, extendedName);
  if (username === undefined) cursor.fail("username is missing", "RFC 7616 §3.4");
  return {
    username,
    isUserHashed: paramOf(params, "userhash")?.toLowerCase() === "true",
    realm: required(cursor, params, "realm"),
    nonce: required(cursor, params, "nonce"),
    uri: required(cursor, params, "uri"),
    response: required(cursor, params, "response").toLowerCase(),
    algorithm: paramOf(params, "algorithm") ?? "",
    cnonce: paramOf(params, "cnonce") ?? "",
    opaque: paramOf(params, "opaque") ?? "",
    qop: (paramOf(params, "qop") ?? "").toLowerCase(),
    nonceCount: paramOf(params, "nc") ?? "",
  };
}

/**
 * Parses a challenge from text.
 *
 * @returns `undefined` for another scheme than Digest. Throws `ParseFailure` when realm or nonce is missing.
 * Source: RFC 3261 §22.4, RFC 7616 §3.3.
 */
export function parseChallenge(text: string, header = "WWW-Authenticate"): DigestChallenge | undefined {
  const cursor = Cursor.over(text, header);
  cursor.skipLws();
  const params = readDigestParams(cursor);
  if (params === undefined) return undefined;
  return {
    realm: required(cursor, params, "realm"),
    nonce: required(cursor, params, "nonce"),
    opaque: paramOf(params, "opaque") ?? "",
    algorithm: paramOf(params, "algorithm") ?? "",
    qop: (paramOf(params, "qop") ?? "").toLowerCase().split(",").map((each) => each.trim()).filter((q) => q !== ""),
    isStale: paramOf(params, "stale")?.toLowerCase() === "true",
  };
}

/** Parses credentials from text, as `readCredentials`. */
export function parseCredentials(text: string, header = "Authorization"): DigestCredentials | undefined {
  const cursor = Cursor.over(text, header);
  cursor.skipLws();
  return readCredentials(cursor);
}

function readDigestParams(cursor: Cursor): Param[] | undefined {
  if (cursor.token("scheme").toLowerCase() !== "digest") return undefined;
  if (!cursor.isAt(CharClass.lws)) cursor.fail("parameters expected after Digest", "RFC 3261 §25.1");
  cursor.skipLws();
  const params: Param[] = [];
  do {
    const name = readParamName(cursor);
    if (!cursor.takeSeparator(Char.equal)) cursor.fail(`parameter ${name} has no value`, "RFC 3261 §25.1");
    if (hasParam(params, name)) cursor.fail(`parameter ${name} appears twice`, "RFC 7616 §3.4");
    addParam(cursor, params, { name, value: readParamValue(cursor, name) });
  } while (cursor.takeSeparator(Char.comma));
  cursor.finish("parameters", "RFC 3261 §25.1");
  return params;
}

function required(cursor: Cursor, params: readonly Param[], name: string): string {
  return paramOf(params, name) ?? cursor.fail(`${name} is missing`, "RFC 7616 §3.4");
}

/** Undoes `UTF-8''percent%20encoding`. Source: RFC 7616 §3.4, RFC 5987 §3.2. */
function decodeExtended(cursor: Cursor, text: string): string {
  const [charset, _language, value] = text.split("'");
  if (charset?.toUpperCase() !== "UTF-8" || value === undefined) cursor.fail("username* is not UTF-8", "RFC 7616 §3.4");
  try {
    return decodeURIComponent(value);
  } catch {
    return cursor.fail("username* is not UTF-8", "RFC 7616 §3.4");
  }
}

/** Writes a challenge; `qop` is left out when empty. Source: RFC 3261 §20.44, RFC 7616 §3.3. */
export function writeChallenge(challenge: DigestChallenge): string {
  let text = `Digest realm=${quote(challenge.realm)},nonce=${quote(challenge.nonce)}`;
  if (challenge.opaque !== "") text += `,opaque=${quote(challenge.opaque)}`;
  if (challenge.isStale) text += ",stale=true";
  if (challenge.algorithm !== "") text += `,algorithm=${challenge.algorithm}`;
  if (challenge.qop.length > 0) text += `,qop="${challenge.qop.join(",")}"`;
  return text;
}

/** Writes credentials. Source: RFC 3261 §20.7, RFC 7616 §3.4. */
export function writeCredentials(credentials: DigestCredentials): string {
  const { username, realm, nonce, uri, response, algorithm, cnonce, opaque, qop, nonceCount } = credentials;
  let text = `Digest username=${quote(username)},realm=${quote(realm)},nonce=${quote(nonce)},uri=${quote(uri)}`;
  text += `,response="${response}"`;
  if (algorithm !== "") text += `,algorithm=${algorithm}`;
  if (cnonce !== "") text += `,cnonce=${quote(cnonce)}`;
  if (opaque !== "") text += `,opaque=${quote(opaque)}`;
  if (qop !== "") text += `,qop=${qop}`;
  if (nonceCount !== "") text += `,nc=${nonceCount}`;
  if (credentials.isUserHashed) text += ",userhash=true";
  return text;
}
