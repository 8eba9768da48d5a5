/**
 * Owns the memory of failed attempts: who, from where, why and how often; bounded, for page, log and metrics.
 */
import type { Clock, EpochMillis, Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Log } from "../runtime/log.ts";
import { limits } from "../runtime/limits.ts";
import type { ProofFault } from "./proof.ts";

/** Why somebody was refused; a phrase that follows "alice from 192.168.1.31:". */
export type FailureReason = ProofFault | "unknown endpoint" | "source denied" | "wrong realm" | "other source";

/** The same refusal of the same sender, folded. */
export interface Failure {
  /** Address of the sender. */
  readonly source: string;
  /** Name that was claimed, printable and cut to 64 characters; empty when there was none. */
  readonly user: string;
  /** Why the request was refused. */
  readonly reason: FailureReason;
  /** How often. */
  readonly count: number;
  /** First time. */
  readonly firstAt: EpochMillis;
  /** Latest time. */
  readonly lastAt: EpochMillis;
}

/** Different failures remembered per source; more of them count as one of user `*`, as when somebody tries names. */
const FAILURES_PER_SOURCE = 8;

/** Log lines per minute; the rest are counted, so that forged sources cannot fill the disk. */
const LOG_LINES_PER_MINUTE = 30;

/** Folds failures by source, claimed user and reason; says each once and then at every power of ten. */
export class FailureLog {
  /** How often each reason was met. */
  readonly reasons: Counters = {};
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sourcesMax: number;
  /** Least recently heard source first. */
  readonly #bySource = new Map<string, Failure[]>();
  #minuteEndsAt: Millis = -Infinity;
  #linesLeft = 0;
  #unsaidCount = 0;

  /** Makes an empty log; `sourcesMax` bounds the sources remembered. */
  constructor(options: { readonly clock: Clock; readonly log: Log; readonly sourcesMax?: number }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#sourcesMax = options.sourcesMax ?? limits.complaintCount;
  }

  /** Counts one failure. */
  record(failure: {
    readonly source: string;
    readonly user: string;
    readonly reason: FailureReason;
    /** Branch of the request, for the log. */
    readonly transaction?: string;
  }): void {
    const { source, reason, transaction } = failure;
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    const user = printable(failure.user);
    const known = this.#touch(source);
    const at = this.#clock.wall();
    let index = known.findIndex((each) => each.user === user && each.reason === reason);
    if (index < 0 && known.length >= FAILURES_PER_SOURCE) index = known.length - 1;
    const before = known[index];
    const isMixed = before !== undefined && (before.user !== user || before.reason !== reason);
    const after: Failure = {
      source,
      user: isMixed ? "*" : user,
      reason,
      count: (before?.count ?? 0) + 1,
      firstAt: before?.firstAt ?? at,
      lastAt: at,
    };
    known[index < 0 ? known.length : index] = after;
    if (isPowerOfTen(after.count)) this.#say(after, transaction);
  }

  /** Forgets the failures of a sender that has got it right, under either of its names. */
  forgive(source: string, fromUser: string | undefined, authUser?: string): void {
    const known = this.#bySource.get(source);
    if (known !== undefined) this.#forgive(source, known, [fromUser, authUser]);
  }

  #forgive(source: string, known: readonly Failure[], users: readonly (string | undefined)[]): void {
    const kept = known.filter((failure) =>
      !users.some((user) => user !== undefined && printable(user) === failure.user)
    );
    if (kept.length === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, kept);
  }

  /** All remembered failures, latest first. */
  snapshot(): Failure[] {
    return [...this.#bySource.values()].flat().sort((a, b) => b.lastAt - a.lastAt);
  }

  /** The failures of a source, as the most recently heard one; the table stays within its bound. */
  #touch(source: string): Failure[] {
    const known = this.#bySource.get(source) ?? [];
    this.#bySource.delete(source);
    this.#bySource.set(source, known);
    if (this.#bySource.size > this.#sourcesMax) {
      for (const oldest of this.#bySource.keys()) {
        this.#bySource.delete(oldest);
        break;
      }
    }
    return known;
  }

  #say(failure: Failure, transaction: string | undefined): void {
    const now = this.#clock.now();
    if (now >= this.#minuteEndsAt) {
      this.#minuteEndsAt = now + 60_000;
      this.#linesLeft = LOG_LINES_PER_MINUTE;
    }
    if (this.#linesLeft === 0) {
      this.#unsaidCount++;
      return;
    }
    this.#linesLeft--;
    const { source, user, reason, count } = failure;
    this.#log.warn("auth", `Request refused: ${reason}`, {
      source,
      user,
      ...(transaction === undefined ? {} : { transaction }),
      ...(count > 1 ? { times: count } : {}),
      ...(this.#unsaidCount > 0 ? { otherComplaintsLeftOut: this.#unsaidCount } : {}),
    });
    this.#unsaidCount = 0;
  }
}

/** The name without control characters, which would forge log lines or drive a terminal. */
function printable(name: string): string {
  return name.slice(0, limits.refusedUserChars).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

function isPowerOfTen(count: number): boolean {
  let power = 1;
  while (power < count) power *= 10;
  return power === count;
}
