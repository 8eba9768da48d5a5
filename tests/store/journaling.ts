/** A journal on a real file, whose turns end when the test says so, on a disk that refuses when the test says so. */
import { Database as Connection } from "bun:sqlite";
import { afterEach } from "bun:test";
import { Turn } from "../../lib/runtime/turn.ts";
import type { Timers } from "../../lib/runtime/timers.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { Database } from "../../lib/store/database.ts";
import { Journal } from "../../lib/store/journal.ts";
import type { LogFile } from "../../lib/store/log_file.ts";
import { migrate } from "../../lib/store/migrations.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { DataDirectory } from "./directory.ts";

const open = new Set<Database>();

afterEach(() => {
  for (const database of open) database.close();
  open.clear();
});

function openInMemory(logFile: LogFile): Database {
  const connection = new Connection(":memory:");
  migrate(connection);
  return new Database(connection, ":memory:", silentLog, undefined, logFile);
}

/** What a journal needs around it. */
export class Journaling {
  readonly directory: DataDirectory;
  readonly clock = new ManualClock();
  readonly timers: Timers = this.clock.timers();
  readonly database: Database;
  readonly journal: Journal;
  #ends: (() => void)[] = [];

  constructor(directory = new DataDirectory(), logFile?: LogFile) {
    this.directory = directory;
    this.database = logFile === undefined ? directory.open() : openInMemory(logFile);
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

  /** An orderly stop, and the next start on the same directory. */
  restarted(): Journaling {
    this.journal.flush();
    this.database.close();
    open.delete(this.database);
    return new Journaling(this.directory);
  }
}
