import { expect, test } from "bun:test";
import { type Entropy, systemEntropy } from "../../lib/runtime/entropy.ts";
import { Nonces } from "../../lib/auth/nonces.ts";
import { SecretsStore } from "../../lib/store/secrets_store.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { DataDirectory } from "./directory.ts";

const snapshot = { firstSerial: 7, issuedCount: 3, forgottenAt: 0, counts: [[8, 1_790_000_000, 2, 3]] as const };

test("the nonce secret has 32 bytes, is made once, and differs between appliances", () => {
  const directory = new DataDirectory();
  const secretOf = (where: DataDirectory) =>
    where.opened((database) => new SecretsStore(database, systemEntropy).nonceSecret());
  const secret = secretOf(directory);
  expect(secret).toHaveLength(32);
  expect(secretOf(directory)).toEqual(secret);
  expect(secretOf(new DataDirectory())).not.toEqual(secret);
});

test("a nonce snapshot is handed out once", () => {
  const directory = new DataDirectory();
  directory.opened((database) => new SecretsStore(database, systemEntropy).saveNonceSnapshot(snapshot));
  const taken = directory.opened((database) => {
    const store = new SecretsStore(database, systemEntropy);
    return [store.takeNonceSnapshot(), store.takeNonceSnapshot()];
  });
  expect(taken).toEqual([snapshot, undefined]);
  expect(directory.opened((database) => new SecretsStore(database, systemEntropy).takeNonceSnapshot())).toBeUndefined();
});

test("nonces go on where an orderly stop left them, and no count is accepted twice across it", () => {
  const directory = new DataDirectory();
  const clock = new ManualClock();
  const start = (entropy: Entropy) =>
    directory.opened((database) => {
      const store = new SecretsStore(database, entropy);
      return new Nonces({ secret: store.nonceSecret(), clock, entropy, resumed: store.takeNonceSnapshot() });
    });
  const before = start(systemEntropy);
  const nonce = before.issue("192.0.2.1", clock.now());
  expect(before.accept(nonce, "192.0.2.1", 1, clock.now())).toBe("accepted");
  directory.opened((database) => new SecretsStore(database, systemEntropy).saveNonceSnapshot(before.snapshot()));
  const after = start(systemEntropy);
  expect(after.accept(nonce, "192.0.2.1", 1, clock.now())).toBe("replayed");
  expect(after.accept(nonce, "192.0.2.1", 2, clock.now())).toBe("accepted");
});

test("a disk that cannot be written stops neither the start nor the stop, and hands out no snapshot", () => {
  const directory = new DataDirectory();
  directory.opened((database) => new SecretsStore(database, systemEntropy).saveNonceSnapshot(snapshot));
  directory.opened((database) => {
    const store = new SecretsStore(database, systemEntropy);
    database.rows("PRAGMA query_only = 1");
    expect(store.nonceSecret()).toHaveLength(32);
    expect(store.takeNonceSnapshot()).toBeUndefined();
    store.saveNonceSnapshot(snapshot);
    expect(directory.lines.all.some((line) => line.startsWith("error store: Cannot write the database"))).toBe(true);
  });
});
