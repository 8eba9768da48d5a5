/**
 * Owns what others say of devices and mailboxes for as long as they stand by it: nothing of it is stored here.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import type { DeviceState } from "./device_state.ts";
import { areEqualCounts, type MailboxCounts } from "./mailbox_counts.ts";
import { equalPresence, type PresenceState } from "./presence_state.ts";
import type { Stored } from "./states_port.ts";

const NO_STATES: readonly DeviceState[] = [];

/** Reported states, published presence and published message counts, by key. */
export class PublishedStates {
  readonly #clock: Clock;
  readonly #reported = new Map<string, readonly DeviceState[]>();
  readonly #presences = new Map<string, Stored<PresenceState>>();
  readonly #mailboxes = new Map<string, Stored<MailboxCounts>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** States of a device that other servers report, one per server. */
  reportedOf(device: string): readonly DeviceState[] {
    return this.#reported.get(device) ?? NO_STATES;
  }

  /** Keys of the devices that other servers report. */
  reportedKeys(): IterableIterator<string> {
    return this.#reported.keys();
  }

  /** Sets what other servers report of a device, the whole list each time. */
  setReported(device: string, states: readonly DeviceState[]): void {
    if (states.length === 0) this.#reported.delete(device);
    else this.#reported.set(device, states);
  }

  /** Presence that is published for a device; undefined when none is. */
  presenceOf(device: string): Stored<PresenceState> | undefined {
    return this.#presences.get(device);
  }

  /** Sets it; false when it was so already. */
  setPresence(device: string, presence: PresenceState | undefined): boolean {
    return this.#set(this.#presences, device, presence, equalPresence);
  }

  /** Counts that are published for a mailbox; undefined when none are. */
  mailboxOf(key: string): Stored<MailboxCounts> | undefined {
    return this.#mailboxes.get(key);
  }

  /** All mailboxes whose counts are published. */
  mailboxes(): ReadonlyMap<string, Stored<MailboxCounts>> {
    return this.#mailboxes;
  }

  /** Sets the counts of a mailbox; false when they were so already. */
  setMailbox(key: string, counts: MailboxCounts | undefined): boolean {
    return this.#set(this.#mailboxes, key, counts, areEqualCounts);
  }

  #set<T>(
    table: Map<string, Stored<T>>,
    key: string,
    value: T | undefined,
    areEqual: (a: T, b: T) => boolean,
  ): boolean {
    const former = table.get(key);
    if (value === undefined) return table.delete(key);
    if (former !== undefined && areEqual(former.value, value)) return false;
    const changedAt: EpochMillis = this.#clock.wall();
    table.set(key, { value, changedAt });
    return true;
  }
}
