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
import { presenceNotSet, type PresenceState } from "./presence_state.ts";
import type { Call } from "./resource.ts";
import { type MailboxCounts, type StatesPort, StateTableFull, type Stored } from "./states_port.ts";

/** What is known of an endpoint besides its calls. */
export interface EndpointState {
  /** At least one contact can be reached. */
  readonly isReachable: boolean;
  /** Calls at which the device is BUSY; 0 for never. `device_state_busy_at`. */
  readonly busyAt: number;
}

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
  /** Derived states as last seen, for their `changedAt`. */
  readonly #derived = new Map<string, Stored<DeviceState>>();

  constructor(clock: Clock, port: StatesPort) {
    this.#clock = clock;
    this.#port = port;
    const stored = port.load();
    this.#custom = new Map(stored.devices);
    this.#presences = new Map(stored.presences);
    this.#mailboxes = new Map(stored.mailboxes);
  }

  /** State of the device with this key. */
  stateOf(key: string): DeviceState {
    if (key.startsWith("Custom:")) return this.#custom.get(key)?.value ?? "UNKNOWN";
    if (key.startsWith("MWI:")) {
      return (this.#mailboxes.get(key.slice("MWI:".length))?.value.new ?? 0) > 0 ? "INUSE" : "NOT_INUSE";
    }
    return this.#endpointState(key);
  }

  /** Since when the device has its state; undefined when that is not known. */
  changedAt(key: string): EpochMillis | undefined {
    return (this.#custom.get(key) ?? this.#derived.get(key))?.changedAt;
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
    return [...this.#custom.keys(), ...[...this.#endpoints.keys()].map((name) => `PJSIP/${name}`)];
  }

  /** Keys of all presence providers that are set. */
  providerKeys(): string[] {
    return [...this.#presences.keys()];
  }

  /** All mailboxes that are set. */
  mailboxes(): ReadonlyMap<string, Stored<MailboxCounts>> {
    return this.#mailboxes;
  }

  /** Stores the state of a `Custom:` device, or deletes it; true when it is another one than before. */
  setCustom(key: string, state: DeviceState | undefined): boolean {
    const before = this.stateOf(key);
    this.#store(this.#custom, key, state, before !== state, (stored) => this.#port.saveDevice(key, stored));
    return this.stateOf(key) !== before;
  }

  /** Stores the state of a presence provider, or deletes it. */
  setPresence(key: string, state: PresenceState | undefined): void {
    this.#store(this.#presences, key, state, true, (stored) => this.#port.savePresence(key, stored));
  }

  /** Stores the counts of a mailbox, or deletes them. */
  setMailbox(mailbox: string, counts: MailboxCounts | undefined): void {
    const key = mailboxKey(mailbox);
    this.#store(this.#mailboxes, key, counts, true, (stored) => this.#port.saveMailbox(key, stored));
  }

  /** Sets what is known of an endpoint; undefined when there is none of that name. */
  setEndpoint(name: string, state: EndpointState | undefined): void {
    if (state === undefined) this.#endpoints.delete(name);
    else this.#endpoints.set(name, state);
  }

  /** Sets the calls of a device. */
  setCalls(key: string, calls: readonly Call[]): void {
    if (calls.length === 0) this.#calls.delete(key);
    else this.#calls.set(key, calls);
  }

  /** Notes that a derived device has another state than when last asked; false when it has not. */
  noteDerived(key: string): boolean {
    const state = this.stateOf(key);
    const former = this.#derived.get(key);
    if (former?.value === state) return false;
    this.#derived.set(key, { value: state, changedAt: this.#clock.wall() });
    return true;
  }

  #store<T>(
    table: Map<string, Stored<T>>,
    key: string,
    value: T | undefined,
    isChange: boolean,
    save: (stored: Stored<T> | undefined) => void,
  ): void {
    const former = table.get(key);
    if (value === undefined) {
      if (former === undefined) return;
      save(undefined);
      table.delete(key);
      return;
    }
    if (former === undefined && table.size >= limits.storedStateCount) {
      throw new StateTableFull(`No more than ${limits.storedStateCount} states of a kind can be set`);
    }
    const changedAt = former !== undefined && !isChange ? former.changedAt : this.#clock.wall();
    const stored = { value, changedAt };
    save(stored);
    table.set(key, stored);
  }

  /** An endpoint's own state: none of that name is invalid; without a reachable contact unavailable; else by its calls. */
  #endpointState(key: string): DeviceState {
    const endpoint = this.#endpoints.get(key.slice("PJSIP/".length));
    if (endpoint === undefined) return "INVALID";
    const calls = this.callsOf(key).filter((call) => call.state !== "terminated");
    if (endpoint.busyAt > 0 && calls.length >= endpoint.busyAt) return "BUSY";
    const idle: DeviceState = endpoint.isReachable ? "NOT_INUSE" : "UNAVAILABLE";
    return calls.length === 0 ? idle : aggregateDeviceStates([idle, ...calls.map(deviceStateOfCall)]);
  }
}

/** What one call makes of its device. */
function deviceStateOfCall(call: Call): DeviceState {
  if (call.state === "held") return "ONHOLD";
  return call.direction === "recipient" && call.state !== "confirmed" ? "RINGING" : "INUSE";
}
