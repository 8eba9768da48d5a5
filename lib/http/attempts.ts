/**
 * Owns the patience with wrong passwords and tokens, per source address.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";

const WINDOW_MILLIS = 60_000;

interface Failures {
  readonly since: Millis;
  count: number;
}

/** Counts failures per source in windows of a minute; the oldest source is forgotten when the table is full. */
export class Attempts {
  readonly #clock: Clock;
  readonly #bySource = new Map<string, Failures>();

  /** Knows no source yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until `source` may try again; 0 when it may now. */
  waitSeconds(source: string): number {
    const failures = this.#bySource.get(networkOf(source));
    if (failures === undefined || failures.count < limits.passwordFailureCount) return 0;
    return Math.max(0, Math.ceil((failures.since + WINDOW_MILLIS - this.#clock.now()) / 1_000));
  }

  /** Counts an attempt as failed; called before the slow check, so that parallel guesses count too. */
  begin(source: string): void {
    const key = networkOf(source);
    const now = this.#clock.now();
    const failures = this.#bySource.get(key);
    if (failures !== undefined && now - failures.since < WINDOW_MILLIS) {
      failures.count++;
      return;
    }
    this.#bySource.delete(key);
    if (this.#bySource.size >= limits.complaintCount) {
      for (const oldest of this.#bySource.keys()) {
        this.#bySource.delete(oldest);
        break;
      }
    }
    this.#bySource.set(key, { since: now, count: 1 });
  }

  /** Forgets the failures of `source`: it knew the password. */
  succeed(source: string): void {
    this.#bySource.delete(networkOf(source));
  }
}

/** What one household or host can vary: an IPv6 host owns its /64. Source: RFC 4291 §2.5.4. */
function networkOf(source: string): string {
  if (!source.includes(":") || source.startsWith("::ffff:")) return source;
  const [head = "", tail] = source.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const tailGroups = tail === "" ? [] : tail.split(":");
    while (groups.length + tailGroups.length < 8) groups.push("0");
  }
  return groups.slice(0, 4).join(":") + "::/64";
}
