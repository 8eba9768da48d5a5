/**
 * Owns password hashes: Argon2id made small enough for the appliance, one verification at a time.
 */
import type { Entropy } from "../runtime/entropy.ts";
import { hashHex } from "../runtime/hash.ts";
import { limits } from "../runtime/limits.ts";

/** 19 MiB and two passes: OWASP's choice for small servers. */
const ARGON2 = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** Checks a password against its hash; injected so that tests need not wait for Argon2. */
export type VerifyPassword = (password: string, hash: string) => Promise<boolean>;

/** Hashes `password` for `http.password_hash` or a token's `hash`. */
export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, ARGON2);
}

/** Makes a bearer token and the hash that stands for it in config.toml: 160 random bits need no slow hash. */
export function makeToken(entropy: Entropy): { token: string; hash: string } {
  const token = `hintd_${entropy.token(32)}`;
  return { token, hash: `SHA-256:${hashHex("SHA-256", token)}` };
}

/** Verifies passwords one after the other, so that a burst of guesses costs one core's patience and one hash's memory. */
export class PasswordQueue {
  readonly #verify: VerifyPassword;
  #tail: Promise<unknown> = Promise.resolve();
  #waitingCount = 0;

  /** `verify` is Bun's unless a test brings its own. */
  constructor(verify: VerifyPassword = (password, hash) => Bun.password.verify(password, hash)) {
    this.#verify = verify;
  }

  /** Whether another verification would have to be refused. */
  get isFull(): boolean {
    return this.#waitingCount >= limits.passwordWaitingCount;
  }

  /** Resolves to whether `password` is right; false as well for a hash of no known kind. */
  verify(password: string, hash: string): Promise<boolean> {
    this.#waitingCount++;
    const result = this.#tail.then(() => this.#verify(password, hash)).catch(() => false);
    this.#tail = result.finally(() => this.#waitingCount--);
    return result;
  }
}
