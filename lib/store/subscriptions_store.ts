/**
 * Owns the rows of subscriptions, and the count of starts that their numbers go by.
 */
import type { KeptSubscription, SubscriptionRecord, SubscriptionsPort } from "../event/subscription_record.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";

/** The disk of the notifier. */
export class SubscriptionsStore implements SubscriptionsPort {
  readonly start: number;
  readonly #database: Database;
  readonly #rows: JournalTable<SubscriptionRecord, number>;

  /**
   * Counts this start.
   *
   * @param database Stays the caller's to close.
   * @throws StoreError when the count cannot be stored.
   */
  constructor(database: Database, journal: Journal) {
    this.#database = database;
    const save = database.prepare<void, [number, string]>(
      "INSERT OR REPLACE INTO subscriptions (id, record) VALUES (?, ?)",
    );
    const remove = database.prepare<void, [number]>("DELETE FROM subscriptions WHERE id = ?");
    this.#rows = journal.table<SubscriptionRecord, number>({
      save: (id, record) => void save.run(id, JSON.stringify(record)),
      remove: (id) => void remove.run(id),
    });
    const count = database.prepare<void, []>(
      "INSERT INTO starts (only_row, count) VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1",
    );
    database.write(() => void count.run());
    this.start = database.rows<{ count: number }>("SELECT count FROM starts")[0]!.count;
  }

  *load(): Iterable<KeptSubscription> {
    for (const { id, record } of this.#database.rows<{ id: number; record: string }>("SELECT * FROM subscriptions")) {
      yield { id, record: JSON.parse(record) };
    }
  }

  save(id: number, record: SubscriptionRecord): void {
    this.#rows.save(id, record);
  }

  remove(id: number): void {
    this.#rows.remove(id);
  }
}
