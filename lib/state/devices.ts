/**
 * Owns the states of single devices, presence providers and mailboxes: where each comes from, and since when it holds.
 *
 * `Custom:` devices, `CustomPresence:` providers and mailboxes are set from outside and stored. The state of `PJSIP/x`
 * follows from whether its endpoint can be reached and from its calls; that of `MWI:box` from the mailbox.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { aggregateDeviceStates, type DeviceState } from "./device_state.ts";
import { mailboxKey } from "./hint.ts";
import { equalPresence, presenceNotSet, type PresenceState } from "./presence_state.ts";
import { areEqualCalls, type Call } from "./resource.ts";
import { type MailboxCounts, type StatesPort, StateTableFull, type Stored } from "./states_port.ts";

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
  /** Since when derived states hold. */
  readonly #derivedAt = new Map<string, EpochMillis>();

  constructor(clock: Clock, port: StatesPort) {
    this.#clock = clock;
    this.#port = port;
    const stored = port.load();
    this.#custom = new Map(stored.devices);
    this.#presences = new Map(stored.presences);
    this.#mailboxes = new Map(stored.mailboxes);
  }

  /** State of the device with this key; one that nobody provides is invalid. */
  stateOf(key: string): DeviceState {
    if (key.startsWith(CUSTOM)) return this.#custom.get(key)?.value ?? "UNKNOWN";
    if (key.startsWith(MWI)) {
      return (this.#mailboxes.get(key.slice(MWI.length))?.value.new ?? 0) > 0 ? "INUSE" : "NOT_INUSE";
    }
    return key.startsWith(PJSIP) ? this.#endpointState(key.slice(PJSIP.length), this.callsOf(key)) : "INVALID";
  }

  /** Since when the device has its state; undefined when that is not known. */
  changedAt(key: string): EpochMillis | undefined {
    if (key.startsWith(CUSTOM)) return this.#custom.get(key)?.changedAt;
    return this.#derivedAt.get(key) ?? this.#mailboxes.get(key.slice(MWI.length))?.changedAt;
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

  /** Message counts of a mailbox; undefined when they were never set. */
  mailboxOf(mailbox: string): MailboxCounts | undefined {
    return this.#mailboxes.get(mailboxKey(mailbox))?.value;
  }

  /** Keys of all `Custom:` devices that are set, and of all endpoints' devices. */
  deviceKeys(): string[] {
    return [...this.#custom.keys(), ...[...this.#endpoints.keys()].map((name) => PJSIP + name)];
  }

  /** Keys of all presence providers that are set. */
  providerKeys(): string[] {
    return [...this.#presences.keys()];
  }

  /** All mailboxes that are set. */
  mailboxes(): ReadonlyMap<string, Stored<MailboxCounts>> {
    return this.#mailboxes;
  }

  /** Key of the device of that name: an endpoint, or else one that was set from outside. */
  named(name: string): string | undefined {
    if (this.#endpoints.has(name)) return PJSIP + name;
    if (this.#custom.has(CUSTOM + name)) return CUSTOM + name;
    return this.#mailboxes.has(name) ? MWI + name : undefined;
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
    if (counts === undefined) this.#derivedAt.delete(MWI + key);
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
  #endpointState(name: string, calls: readonly Call[]): DeviceState {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) return "INVALID";
    const live = calls.filter((call) => call.state !== "terminated");
    if (endpoint.busyAt > 0 && live.length >= endpoint.busyAt) return "BUSY";
    if (live.length > 0) return aggregateDeviceStates(live.map(deviceStateOfCall));
    return endpoint.isReachable ? "NOT_INUSE" : "UNAVAILABLE";
  }
}

function areEqualCounts(a: MailboxCounts, b: MailboxCounts): boolean {
  return a.new === b.new && a.old === b.old;
}

/** What one call makes of its device. */
function deviceStateOfCall(call: Call): DeviceState {
  if (call.state === "held") return "ONHOLD";
  return call.direction === "recipient" && call.state !== "confirmed" ? "RINGING" : "INUSE";
}
