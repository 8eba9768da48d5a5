/**
 * Owns the options of endpoints and AORs that both sides know, and where their defaults part.
 */
import type { aorSchema, endpointSchema } from "../config/schema_endpoint.ts";
import type { Kind } from "./options.ts";
import type { TomlValue } from "./toml.ts";

/** Options of an endpoint that are called and mean the same on both sides. */
export const endpointOptions = {
  context: "text",
  subscribe_context: "text",
  allow_subscribe: "flag",
  sub_min_expiry: "number",
  notify_early_inuse_ringing: "flag",
  device_state_busy_at: "number",
  mailboxes: "list",
  aggregate_mwi: "flag",
  voicemail_extension: "text",
  mwi_from_user: "text",
  mwi_subscribe_replaces_unsolicited: "flag",
  incoming_mwi_mailbox: "text",
  force_rport: "flag",
  rewrite_contact: "flag",
} as const satisfies Partial<Record<keyof typeof endpointSchema.shape, Kind>>;

/** Options of an AOR, likewise. */
export const aorOptions = {
  contact: "list",
  max_contacts: "number",
  remove_existing: "flag",
  remove_unavailable: "flag",
  minimum_expiration: "number",
  default_expiration: "number",
  maximum_expiration: "number",
  qualify_frequency: "number",
  qualify_timeout: "number",
  qualify_2xx_only: "flag",
  support_path: "flag",
  mailboxes: "list",
  voicemail_extension: "text",
} as const satisfies Record<keyof typeof aorSchema.shape, Kind>;

/** Defaults of Asterisk that are not hintd's. */
export const asteriskDefaults: Readonly<Record<string, TomlValue>> = {
  max_contacts: 0,
  remove_existing: false,
  qualify_frequency: 0,
  rewrite_contact: false,
};
