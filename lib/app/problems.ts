/**
 * Owns what an operator should know or do: each problem once, counted, bounded.
 */
import type { ProblemRow } from "../http/controls.ts";
import { type Instant, instantText } from "../runtime/instant.ts";
import type { Clock } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";

/** A problem as a layer reports it. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly area: string;
  /** What is wrong, one sentence without full stop. */
  readonly message: string;
  /** What to do about it; empty when there is nothing. */
  readonly remedy?: string;
  /** A place in the configuration, an address, a hint. */
  readonly where?: string;
}

/** Problems by place and sentence; the least recently seen gives way when there are too many. */
export class Problems {
  readonly #clock: Clock;
  readonly #rows = new Map<string, ProblemRow>();
  readonly #onChange: (row: ProblemRow, isNew: boolean) => void;

  constructor(clock: Clock, onChange: (row: ProblemRow, isNew: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Notes a problem, or that it is still there. */
  report(problem: Problem): void {
    const { severity, area, message, remedy = "", where = "" } = problem;
    const key = `${area}\n${where}\n${message}`;
    const now: Instant = instantText(this.#clock.wall());
    const former = this.#rows.get(key);
    const row: ProblemRow = {
      severity,
      area,
      message,
      remedy,
      where,
      first_at: former?.first_at ?? now,
      last_at: now,
      count: (former?.count ?? 0) + 1,
    };
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size > limits.problemCount) this.#rows.delete(this.#rows.keys().next().value!);
    this.#onChange(row, former === undefined);
  }

  /** Forgets what an area had to complain about. */
  clear(area: string): void {
    for (const [key, row] of this.#rows) if (row.area === area) this.#rows.delete(key);
  }

  /** Errors before warnings, newest first. */
  list(): readonly ProblemRow[] {
    const rows = [...this.#rows.values()].reverse();
    return [...rows.filter((row) => row.severity === "error"), ...rows.filter((row) => row.severity === "warning")];
  }

  /** How many there are. */
  get count(): number {
    return this.#rows.size;
  }
}
