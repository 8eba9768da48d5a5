/** Keeps the books of what a server has acknowledged, knowing nothing of how it keeps its own. */

/** One thing that is changed by one request at a time, and looked at after the server came back. */
class Entry<Value> {
  /** What was acknowledged last. */
  known: Value;
  /** What was asked for since and not answered: it may have happened. */
  readonly possible: Value[] = [];

  constructor(known: Value) {
    this.known = known;
  }
}

/** Values by key; keys that nobody touched have the value `initial`. */
export class Ledger<Value extends string | number | boolean> {
  readonly #initial: Value;
  readonly #entries = new Map<string, Entry<Value>>();
  acknowledgedCount = 0;

  constructor(initial: Value) {
    this.#initial = initial;
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Notes that `value` was asked for; call what it returns with whether that was acknowledged. */
  asked(key: string, value: Value): (isAcknowledged: boolean) => void {
    const entry = this.#entryOf(key);
    entry.possible.push(value);
    return (isAcknowledged) => {
      if (!isAcknowledged) return;
      this.acknowledgedCount++;
      entry.known = value;
      entry.possible.length = 0;
    };
  }

  /** Compares with what is there now, which is what is known from here on; returns what is wrong, or nothing. */
  settle(key: string, found: Value): string | undefined {
    const entry = this.#entryOf(key);
    const allowed = [entry.known, ...entry.possible];
    entry.known = found;
    entry.possible.length = 0;
    return allowed.includes(found) ? undefined : `${key} is ${found}; allowed: ${allowed.join(", ")}`;
  }

  /** What is known, where nothing is uncertain. */
  known(key: string): Value {
    return this.#entryOf(key).known;
  }

  /** Whether something was asked for and not answered. */
  isUncertain(key: string): boolean {
    return this.#entryOf(key).possible.length > 0;
  }

  #entryOf(key: string): Entry<Value> {
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, entry = new Entry(this.#initial));
    return entry;
  }
}
