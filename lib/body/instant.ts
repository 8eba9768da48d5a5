/**
 * Owns the text form of instants in bodies.
 */
import type { EpochMillis } from "../runtime/clock.ts";

const DAY_MS = 86_400_000;
/** Days from 0000-03-01, where the civil calendar's leap rule starts afresh, to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468;
/** Days in 400 years. */
const ERA_DAYS = 146_097;

/** An instant as `2026-11-23T08:24:58Z`, whole seconds. Source: RFC 3863 §4.1.7, RFC 3339 §5.6. */
export function utcText(instant: EpochMillis): string {
  const days = Math.floor(instant / DAY_MS);
  const seconds = Math.floor((instant - days * DAY_MS) / 1000);
  const sinceMarch = days + DAYS_TO_EPOCH;
  const era = Math.floor(sinceMarch / ERA_DAYS);
  const dayOfEra = sinceMarch - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits).join(":");
  return `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(day)}T${time}Z`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
