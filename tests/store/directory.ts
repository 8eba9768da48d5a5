/** A data directory of one test, and a log that can be read back. */
import { afterEach } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../lib/runtime/log.ts";
import { type Database, databaseFile, type DatabaseFiles, openDatabase } from "../../lib/store/database.ts";
import type { FlushedFile } from "../../lib/store/flushed_file.ts";
import { ManualClock } from "../support/manual_clock.ts";

const clock = new ManualClock();
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Lines that were logged, `level area: message`. */
export class Lines implements Log {
  readonly all: string[] = [];

  debug(area: string, message: string): void {
    this.all.push(`debug ${area}: ${message}`);
  }
  info(area: string, message: string): void {
    this.all.push(`info ${area}: ${message}`);
  }
  warn(area: string, message: string): void {
    this.all.push(`warn ${area}: ${message}`);
  }
  error(area: string, message: string): void {
    this.all.push(`error ${area}: ${message}`);
  }
  isDebugging(): boolean {
    return true;
  }
}

/** A file that is flushed when the test says so. */
export class SlowFile implements FlushedFile {
  readonly begun: ((error: Error | null) => void)[] = [];
  nowCount = 0;

  flush(done: (error: Error | null) => void): void {
    this.begun.push(done);
  }

  flushNow(): void {
    this.nowCount++;
  }

  close(): void {}
}

/** An empty directory, gone after the test. */
export class DataDirectory {
  readonly path: string;
  readonly lines = new Lines();

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "hintd-store-"));
    cleanups.push(() => rmSync(this.path, { recursive: true, force: true }));
  }

  /** Where the database lies. */
  get file(): string {
    return join(this.path, databaseFile);
  }

  /** Names of the files in it, in order. */
  get files(): string[] {
    return readdirSync(this.path).sort();
  }

  /** Opens the database; the test closes it. */
  open(): Database {
    return openDatabase({ directory: this.path, log: this.lines, clock });
  }

  /** Opens the database, whose files are flushed when the test says so. */
  openWith(files: DatabaseFiles): Database {
    const fileAt = (path: string) => path === this.file ? files.file : files.log;
    return openDatabase({ directory: this.path, log: this.lines, clock, fileAt });
  }

  /** Opens the database for as long as `action` runs. */
  opened<T>(action: (database: Database) => T): T {
    const database = this.open();
    try {
      return action(database);
    } finally {
      database.close();
    }
  }
}
