/**
 * Owns what waits to be stored: rows that changed in this turn of the event loop, written as one transaction at its end.
 *
 * Theory. Memory is what is true; the disk follows at the end of the turn, before any answer leaves. A row that changes
 * twice is written once. What is written outlives this process; a power failure it outlives once the disk is flushed,
 * which nobody but those who promise it waits for: one flush is on its way at a time, and serves all who came before it
 * began. Without them it comes within a second.
 *
 * When the disk refuses, the rows keep waiting and are tried again each second, those who wait for their answer are told,
 * and `check` refuses what comes after until the disk takes writes again: then it has missed nothing.
 */
import { StoreError } from "../runtime/store_error.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import { type Turn, TurnStep } from "../runtime/turn.ts";
import type { Database } from "./database.ts";

/** How rows of one kind reach the database. */
export interface RowWriter<Row, Key = string> {
  /** Inserts or replaces a row. */
  save(key: Key, row: Row): void;
  /** Deletes a row; one that is not there is none. */
  remove(key: Key): void;
}

/** Told what became of the turn's rows: nothing for stored. */
export type Settled = (problem: StoreError | undefined) => void;

/** Milliseconds between attempts while the disk refuses. */
const RETRY_MILLIS = 1_000;

/** Milliseconds after which what nobody waits for is flushed. */
const FLUSH_MILLIS = 1_000;

/** Rows of one kind that wait. */
export class JournalTable<Row, Key = string> {
  readonly #journal: Journal;
  readonly #writer: RowWriter<Row, Key>;
  /** Newest rows by key; undefined: to be removed. */
  readonly #waiting = new Map<Key, Row | undefined>();

  /** Made by `Journal.table`. */
  constructor(journal: Journal, writer: RowWriter<Row, Key>) {
    this.#journal = journal;
    this.#writer = writer;
  }

  /** Rows that wait. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Has a row written; the object is not to change until it is. */
  save(key: Key, row: Row): void {
    this.#waiting.set(key, row);
    this.#journal.commitLater();
  }

  /** Has a row removed. */
  remove(key: Key): void {
    this.#waiting.set(key, undefined);
    this.#journal.commitLater();
  }

  /** Writes all that waits; inside a transaction. */
  write(): void {
    for (const [key, row] of this.#waiting) {
      if (row === undefined) this.#writer.remove(key);
      else this.#writer.save(key, row);
    }
  }

  /** Forgets all that waits: it is stored. */
  clear(): void {
    this.#waiting.clear();
  }
}

/** The rows of all kinds. */
export class Journal {
  readonly #database: Database;
  readonly #turn: Turn;
  readonly #timers: Timers;
  readonly #tables: JournalTable<never, never>[] = [];
  readonly #retry = new TimerEntry({ timerFired: () => this.#settle() });
  readonly #lateFlush = new TimerEntry({ timerFired: () => this.#flushSoon() });
  readonly #commitNow = () => {
    if (!this.#isCheckpointing) this.#settle();
  };
  /** Who waits for this turn's transaction, and who for the flush after it. */
  #forWritten: Settled[] = [];
  #forDurable: Settled[] = [];
  /** Who waits for the flush that begins next. */
  #forFlush: Settled[] = [];
  #isFlushing = false;
  /** The log is being moved into the file: what changes waits in memory until it is, with the answers that depend on it. */
  #isCheckpointing = false;
  #isDue = false;
  #problem: StoreError | undefined;

  /** @param parts.database Stays the caller's to close, after a last `commit`. */
  constructor(parts: { database: Database; turn: Turn; timers: Timers }) {
    this.#database = parts.database;
    this.#turn = parts.turn;
    this.#timers = parts.timers;
  }

  /** Opens a kind of rows. */
  table<Row, Key = string>(writer: RowWriter<Row, Key>): JournalTable<Row, Key> {
    const table = new JournalTable<Row, Key>(this, writer);
    this.#tables.push(table as JournalTable<never, never>);
    return table;
  }

  /** Rows that wait, of all kinds. */
  get waitingCount(): number {
    return this.#tables.reduce((sum, table) => sum + table.waitingCount, 0);
  }

  /** Whether something waits for the end of this turn. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Tells `settled`, at the end of this turn, whether all that waits is written. */
  whenWritten(settled: Settled): void {
    this.#forWritten.push(settled);
  }

  /** Tells `settled`, some milliseconds later, whether all that waits is on the disk, whatever happens next. */
  whenDurable(settled: Settled): void {
    this.#forDurable.push(settled);
  }

  /** Has all that waits written at the end of this turn. */
  commitLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#turn.at(TurnStep.store, this.#commitNow);
  }

  /**
   * Makes sure that the disk takes writes, before something is changed that must not be lost.
   *
   * @throws StoreError when the last attempt failed and another one does too.
   */
  check(): void {
    if (this.#problem !== undefined) this.commit();
  }

  /**
   * Writes everything that waits, now; it is flushed within a second.
   *
   * @throws StoreError: nothing was written, everything keeps waiting.
   */
  commit(): void {
    const changed = this.#tables.filter((table) => table.waitingCount > 0);
    try {
      if (changed.length > 0) {
        this.#database.commit(() => {
          for (const table of changed) table.write();
        });
      }
      // After a refusal, what is not on the disk is not believed to come there by itself.
      if (this.#problem !== undefined) this.#database.flushNow();
      else if (changed.length > 0 && !this.#lateFlush.isArmed) this.#timers.arm(this.#lateFlush, FLUSH_MILLIS);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#refused(error);
      throw error;
    }
    for (const table of changed) table.clear();
    this.#problem = undefined;
    this.#timers.cancel(this.#retry);
    if (this.#database.isCheckpointDue && !this.#isCheckpointing) this.#checkpoint();
  }

  /** Has everything that waits on the disk, for a last time; what the disk refuses is lost, and it has logged why. */
  flush(): void {
    this.#settle();
    this.#timers.cancel(this.#retry);
    this.#timers.cancel(this.#lateFlush);
    const waiting = this.#forFlush.splice(0);
    let problem: StoreError | undefined;
    try {
      this.#database.flushNow();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problem = error;
    }
    for (const settled of waiting) settled(problem);
  }

  #settle(): void {
    this.#isDue = false;
    const written = this.#forWritten;
    const durable = this.#forDurable;
    this.#forWritten = [];
    this.#forDurable = [];
    let problem: StoreError | undefined;
    try {
      this.commit();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problem = error;
    }
    for (const settled of written) settled(problem);
    if (problem !== undefined) {
      for (const settled of durable) settled(problem);
    } else if (durable.length > 0) {
      this.#forFlush.push(...durable);
      this.#flushSoon();
    }
  }

  /** Begins a flush, or has one begin when the present one is over. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#timers.cancel(this.#lateFlush);
    const waiting = this.#forFlush;
    this.#forFlush = [];
    this.#database.flush((problem) => {
      this.#isFlushing = false;
      if (problem !== undefined) this.#refused(problem);
      for (const settled of waiting) settled(problem);
      if (this.#forFlush.length > 0) this.#flushSoon();
    });
  }

  /** Has the log moved into the file; turns that end meanwhile are stored when it is. */
  #checkpoint(): void {
    this.#isCheckpointing = true;
    this.#database.checkpoint(() => {
      this.#isCheckpointing = false;
      if (this.#isDue) this.#turn.at(TurnStep.store, this.#commitNow);
    });
  }

  #refused(problem: StoreError): void {
    this.#problem = problem;
    if (!this.#retry.isArmed) this.#timers.arm(this.#retry, RETRY_MILLIS);
  }
}
