import { Database as Connection } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { BindingsStore } from "../../lib/store/bindings_store.ts";
import { migrate, migrations } from "../../lib/store/migrations.ts";
import { PublicationsStore } from "../../lib/store/publications_store.ts";
import { SecretsStore } from "../../lib/store/secrets_store.ts";
import { StatesStore } from "../../lib/store/states_store.ts";
import { SubscriptionsStore } from "../../lib/store/subscriptions_store.ts";
import { TagsStore } from "../../lib/store/tags_store.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { DataDirectory } from "./directory.ts";
import { Journaling } from "./journaling.ts";

const secret = new Uint8Array(32).fill(7);

/** What a hintd of each version could have stored, from that version on. */
const rows: readonly { since: number; until?: number; sql: string }[] = [
  { since: 1, sql: "INSERT INTO device_states VALUES ('Custom:door', 'INUSE', 11)" },
  { since: 1, sql: "INSERT INTO presence_states VALUES ('CustomPresence:alice', 'dnd', 'lunch', 'back at two', 12)" },
  { since: 1, until: 4, sql: "INSERT INTO mailboxes VALUES ('100@default', 2, 5, 13)" },
  { since: 5, sql: "INSERT INTO mailboxes VALUES ('100@default', 2, 5, 13, 1, 0)" },
  { since: 1, sql: `INSERT INTO secrets VALUES ('nonce_secret', x'${secret.toHex()}')` },
  { since: 2, sql: `INSERT INTO bindings VALUES ('b1', '{"id":"b1","aor":"alice"}')` },
  { since: 3, sql: `INSERT INTO publications VALUES ('p1', '{"id":"p1","event":"dialog"}')` },
  { since: 3, sql: "INSERT INTO outbound_tags VALUES ('trunk', 'sip:1000@example.com', 'tag1', 9000000000000)" },
  { since: 3, sql: "INSERT INTO starts VALUES (1, 41)" },
  { since: 3, until: 3, sql: "INSERT INTO subscriptions VALUES ('tag', '{}')" },
];

/** A directory with the file that a hintd of that version left. */
function leftBy(version: number): DataDirectory {
  const directory = new DataDirectory();
  const connection = new Connection(directory.file, { create: true });
  migrate(connection, migrations.slice(0, version));
  for (const { since, until = Infinity, sql } of rows) {
    if (version >= since && version <= until) connection.run(sql);
  }
  connection.close();
  return directory;
}

describe("what an older hintd stored is there after the start of this one", () => {
  for (let version = 1; version <= migrations.length; version++) {
    test(`version ${version}`, () => {
      const { database, journal, clock } = new Journaling(leftBy(version));
      const { devices, presences, mailboxes } = new StatesStore(database).load();
      expect([...devices]).toEqual([["Custom:door", { value: "INUSE", changedAt: 11 }]]);
      expect([...presences]).toEqual([
        ["CustomPresence:alice", { value: { state: "dnd", subtype: "lunch", message: "back at two" }, changedAt: 12 }],
      ]);
      const counts = { new: 2, old: 5, ...(version >= 5 ? { newUrgent: 1 } : {}) };
      expect([...mailboxes]).toEqual([["100@default", { value: counts, changedAt: 13 }]]);
      expect(new SecretsStore(database, systemEntropy).nonceSecret()).toEqual(secret);
      expect(new BindingsStore(database, journal).load().map(({ aor }) => aor)).toEqual(version >= 2 ? ["alice"] : []);
      expect(new PublicationsStore(database, journal).load().map(({ event }) => event))
        .toEqual(version >= 3 ? ["dialog"] : []);
      expect(new TagsStore(database, journal, clock).recall("trunk", "sip:1000@example.com"))
        .toBe(version >= 3 ? "tag1" : undefined);
      const subscriptions = new SubscriptionsStore(database, journal);
      expect(subscriptions.start).toBe(version >= 3 ? 42 : 1);
      expect([...subscriptions.load()]).toEqual([]);
    });
  }
});

test("a file that came all the way has the shape of a fresh one", () => {
  const shapeOf = (directory: DataDirectory) =>
    directory.opened((database) =>
      database.rows<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .map(({ name }) => [name, database.rows(`PRAGMA table_info(${name})`)])
    );
  const fresh = shapeOf(new DataDirectory());
  expect(fresh.length).toBeGreaterThan(7);
  for (let version = 1; version < migrations.length; version++) expect(shapeOf(leftBy(version))).toEqual(fresh);
});
