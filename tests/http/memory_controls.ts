/**
 * A small office in memory behind the Controls port: states are kept, hints follow them, watchers are told.
 */
import type {
  Change,
  ContactRow,
  ControlEvent,
  Controls,
  DeviceStateName,
  DeviceStateRow,
  EndpointRow,
  ExtensionStateName,
  HintRow,
  HistoryRow,
  ListRow,
  MailboxInput,
  MailboxRow,
  OutboundPublicationRow,
  PresenceStateInput,
  PresenceStateRow,
  ProblemRow,
  PublicationRow,
  ReloadReport,
  StatusRow,
  SubscriptionRow,
} from "../../lib/http/controls.ts";
import type { Measurement } from "../../lib/http/measurement.ts";
import { createMessages } from "../../lib/app/messages.ts";
import type { Messages } from "../../lib/http/messages.ts";
import { type Clock, systemClock } from "../../lib/runtime/clock.ts";
import { type Instant, instantText } from "../../lib/runtime/instant.ts";
import { Traces } from "../../lib/trace/traces.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Listener } from "../../lib/transport/transport.ts";

/** A hint as the office is built from. */
export interface OfficeHint {
  readonly context?: string;
  readonly exten: string;
  readonly name?: string;
  readonly devices: readonly string[];
  readonly providers?: readonly string[];
}

/** From the state that speaks loudest. */
const LOUDNESS: readonly [DeviceStateName, ExtensionStateName][] = [
  ["RINGINUSE", "RINGINUSE"],
  ["BUSY", "BUSY"],
  ["ONHOLD", "ONHOLD"],
  ["INUSE", "INUSE"],
  ["RINGING", "RINGING"],
  ["NOT_INUSE", "NOT_INUSE"],
  ["UNKNOWN", "NOT_INUSE"],
];

/** The socket by which the office speaks SIP. */
const sipListener: Listener = {
  name: "lan",
  transport: "udp",
  address: "192.168.1.5",
  port: 5060,
  isSymmetric: false,
  isOpen: true,
  advertised: () => ({ host: "192.168.1.5", port: 5060 }),
};

/** The office. */
export class MemoryControls implements Controls {
  readonly hintsInOrder: OfficeHint[];
  readonly subscriptionRows: SubscriptionRow[] = [];
  readonly endpointRows: EndpointRow[] = [];
  readonly listRows: ListRow[] = [];
  readonly publicationRows: PublicationRow[] = [];
  readonly outboundRows: OutboundPublicationRow[] = [];
  readonly problemRows: ProblemRow[] = [];
  readonly measured: Measurement[] = [];
  readonly devices = new Map<string, { state: DeviceStateName; changed_at: Instant }>();
  readonly providers = new Map<string, PresenceStateInput & { changed_at: Instant }>();
  readonly mailboxRows = new Map<string, MailboxRow>();
  readonly changedAt = new Map<string, Instant>();
  readonly listeners = new Set<(event: ControlEvent) => void>();
  /** What `health` tells. */
  trouble: string | undefined;
  /** Thrown by the next action, in place of doing it. */
  failure: Error | undefined;
  reloadReport: ReloadReport = { is_applied: true, errors: [], warnings: [], changes: [] };
  readonly startedAt = Date.now();
  readonly recorder: Recorder;
  readonly messages: Messages;
  historyRows: HistoryRow[] = [];

  constructor(hints: readonly OfficeHint[], clock: Clock = systemClock) {
    this.hintsInOrder = [...hints];
    this.recorder = new Recorder(clock, { messageCount: 1_024, bytes: 1_048_576, messageBytes: 16_384 });
    this.messages = createMessages(new Traces(this.recorder, () => Promise.resolve()));
  }

  /** Records a SIP message from, or with `isSent` to, a phone; each line ends as the template's lines do. */
  say(text: string, { isSent = false, remote = "192.168.1.21", transport = "udp" as "udp" | "tcp" } = {}): void {
    const bytes = new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n"));
    this.recorder.record(bytes, 0, bytes.length, isSent, { ...sipListener, transport }, remote, 5060);
  }

  health(): string | undefined {
    return this.trouble;
  }

  status(): StatusRow {
    return {
      version: "1.2.3",
      commit: "0123abc",
      built: "2026-01-31T10:20:30.000Z",
      started_at: instantText(this.startedAt),
      uptime_seconds: Math.floor((Date.now() - this.startedAt) / 1_000),
      config_file: "config.toml",
      config_loaded_at: instantText(this.startedAt),
      listeners: [
        { name: "lan", transport: "udp", address: "0.0.0.0", port: 5060 },
        { name: "lan6", transport: "tcp", address: "::", port: 5060 },
      ],
      hint_count: this.hintsInOrder.length,
      endpoint_count: this.endpointRows.length,
      subscription_count: this.subscriptionRows.length,
      problem_count: this.problemRows.length,
      counters: { sip: { received: 120, malformed: 1 } },
    };
  }

  hints(): HintRow[] {
    return this.hintsInOrder.map((hint) => this.#row(hint));
  }

  hint(context: string, exten: string): HintRow | undefined {
    const hint = this.hintsInOrder.find((one) => (one.context ?? "default") === context && one.exten === exten);
    return hint && this.#row(hint);
  }

  deviceStates(): DeviceStateRow[] {
    const named = new Set(this.hintsInOrder.flatMap((hint) => hint.devices));
    for (const device of this.devices.keys()) named.add(device);
    return [...named].sort().map((device) => this.#deviceRow(device));
  }

  deviceState(device: string): DeviceStateRow | undefined {
    return this.deviceStates().find((row) => row.device === device);
  }

  setDeviceState(device: string, state: DeviceStateName): Promise<DeviceStateRow> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const change = this.devices.has(device) ? "changed" : "added";
    this.devices.set(device, { state, changed_at: instantText(Date.now()) });
    this.#tell({ type: "device-state", change, item: this.#deviceRow(device) });
    this.#touchHints((hint) => hint.devices.includes(device));
    return Promise.resolve(this.#deviceRow(device));
  }

  deleteDeviceState(device: string): Promise<boolean> {
    const row = this.#deviceRow(device);
    if (!this.devices.delete(device)) return Promise.resolve(false);
    this.#tell({ type: "device-state", change: "removed", item: row });
    this.#touchHints((hint) => hint.devices.includes(device));
    return Promise.resolve(true);
  }

  presenceStates(): PresenceStateRow[] {
    const named = new Set(this.hintsInOrder.flatMap((hint) => hint.providers ?? []));
    for (const provider of this.providers.keys()) named.add(provider);
    return [...named].sort().map((provider) => this.#providerRow(provider));
  }

  presenceState(provider: string): PresenceStateRow | undefined {
    return this.presenceStates().find((row) => row.provider === provider);
  }

  setPresenceState(provider: string, value: PresenceStateInput): Promise<PresenceStateRow> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const change = this.providers.has(provider) ? "changed" : "added";
    this.providers.set(provider, { ...value, changed_at: instantText(Date.now()) });
    this.#tell({ type: "presence-state", change, item: this.#providerRow(provider) });
    this.#touchHints((hint) => hint.providers?.includes(provider) ?? false);
    return Promise.resolve(this.#providerRow(provider));
  }

  deletePresenceState(provider: string): Promise<boolean> {
    const row = this.#providerRow(provider);
    if (!this.providers.delete(provider)) return Promise.resolve(false);
    this.#tell({ type: "presence-state", change: "removed", item: row });
    this.#touchHints((hint) => hint.providers?.includes(provider) ?? false);
    return Promise.resolve(true);
  }

  mailboxes(): MailboxRow[] {
    return [...this.mailboxRows.values()];
  }

  mailbox(mailbox: string): MailboxRow | undefined {
    return this.mailboxRows.get(mailbox);
  }

  setMailbox(mailbox: string, value: MailboxInput): Promise<MailboxRow> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const change = this.mailboxRows.has(mailbox) ? "changed" : "added";
    const item = { mailbox, ...value, changed_at: instantText(Date.now()), is_published: false, hints: [] };
    this.mailboxRows.set(mailbox, item);
    this.#tell({ type: "mailbox", change, item });
    return Promise.resolve(item);
  }

  deleteMailbox(mailbox: string): Promise<boolean> {
    const item = this.mailboxRows.get(mailbox);
    if (item === undefined) return Promise.resolve(false);
    this.mailboxRows.delete(mailbox);
    this.#tell({ type: "mailbox", change: "removed", item });
    return Promise.resolve(true);
  }

  endpoints(): EndpointRow[] {
    return this.endpointRows;
  }

  contacts(): ContactRow[] {
    return this.endpointRows.flatMap((row) => row.contacts);
  }

  lists(): ListRow[] {
    return this.listRows;
  }

  publications(): PublicationRow[] {
    return this.publicationRows;
  }

  outboundPublications(): OutboundPublicationRow[] {
    return this.outboundRows;
  }

  subscriptions(max = Infinity): SubscriptionRow[] {
    if (max === Infinity) return this.subscriptionRows;
    const isBad = (row: SubscriptionRow) => Number((row.last_notify?.status ?? 200) >= 300);
    return this.subscriptionRows.toSorted((a, b) => isBad(b) - isBad(a)).slice(0, max);
  }

  watchersOf(context: string, exten: string): SubscriptionRow[] {
    return this.subscriptionRows.filter((row) => row.context === context && row.exten === exten);
  }

  endSubscription(id: string): boolean {
    const at = this.subscriptionRows.findIndex((row) => row.id === id);
    if (at < 0) return false;
    const [row] = this.subscriptionRows.splice(at, 1);
    this.#tell({
      type: "subscription",
      change: "removed",
      item: { ...row!, state: "terminated", reason: "deactivated" },
    });
    return true;
  }

  problems(): ProblemRow[] {
    return this.problemRows;
  }

  measurements(): Measurement[] {
    return this.measured;
  }

  history(): readonly HistoryRow[] {
    return this.historyRows;
  }

  reload(): Promise<ReloadReport> {
    if (this.reloadReport.is_applied) this.#tell({ type: "reload", change: "changed", item: this.reloadReport });
    return Promise.resolve(this.reloadReport);
  }

  onEvent(listener: (event: ControlEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Adds a subscription and tells of it. */
  subscribe(row: SubscriptionRow): void {
    this.subscriptionRows.push(row);
    this.#tell({ type: "subscription", change: "added", item: row });
  }

  /** Adds a problem and tells of it. */
  complain(row: ProblemRow): void {
    this.problemRows.push(row);
    this.#tell({ type: "problem", change: "added", item: row });
  }

  /** Adds a hint and tells of it. */
  addHint(hint: OfficeHint): void {
    this.hintsInOrder.push(hint);
    this.#tell({ type: "hint", change: "added", item: this.#row(hint) });
  }

  #touchHints(isTouched: (hint: OfficeHint) => boolean): void {
    for (const hint of this.hintsInOrder.filter(isTouched)) {
      this.changedAt.set(keyOf(hint), instantText(Date.now()));
      this.#tell({ type: "hint", change: "changed" satisfies Change, item: this.#row(hint) });
    }
  }

  #tell(event: ControlEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  #row(hint: OfficeHint): HintRow {
    const context = hint.context ?? "default";
    const devices = hint.devices.map((device) => this.#deviceRow(device));
    const provider = hint.providers?.[0];
    const presence = provider === undefined ? null : this.#providerRow(provider);
    return {
      context,
      exten: hint.exten,
      found_in: context,
      rule: hint.exten,
      name: hint.name ?? "",
      hint: hint.devices.join("&") + (provider === undefined ? "" : `,${provider}`),
      state: LOUDNESS.find(([state]) => devices.some((device) => device.state === state))?.[1] ?? "UNAVAILABLE",
      changed_at: this.changedAt.get(keyOf(hint)) ?? null,
      devices: devices.map(({ device, state, changed_at }) => ({ device, state, changed_at })),
      presence: presence && {
        providers: hint.providers ?? [],
        state: presence.state,
        subtype: presence.subtype,
        message: presence.message,
        changed_at: presence.changed_at,
      },
      watcher_count: this.watchersOf(context, hint.exten).length,
    };
  }

  #deviceRow(device: string): DeviceStateRow {
    const { state, changed_at } = this.devices.get(device) ?? { state: "UNKNOWN" as const, changed_at: null };
    const hints = this.hintsInOrder.filter((hint) => hint.devices.includes(device)).map(keyOf);
    return { device, state, changed_at, is_writable: device.startsWith("Custom:"), hints };
  }

  #providerRow(provider: string): PresenceStateRow {
    const value = this.providers.get(provider) ??
      { state: "not_set" as const, subtype: "", message: "", changed_at: null };
    const hints = this.hintsInOrder.filter((hint) => hint.providers?.includes(provider)).map(keyOf);
    return { provider, ...value, hints };
  }
}

/** A subscription with what does not matter filled in. */
export function subscriptionRow(parts: Partial<SubscriptionRow>): SubscriptionRow {
  const now = Date.now();
  return {
    id: "s1",
    endpoint: "bob",
    context: "default",
    exten: "1000",
    event: "dialog",
    media_type: "application/dialog-info+xml",
    call_id: "0a1b2c3d@192.168.1.21",
    state: "active",
    reason: null,
    source: "udp 192.168.1.21:5060",
    user_agent: "Yealink SIP-T46U 108.86.0.20",
    created_at: instantText(now - 600_000),
    expires_at: instantText(now + 3_000_000),
    last_notify: { sent_at: instantText(now - 12_000), status: 200, answered_after_ms: 4 },
    failure_count: 0,
    ...parts,
  };
}

/** An endpoint with what does not matter filled in. */
export function endpointRow(parts: Partial<EndpointRow>): EndpointRow {
  return {
    name: "alice",
    state: "NOT_INUSE",
    context: "default",
    allow_subscribe: true,
    identified_by: "password",
    match: [],
    contacts: [],
    subscription_count: 0,
    is_dnd: false,
    forwardings: [],
    max_subscriptions: 200,
    ...parts,
  };
}

function keyOf(hint: OfficeHint): string {
  return `${hint.exten}@${hint.context ?? "default"}`;
}
