/**
 * Owns what waits to be stored: rows that changed in this turn of the event loop, written as one transaction at its end.
 *
 * Theory. Memory is what is true; the disk follows at the end of the turn, before any answer leaves. A row that changes
 * twice is written once. When the disk refuses, the rows keep waiting and are tried again each second, those who wait for their
 * answer are told, and `check` refuses what comes after until the disk takes writes again: then it has missed nothing.
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
  readonly #commitNow = () => this.#settle();
  #waiting: Settled[] = [];
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

  /** Tells `settled`, at the end of this turn, whether all that waits is stored. */
  whenSettled(settled: Settled): void {
    this.#waiting.push(settled);
  }

  /** Has everything written at the end of this turn. */
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
   * Writes everything that waits, now.
   *
   * @throws StoreError: nothing was written, everything keeps waiting.
   */
  commit(): void {
    const changed = this.#tables.filter((table) => table.waitingCount > 0);
    try {
      if (changed.length > 0) {
        this.#database.write(() => {
          for (const table of changed) table.write();
        });
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#problem = error;
      if (!this.#retry.isArmed) this.#timers.arm(this.#retry, RETRY_MILLIS);
      throw error;
    }
    for (const table of changed) table.clear();
    this.#problem = undefined;
    this.#timers.cancel(this.#retry);
  }

  /** Writes everything that waits, for a last time; what the disk refuses is lost, and it has logged why. */
  flush(): void {
    this.#settle();
    this.#timers.cancel(this.#retry);
  }

  #settle(): void {
    this.#isDue = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    let problem: StoreError | undefined;
    try {
      this.commit();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problem = error;
    }
    for (const settled of waiting) settled(problem);
  }
}
