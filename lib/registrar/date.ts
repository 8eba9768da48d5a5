/**
 * Owns the text of a Date header.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import { instantText } from "../runtime/instant.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

const DAY_MILLIS = 86_400_000;
/** 1970-01-01 was a Thursday. */
const FIRST_DAY = 4;

/** Writes an instant as `Sat, 13 Nov 2010 23:29:00 GMT`. Source: RFC 3261 §20.17, §25.1 SIP-date. */
export function sipDate(epoch: EpochMillis): string {
  const text = instantText(epoch);
  const day = DAYS[(Math.floor(epoch / DAY_MILLIS) + FIRST_DAY) % 7];
  const month = MONTHS[Number(text.slice(5, 7)) - 1];
  return `${day}, ${text.slice(8, 10)} ${month} ${text.slice(0, 4)} ${text.slice(11, 19)} GMT`;
}
