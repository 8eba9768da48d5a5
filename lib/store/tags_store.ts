/**
 * Owns the rows of entity-tags that other servers gave us, so that a start takes over what an earlier one published.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import type { Clock } from "../runtime/clock.ts";
import type { TagMemory } from "../uac/section.ts";
import type { Database } from "./database.ts";
import type { Journal, JournalTable } from "./journal.ts";

interface TagRow {
  readonly section: string;
  readonly uri: string;
  readonly tag: string;
  readonly expires_at: EpochMillis;
}

/** The disk of the publishers. */
export class TagsStore implements TagMemory {
  readonly #clock: Clock;
  readonly #known = new Map<string, TagRow>();
  readonly #rows: JournalTable<TagRow>;

  /** @param database Stays the caller's to close. @throws StoreError */
  constructor(database: Database, journal: Journal, clock: Clock) {
    this.#clock = clock;
    const save = database.prepare<void, [string, string, string, number]>(
      "INSERT OR REPLACE INTO outbound_tags (section, uri, tag, expires_at) VALUES (?, ?, ?, ?)",
    );
    const remove = database.prepare<void, [string, string]>("DELETE FROM outbound_tags WHERE section = ? AND uri = ?");
    this.#rows = journal.table({
      save: (_key, row) => void save.run(row.section, row.uri, row.tag, row.expires_at),
      remove: (key) => void remove.run(...splitKey(key)),
    });
    for (const row of database.rows<TagRow>("SELECT * FROM outbound_tags")) {
      if (row.expires_at > clock.wall()) this.#known.set(keyOf(row.section, row.uri), row);
      else this.#rows.remove(keyOf(row.section, row.uri));
    }
  }

  recall(section: string, uri: string): string | undefined {
    const row = this.#known.get(keyOf(section, uri));
    return row !== undefined && row.expires_at > this.#clock.wall() ? row.tag : undefined;
  }

  remember(section: string, uri: string, tag: string, expiresAt: EpochMillis): void {
    const row: TagRow = { section, uri, tag, expires_at: Math.round(expiresAt) };
    this.#known.set(keyOf(section, uri), row);
    this.#rows.save(keyOf(section, uri), row);
  }

  forget(section: string, uri: string, tag: string): void {
    const key = keyOf(section, uri);
    if (this.#known.get(key)?.tag !== tag) return;
    this.#known.delete(key);
    this.#rows.remove(key);
  }
}

/** A URI has no line break. */
function keyOf(section: string, uri: string): string {
  return `${uri}\n${section}`;
}

function splitKey(key: string): [section: string, uri: string] {
  const end = key.indexOf("\n");
  return [key.slice(end + 1), key.slice(0, end)];
}
