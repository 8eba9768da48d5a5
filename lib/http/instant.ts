/**
 * Owns the text form of instants in rows: RFC 3339 in UTC with milliseconds, always 24 characters.
 */
import type { EpochMillis } from "../runtime/clock.ts";

/** An instant as `2026-01-02T03:04:05.678Z`. Source: RFC 3339 §5.6. */
export type Instant = string;

const DAY_MS = 86_400_000;
/** Days from 0000-03-01, where the leap rule starts afresh, to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468;
const ERA_DAYS = 146_097;

/** Writes `epoch` as an Instant. */
export function instantText(epoch: EpochMillis): Instant {
  const days = Math.floor(epoch / DAY_MS);
  const millis = Math.floor(epoch - days * DAY_MS);
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
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const hours = Math.floor(millis / 3_600_000);
  const minutes = Math.floor(millis / 60_000) % 60;
  const seconds = Math.floor(millis / 1_000) % 60;
  return `${date}T${digits(hours, 2)}:${digits(minutes, 2)}:${digits(seconds, 2)}.${digits(millis % 1_000, 3)}Z`;
}

/** Reads what `instantText` wrote. */
export function instantMillis(text: Instant): EpochMillis {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(yearFromMarch / 400);
  const yearOfEra = yearFromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + Number(text.slice(8, 10)) - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * ERA_DAYS + dayOfEra - DAYS_TO_EPOCH;
  const minutes = Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));
  return days * DAY_MS + minutes * 60_000 + Number(text.slice(17, 19)) * 1_000 + Number(text.slice(20, 23));
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
