/**
 * Owns the rows of registered contacts.
 */
import type { BindingRecord } from "../registrar/binding.ts";
import type { BindingsChange, BindingsPort } from "../registrar/bindings.ts";
import type { Database } from "./database.ts";

/** The disk of the registrar; each commit is one durable transaction. */
export class BindingsStore implements BindingsPort {
  readonly #database: Database;
  readonly #save;
  readonly #remove;

  /** @param database Stays the caller's to close. */
  constructor(database: Database) {
    this.#database = database;
    this.#save = database.prepare<void, [string, string]>("INSERT OR REPLACE INTO bindings (id, record) VALUES (?, ?)");
    this.#remove = database.prepare<void, [string]>("DELETE FROM bindings WHERE id = ?");
  }

  /** Every contact that was kept. @throws StoreError */
  load(): BindingRecord[] {
    return this.#database.rows<{ record: string }>("SELECT record FROM bindings").map((row) => JSON.parse(row.record));
  }

  /** Keeps and forgets contacts, all of them or none. @throws StoreError */
  commit({ saved, removed }: BindingsChange): void {
    this.#database.write(() => {
      for (const record of saved) this.#save.run(record.id, JSON.stringify(record));
      for (const id of removed) this.#remove.run(id);
    });
  }
}
