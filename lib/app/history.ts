/**
 * Owns the last hour in numbers: rates and latencies, one sample every ten seconds, in a ring of fixed size.
 *
 * Nothing is done per packet: a sample is what the layers' counters have grown by.
 */
import type { HistoryRow } from "../http/controls.ts";
import type { Clock, EpochMillis, Millis } from "../runtime/clock.ts";
import type { Histogram } from "../runtime/histogram.ts";
import { instantText } from "../runtime/instant.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { Core } from "./core.ts";

/** Milliseconds between two samples. */
const STEP_MILLIS = 10_000;
/** Samples kept: one hour. */
const SAMPLE_COUNT = 360;

/** Numbers of one sample, in the order of its row of the ring. */
const FIELDS = [
  "at",
  "requests_per_second",
  "refusals_per_second",
  "changes_per_second",
  "notifies_per_second",
  "failures_per_second",
  "repetitions_per_second",
  "told_after_ms",
  "told_after_ms_p95",
  "answered_after_ms",
  "answered_after_ms_p95",
] as const;

/** What is read at each step. */
interface Reading {
  readonly at: Millis;
  /** Requests, refusals, changes, NOTIFYs, failures, repetitions: everything so far. */
  readonly totals: readonly number[];
  readonly told: readonly number[];
  readonly answered: readonly number[];
}

/** The last hour. */
export class History implements TimerOwner {
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #due = new TimerEntry(this);
  /** Row after row, 32 kB; a latency of nothing is NaN, and `at` is monotonic. */
  readonly #ring = new Float64Array(SAMPLE_COUNT * FIELDS.length);
  #count = 0;
  #changeCount = 0;
  #last: Reading;

  /** Samples from now on. */
  constructor(core: Core, clock: Clock, timers: Timers) {
    this.#core = core;
    this.#clock = clock;
    this.#timers = timers;
    core.engine.onChange(() => void this.#changeCount++);
    this.#last = this.#read();
    timers.arm(this.#due, STEP_MILLIS);
  }

  timerFired(): void {
    const next = this.#read();
    this.#note(this.#last, next);
    this.#last = next;
    this.#timers.arm(this.#due, STEP_MILLIS);
  }

  /** The samples, oldest first; they keep their order when the wall clock is set. */
  rows(): HistoryRow[] {
    const wallOfZero: EpochMillis = this.#clock.wall() - this.#clock.now();
    const kept = Math.min(this.#count, SAMPLE_COUNT);
    return Array.from({ length: kept }, (_, i) => {
      const start = ((this.#count - kept + i) % SAMPLE_COUNT) * FIELDS.length;
      const number = (field: number) => Math.round(this.#ring[start + field]! * 1_000) / 1_000;
      const span = (field: number) => Number.isNaN(this.#ring[start + field]!) ? null : number(field);
      return {
        at: instantText(wallOfZero + this.#ring[start]!),
        requests_per_second: number(1),
        refusals_per_second: number(2),
        changes_per_second: number(3),
        notifies_per_second: number(4),
        failures_per_second: number(5),
        repetitions_per_second: number(6),
        told_after_ms: span(7),
        told_after_ms_p95: span(8),
        answered_after_ms: span(9),
        answered_after_ms_p95: span(10),
      };
    });
  }

  #read(): Reading {
    const { counters, fanout } = this.#core;
    const { uas, event, transaction } = counters.snapshot();
    return {
      at: this.#clock.now(),
      totals: [
        uas?.requests,
        uas?.refused,
        this.#changeCount,
        event?.notifySent,
        event?.notifyFailed,
        transaction?.requestsResent,
      ].map((total) => total ?? 0),
      told: [...fanout.tellingSpans.counts],
      answered: [...fanout.answerSpans.counts],
    };
  }

  #note(from: Reading, to: Reading): void {
    const seconds = Math.max(0.001, (to.at - from.at) / 1_000);
    const { tellingSpans, answerSpans } = this.#core.fanout;
    const told = difference(from.told, to.told);
    const answered = difference(from.answered, to.answered);
    this.#ring.set([
      to.at,
      ...difference(from.totals, to.totals).map((grown) => grown / seconds),
      quantile(tellingSpans, told, 0.5),
      quantile(tellingSpans, told, 0.95),
      quantile(answerSpans, answered, 0.5),
      quantile(answerSpans, answered, 0.95),
    ], (this.#count % SAMPLE_COUNT) * FIELDS.length);
    this.#count++;
  }
}

function difference(from: readonly number[], to: readonly number[]): number[] {
  return to.map((total, i) => total - (from[i] ?? 0));
}

/** The span that so large a part of those counted stays below, within its bucket by proportion; NaN where none was counted. */
export function quantile({ bounds }: Histogram, counts: readonly number[], part: number): number {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * part;
  if (wanted === 0) return NaN;
  let before = 0;
  for (const [i, count] of counts.entries()) {
    if (before + count >= wanted) {
      const low = i === 0 ? 0 : bounds[i - 1]!;
      return low + ((bounds[i] ?? low) - low) * (wanted - before) / count;
    }
    before += count;
  }
  return bounds.at(-1)!;
}
