/**
 * Owns the rows of what people set on their phones.
 */
import type { FeaturesPort, Forwardings } from "../state/features.ts";
import type { Database } from "./database.ts";

/** The disk of the features; each save is one durable transaction. */
export class FeaturesStore implements FeaturesPort {
  readonly #database: Database;
  readonly #save;

  /** @param database Stays the caller's to close. */
  constructor(database: Database) {
    this.#database = database;
    this.#save = database.prepare<void, [string, string]>(
      "INSERT OR REPLACE INTO forwardings (endpoint, record) VALUES (?, ?)",
    );
  }

  /** Everything stored. @throws StoreError */
  load(): ReadonlyMap<string, Forwardings> {
    const rows = this.#database.rows<{ endpoint: string; record: string }>("SELECT * FROM forwardings");
    return new Map(rows.map(({ endpoint, record }) => [endpoint, JSON.parse(record) as Forwardings]));
  }

  /** Stores the forwardings of an endpoint. @throws StoreError */
  save(endpoint: string, forwardings: Forwardings): void {
    this.#database.write(() => void this.#save.run(endpoint, JSON.stringify(forwardings)));
  }
}
