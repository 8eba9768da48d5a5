/**
 * Owns the rows of publications.
 */
import type { PublicationRecord, PublicationsChange, PublicationsPort } from "../publication/publications_port.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";

/** The disk of the event state compositor. */
export class PublicationsStore implements PublicationsPort {
  readonly #database: Database;
  readonly #journal: Journal;
  readonly #rows: JournalTable<PublicationRecord>;

  /** @param database Stays the caller's to close. */
  constructor(database: Database, journal: Journal) {
    this.#database = database;
    this.#journal = journal;
    const save = database.prepare<void, [string, string]>(
      "INSERT OR REPLACE INTO publications (id, record) VALUES (?, ?)",
    );
    const remove = database.prepare<void, [string]>("DELETE FROM publications WHERE id = ?");
    this.#rows = journal.table({
      save: (id, record) => void save.run(id, JSON.stringify(record)),
      remove: (id) => void remove.run(id),
    });
  }

  /** Every publication that was kept. @throws StoreError */
  load(): PublicationRecord[] {
    return this.#database.rows<{ record: string }>("SELECT record FROM publications")
      .map((row) => JSON.parse(row.record));
  }

  /** Keeps and forgets publications at the end of this turn. @throws StoreError when the disk takes no writes: nothing changes. */
  commit({ saved, removed }: PublicationsChange): void {
    if (saved.length > 0) this.#journal.check();
    for (const record of saved) this.#rows.save(record.id, record);
    for (const id of removed) this.#rows.remove(id);
  }
}
