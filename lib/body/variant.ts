/**
 * Owns everything that bodies of one state may differ in besides their holes: the variant of a watcher.
 */

/** Body profile: as Asterisk writes bodies, or as the RFCs do. */
export type Profile = "asterisk" | "rfc";

/** How one watcher wants to see states; a plain value, equal values share bytes. */
export interface Variant {
  /** `[bodies].profile`, or the endpoint's or phone's `body_profile`. */
  readonly profile: Profile;
  /** The watcher is a Digium or Sangoma phone, see `isDigiumUserAgent`. */
  readonly isDigium: boolean;
  /** Endpoint option `notify_early_inuse_ringing`: ringing while in use is told as ringing in dialog-info. */
  readonly notifyEarlyInuseRinging: boolean;
  /** Phone option `remote_party`: while which calls dialog-info says who is at the other end. */
  readonly remoteParty: "early" | "always" | "never";
  /** Phone option `dialog_ids`: Call-ID and tags on `<dialog>`, for pickup by Replaces. */
  readonly dialogIds: boolean;
  /** Phone option `pickup_prefix`: put before the user of the ringing remote target; empty = the target stays. */
  readonly pickupPrefix: string;
  /** Phone option `max_dialogs`: most `<dialog>` elements in a document of profile rfc; 0 = one per call, however many. */
  readonly maxDialogs: number;
  /** Phone option `dnd_as`: show presence dnd as a busy lamp. */
  readonly dndAs: "" | "busy";
  /** Phone option `unavailable_as`: what an unavailable extension is shown as. */
  readonly unavailableAs: "" | "busy" | "idle";
}

/** What a watcher gets about whom nothing is configured. */
export const defaultVariant: Variant = {
  profile: "asterisk",
  isDigium: false,
  notifyEarlyInuseRinging: false,
  remoteParty: "early",
  dialogIds: false,
  pickupPrefix: "",
  maxDialogs: 0,
  dndAs: "",
  unavailableAs: "",
};

/** Tells whether a User-Agent header names a phone that shows the Digium tuple. */
export function isDigiumUserAgent(userAgent: string): boolean {
  const lower = userAgent.toLowerCase();
  return lower.includes("digium") || lower.includes("sangoma");
}

/** `variant` with every member outside `members` at its default, so that variants which look the same become equal. */
export function normalizeVariant(variant: Variant, members: readonly (keyof Variant)[]): Variant {
  return { ...defaultVariant, ...Object.fromEntries(members.map((member) => [member, variant[member]])) };
}

/** Text that is equal for variants that are equal in `members`, different for others; no member's text has a line feed. */
export function variantKey(variant: Variant, members: readonly (keyof Variant)[]): string {
  let key = "";
  for (const member of members) key += `${variant[member]}\n`;
  return key;
}
