/**
 * Owns what an operator should know of the disk: that it refuses, or soon will.
 */
import type { ProblemRow } from "../http/controls.ts";
import { type Instant, instantText } from "../runtime/instant.ts";
import type { EpochMillis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";

/** What is known of the disk. */
export interface Storage {
  /** The directory of everything that is kept. */
  readonly directory: string;
  readonly database: {
    /** Tries to write where the last write was refused, and tells why it still is; undefined when all is well. */
    recheck(): Error | undefined;
    readonly refusalCount: number;
    /** When the first of the present refusals was. */
    readonly refusedSince: EpochMillis;
  };
  /** Room that is left; undefined when that is not known. */
  freeBytes(): number | undefined;
}

/** The disk's problems now. */
export function storageRows({ directory, database, freeBytes }: Storage, wall: EpochMillis): ProblemRow[] {
  const now: Instant = instantText(wall);
  const refusal = database.recheck();
  const left = freeBytes();
  const rows: ProblemRow[] = [];
  if (refusal !== undefined) {
    rows.push({
      severity: "error",
      area: "store",
      message: `${refusal.message}; registrations, publications and states are refused with 503 until it can`,
      remedy: `Look after the disk that holds ${directory}; nothing needs to be restarted`,
      where: directory,
      first_at: instantText(database.refusedSince),
      last_at: now,
      count: database.refusalCount,
    });
  } else if (left !== undefined && left < limits.lowDiskBytes) {
    rows.push({
      severity: "warning",
      area: "store",
      message: `The disk is nearly full: ${Math.floor(left / 1_048_576)} MiB are left`,
      remedy: `Make room on the disk that holds ${directory}`,
      where: directory,
      first_at: now,
      last_at: now,
      count: 1,
    });
  }
  return rows;
}
