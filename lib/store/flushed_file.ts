/**
 * Owns the flushing of one file that SQLite writes: what was written is on the disk once it is flushed.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/** A file that is flushed. */
export interface FlushedFile {
  /** Has everything written so far on the disk, and tells `done`: null, or the error of the host. */
  flush(done: (error: Error | null) => void): void;
  /** Returns when everything written so far is on the disk. @throws The error of the host. */
  flushNow(): void;
  /** Ends its use; a flush on its way is as good as done, for SQLite flushes when it closes. */
  close(): void;
}

/** What a database that lives in memory writes: there is no disk. */
export const noFile: FlushedFile = {
  flush: (done) => done(null),
  flushNow() {},
  close() {},
};

/** The file `path`, which is there when it is flushed for the first time, and stays. */
export function flushedFile(path: string): FlushedFile {
  let file: number | undefined;
  const opened = () => file ??= openSync(path, "r");
  return {
    flush(done) {
      let descriptor: number;
      try {
        descriptor = opened();
      } catch (error) {
        return done(error as Error);
      }
      fdatasync(descriptor, (error) => done(file === undefined ? null : error));
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
