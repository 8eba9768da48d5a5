/**
 * Owns the seam between the appliance and everybody who looks at it from outside: page, API, event stream, CLI.
 *
 * Rows are the JSON of the API as they stand: plain objects, keys in snake_case as in config.toml, made afresh for each
 * call and never changed afterwards. Instants are RFC 3339 in UTC (`instantText`); names that end in `_seconds` or `_ms`
 * say their unit; a thing that is not known is null, never absent.
 */
import type { Instant } from "../runtime/instant.ts";

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
  readonly version: string;
  /** Git commit the binary was built from; "unknown" from source. */
  readonly commit: string;
  /** Instant of that commit; "unknown" from source. */
  readonly built: string;
  readonly started_at: Instant;
  readonly uptime_seconds: number;
  readonly config_file: string;
  /** When the configuration in force was read. */
  readonly config_loaded_at: Instant;
  readonly listeners: readonly ListenerRow[];
  readonly hint_count: number;
  readonly endpoint_count: number;
  readonly subscription_count: number;
  readonly problem_count: number;
  /** Counts since start: layer → name → count. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One SIP listener. */
export interface ListenerRow {
  readonly name: string;
  readonly transport: "udp" | "tcp" | "tls" | "ws" | "wss";
  readonly address: string;
  readonly port: number;
}

/** One extension that can be watched: its lamp and what stands behind it. */
export interface HintRow {
  /** Context asked for; the hint may have come from an included one, see `found_in`. */
  readonly context: string;
  readonly exten: string;
  /** Context that holds the hint. */
  readonly found_in: string;
  /** Key of the hint in config.toml: the extension itself, a pattern such as `_2XX`, or "autohints". */
  readonly rule: string;
  /** Display name; "" when the hint has none. */
  readonly name: string;
  /** Right side of the hint with variables filled in, as in config.toml. */
  readonly hint: string;
  readonly state: ExtensionStateName;
  /** Since when the state holds; null when not since hintd has known the hint. */
  readonly changed_at: Instant | null;
  /** The devices in the order of the hint. */
  readonly devices: readonly HintDeviceRow[];
  /** The aggregate presence; null when the hint names no provider. */
  readonly presence: HintPresenceRow | null;
  readonly watcher_count: number;
}

/** One device of a hint. */
export interface HintDeviceRow {
  readonly device: string;
  readonly state: DeviceStateName;
  readonly changed_at: Instant | null;
}

/** The presence side of a hint. */
export interface HintPresenceRow {
  /** Providers named by the hint, in order. */
  readonly providers: readonly string[];
  readonly state: PresenceStateName;
  readonly subtype: string;
  readonly message: string;
  readonly changed_at: Instant | null;
}

/** One device, whether set from outside or derived. */
export interface DeviceStateRow {
  /** `Custom:bob-mobile`, `PJSIP/alice`. */
  readonly device: string;
  readonly state: DeviceStateName;
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
  readonly state: PresenceStateName;
  readonly subtype: string;
  readonly message: string;
  readonly changed_at: Instant | null;
  /** Hints that show it, as `exten@context`. */
  readonly hints: readonly string[];
}

/** One mailbox. */
export interface MailboxRow {
  /** `box@context`. */
  readonly mailbox: string;
  readonly new: number;
  readonly old: number;
  readonly changed_at: Instant | null;
}

/** One configured endpoint. */
export interface EndpointRow {
  readonly name: string;
  /** State of its device `PJSIP/name`. */
  readonly state: DeviceStateName;
  /** Context in which its subscriptions find hints. */
  readonly context: string;
  readonly allow_subscribe: boolean;
  /** How it proves who it is: `password` by digest, `address` by source, `none` believed on its word. */
  readonly identified_by: "password" | "address" | "none";
  /** Addresses and networks that identify it. */
  readonly match: readonly string[];
  readonly contacts: readonly ContactRow[];
  readonly subscription_count: number;
  readonly max_subscriptions: number;
}

/** One place where an endpoint is reached. */
export interface ContactRow {
  readonly endpoint: string;
  readonly uri: string;
  /** From config.toml rather than from a REGISTER. */
  readonly is_permanent: boolean;
  /** What the last OPTIONS found; `unqualified` when the contact is not probed. */
  readonly status: "reachable" | "unreachable" | "unknown" | "unqualified";
  readonly round_trip_ms: number | null;
  readonly user_agent: string;
  readonly expires_at: Instant | null;
}

/** One watcher's subscription. */
export interface SubscriptionRow {
  readonly id: string;
  /** Endpoint that watches. */
  readonly endpoint: string;
  readonly context: string;
  readonly exten: string;
  /** Event package. */
  readonly event: string;
  /** Body type it is told in. */
  readonly media_type: string;
  readonly state: "pending" | "active" | "terminated";
  /** Why it ended; null while it lives. */
  readonly reason: string | null;
  /** `udp 192.168.1.20:5060`. */
  readonly source: string;
  readonly user_agent: string;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  readonly last_notify: NotifyRow | null;
  /** NOTIFYs in a row that failed. */
  readonly failure_count: number;
}

/** The last NOTIFY of a subscription and what became of it. */
export interface NotifyRow {
  readonly sent_at: Instant;
  /** SIP status of the answer; null while it is awaited; 408 no answer in time, 503 could not be sent. */
  readonly status: number | null;
  /** Milliseconds until the answer; null while it is awaited. */
  readonly answered_after_ms: number | null;
}

/** Something that an operator should know or do. */
export interface ProblemRow {
  readonly severity: "error" | "warning";
  /** Layer that complains: `config`, `auth`, `event`, `transport` … */
  readonly area: string;
  /** What is wrong, one sentence without full stop. */
  readonly message: string;
  /** What to do about it; "" when there is nothing. */
  readonly remedy: string;
  /** `config.toml:12:3`, an address, a hint; "" when it is nowhere in particular. */
  readonly where: string;
  readonly first_at: Instant;
  readonly last_at: Instant;
  readonly count: number;
}

/** What a reload did; nothing is in force of a configuration with errors. */
export interface ReloadReport {
  readonly is_applied: boolean;
  /** `config.toml:12:3: …`, every one of them. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What changed, in words: "3 hints added"; empty when nothing did. */
  readonly changes: readonly string[];
}

/** What happened, with the row as it is now (as it last was, for `removed`). */
export type ControlEvent =
  | { readonly type: "hint"; readonly change: Change; readonly item: HintRow }
  | { readonly type: "device-state"; readonly change: Change; readonly item: DeviceStateRow }
  | { readonly type: "presence-state"; readonly change: Change; readonly item: PresenceStateRow }
  | { readonly type: "subscription"; readonly change: Change; readonly item: SubscriptionRow }
  | { readonly type: "contact"; readonly change: Change; readonly item: ContactRow }
  | { readonly type: "problem"; readonly change: Change; readonly item: ProblemRow }
  | { readonly type: "reload"; readonly change: "changed"; readonly item: ReloadReport };

/** Kind of a change. */
export type Change = "added" | "changed" | "removed";

/** A presence state as it is set. */
export interface PresenceStateInput {
  readonly state: PresenceStateName;
  readonly subtype: string;
  readonly message: string;
}

/**
 * An action that cannot be done now: the disk refused, a table is full.
 *
 * `unstored` may succeed later (HTTP 503), `full` only after something was deleted (HTTP 507).
 */
export class ControlsError extends Error {
  override readonly name = "ControlsError";
  readonly kind: "unstored" | "full";

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
  status(): StatusRow;
  /** Every hint that has a lamp, in the order of config.toml; patterns show with the extensions they have made. */
  hints(): readonly HintRow[];
  /** The hint that `exten` finds in `context`, patterns and includes followed; undefined when none matches. */
  hint(context: string, exten: string): HintRow | undefined;
  deviceStates(): readonly DeviceStateRow[];
  /** Undefined for a device that is neither set, nor derived, nor named by a hint. */
  deviceState(device: string): DeviceStateRow | undefined;
  /** Sets a `Custom:` device; the caller has checked that it is one. */
  setDeviceState(device: string, state: DeviceStateName): Promise<DeviceStateRow>;
  /** Forgets a `Custom:` device; false when it was not set. */
  deleteDeviceState(device: string): Promise<boolean>;
  presenceStates(): readonly PresenceStateRow[];
  presenceState(provider: string): PresenceStateRow | undefined;
  /** Sets a `CustomPresence:` provider; the caller has checked that it is one. */
  setPresenceState(provider: string, value: PresenceStateInput): Promise<PresenceStateRow>;
  /** Forgets a `CustomPresence:` provider; false when it was not set. */
  deletePresenceState(provider: string): Promise<boolean>;
  endpoints(): readonly EndpointRow[];
  /** All of them, oldest first; with `max` at most so many, those whose last NOTIFY failed before the others. */
  subscriptions(max?: number): readonly SubscriptionRow[];
  /** Those who watch what `exten` finds in `context`. */
  watchersOf(context: string, exten: string): readonly SubscriptionRow[];
  /** Ends a subscription with `terminated;reason=deactivated`; false when there is none of this id. */
  endSubscription(id: string): boolean;
  /** Errors before warnings, newest first. */
  problems(): readonly ProblemRow[];
  /** Reads config.toml again and applies it, or reports why not. */
  reload(): Promise<ReloadReport>;
  /** Calls `listener` after each change until the returned function is called. */
  onEvent(listener: (event: ControlEvent) => void): () => void;
}
