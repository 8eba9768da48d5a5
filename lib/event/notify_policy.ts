/**
 * Owns what the answer to a NOTIFY means for its subscription.
 */
import type { Message } from "../sip/message.ts";

/** What the notifier does after an answer to NOTIFY. */
export type NotifyVerdict = "delivered" | "retry" | "end";

/** First wait before a failed NOTIFY is repeated; it doubles up to the last. */
const FIRST_RETRY_SECONDS = 4;
const LAST_RETRY_SECONDS = 600;

/** Server errors that say "never", not "later". */
const NOT_IMPLEMENTED = 501;
const VERSION_NOT_SUPPORTED = 505;

/**
 * Judges the final answer to a NOTIFY.
 *
 * A phone that is slow, busy or away (408, 480, 5xx, no answer at all) keeps its subscription and is told again later; any
 * answer with Retry-After asks for the same. A phone that does not know the subscription, or refuses what it gets, ends it.
 *
 * @param status Final status code; 408 stands for no answer.
 * @param retryAfterSeconds Value of Retry-After, when the answer has one.
 * Source: RFC 6665 §4.2.2.
 */
export function judgeNotifyAnswer(status: number, retryAfterSeconds: number | undefined): NotifyVerdict {
  if (status < 300) return "delivered";
  if (status === 481 || status === 489) return "end";
  if (retryAfterSeconds !== undefined) return "retry";
  if (status === 408 || status === 480) return "retry";
  if (status >= 500 && status < 600 && status !== NOT_IMPLEMENTED && status !== VERSION_NOT_SUPPORTED) return "retry";
  return "end";
}

/**
 * Seconds until the next attempt after `failureCount` failures in a row.
 *
 * @param retryAfterSeconds What the peer asked for; obeyed within the bound of one hour.
 * @param jitter Random number in [0, 1): a burst of failures does not come back as a burst.
 */
export function retryDelaySeconds(failureCount: number, retryAfterSeconds: number | undefined, jitter: number): number {
  if (retryAfterSeconds !== undefined) return Math.min(Math.max(retryAfterSeconds, 1), 3_600);
  const base = Math.min(FIRST_RETRY_SECONDS * 2 ** Math.min(failureCount - 1, 10), LAST_RETRY_SECONDS);
  return base * (0.75 + 0.5 * jitter);
}

/** Seconds of Retry-After, or undefined when there is none that can be read. Source: RFC 3261 §20.33. */
export function retryAfterOf(response: Message): number | undefined {
  try {
    return response.retryAfter;
  } catch {
    return undefined;
  }
}
