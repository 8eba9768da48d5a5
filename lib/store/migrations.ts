/**
 * Owns the shape of the database, version by version. The version is SQLite's own `user_version`: how many entries of
 * `migrations` a file has been through. A released entry is never changed; a new shape is a new entry.
 */
import type { Database as Connection } from "bun:sqlite";

/** The file was written by a newer hintd, whose shape this one does not know. */
export class DatabaseTooNew extends Error {
  override readonly name = "DatabaseTooNew";
}

/** Each brings a database from the version that is its index to the next one. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE device_states (
    device TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN (
      'UNKNOWN', 'NOT_INUSE', 'INUSE', 'BUSY', 'INVALID', 'UNAVAILABLE', 'RINGING', 'RINGINUSE', 'ONHOLD'
    )),
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE presence_states (
    provider TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('not_set', 'available', 'unavailable', 'chat', 'away', 'xa', 'dnd')),
    subtype TEXT NOT NULL,
    message TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE mailboxes (
    mailbox TEXT PRIMARY KEY,
    new_count INTEGER NOT NULL CHECK (new_count >= 0),
    old_count INTEGER NOT NULL CHECK (old_count >= 0),
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE bindings (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL CHECK (json_valid(record))
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE publications (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL CHECK (json_valid(record))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE subscriptions (
    local_tag TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbound_tags (
    section TEXT NOT NULL,
    uri TEXT NOT NULL,
    tag TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (section, uri)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE starts (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    count INTEGER NOT NULL
  ) STRICT;
  `,
  // Rows that are written together lie together: numbers as keys fill page after page. What the former table held is
  // dropped with it: the phones subscribe anew.
  `
  DROP TABLE subscriptions;
  CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE mailboxes ADD COLUMN new_urgent_count INTEGER NOT NULL DEFAULT 0 CHECK (new_urgent_count >= 0);
  ALTER TABLE mailboxes ADD COLUMN old_urgent_count INTEGER NOT NULL DEFAULT 0 CHECK (old_urgent_count >= 0);
  `,
  // What a refresh changes is small and lies apart, so that many refreshes touch few pages.
  `
  CREATE TABLE subscription_numbers (
    id INTEGER PRIMARY KEY,
    local_sequence INTEGER NOT NULL,
    remote_sequence INTEGER NOT NULL,
    version INTEGER NOT NULL,
    start INTEGER NOT NULL,
    granted_seconds INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  `,
  // What is written to see whether the disk takes writes again.
  `
  CREATE TABLE probes (
    filler BLOB NOT NULL
  ) STRICT;
  `,
  // What people set on their phones.
  `
  CREATE TABLE forwardings (
    endpoint TEXT PRIMARY KEY,
    record TEXT NOT NULL CHECK (json_valid(record))
  ) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Brings an open database to the version of this program, one migration per transaction.
 *
 * @param steps `migrations`, or other ones in a test.
 * @returns The version it had.
 * @throws DatabaseTooNew; the error of SQLite when the disk refuses.
 */
export function migrate(connection: Connection, steps: readonly string[] = migrations): number {
  const { user_version: version } = connection.query<{ user_version: number }, []>("PRAGMA user_version").get()!;
  if (version > steps.length) {
    throw new DatabaseTooNew(
      `The database is of version ${version}, this hintd knows versions up to ${steps.length}; run the newer hintd again`,
    );
  }
  for (let next = version; next < steps.length; next++) {
    connection.transaction(() => {
      connection.run(steps[next]!);
      connection.run(`PRAGMA user_version = ${next + 1}`);
    }).immediate();
  }
  return version;
}
