/**
 * Owns the rows of subscriptions, and the count of starts that their numbers go by.
 */
import type { SubscriptionRecord, SubscriptionsPort } from "../event/subscription_record.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";

/** The disk of the notifier. */
export class SubscriptionsStore implements SubscriptionsPort {
  readonly start: number;
  readonly #database: Database;
  readonly #rows: JournalTable<SubscriptionRecord>;

  /**
   * Counts this start.
   *
   * @param database Stays the caller's to close.
   * @throws StoreError when the count cannot be stored.
   */
  constructor(database: Database, journal: Journal) {
    this.#database = database;
    const save = database.prepare<void, [string, string]>(
      "INSERT OR REPLACE INTO subscriptions (local_tag, record) VALUES (?, ?)",
    );
    const remove = database.prepare<void, [string]>("DELETE FROM subscriptions WHERE local_tag = ?");
    this.#rows = journal.table({
      save: (tag, record) => void save.run(tag, JSON.stringify(record)),
      remove: (tag) => void remove.run(tag),
    });
    const count = database.prepare<void, []>(
      "INSERT INTO starts (only_row, count) VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1",
    );
    database.write(() => void count.run());
    this.start = database.rows<{ count: number }>("SELECT count FROM starts")[0]!.count;
  }

  *load(): Iterable<SubscriptionRecord> {
    for (const row of this.#database.rows<{ record: string }>("SELECT record FROM subscriptions")) {
      yield JSON.parse(row.record);
    }
  }

  save(record: SubscriptionRecord): void {
    this.#rows.save(record.dialog.localTag, record);
  }

  remove(localTag: string): void {
    this.#rows.remove(localTag);
  }
}
