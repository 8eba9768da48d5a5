/**
 * Owns the bundle for whoever is asked for help: what was found and what there is, without secrets.
 */
import { packed } from "../runtime/archive.ts";
import { redactedMessage, redactedNotes } from "./redaction.ts";

/** What goes into a bundle, by the name of its file: texts, and what becomes JSON. */
export type Contents = Readonly<Record<string, unknown>>;

/** What is in a bundle, and what is not, for the person who sends it. */
export const bundleNotice: readonly string[] = [
  "In it: this report, config.toml, the states of lamps, phones, watchers and recent SIP messages.",
  "Taken out: passwords and what proves them, tokens, keys, the URLs of webhooks, comments of config.toml, texts of presence.",
  "Still in it: names, numbers and addresses. Look before you send it: tar xzf, then any editor.",
];

/** A gzipped tar with a directory of that name; every text in it has gone through `scrub`. */
export async function bundle(name: string, contents: Contents, scrub: (text: string) => string): Promise<Uint8Array> {
  const files = Object.entries(contents).map(([file, content]) => [
    `${name}/${file}`,
    typeof content === "string" ? scrub(content) : `${JSON.stringify(told(content, scrub), null, 2)}\n`,
  ]);
  return await packed(Object.fromEntries(files));
}

/** A value with all of its texts cleaned. */
function told(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === "string") return scrub(value);
  if (Array.isArray(value)) return value.map((each) => told(each, scrub));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [scrub(key), told(each, scrub)]));
}

/** Rows of the API's listings, which know what people say of themselves; by the listing's name. */
const cleaners: Readonly<Record<string, (row: Record<string, unknown>) => Record<string, unknown>>> = {
  hints: (row) => ({ ...row, presence: withoutText(row["presence"]) }),
  "presence-states": (row) => withoutText(row) as Record<string, unknown>,
  publications: (row) => ({ ...row, description: redactedNotes(String(row["description"])) }),
  messages: (row) => ({ ...row, text: redactedMessage(String(row["text"])) }),
};

/** A listing of the API, fit for strangers. */
export function listingFor(name: string, rows: readonly unknown[]): unknown[] {
  const clean = cleaners[name];
  return clean === undefined ? [...rows] : rows.map((row) => clean(row as Record<string, unknown>));
}

function withoutText(presence: unknown): unknown {
  if (typeof presence !== "object" || presence === null || !("message" in presence)) return presence;
  return { ...presence, message: presence.message === "" ? "" : "(not told)" };
}
