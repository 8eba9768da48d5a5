/** Owns the Subscription-State value. */
import { Cursor } from "./cursor.ts";
import { type Param, paramOf, readParams } from "./params.ts";
import { decimalOfText, expiresSecondsMax } from "./slice.ts";

/** What a NOTIFY says about its subscription. */
export interface SubscriptionState {
  /** `active`, `pending`, `terminated`, or an extension, in lower case. */
  readonly state: string;
  /** Why it ended; `undefined` while it lives or when the notifier does not tell. */
  readonly reason: string | undefined;
  /** Remaining lifetime in seconds. */
  readonly expiresSeconds: number | undefined;
  /** Earliest new attempt in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

/** Parses a Subscription-State value. Throws `ParseFailure`. Source: RFC 6665 §4.1.3, §8.4. */
export function parseSubscriptionState(text: string): SubscriptionState {
  const cursor = Cursor.over(text, "Subscription-State");
  cursor.skipLws();
  const state = cursor.token("state").toLowerCase();
  const params = readParams(cursor);
  cursor.finish("state", "RFC 6665 §8.4");
  return {
    state,
    reason: paramOf(params, "reason")?.toLowerCase(),
    expiresSeconds: secondsOf(cursor, params, "expires"),
    retryAfterSeconds: secondsOf(cursor, params, "retry-after"),
  };
}

function secondsOf(cursor: Cursor, params: readonly Param[], name: string): number | undefined {
  const text = paramOf(params, name);
  if (text === undefined) return undefined;
  const value = decimalOfText(text);
  if (value < 0) cursor.fail(`${name} is not a number`, "RFC 6665 §8.4");
  return Math.min(value, expiresSecondsMax);
}

/** Writes a Subscription-State value. Source: RFC 6665 §8.4. */
export function writeSubscriptionState(
  value: Pick<SubscriptionState, "state"> & Partial<SubscriptionState>,
): string {
  let text = value.state;
  if (value.reason !== undefined) text += `;reason=${value.reason}`;
  if (value.expiresSeconds !== undefined) text += `;expires=${value.expiresSeconds}`;
  if (value.retryAfterSeconds !== undefined) text += `;retry-after=${value.retryAfterSeconds}`;
  return text;
}
