/**
 * Owns the text form of wall instants.
 */
import type { EpochMillis } from "./clock.ts";

/** RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`. Source: RFC 3339 §5.6. */
export type Instant = string;

/** Writes `epoch` as an Instant. */
export function instantText(epoch: EpochMillis): Instant {
  return new Date(epoch).toISOString();
}

/** Reads what `instantText` wrote. */
export function instantMillis(text: Instant): EpochMillis {
  return Date.parse(text);
}

/** Writes `epoch` to the second: `2026-01-02T03:04:05Z`. */
export function secondText(epoch: EpochMillis): Instant {
  return `${new Date(epoch).toISOString().slice(0, 19)}Z`;
}
