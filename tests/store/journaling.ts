/** A journal on a real file, whose turns end when the test says so, on a disk that refuses when the test says so. */
import { afterEach } from "bun:test";
import { Turn } from "../../lib/runtime/turn.ts";
import type { Timers } from "../../lib/runtime/timers.ts";
import type { Database, DatabaseFiles } from "../../lib/store/database.ts";
import { Journal } from "../../lib/store/journal.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { DataDirectory } from "./directory.ts";

const open = new Set<Database>();

afterEach(() => {
  for (const database of open) database.close();
  open.clear();
});

/** What a journal needs around it. */
export class Journaling {
  readonly directory: DataDirectory;
  readonly clock = new ManualClock();
  readonly timers: Timers = this.clock.timers();
  readonly database: Database;
  readonly journal: Journal;
  #ends: (() => void)[] = [];

  /** Flushes its files itself, unless the test does. */
  constructor(directory = new DataDirectory(), files?: DatabaseFiles) {
    this.directory = directory;
    this.database = files === undefined ? directory.open() : directory.openWith(files);
    open.add(this.database);
    const turn = new Turn((end) => this.#ends.push(end));
    this.journal = new Journal({ database: this.database, turn, timers: this.timers });
  }

  /** Ends the turn; what is asked for meanwhile belongs to the next one. */
  endTurn(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Whether the disk takes writes. */
  setWritable(isWritable: boolean): void {
    this.database.rows(`PRAGMA query_only = ${isWritable ? 0 : 1}`);
  }

  /** An orderly stop. */
  stop(): void {
    this.journal.flush();
    this.database.close();
    open.delete(this.database);
  }

  /** An orderly stop, and the next start on the same directory. */
  restarted(): Journaling {
    this.stop();
    return new Journaling(this.directory);
  }
}
