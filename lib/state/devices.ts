/**
 * Owns the states of single devices, presence providers and mailboxes: where each comes from, and since when it holds.
 *
 * `Custom:` devices, `CustomPresence:` providers and mailboxes are set from outside and stored. The state of `PJSIP/x`
 * follows from whether its endpoint can be reached and from its calls; that of `Custom:x` from what was set and from its calls;
 * that of `MWI:box` from the mailbox. Each is aggregated with what other servers report of the device, so that a phone which
 * only they know is as they say. Counts published for a mailbox hide stored ones for as long as they are published.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { aggregateDeviceStates, type DeviceState } from "./device_state.ts";
import { mailboxKey } from "./hint.ts";
import { areEqualCounts, type MailboxCounts } from "./mailbox_counts.ts";
import { equalPresence, presenceNotSet, type PresenceState } from "./presence_state.ts";
import { PublishedStates } from "./published_states.ts";
import { areEqualCalls, type Call } from "./resource.ts";
import { type StatesPort, StateTableFull, type Stored } from "./states_port.ts";

/** What is known of an endpoint besides its calls. */
export interface EndpointState {
  /** At least one contact can be reached. */
  readonly isReachable: boolean;
  /** Calls at which the device is BUSY; 0 for never. `device_state_busy_at`. */
  readonly busyAt: number;
}

const CUSTOM = "Custom:", MWI = "MWI:", PJSIP = "PJSIP/";
const NO_CALLS: readonly Call[] = [];

/** All devices, providers and mailboxes. */
export class Devices {
  readonly #clock: Clock;
  readonly #port: StatesPort;
  readonly #custom: Map<string, Stored<DeviceState>>;
  readonly #presences: Map<string, Stored<PresenceState>>;
  readonly #mailboxes: Map<string, Stored<MailboxCounts>>;
  readonly #endpoints = new Map<string, EndpointState>();
  readonly #calls = new Map<string, readonly Call[]>();
  readonly #published: PublishedStates;
  /** Since when derived states hold. */
  readonly #derivedAt = new Map<string, EpochMillis>();

  constructor(clock: Clock, port: StatesPort) {
    this.#clock = clock;
    this.#port = port;
    this.#published = new PublishedStates(clock);
    const stored = port.load();
    this.#custom = new Map(stored.devices);
    this.#presences = new Map(stored.presences);
    this.#mailboxes = new Map(stored.mailboxes);
  }

  /** State of the device with this key; one that nobody provides is invalid. */
  stateOf(key: string): DeviceState {
    const reported = this.#published.reportedOf(key);
    const own = this.ownStateOf(key);
    return reported.length === 0 ? own : aggregateDeviceStates([own, ...reported]);
  }

  /** State of the device with this key as far as it is known here, whatever other servers report. */
  ownStateOf(key: string): DeviceState {
    if (key.startsWith(MWI)) {
      return (this.#mailboxAt(key.slice(MWI.length))?.value.new ?? 0) > 0 ? "INUSE" : "NOT_INUSE";
    }
    const live = this.callsOf(key).filter((call) => call.state !== "terminated");
    if (key.startsWith(PJSIP)) return this.#endpointState(key.slice(PJSIP.length), live);
    if (!key.startsWith(CUSTOM)) return "INVALID";
    const set = this.#custom.get(key)?.value ?? "UNKNOWN";
    return live.length === 0 ? set : aggregateDeviceStates([set, ...live.map(deviceStateOfCall)]);
  }

  /** Since when the device has its state; undefined when that is not known. */
  changedAt(key: string): EpochMillis | undefined {
    const derivedAt = this.#derivedAt.get(key);
    if (!key.startsWith(CUSTOM)) return derivedAt ?? this.#mailboxes.get(key.slice(MWI.length))?.changedAt;
    const setAt = this.#custom.get(key)?.changedAt;
    return setAt === undefined || derivedAt === undefined ? setAt ?? derivedAt : Math.max(setAt, derivedAt);
  }

  /** Calls of the device with this key. */
  callsOf(key: string): readonly Call[] {
    return this.#calls.get(key) ?? NO_CALLS;
  }

  /** State of a presence provider. */
  presenceOf(key: string): PresenceState {
    return this.#presences.get(key)?.value ?? presenceNotSet;
  }

  /** Since when it holds; undefined when it was never set. */
  presenceChangedAt(key: string): EpochMillis | undefined {
    return this.#presences.get(key)?.changedAt;
  }

  /** Whether something is known here of the device with this key, whatever other servers report. */
  isOwn(key: string): boolean {
    if (key.startsWith(PJSIP)) return this.#endpoints.has(key.slice(PJSIP.length));
    return this.#custom.has(key) || this.#calls.has(key);
  }

  /** Whether the counts of a mailbox are published ones. */
  isMailboxPublished(mailbox: string): boolean {
    return this.#published.mailboxOf(mailboxKey(mailbox)) !== undefined;
  }

  /** Presence published for a device, and since when it holds; undefined when none is. */
  publishedPresenceOf(key: string): Stored<PresenceState> | undefined {
    return this.#published.presenceOf(key);
  }

  /** Message counts of a mailbox: published ones, or else those that were set; undefined when there are none. */
  mailboxOf(mailbox: string): MailboxCounts | undefined {
    return this.#mailboxAt(mailboxKey(mailbox))?.value;
  }

  /** Message counts that were set for a mailbox, hidden by published ones or not; undefined when none were. */
  ownMailboxOf(mailbox: string): MailboxCounts | undefined {
    return this.#mailboxes.get(mailboxKey(mailbox))?.value;
  }

  /** Since when they hold; undefined when there are none. */
  mailboxChangedAt(mailbox: string): EpochMillis | undefined {
    return this.#mailboxAt(mailboxKey(mailbox))?.changedAt;
  }

  /** Whether the counts of a mailbox were set, hidden by published ones or not. */
  isMailboxSet(mailbox: string): boolean {
    return this.#mailboxes.has(mailboxKey(mailbox));
  }

  /** Keys of all `Custom:` devices that are set, of all endpoints' devices, and of those that other servers report. */
  deviceKeys(): string[] {
    return [...new Set([...this.ownDeviceKeys(), ...this.#published.reportedKeys()])];
  }

  /** The same without those that only other servers know. */
  ownDeviceKeys(): string[] {
    return [...this.#custom.keys(), ...[...this.#endpoints.keys()].map((name) => PJSIP + name)];
  }

  /** Whether the `Custom:` device with this key was set. */
  isCustomSet(key: string): boolean {
    return this.#custom.has(key);
  }

  /** Keys of all mailboxes that were set. */
  ownMailboxKeys(): string[] {
    return [...this.#mailboxes.keys()];
  }

  /** Keys of all presence providers that are set. */
  providerKeys(): string[] {
    return [...this.#presences.keys()];
  }

  /** All mailboxes that are set or published. */
  mailboxes(): ReadonlyMap<string, Stored<MailboxCounts>> {
    return new Map([...this.#mailboxes, ...this.#published.mailboxes()]);
  }

  /** Key of the device of that name: an endpoint, or else one that was set from outside, or that another server reports. */
  named(name: string): string | undefined {
    if (this.#endpoints.has(name)) return PJSIP + name;
    if (this.#custom.has(CUSTOM + name)) return CUSTOM + name;
    const reported = [PJSIP + name, CUSTOM + name].find((key) => this.#published.reportedOf(key).length > 0);
    return reported ?? (this.#mailboxAt(name) === undefined ? undefined : MWI + name);
  }

  /** Stores the state of a `Custom:` device, or deletes it; false when it was so already. */
  setCustom(key: string, state: DeviceState | undefined): boolean {
    return this.#store(this.#custom, key, state, Object.is, (stored) => this.#port.saveDevice(key, stored));
  }

  /** Stores the state of a presence provider, or deletes it; false when it was so already. */
  setPresence(key: string, state: PresenceState | undefined): boolean {
    return this.#store(this.#presences, key, state, equalPresence, (stored) => this.#port.savePresence(key, stored));
  }

  /** Stores the counts of a mailbox, or deletes them; true when its device has another state than before. */
  setMailbox(mailbox: string, counts: MailboxCounts | undefined): boolean {
    const key = mailboxKey(mailbox);
    const isChanged = this.#deriving(MWI + key, () => {
      this.#store(this.#mailboxes, key, counts, areEqualCounts, (stored) => this.#port.saveMailbox(key, stored));
    });
    if (this.#mailboxAt(key) === undefined) this.#derivedAt.delete(MWI + key);
    return isChanged;
  }

  /** Sets the counts published for a mailbox, undefined when none are any more; true when its device has another state. */
  setPublishedMailbox(mailbox: string, counts: MailboxCounts | undefined): boolean {
    const key = mailboxKey(mailbox);
    const isChanged = this.#deriving(MWI + key, () => void this.#published.setMailbox(key, counts));
    if (this.#mailboxAt(key) === undefined) this.#derivedAt.delete(MWI + key);
    return isChanged;
  }

  /** Sets the presence published for a device, undefined when none is any more; false when it was so already. */
  setPublishedPresence(key: string, presence: PresenceState | undefined): boolean {
    return this.#published.setPresence(key, presence);
  }

  /** Sets what other servers report of a device, one state for each; true when the device has another state. */
  setReportedStates(key: string, states: readonly DeviceState[]): boolean {
    const isChanged = this.#deriving(key, () => this.#published.setReported(key, states));
    const isKnown = states.length > 0 || this.ownStateOf(key) !== "INVALID";
    if (!isKnown) this.#derivedAt.delete(key);
    return isChanged;
  }

  /** Sets what is known of an endpoint, undefined when there is none of that name; true when its device has another state. */
  setEndpoint(name: string, state: EndpointState | undefined): boolean {
    return this.#deriving(PJSIP + name, () => {
      if (state === undefined) this.#endpoints.delete(name);
      else this.#endpoints.set(name, state);
    });
  }

  /** Sets the calls of a device; false when they were so already. */
  setCalls(key: string, calls: readonly Call[]): boolean {
    if (areEqualCalls(this.callsOf(key), calls)) return false;
    this.#deriving(key, () => {
      if (calls.length === 0) this.#calls.delete(key);
      else this.#calls.set(key, calls);
    });
    return true;
  }

  #mailboxAt(key: string): Stored<MailboxCounts> | undefined {
    return this.#published.mailboxOf(key) ?? this.#mailboxes.get(key);
  }

  /** Does what a device's state follows from; true when that is another one then. */
  #deriving(key: string, action: () => void): boolean {
    const before = this.stateOf(key);
    action();
    if (this.stateOf(key) === before) return false;
    this.#derivedAt.set(key, this.#clock.wall());
    return true;
  }

  #store<T>(
    table: Map<string, Stored<T>>,
    key: string,
    value: T | undefined,
    areEqual: (a: T, b: T) => boolean,
    save: (stored: Stored<T> | undefined) => void,
  ): boolean {
    const former = table.get(key);
    if (value === undefined) {
      if (former === undefined) return false;
      save(undefined);
      table.delete(key);
      return true;
    }
    if (former !== undefined && areEqual(former.value, value)) return false;
    if (former === undefined && table.size >= limits.storedStateCount) {
      throw new StateTableFull(`No more than ${limits.storedStateCount} states of a kind can be set`);
    }
    const stored = { value, changedAt: this.#clock.wall() };
    save(stored);
    table.set(key, stored);
    return true;
  }

  /** An endpoint's own state: none of that name is invalid; without a reachable contact unavailable; else by its calls. */
  #endpointState(name: string, live: readonly Call[]): DeviceState {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) return "INVALID";
    if (endpoint.busyAt > 0 && live.length >= endpoint.busyAt) return "BUSY";
    if (live.length > 0) return aggregateDeviceStates(live.map(deviceStateOfCall));
    return endpoint.isReachable ? "NOT_INUSE" : "UNAVAILABLE";
  }
}

/** What one call makes of its device. */
function deviceStateOfCall(call: Call): DeviceState {
  if (call.state === "held") return "ONHOLD";
  return call.direction === "recipient" && call.state !== "confirmed" ? "RINGING" : "INUSE";
}
