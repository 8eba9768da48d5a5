/**
 * Owns the seam between the appliance and everybody who looks at it from outside: page, API, event stream, CLI.
 *
 * Rows are the JSON of the API as they stand: plain objects, keys in snake_case as in config.toml, made afresh for each
 * call and never changed afterwards. Instants are RFC 3339 in UTC (`instantText`); names that end in `_seconds` or `_ms`
 * say their unit; a thing that is not known is null, never absent.
 */
import type { Instant } from "../runtime/instant.ts";
import type { Measurement } from "./measurement.ts";

/** What a lamp can show; `INUSE` means answered, `BUSY` that nobody else can get through. */
export type ExtensionStateName =
  | "NOT_INUSE"
  | "INUSE"
  | "BUSY"
  | "UNAVAILABLE"
  | "RINGING"
  | "RINGINUSE"
  | "ONHOLD"
  | "REMOVED";

/** State of one device. */
export type DeviceStateName =
  | "UNKNOWN"
  | "NOT_INUSE"
  | "INUSE"
  | "BUSY"
  | "INVALID"
  | "UNAVAILABLE"
  | "RINGING"
  | "RINGINUSE"
  | "ONHOLD";

/** Chosen availability of a presence provider. */
export type PresenceStateName = "not_set" | "unavailable" | "available" | "away" | "xa" | "chat" | "dnd";

/** The appliance in one row. */
export interface StatusRow {
  /** Version of the release; "dev" from source. */
  readonly version: string;
  /** Git commit the binary was built from; "unknown" from source. */
  readonly commit: string;
  /** Instant of that commit; "unknown" from source. */
  readonly built: string;
  /** When this process started. */
  readonly started_at: Instant;
  /** Whole seconds since then. */
  readonly uptime_seconds: number;
  /** Path of config.toml as it was given. */
  readonly config_file: string;
  /** When the configuration in force was read. */
  readonly config_loaded_at: Instant;
  /** The open SIP listeners. */
  readonly listeners: readonly ListenerRow[];
  /** Hints with a lamp. */
  readonly hint_count: number;
  /** Configured endpoints. */
  readonly endpoint_count: number;
  /** Living subscriptions. */
  readonly subscription_count: number;
  /** Problems that `problems` lists. */
  readonly problem_count: number;
  /** Counts since start: layer → name → count. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One SIP listener. */
export interface ListenerRow {
  /** Name in config.toml, or transport and address. */
  readonly name: string;
  /** How it speaks SIP. */
  readonly transport: "udp" | "tcp" | "tls" | "ws" | "wss";
  /** Address it is bound to, IPv6 without brackets. */
  readonly address: string;
  /** Port it is bound to. */
  readonly port: number;
}

/** One extension that can be watched: its lamp and what stands behind it. */
export interface HintRow {
  /** Context asked for; the hint may have come from an included one, see `found_in`. */
  readonly context: string;
  /** The extension. */
  readonly exten: string;
  /** Context that holds the hint. */
  readonly found_in: string;
  /** Key of the hint in config.toml: the extension itself, a pattern such as `_2XX`, or "autohints". */
  readonly rule: string;
  /** Display name; "" when the hint has none. */
  readonly name: string;
  /** Right side of the hint with variables filled in, as in config.toml. */
  readonly hint: string;
  /** What the lamp shows. */
  readonly state: ExtensionStateName;
  /** Since when the state holds; null when not since hintd has known the hint. */
  readonly changed_at: Instant | null;
  /** The devices in the order of the hint. */
  readonly devices: readonly HintDeviceRow[];
  /** The aggregate presence; null when the hint names no provider. */
  readonly presence: HintPresenceRow | null;
  /** Subscriptions to it. */
  readonly watcher_count: number;
}

/** One device of a hint. */
export interface HintDeviceRow {
  /** The device as the hint spells it. */
  readonly device: string;
  /** Its state. */
  readonly state: DeviceStateName;
  /** Since when; null when not known. */
  readonly changed_at: Instant | null;
}

/** The presence side of a hint. */
export interface HintPresenceRow {
  /** Providers named by the hint, in order. */
  readonly providers: readonly string[];
  /** The aggregate of the providers. */
  readonly state: PresenceStateName;
  /** What kind of it, in a word chosen by the person; "" for none. */
  readonly subtype: string;
  /** What the person has to say; "" for nothing. */
  readonly message: string;
  /** Since when; null when nobody set it. */
  readonly changed_at: Instant | null;
}

/** One device, whether set from outside or derived. */
export interface DeviceStateRow {
  /** `Custom:bob-mobile`, `PJSIP/alice`. */
  readonly device: string;
  /** Its state. */
  readonly state: DeviceStateName;
  /** Since when; null when not known. */
  readonly changed_at: Instant | null;
  /** Whether the API may set it: only `Custom:` devices. */
  readonly is_writable: boolean;
  /** Hints that show it, as `exten@context`. */
  readonly hints: readonly string[];
}

/** One presence provider. */
export interface PresenceStateRow {
  /** `CustomPresence:bob`. */
  readonly provider: string;
  /** Its state. */
  readonly state: PresenceStateName;
  /** What kind of it; "" for none. */
  readonly subtype: string;
  /** What the person has to say; "" for nothing. */
  readonly message: string;
  /** Since when; null when nobody set it. */
  readonly changed_at: Instant | null;
  /** Hints that show it, as `exten@context`. */
  readonly hints: readonly string[];
}

/** One mailbox. */
export interface MailboxRow {
  /** `box@context`. */
  readonly mailbox: string;
  /** Messages nobody has heard. */
  readonly new: number;
  /** Messages heard and kept. */
  readonly old: number;
  /** Urgent ones among the new. */
  readonly new_urgent: number;
  /** Urgent ones among the old. */
  readonly old_urgent: number;
  /** Since when; null when not known. */
  readonly changed_at: Instant | null;
  /** Another server publishes the counts; what is set shows once it does so no more. */
  readonly is_published: boolean;
  /** Hints that show it, as `exten@context`. */
  readonly hints: readonly string[];
}

/** One configured endpoint. */
export interface EndpointRow {
  /** Name of its section in config.toml. */
  readonly name: string;
  /** State of its device `PJSIP/name`. */
  readonly state: DeviceStateName;
  /** Context in which its subscriptions find hints. */
  readonly context: string;
  /** Whether it may watch anything. */
  readonly allow_subscribe: boolean;
  /** How it proves who it is: `password` by digest, `address` by source, `none` believed on its word. */
  readonly identified_by: "password" | "address" | "none";
  /** Addresses and networks that identify it. */
  readonly match: readonly string[];
  /** Where it is reached, permanent ones first. */
  readonly contacts: readonly ContactRow[];
  /** Its living subscriptions. */
  readonly subscription_count: number;
  /** How many it may have. */
  readonly max_subscriptions: number;
}

/** One place where an endpoint is reached. */
export interface ContactRow {
  /** Endpoint it belongs to. */
  readonly endpoint: string;
  /** SIP URI. */
  readonly uri: string;
  /** From config.toml rather than from a REGISTER. */
  readonly is_permanent: boolean;
  /** What the last OPTIONS found; `unqualified` when the contact is not probed. */
  readonly status: "reachable" | "unreachable" | "unknown" | "unqualified";
  /** Milliseconds until the last OPTIONS was answered; null when it was not. */
  readonly round_trip_ms: number | null;
  /** What the phone calls itself; "" when it does not. */
  readonly user_agent: string;
  /** When it lapses; null for a permanent one. */
  readonly expires_at: Instant | null;
}

/** One publication that somebody else keeps alive here. */
export interface PublicationRow {
  /** Stable while it lives; its entity-tag is nobody's but its publisher's. */
  readonly id: string;
  /** Endpoint that published it. */
  readonly endpoint: string;
  /** Event package. */
  readonly event: string;
  /** Device, mailbox or name that it is about. */
  readonly target: string;
  /** Type of the document. */
  readonly media_type: string;
  /** What it says, in short. */
  readonly description: string;
  /** When it was first published. */
  readonly published_at: Instant;
  /** When it ends unless refreshed. */
  readonly expires_at: Instant;
}

/** One publication that hintd keeps alive at another server. */
export interface OutboundPublicationRow {
  /** NAME of its `[outbound_publish.NAME]`. */
  readonly section: string;
  /** Event package. */
  readonly event: string;
  /** Extension; "" where it stands for more than one. */
  readonly exten: string;
  /** Where it is published. */
  readonly uri: string;
  /** Whether the server holds what is true. */
  readonly state: "published" | "pending" | "failing";
  /** SIP status of the last answer; null before the first. */
  readonly last_status: number | null;
  /** Why it fails; "" when it does not. */
  readonly why: string;
  /** Since when it fails; null while it does not. */
  readonly failing_since: Instant | null;
}

/** One configured list. */
export interface ListRow {
  /** NAME of its `[lists.NAME]`. */
  readonly name: string;
  /** Event package. */
  readonly event: string;
  /** All that it tells of, those of lists in it included, in the order of telling. */
  readonly members: readonly string[];
  /** Members that a watcher of it looks for in vain. */
  readonly missing: readonly string[];
  /** Every NOTIFY tells of all members. */
  readonly full_state: boolean;
  /** How long changes are collected. */
  readonly notification_batch_interval_ms: number;
  /** Ids of the subscriptions to it. */
  readonly subscriptions: readonly string[];
}

/** One watcher's subscription. */
export interface SubscriptionRow {
  /** Id for DELETE; our tag of the dialog. */
  readonly id: string;
  /** Endpoint that watches. */
  readonly endpoint: string;
  /** Context of the watched hint; "" where the event package knows no contexts. */
  readonly context: string;
  /** Watched extension; for message-summary and reg the address-of-record, "" for all of the endpoint's own. */
  readonly exten: string;
  /** Event package. */
  readonly event: string;
  /** Body type it is told in. */
  readonly media_type: string;
  /** Where in its life it is. */
  readonly state: "pending" | "active" | "terminated";
  /** Why it ended; null while it lives. */
  readonly reason: string | null;
  /** `udp 192.168.1.20:5060`. */
  readonly source: string;
  /** What the phone calls itself; "" when it does not. */
  readonly user_agent: string;
  /** When the first SUBSCRIBE came. */
  readonly created_at: Instant;
  /** When it ends unless refreshed. */
  readonly expires_at: Instant;
  /** The newest NOTIFY; null before the first. */
  readonly last_notify: NotifyRow | null;
  /** NOTIFYs in a row that failed. */
  readonly failure_count: number;
}

/** The last NOTIFY of a subscription and what became of it. */
export interface NotifyRow {
  /** When it left for the first time. */
  readonly sent_at: Instant;
  /** SIP status of the answer; null while it is awaited; 408 no answer in time, 503 could not be sent. */
  readonly status: number | null;
  /** Milliseconds until the answer; null while it is awaited. */
  readonly answered_after_ms: number | null;
}

/** Something that an operator should know or do. */
export interface ProblemRow {
  /** Whether something does not work, or may not. */
  readonly severity: "error" | "warning";
  /** Layer that complains: `config`, `auth`, `event`, `transport` … */
  readonly area: string;
  /** What is wrong, one sentence without full stop. */
  readonly message: string;
  /** What to do about it; "" when there is nothing. */
  readonly remedy: string;
  /** `config.toml:12:3`, an address, a hint; "" when it is nowhere in particular. */
  readonly where: string;
  /** When it was first seen. */
  readonly first_at: Instant;
  /** When it was last seen. */
  readonly last_at: Instant;
  /** How often it was seen. */
  readonly count: number;
}

/** What a reload did; nothing is in force of a configuration with errors. */
export interface ReloadReport {
  /** Whether the new configuration is in force. */
  readonly is_applied: boolean;
  /** `config.toml:12:3: …`, every one of them. */
  readonly errors: readonly string[];
  /** `config.toml:12:3: …`, what is doubtful but allowed. */
  readonly warnings: readonly string[];
  /** What changed, in words: "3 hints added"; empty when nothing did. */
  readonly changes: readonly string[];
}

/** What happened, with the row as it is now (as it last was, for `removed`). */
export type ControlEvent =
  | { readonly type: "hint"; readonly change: Change; readonly item: HintRow }
  | { readonly type: "device-state"; readonly change: Change; readonly item: DeviceStateRow }
  | { readonly type: "presence-state"; readonly change: Change; readonly item: PresenceStateRow }
  | { readonly type: "mailbox"; readonly change: Change; readonly item: MailboxRow }
  | { readonly type: "subscription"; readonly change: Change; readonly item: SubscriptionRow }
  | { readonly type: "contact"; readonly change: Change; readonly item: ContactRow }
  | { readonly type: "problem"; readonly change: Change; readonly item: ProblemRow }
  | { readonly type: "reload"; readonly change: "changed"; readonly item: ReloadReport };

/** Kind of a change. */
export type Change = "added" | "changed" | "removed";

/** A presence state as it is set. */
export interface PresenceStateInput {
  /** Availability. */
  readonly state: PresenceStateName;
  /** What kind of it; "" for none. */
  readonly subtype: string;
  /** What to tell; "" for nothing. */
  readonly message: string;
}

/** Message counts as they are set. */
export interface MailboxInput {
  /** Messages nobody has heard. */
  readonly new: number;
  /** Messages heard and kept. */
  readonly old: number;
  /** Urgent ones among the new. */
  readonly new_urgent: number;
  /** Urgent ones among the old. */
  readonly old_urgent: number;
}

/**
 * An action that cannot be done now: the disk refused, a table is full.
 *
 * `unstored` may succeed later (HTTP 503), `full` only after something was deleted (HTTP 507).
 */
export class ControlsError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ControlsError";
  /** Whether waiting helps. */
  readonly kind: "unstored" | "full";

  /** Message: one sentence for the person who asked. */
  constructor(kind: "unstored" | "full", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * What may be seen and done from outside; implemented by the composition root.
 *
 * Snapshots are taken at the call. Actions resolve when the change is on disk and in force. An action that the store
 * refuses rejects with a ControlsError, or with any Error named "StoreError", and has changed nothing.
 */
export interface Controls {
  /** The appliance in one row. */
  status(): StatusRow;
  /** Every hint that has a lamp, in the order of config.toml; patterns show with the extensions they have made. */
  hints(): readonly HintRow[];
  /** The hint that `exten` finds in `context`, patterns and includes followed; undefined when none matches. */
  hint(context: string, exten: string): HintRow | undefined;
  /** Every device that is set, derived, or named by a hint. */
  deviceStates(): readonly DeviceStateRow[];
  /** Undefined for a device that is neither set, nor derived, nor named by a hint. */
  deviceState(device: string): DeviceStateRow | undefined;
  /** Sets a `Custom:` device; the caller has checked that it is one. */
  setDeviceState(device: string, state: DeviceStateName): Promise<DeviceStateRow>;
  /** Forgets a `Custom:` device; false when it was not set. */
  deleteDeviceState(device: string): Promise<boolean>;
  /** Every provider that is set or named by a hint. */
  presenceStates(): readonly PresenceStateRow[];
  /** Undefined for a provider that is neither set nor named by a hint. */
  presenceState(provider: string): PresenceStateRow | undefined;
  /** Sets a `CustomPresence:` provider; the caller has checked that it is one. */
  setPresenceState(provider: string, value: PresenceStateInput): Promise<PresenceStateRow>;
  /** Forgets a `CustomPresence:` provider; false when it was not set. */
  deletePresenceState(provider: string): Promise<boolean>;
  /** Every mailbox that is configured, set, or published by another server. */
  mailboxes(): readonly MailboxRow[];
  /** Undefined for a mailbox that is none of that; without a context, `@default` is meant. */
  mailbox(mailbox: string): MailboxRow | undefined;
  /** Sets the message counts of a mailbox; the caller has checked its name. */
  setMailbox(mailbox: string, value: MailboxInput): Promise<MailboxRow>;
  /** Forgets the counts of a mailbox; false when they were not set. */
  deleteMailbox(mailbox: string): Promise<boolean>;
  /** Every configured endpoint, in the order of config.toml. */
  endpoints(): readonly EndpointRow[];
  /** Every contact, those of one endpoint together; one that endpoints share shows once. */
  contacts(): readonly ContactRow[];
  /** What others publish here, oldest first. */
  publications(): readonly PublicationRow[];
  /** What is published to others, section by section. */
  outboundPublications(): readonly OutboundPublicationRow[];
  /** Every configured list, in the order of config.toml. */
  lists(): readonly ListRow[];
  /** All of them, oldest first; with `max` at most so many, those whose last NOTIFY failed before the others. */
  subscriptions(max?: number): readonly SubscriptionRow[];
  /** Those who watch what `exten` finds in `context`. */
  watchersOf(context: string, exten: string): readonly SubscriptionRow[];
  /** Ends a subscription with `terminated;reason=deactivated`; false when there is none of this id. */
  endSubscription(id: string): boolean;
  /** Errors before warnings, newest first. */
  problems(): readonly ProblemRow[];
  /** What is measured, for Prometheus. */
  measurements(): readonly Measurement[];
  /** Reads config.toml again and applies it, or reports why not. */
  reload(): Promise<ReloadReport>;
  /** Calls `listener` after each change until the returned function is called. */
  onEvent(listener: (event: ControlEvent) => void): () => void;
}
