/**
 * Owns the options of endpoints and addresses-of-record.
 */
import { z } from "zod";
import { flag, fractionalSeconds, networks, oneOf, seconds, someOf, text, texts, whole, word } from "./options.ts";

const DAY = 86_400;

/** Options of an AOR; an endpoint without `aors` carries them itself. */
const aorShape = {
  contact: texts("Permanent contacts: SIP URIs that need no registration."),
  max_contacts: whole(1, [0, 100], "Contacts that may be registered at once; 0 refuses REGISTER."),
  remove_existing: flag(true, "A new contact replaces the oldest when there are too many."),
  remove_unavailable: flag(false, "Contacts that cannot be reached give way first."),
  minimum_expiration: seconds(60, [1, DAY], "Shorter registrations are lengthened to this."),
  default_expiration: seconds(3_600, [1, DAY], "Lifetime of a registration that names none."),
  maximum_expiration: seconds(7_200, [1, DAY], "Longer registrations are shortened to this."),
  qualify_frequency: seconds(60, [0, DAY], "How often a contact is probed with OPTIONS; 0 never."),
  qualify_timeout: fractionalSeconds(3, [0.1, 60], "How long the answer to a probe may take."),
  qualify_2xx_only: flag(false, "Only a 2xx answer counts as reachable."),
  support_path: flag(false, "Registrations through a proxy may carry Path."),
  mailboxes: texts("Voice mailboxes, as box@context."),
  voicemail_extension: text("", "Extension that a phone dials to hear its messages."),
};

const digest = /^(?:MD5:[0-9a-f]{32}|SHA-256:[0-9a-f]{64}|SHA-512-256:[0-9a-f]{64})$/i;

const auth = z.strictObject({
  username: z.string().min(1).meta({
    description: "Name in the phone's credentials.",
    accepted: "a text that is not empty",
  }),
  password: z.string().min(1).optional().meta({
    description: "The password itself.",
    accepted: "a text that is not empty",
  }),
  password_digest: z.array(z.string().regex(digest)).min(1).optional().meta({
    description: "Digests of user:realm:password instead of the password; they hold for [server].realm only.",
    accepted: 'digests as "MD5:32 hex digits", "SHA-256:64 hex digits" or "SHA-512-256:64 hex digits"',
  }),
  supported_algorithms_uas: someOf(
    ["SHA-512-256", "SHA-256", "MD5"],
    ["SHA-512-256", "SHA-256", "MD5"],
    "Algorithms that the phone is offered, always the strongest first; many phones know MD5 only.",
  ),
}).refine((value) => (value.password === undefined) !== (value.password_digest === undefined), {
  error: "needs either password or password_digest",
}).optional().meta({
  description: "Credentials the phone must prove; without them nobody is challenged.",
  accepted: '{ username = "…", password = "…" }',
});

/** Options of one endpoint. */
export const endpointSchema = z.strictObject({
  auth,
  identify_by: someOf(
    ["username", "ip", "auth_username"],
    ["username", "ip"],
    "How a request is known to be this endpoint's: From user, source address, user of its credentials.",
  ),
  match: networks("Source addresses that are this endpoint."),
  permit: networks("Sources that may speak for the endpoint although denied."),
  deny: networks("Sources that may not speak for the endpoint."),
  context: word("default", "Context of the endpoint."),
  subscribe_context: text("", "Context in which its hints are looked up; empty: context."),
  allow_subscribe: flag(true, "May subscribe to hints."),
  sub_min_expiry: seconds(60, [0, DAY], "Shortest lifetime of a subscription it may ask for."),
  notify_early_inuse_ringing: flag(false, "A watched extension that rings during a call is shown as ringing."),
  device_state_busy_at: whole(0, [0, 1_000], "Calls at which its device is BUSY; 0 never."),
  ...aorShape,
  contact_permit: networks("Contact addresses it may register although denied."),
  contact_deny: networks("Contact addresses it may not register."),
  aggregate_mwi: flag(true, "One message with the sum of its mailboxes instead of one each."),
  mwi_from_user: text("", "User in From of unsolicited message waiting."),
  mwi_subscribe_replaces_unsolicited: flag(false, "A phone that subscribes to its mailbox is not told unsolicited."),
  watch_mailboxes: texts("Addresses-of-record of others whose mailboxes it may watch; * stands for any characters."),
  incoming_mwi_mailbox: text("", "Mailbox that its own message-waiting NOTIFYs set."),
  force_rport: flag(true, "Answers go to the port that the request came from."),
  rewrite_contact: flag(true, "Requests go back to where the phone's last one came from: right behind NAT."),
  transport: text("", "Name of the listener for requests to it; empty: the one it used."),
  body_profile: oneOf(["", "asterisk", "rfc"], "", "Bodies it gets; empty: [bodies].profile."),
  max_subscriptions: whole(200, [0, 250_000], "Subscriptions it may have at once."),
  publish: texts(
    "What it may publish besides its own state: extensions, endpoints, devices or mailboxes; * stands for anything.",
  ),
  aors: texts("Addresses-of-record of [aors]; empty: one of the endpoint's own name."),
});

/** Options of one `[aors.NAME]`. */
export const aorSchema = z.strictObject(aorShape);
