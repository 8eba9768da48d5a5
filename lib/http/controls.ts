/**
 * Owns the seam between the appliance and everybody who looks at it from outside: page, API, event stream, CLI.
 *
 * Rows are the JSON of the API as they stand, told field by field in `api_schemas.ts`: plain objects, made afresh for each
 * call and never changed afterwards. Keys are in snake_case; instants are RFC 3339 in UTC; names that end in `_seconds` or `_ms`
 * say their unit; a thing that is not known is null, never absent.
 */
import type { ApiValue } from "./api_schemas.ts";
import type { Measurement } from "./measurement.ts";
import type { Messages } from "./messages.ts";

/** What a lamp can show; `INUSE` means answered, `BUSY` that nobody else can get through. */
export type ExtensionStateName = ApiValue<"ExtensionState">;

/** State of one device. */
export type DeviceStateName = ApiValue<"DeviceState">;

/** Chosen availability of a presence provider. */
export type PresenceStateName = ApiValue<"PresenceState">;

/** The appliance in one row. */
export type StatusRow = ApiValue<"Status">;

/** One SIP listener. */
export type ListenerRow = ApiValue<"Listener">;

/** One extension that can be watched: its lamp and what stands behind it. */
export type HintRow = ApiValue<"Hint">;

/** One device of a hint. */
export type HintDeviceRow = ApiValue<"HintDevice">;

/** The presence side of a hint. */
export type HintPresenceRow = ApiValue<"HintPresence">;

/** One device, whether set from outside or derived. */
export type DeviceStateRow = ApiValue<"Device">;

/** One presence provider. */
export type PresenceStateRow = ApiValue<"Presence">;

/** One mailbox. */
export type MailboxRow = ApiValue<"Mailbox">;

/** One configured endpoint. */
export type EndpointRow = ApiValue<"Endpoint">;

/** One place where an endpoint is reached. */
export type ContactRow = ApiValue<"Contact">;

/** One publication that somebody else keeps alive here. */
export type PublicationRow = ApiValue<"Publication">;

/** One publication that hintd keeps alive at another server. */
export type OutboundPublicationRow = ApiValue<"OutboundPublication">;

/** One configured list. */
export type ListRow = ApiValue<"List">;

/** One watcher's subscription. */
export type SubscriptionRow = ApiValue<"Subscription">;

/** The last NOTIFY of a subscription and what became of it. */
export type NotifyRow = ApiValue<"Notify">;

/** Rates and latencies of ten seconds. */
export type HistoryRow = ApiValue<"Sample">;

/** Something that an operator should know or do. */
export type ProblemRow = ApiValue<"Problem">;

/** What a reload did; nothing is in force of a configuration with errors. */
export type ReloadReport = ApiValue<"ReloadReport">;

/**
 * What happened, with the row as it is now (as it last was, for `removed`); `isOfWatchers`: the lamp shows what it did, but
 * somebody began or ended to watch it.
 */
export type ControlEvent =
  | { readonly type: "hint"; readonly change: Change; readonly item: HintRow; readonly isOfWatchers?: true }
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
  /** What keeps the appliance from doing all it is for; undefined when nothing does. */
  health(): string | undefined;
  /** What is measured, for Prometheus. */
  measurements(): readonly Measurement[];
  /** The last hour, a sample every ten seconds, oldest first. */
  history(): readonly HistoryRow[];
  /** The recent SIP messages. */
  readonly messages: Messages;
  /** Reads config.toml again and applies it, or reports why not. */
  reload(): Promise<ReloadReport>;
  /** Calls `listener` after each change until the returned function is called. */
  onEvent(listener: (event: ControlEvent) => void): () => void;
}
