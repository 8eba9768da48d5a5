/**
 * Owns the one SQLite file: how it is opened, made durable, found damaged, written and closed.
 *
 * Theory. WAL with `synchronous=NORMAL`: a transaction that committed survives the end of this process at once, and a power
 * failure as soon as the log file has been flushed. `write` flushes it before it returns. Whoever commits often uses
 * `commit`, and `flush`, which does not block: one flush serves everything that was committed before it began.
 * What the log holds is moved into the file before it grows too long. SQLite would do so within a commit, and wait until the disk has
 * log and file. `checkpoint` has the log flushed, moves, and has the file flushed, and waits for neither; only then is the log written
 * again from its front, for until then a power failure might leave neither it nor the file whole. What is left is one page: SQLite
 * flushes the log's new beginning within the next commit.
 * The file belongs to one process (`locking_mode=EXCLUSIVE`): a second hintd on the same directory is refused before it
 * touches anything.
 */
import { Database as Connection, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type EpochMillis, systemClock } from "../runtime/clock.ts";
import { Histogram } from "../runtime/histogram.ts";
import { secondText } from "../runtime/instant.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import { StoreError } from "../runtime/store_error.ts";
import { type FlushedFile, flushedFile, noFile } from "./flushed_file.ts";
import { DatabaseTooNew, migrate } from "./migrations.ts";

/** Name of the file inside the data directory. */
export const databaseFile = "hintd.sqlite";

/** What a database is opened with. */
export interface DatabaseOptions {
  /** An existing directory. */
  readonly directory: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes a file that is flushed; the host's unless told. */
  readonly fileAt?: (path: string) => FlushedFile;
}

/** The files of a database. */
export interface DatabaseFiles {
  readonly file: FlushedFile;
  /** The write-ahead log. */
  readonly log: FlushedFile;
}

/**
 * Opens the database of a data directory, making or migrating it. A damaged file is set aside under a dated name, with a
 * loud message, and a fresh one takes its place.
 *
 * @throws DatabaseTooNew for the file of a newer hintd; StoreError when the directory cannot be used or another process
 * holds the file.
 */
export function openDatabase({ directory, log, clock, fileAt = flushedFile }: DatabaseOptions): Database {
  const path = join(directory, databaseFile);
  try {
    const connection = openSound(path, (damage) => setAside(path, damage, log, clock));
    // The log is there from the first transaction on, and as long as the database is open.
    return new Database(connection, path, log, clock, { file: fileAt(path), log: fileAt(`${path}-wal`) });
  } catch (error) {
    if (error instanceof DatabaseTooNew) throw error;
    throw new StoreError(`Cannot open the database "${path}": ${explain(error)}`, { cause: error });
  }
}

/** Opens a database that nobody remembers, for a hintd that must not touch what is stored. */
export function forgetfulDatabase({ log, clock }: Omit<DatabaseOptions, "directory">): Database {
  const connection = new Connection(":memory:");
  migrate(connection);
  return new Database(connection, ":memory:", log, clock);
}

/** The open database. Whoever stores something prepares its statements here, once, and runs them inside `write`. */
export class Database {
  readonly path: string;
  /** How long transactions took. */
  readonly writeSpans = new Histogram();
  /** How long it took until what they wrote was on the disk. */
  readonly flushSpans = new Histogram();
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #statements: Statement[] = [];
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #fill: Statement;
  readonly #empty: Statement;
  /** Pages in the log, and how many of them were moved into the file. */
  readonly #measureLog: Statement<{ log: number; checkpointed: number }, []>;
  readonly #files: DatabaseFiles;
  #isWriting = false;
  #isClosed = false;
  /** Something was moved from the log into the file, which has not been flushed since. */
  #isMoved = false;
  /** Transactions since the file was opened, and how many of them were flushed. */
  #commitCount = 0;
  #flushedCount = 0;
  #problem: StoreError | undefined;
  #refusedSince: EpochMillis = 0;
  #refusalCount = 0;

  /** @param connection Checked and migrated; owned from here on. */
  constructor(
    connection: Connection,
    path: string,
    log: Log,
    clock: Clock = systemClock,
    files: DatabaseFiles = { file: noFile, log: noFile },
  ) {
    this.#connection = connection;
    this.path = path;
    this.#log = log;
    this.#clock = clock;
    this.#files = files;
    this.#begin = this.prepare("BEGIN IMMEDIATE");
    this.#commit = this.prepare("COMMIT");
    // More than is left over in the log by a transaction that failed.
    this.#fill = this.prepare("INSERT INTO probes (filler) VALUES (zeroblob(262144))");
    this.#empty = this.prepare("DELETE FROM probes");
    this.#measureLog = this.prepare("PRAGMA wal_checkpoint(NOOP)");
  }

  /** Why the last write was refused; undefined when it was not. */
  get problem(): StoreError | undefined {
    return this.#problem;
  }

  /** When the first of the present refusals was. */
  get refusedSince(): EpochMillis {
    return this.#refusedSince;
  }

  /** Tries to write where the last write was refused, and tells why it still is; undefined when all is well. */
  recheck(): StoreError | undefined {
    if (this.#problem === undefined) return undefined;
    try {
      this.write(() => void this.#fill.run());
      this.write(() => void this.#empty.run());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    return this.#problem;
  }

  /** Writes that the disk has refused. */
  get refusalCount(): number {
    return this.#refusalCount;
  }

  /** Prepares a statement that lives as long as the database. */
  prepare<Row, Parameters extends SQLQueryBindings[]>(sql: string): Statement<Row, Parameters> {
    const statement = this.#connection.prepare<Row, Parameters>(sql);
    this.#statements.push(statement as Statement);
    return statement as Statement<Row, Parameters>;
  }

  /**
   * Runs one query, such as a load at start.
   *
   * @throws StoreError when the file cannot be read.
   */
  rows<Row>(sql: string, ...parameters: SQLQueryBindings[]): Row[] {
    try {
      using statement = this.#connection.prepare<Row, SQLQueryBindings[]>(sql);
      return statement.all(...parameters);
    } catch (error) {
      throw new StoreError(`Cannot read the database: ${explain(error)}`, { cause: error });
    }
  }

  /**
   * Runs `action` as one transaction: when this returns, all it wrote is on the disk. A `write` within a `write` joins it.
   *
   * @throws StoreError when the disk refuses: nothing was written. What else `action` throws: nothing was written either.
   */
  write(action: () => void): void {
    if (this.#isWriting) return action();
    this.commit(action);
    this.flushNow();
  }

  /**
   * Runs `action` as one transaction that a power failure may undo until it is flushed.
   *
   * @throws as `write`.
   */
  commit(action: () => void): void {
    if (this.#isWriting) return action();
    this.#flushMoved();
    this.#isWriting = true;
    const startedAt = this.#clock.now();
    try {
      this.#begin.run();
      action();
      this.#commit.run();
      this.#commitCount++;
    } catch (error) {
      throw this.#rolledBack(error);
    } finally {
      this.#isWriting = false;
    }
    this.writeSpans.observe(this.#clock.now() - startedAt);
  }

  /** Has all that was committed on the disk, and tells `done`, later: undefined, or why the disk refused. */
  flush(done: (problem: StoreError | undefined) => void): void {
    const count = this.#commitCount;
    const startedAt = this.#clock.now();
    this.#files.log.flush((error) => {
      if (error !== null) return done(this.#refused(error));
      this.flushSpans.observe(this.#clock.now() - startedAt);
      this.#flushedCount = Math.max(this.#flushedCount, count);
      this.#worked();
      done(undefined);
    });
  }

  /** Returns when all that was committed is on the disk. @throws StoreError when the disk refuses. */
  flushNow(): void {
    if (this.#flushedCount === this.#commitCount) return;
    const startedAt = this.#clock.now();
    try {
      this.#files.log.flushNow();
    } catch (error) {
      throw this.#refused(error);
    }
    this.flushSpans.observe(this.#clock.now() - startedAt);
    this.#flushedCount = this.#commitCount;
    this.#worked();
  }

  /** Whether the log has grown so long that `checkpoint` is due. */
  get isCheckpointDue(): boolean {
    const { log, checkpointed } = this.#measureLog.get()!;
    return log >= limits.loggedPageCount && checkpointed < log;
  }

  /**
   * Moves what the log holds into the file, and tells `done`, later, when that is on the disk. A `commit` before then is well, but
   * waits for the disk. Where the disk refuses nothing is lost, and the log grows on.
   */
  checkpoint(done: () => void): void {
    this.flush((problem) => {
      if (this.#isClosed || problem !== undefined || !this.#move()) return done();
      this.#files.file.flush((error) => {
        if (error === null) this.#isMoved = false;
        done();
      });
    });
  }

  /** Moves what the log holds, all of which is on the disk, into the file, which is not. */
  #move(): boolean {
    if (this.#flushedCount !== this.#commitCount) return false;
    this.#connection.run("PRAGMA synchronous = OFF");
    try {
      this.#isMoved = true;
      this.#connection.run("PRAGMA wal_checkpoint(PASSIVE)");
      return true;
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      return false;
    } finally {
      this.#connection.run("PRAGMA synchronous = NORMAL");
    }
  }

  /** Closes the file; everything is in it, and nothing lies beside it. */
  close(): void {
    this.#isClosed = true;
    try {
      this.#flushMoved();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    this.#files.log.close();
    this.#files.file.close();
    for (const statement of this.#statements) statement.finalize();
    this.#connection.close(true);
  }

  /** Before the log is written again: what was moved from it is on the disk. @throws StoreError when the disk refuses. */
  #flushMoved(): void {
    if (!this.#isMoved) return;
    try {
      this.#files.file.flushNow();
    } catch (error) {
      throw this.#refused(error);
    }
    this.#isMoved = false;
  }

  #rolledBack(error: unknown): unknown {
    if (this.#connection.inTransaction) this.#connection.run("ROLLBACK");
    return isSqliteError(error) ? this.#refused(error) : error;
  }

  #worked(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#log.info("store", "The database can be written again");
  }

  #refused(error: unknown): StoreError {
    const refusal = new StoreError(`Cannot write the database: ${explain(error)}`, { cause: error });
    if (this.#problem?.message !== refusal.message) this.#log.error("store", refusal.message, { path: this.path });
    if (this.#problem === undefined) this.#refusedSince = this.#clock.wall();
    this.#problem = refusal;
    this.#refusalCount++;
    return refusal;
  }
}

/** Opens the file, having one that is damaged replaced by none; in the shape of this program. */
function openSound(path: string, replace: (damage: string) => void): Connection {
  let connection: Connection;
  try {
    connection = connect(path);
  } catch (error) {
    const damage = damageIn(error);
    if (damage === undefined) throw error;
    replace(damage);
    connection = connect(path);
  }
  try {
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Opens the file with the rights of its owner alone, as the durable kind of database, and checks it through. */
function connect(path: string): Connection {
  if (existsSync(path) && statSync(path).size === 0) throw new Damage("it is empty");
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const connection = new Connection(path, { readwrite: true });
  try {
    connection.run("PRAGMA busy_timeout = 2000");
    connection.run("PRAGMA locking_mode = EXCLUSIVE");
    connection.run("PRAGMA journal_mode = WAL");
    connection.run("PRAGMA synchronous = NORMAL");
    connection.run("PRAGMA journal_size_limit = 4194304");
    // A net for states that are set one by one, and nothing else, for weeks: `checkpoint` comes long before.
    connection.run(`PRAGMA wal_autocheckpoint = ${limits.loggedPageCount * 8}`);
    using check = connection.prepare<{ quick_check: string }, []>("PRAGMA quick_check(1)");
    const finding = check.get()!.quick_check;
    if (finding !== "ok") throw new Damage(finding);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The file is no sound database; the message says what is wrong. */
class Damage extends Error {}

/** What an error says is damaged in the file; undefined for an error that says nothing of the kind. */
export function damageIn(error: unknown): string | undefined {
  if (error instanceof Damage) return error.message;
  if (!isSqliteError(error)) return undefined;
  return [CORRUPT, NOT_A_DATABASE].includes(primaryCode(error)) ? error.message : undefined;
}

/** Renames a damaged file and what belongs to it, so that nothing of it is taken for part of the next one. */
function setAside(path: string, damage: string, log: Log, clock: Clock): void {
  const stem = `${path}.damaged-${secondText(clock.wall()).replaceAll(":", "")}`;
  let target = stem;
  for (let n = 2; existsSync(target); n++) target = `${stem}-${n}`;
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  log.error(
    "store",
    "THE DATABASE IS DAMAGED: it was set aside, a new and empty one is used; what was stored is lost",
    {
      damage,
      set_aside: target,
    },
  );
}

/** SQLite's primary result codes that this file tells apart. Source: https://sqlite.org/rescode.html */
const BUSY = 5,
  LOCKED = 6,
  READ_ONLY = 8,
  IO_ERROR = 10,
  CORRUPT = 11,
  FULL = 13,
  CANNOT_OPEN = 14,
  NOT_A_DATABASE = 26;

const explanations: Readonly<Record<number, string>> = {
  [BUSY]: "another process uses it",
  [LOCKED]: "another process uses it",
  [READ_ONLY]: "it is read-only",
  [IO_ERROR]: "the disk reports an error",
  [CORRUPT]: "it is damaged",
  [FULL]: "the disk is full",
  [CANNOT_OPEN]: "the file cannot be opened",
  [NOT_A_DATABASE]: "it is damaged",
};

interface SqliteError extends Error {
  readonly errno: number;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && error.name === "SQLiteError";
}

function primaryCode(error: SqliteError): number {
  return error.errno & 0xff;
}

/** What an error means, for the operator. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const meaning = isSqliteError(error) ? explanations[primaryCode(error)] : undefined;
  return meaning === undefined ? error.message : `${meaning} (${error.message})`;
}
