/**
 * Owns the signed-in browsers.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";

/** A session nobody used for this long is over. */
const IDLE_MILLIS = 24 * 3_600_000;
/** A session is over after this long whatever happens. */
const LIFETIME_MILLIS = 30 * 24 * 3_600_000;

interface Session {
  readonly createdAt: Millis;
  usedAt: Millis;
}

/** Sessions by their random id; the least recently made gives way when the table is full. */
export class Sessions {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #sessions = new Map<string, Session>();

  /** Holds no session yet. */
  constructor(clock: Clock, entropy: Entropy) {
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /** Opens a session and returns its id of 160 random bits. */
  open(): string {
    if (this.#sessions.size >= limits.sessionCount) {
      for (const oldest of this.#sessions.keys()) {
        this.#sessions.delete(oldest);
        break;
      }
    }
    const id = this.#entropy.token(32);
    const now = this.#clock.now();
    this.#sessions.set(id, { createdAt: now, usedAt: now });
    return id;
  }

  /** Whether `id` is a living session; a look keeps it alive when `isUse`. */
  has(id: string, isUse = true): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    const now = this.#clock.now();
    if (now - session.usedAt > IDLE_MILLIS || now - session.createdAt > LIFETIME_MILLIS) {
      this.#sessions.delete(id);
      return false;
    }
    if (isUse) session.usedAt = now;
    return true;
  }

  /** Ends the session `id`. */
  close(id: string): void {
    this.#sessions.delete(id);
  }

  /** Ends all of them: the password changed. */
  closeAll(): void {
    this.#sessions.clear();
  }
}
