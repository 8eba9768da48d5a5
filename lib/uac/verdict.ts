/**
 * Owns what a server's answer to a PUBLISH means.
 */
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { ParseFailure } from "../sip/parse_failure.ts";

/** What to do about an answer. */
export type Verdict =
  /** It holds for this long under this tag; undefined where the server did not say, which RFC 3903 §6 step 6 forbids. */
  | { readonly is: "granted"; readonly tag: string | undefined; readonly expiresSeconds: number | undefined }
  /** 401, 407. */
  | { readonly is: "challenged" }
  /** 412: the server knows nothing of the publication any more. */
  | { readonly is: "forgotten" }
  /** 423. */
  | { readonly is: "tooBrief"; readonly minExpiresSeconds: number }
  /** 408, 503: the server as a whole. Retry-After in seconds, 0 without one. */
  | { readonly is: "unavailable"; readonly retryAfterSeconds: number }
  /** Later perhaps, this one publication. */
  | { readonly is: "failed"; readonly retryAfterSeconds: number }
  /** For good, as far as the server is concerned. */
  | { readonly is: "refused" };

/**
 * Judges a final response to a PUBLISH.
 *
 * Source: RFC 3903 §5; RFC 3261 §8.1.3, §20.33.
 */
export function judgeResponse(response: Message): Verdict {
  const { status } = response;
  const retryAfterSeconds = secondsOf(() => response.retryAfter) ?? 0;
  if (status < 300) {
    return { is: "granted", tag: response.text(Header.sipEtag), expiresSeconds: secondsOf(() => response.expires) };
  }
  switch (status) {
    case 401:
    case 407:
      return { is: "challenged" };
    case 412:
      return { is: "forgotten" };
    case 423: {
      const minExpiresSeconds = secondsOf(() => response.minExpires);
      return minExpiresSeconds === undefined ? { is: "refused" } : { is: "tooBrief", minExpiresSeconds };
    }
    case 408:
    case 503:
      return { is: "unavailable", retryAfterSeconds };
  }
  const isPassing = (status >= 500 && status < 600 && status !== 501 && status !== 505) || retryAfterSeconds > 0;
  return isPassing ? { is: "failed", retryAfterSeconds } : { is: "refused" };
}

/** A header that cannot be read is as good as none. */
function secondsOf(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch (failure) {
    if (failure instanceof ParseFailure) return undefined;
    throw failure;
  }
}
