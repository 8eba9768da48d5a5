/**
 * Owns a table of config.toml before it is written: its values, what somebody should know, what was left out.
 */
import type { PjsipObject } from "./options.ts";
import type { Entry } from "./reader.ts";
import { type Place, placeText } from "./report.ts";
import type { TomlText, TomlValue } from "./toml.ts";

/** Options without counterpart of one section. */
export interface LeftOut {
  /** `pjsip.conf:12`. */
  readonly origin: string;
  readonly entries: readonly Entry[];
}

/** A table under construction. */
export interface Draft {
  readonly path: readonly string[];
  readonly place: Place;
  readonly values: Map<string, TomlValue>;
  /** Sentences that stand in it. */
  readonly notes: string[];
  readonly leftOut: LeftOut[];
}

/** An empty table. */
export function draftOf(path: readonly string[], place: Place): Draft {
  return { path, place, values: new Map(), notes: [], leftOut: [] };
}

/** Notes what nobody has asked an object for. */
export function leaveOut(draft: Draft, object: PjsipObject): void {
  const entries = object.unread();
  if (entries.length > 0) draft.leftOut.push({ origin: placeText(object.place), entries });
}

/** Writes a table with its comments; `[[path]]` when it is one of several. */
export function writeDraft(text: TomlText, draft: Draft, isOneOfSeveral = false): void {
  if (isOneOfSeveral) text.arrayTable(...draft.path);
  else text.table(...draft.path);
  if (draft.place.file !== "") text.comment(placeText(draft.place));
  for (const note of draft.notes) text.comment(note, "  ");
  for (const [key, value] of draft.values) text.pair(key, value);
  for (const { origin, entries } of draft.leftOut) {
    const place = origin === placeText(draft.place) ? "" : ` (${origin})`;
    text.comment(`No counterpart${place}: ${entriesText(entries)}`, "  ");
  }
}

/** `a = 1; b = 2`; secrets are not repeated, lines that say the same stand once. */
export function entriesText(entries: readonly Entry[]): string {
  return [...new Set(entries.map(entryText))].join("; ");
}

/** `name = value` for a comment. */
export function entryText({ name, value }: Entry): string {
  if (/password|secret|md5_cred|token/i.test(name) && value !== "") return `${name} = (not repeated here)`;
  return `${name} = ${value.length > 200 ? `${value.slice(0, 199)}…` : value}`;
}
