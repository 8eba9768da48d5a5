/**
 * Owns the rows of registered contacts.
 */
import type { BindingRecord } from "../registrar/binding.ts";
import type { BindingsChange, BindingsPort } from "../registrar/bindings.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";

/** The disk of the registrar. */
export class BindingsStore implements BindingsPort {
  readonly #database: Database;
  readonly #journal: Journal;
  readonly #rows: JournalTable<BindingRecord>;

  /** @param database Stays the caller's to close. */
  constructor(database: Database, journal: Journal) {
    this.#database = database;
    this.#journal = journal;
    const save = database.prepare<void, [string, string]>("INSERT OR REPLACE INTO bindings (id, record) VALUES (?, ?)");
    const remove = database.prepare<void, [string]>("DELETE FROM bindings WHERE id = ?");
    this.#rows = journal.table({
      save: (id, record) => void save.run(id, JSON.stringify(record)),
      remove: (id) => void remove.run(id),
    });
  }

  /** Every contact that was kept. @throws StoreError */
  load(): BindingRecord[] {
    return this.#database.rows<{ record: string }>("SELECT record FROM bindings").map((row) => JSON.parse(row.record));
  }

  /** Keeps and forgets contacts at the end of this turn. @throws StoreError when the disk takes no writes: nothing changes. */
  commit({ saved, removed }: BindingsChange): void {
    if (saved.length > 0) this.#journal.check();
    for (const record of saved) this.#rows.save(record.id, record);
    for (const id of removed) this.#rows.remove(id);
  }
}
