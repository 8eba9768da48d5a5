/**
 * Owns the flushing of SQLite's write-ahead log: what was committed is in it, and on the disk once it is flushed.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/** A file that is flushed. */
export interface LogFile {
  /** Has everything written so far on the disk, and tells `done`, later: null, or the error of the host. */
  flush(done: (error: Error | null) => void): void;
  /** Returns when everything written so far is on the disk. @throws The error of the host. */
  flushNow(): void;
  /** Ends its use; a flush on its way is as good as done, for SQLite flushes when it closes. */
  close(): void;
}

/** The log of a database that lives in memory: there is no disk. */
export const noLogFile: LogFile = {
  flush: (done) => done(null),
  flushNow() {},
  close() {},
};

/** The log of the database in the file `path`. */
export function logFileOf(path: string): LogFile {
  let file: number | undefined;
  // It is there from the first transaction on, and as long as the database is open.
  const opened = () => file ??= openSync(`${path}-wal`, "r");
  return {
    flush(done) {
      fdatasync(opened(), (error) => done(file === undefined ? null : error));
    },
    flushNow() {
      fdatasyncSync(opened());
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
