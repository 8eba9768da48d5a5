/**
 * Owns the rows that make nonces last: the secret that signs them, and which counts were used before an orderly stop.
 */
import type { Entropy } from "../runtime/entropy.ts";
import { StoreError } from "../runtime/store_error.ts";
import type { Database } from "./database.ts";

/** What an orderly stop leaves to the next start about nonces; plain data whose meaning `lib/auth` knows. */
export interface StoredNonces {
  readonly firstSerial: number;
  readonly issuedCount: number;
  readonly forgottenAt: number;
  readonly counts: readonly (readonly [serial: number, issuedAt: number, highest: number, window: number])[];
}

const SECRET_BYTES = 32;
const SECRET = "nonce_secret";
const SNAPSHOT = "nonce_snapshot";

/** The disk of the authenticator. A disk that cannot be written costs clients one more challenge, never the start or the stop. */
export class SecretsStore {
  readonly #database: Database;
  readonly #entropy: Entropy;
  readonly #save;
  readonly #delete;

  /** @param database Stays the caller's to close. */
  constructor(database: Database, entropy: Entropy) {
    this.#database = database;
    this.#entropy = entropy;
    this.#save = database.prepare<void, [string, Uint8Array]>(
      "INSERT OR REPLACE INTO secrets (name, value) VALUES (?, ?)",
    );
    this.#delete = database.prepare<void, [string]>("DELETE FROM secrets WHERE name = ?");
  }

  /** The secret that signs nonces, 32 bytes, made once. @throws StoreError when the file cannot be read. */
  nonceSecret(): Uint8Array {
    const stored = this.#read(SECRET);
    if (stored?.length === SECRET_BYTES) return stored;
    const secret = this.#entropy.fill(new Uint8Array(SECRET_BYTES));
    this.#attempt(() => this.#save.run(SECRET, secret));
    return secret;
  }

  /**
   * What the last orderly stop left, once: it is deleted before it is handed out, so that counts used from now on cannot be
   * used again after a crash.
   *
   * @returns undefined when there is none, or when it cannot be deleted.
   * @throws StoreError when the file cannot be read.
   */
  takeNonceSnapshot(): StoredNonces | undefined {
    const stored = this.#read(SNAPSHOT);
    if (stored === undefined || !this.#attempt(() => this.#delete.run(SNAPSHOT))) return undefined;
    return JSON.parse(new TextDecoder().decode(stored)) as StoredNonces;
  }

  /** Leaves a snapshot to the next start. */
  saveNonceSnapshot(snapshot: StoredNonces): void {
    this.#attempt(() => this.#save.run(SNAPSHOT, new TextEncoder().encode(JSON.stringify(snapshot))));
  }

  #read(name: string): Uint8Array | undefined {
    return this.#database.rows<{ value: Uint8Array }>("SELECT value FROM secrets WHERE name = ?", name)[0]?.value;
  }

  /** False when the disk refuses; the database has logged why. */
  #attempt(action: () => void): boolean {
    try {
      this.#database.write(action);
      return true;
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }
}
