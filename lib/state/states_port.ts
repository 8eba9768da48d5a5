/**
 * Owns what the state engine demands of a disk.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import type { DeviceState } from "./device_state.ts";
import type { MailboxCounts } from "./mailbox_counts.ts";
import type { PresenceState } from "./presence_state.ts";

export { StoreError } from "../runtime/store_error.ts";

/** A stored value and since when it holds. */
export interface Stored<T> {
  readonly value: T;
  /** Since when it is this value. */
  readonly changedAt: EpochMillis;
}

/** Everything that was set from outside, by key. */
export interface StoredStates {
  readonly devices: ReadonlyMap<string, Stored<DeviceState>>;
  readonly presences: ReadonlyMap<string, Stored<PresenceState>>;
  readonly mailboxes: ReadonlyMap<string, Stored<MailboxCounts>>;
}

/** The disk. A call that returns has made its change durable; one that throws a StoreError has changed nothing. */
export interface StatesPort {
  /** Everything stored. @throws StoreError when it cannot be read. */
  load(): StoredStates;
  /** Stores or, for undefined, deletes a device's state. @throws StoreError */
  saveDevice(device: string, stored: Stored<DeviceState> | undefined): void;
  /** Stores or, for undefined, deletes a provider's state. @throws StoreError */
  savePresence(provider: string, stored: Stored<PresenceState> | undefined): void;
  /** Stores or, for undefined, deletes a mailbox's counts. @throws StoreError */
  saveMailbox(mailbox: string, stored: Stored<MailboxCounts> | undefined): void;
}

/** A table of states has as many rows as it may have. */
export class StateTableFull extends Error {
  override readonly name = "StateTableFull";
}
