/**
 * Owns the rows of what was set from outside: `Custom:` devices, presence and mailboxes.
 */
import type { DeviceState } from "../state/device_state.ts";
import type { PresenceName, PresenceState } from "../state/presence_state.ts";
import type { MailboxCounts } from "../state/mailbox_counts.ts";
import type { StatesPort, Stored, StoredStates } from "../state/states_port.ts";
import type { Database } from "./database.ts";

/** The disk of the state engine; each save is one durable transaction. */
export class StatesStore implements StatesPort {
  readonly #database: Database;
  readonly #statements;

  /** @param database Stays the caller's to close. */
  constructor(database: Database) {
    this.#database = database;
    this.#statements = {
      saveDevice: database.prepare<void, [string, DeviceState, number]>(
        "INSERT OR REPLACE INTO device_states (device, state, changed_at) VALUES (?, ?, ?)",
      ),
      deleteDevice: database.prepare<void, [string]>("DELETE FROM device_states WHERE device = ?"),
      savePresence: database.prepare<void, [string, PresenceName, string, string, number]>(
        "INSERT OR REPLACE INTO presence_states (provider, state, subtype, message, changed_at) VALUES (?, ?, ?, ?, ?)",
      ),
      deletePresence: database.prepare<void, [string]>("DELETE FROM presence_states WHERE provider = ?"),
      saveMailbox: database.prepare<void, [string, number, number, number, number, number]>(
        "INSERT OR REPLACE INTO mailboxes " +
          "(mailbox, new_count, old_count, new_urgent_count, old_urgent_count, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
      ),
      deleteMailbox: database.prepare<void, [string]>("DELETE FROM mailboxes WHERE mailbox = ?"),
    };
  }

  /** Everything stored. @throws StoreError */
  load(): StoredStates {
    const devices = this.#database.rows<{ device: string; state: DeviceState; changed_at: number }>(
      "SELECT * FROM device_states",
    );
    const presences = this.#database.rows<PresenceState & { provider: string; changed_at: number }>(
      "SELECT * FROM presence_states",
    );
    const mailboxes = this.#database.rows<MailboxRow>("SELECT * FROM mailboxes");
    return {
      devices: new Map(devices.map((row) => [row.device, { value: row.state, changedAt: row.changed_at }])),
      presences: new Map(presences.map(({ provider, state, subtype, message, changed_at }) => [
        provider,
        { value: { state, subtype, message }, changedAt: changed_at },
      ])),
      mailboxes: new Map(mailboxes.map((row) => [
        row.mailbox,
        { value: countsOf(row), changedAt: row.changed_at },
      ])),
    };
  }

  /** Stores or, for undefined, deletes a device's state. @throws StoreError */
  saveDevice(device: string, stored: Stored<DeviceState> | undefined): void {
    this.#database.write(() => {
      if (stored === undefined) this.#statements.deleteDevice.run(device);
      else this.#statements.saveDevice.run(device, stored.value, stored.changedAt);
    });
  }

  /** Stores or, for undefined, deletes a provider's state. @throws StoreError */
  savePresence(provider: string, stored: Stored<PresenceState> | undefined): void {
    this.#database.write(() => {
      if (stored === undefined) return void this.#statements.deletePresence.run(provider);
      const { state, subtype, message } = stored.value;
      this.#statements.savePresence.run(provider, state, subtype, message, stored.changedAt);
    });
  }

  /** Stores or, for undefined, deletes a mailbox's counts. @throws StoreError */
  saveMailbox(mailbox: string, stored: Stored<MailboxCounts> | undefined): void {
    this.#database.write(() => {
      if (stored === undefined) return void this.#statements.deleteMailbox.run(mailbox);
      const { new: fresh, old, newUrgent = 0, oldUrgent = 0 } = stored.value;
      this.#statements.saveMailbox.run(mailbox, fresh, old, newUrgent, oldUrgent, stored.changedAt);
    });
  }
}

interface MailboxRow {
  mailbox: string;
  new_count: number;
  old_count: number;
  new_urgent_count: number;
  old_urgent_count: number;
  changed_at: number;
}

/** Without the members that say nothing. */
function countsOf(row: MailboxRow): MailboxCounts {
  return {
    new: row.new_count,
    old: row.old_count,
    ...(row.new_urgent_count > 0 ? { newUrgent: row.new_urgent_count } : {}),
    ...(row.old_urgent_count > 0 ? { oldUrgent: row.old_urgent_count } : {}),
  };
}
