/**
 * Owns the examination of one set of digest credentials: does it prove that the sender knows the account's password?
 */
import type { HashAlgorithm } from "../runtime/hash.ts";
import type { DigestCredentials } from "../sip/authorization.ts";
import type { Message } from "../sip/message.ts";
import { ParseFailure } from "../sip/parse_failure.ts";
import { parseUri } from "../sip/uri.ts";
import type { Account } from "./credentials.ts";
import { DIGEST_ALGORITHMS, digestResponse, isEqualText } from "./digest.ts";

/** What is wrong with credentials, apart from their nonce. */
export type ProofFault =
  | "wrong user name"
  | "wrong password"
  | "wrong URI"
  | "unsupported algorithm"
  | "malformed credentials";

/** Credentials that are right, their nonce apart; `count` is undefined in the form of RFC 2069. */
export interface Proof {
  /** The nonce count. */
  readonly count: number | undefined;
}

/** Hashed against when there is no account, so that a stranger's request costs the same time. */
const NOBODY = "0".repeat(64);

/**
 * Examines credentials for an account.
 *
 * Clients of RFC 2069 send no qop; RFC 3261 §22.4 demands that a server understands them. They are accepted with MD5, all that
 * such a client knows, and where `acceptsMissingQop`; as their requests cannot be counted, each of their nonces serves once.
 *
 * @param account Undefined for strangers: the same work is done, and the answer is always `wrong password`.
 * Source: RFC 7616 §3.4, RFC 8760 §2.6, RFC 3261 §22.4.
 */
export function examineCredentials(
  credentials: DigestCredentials,
  account: Account | undefined,
  request: Message,
  acceptsMissingQop: boolean,
): Proof | ProofFault {
  const algorithm = algorithmNamed(credentials.algorithm);
  const passwordHash = algorithm && account?.passwordHashes[algorithm];
  const { qop, cnonce, nonceCount } = credentials;
  const expected = digestResponse({
    algorithm: algorithm ?? "SHA-256",
    passwordHash: passwordHash ?? NOBODY,
    method: request.methodText,
    uri: credentials.uri,
    nonce: credentials.nonce,
    protection: qop === "" ? undefined : { qop, count: nonceCount, cnonce },
  });
  const isRight = isEqualText(credentials.response, expected);

  if (account === undefined) return "wrong password";
  if (credentials.username.normalize("NFC") !== account.username) return "wrong user name";
  if (passwordHash === undefined) return "unsupported algorithm";
  const count = qop === "" ? undefined : parseCount(nonceCount);
  const isCounted = qop === "auth" && count !== undefined && cnonce !== "";
  const isOldForm = qop === "" && algorithm === "MD5" && acceptsMissingQop;
  if (!isCounted && !isOldForm) return "malformed credentials";
  if (!isRight) return "wrong password";
  return isUriOfRequest(credentials.uri, request) ? { count } : "wrong URI";
}

/** COMPAT(phones): some write the algorithm in lower case. Absent means MD5 (RFC 7616 §3.3). */
function algorithmNamed(name: string): HashAlgorithm | undefined {
  const upper = name.toUpperCase();
  return upper === "" ? "MD5" : DIGEST_ALGORITHMS.find((algorithm) => algorithm === upper);
}

/** COMPAT(phones): leading zeros are missing in some; RFC 7616 §3.5 wants exactly eight digits. */
function parseCount(text: string): number | undefined {
  return /^[0-9a-f]{1,8}$/i.test(text) ? parseInt(text, 16) : undefined;
}

/**
 * Whether the URI that the client hashed goes with the request. RFC 3261 §22.4 item 6: they may differ, as long as the URI
 * belongs to a user that the server serves.
 *
 * COMPAT(phones): transport parameters, ports and hosts differ behind proxies and NAT, and in-dialog requests go on with the
 * URI of the first one, so only users are compared. The user may be that of To, where a phone leaves the Request-URI's out or the
 * Request-URI is our Contact; a URI without a user, the registrar's, claims none.
 */
function isUriOfRequest(text: string, request: Message): boolean {
  if (text === request.requestUriText) return true;
  try {
    const { scheme, user } = parseUri(text);
    if (scheme !== "sip" && scheme !== "sips" && scheme !== "tel") return false;
    return user === undefined || user === request.requestUri.user || user === request.to.uri.user;
  } catch (failure) {
    if (failure instanceof ParseFailure) return false;
    throw failure;
  }
}
