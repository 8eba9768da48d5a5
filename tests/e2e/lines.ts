/** Collects what a process says, line by line, and lets a test wait for a line. */

/** Longest wait for anything that must happen, in milliseconds. */
export const PATIENCE_MILLIS = 10_000;

type Waiter = { isIt: (line: string) => boolean; found: (line: string) => void };

/** Rejects after `millis` unless `work` ends before; the message says what did not happen. */
export async function within<T>(work: Promise<T>, whatFor: () => string, millis = PATIENCE_MILLIS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${millis} ms in vain for ${whatFor()}`)), millis);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lines of one or more streams in the order of their arrival. */
export class Lines {
  readonly all: string[] = [];
  #waiters: Waiter[] = [];

  get text(): string {
    return this.all.join("\n");
  }

  add(line: string): void {
    this.all.push(line);
    const ready = this.#waiters.filter(({ isIt }) => isIt(line));
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { found } of ready) found(line);
  }

  /** Reads a stream to its end. */
  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n|\r/);
      rest = lines.pop()!;
      for (const line of lines) this.add(line);
    }
    if (rest !== "") this.add(rest);
  }

  /** Waits for a line that the pattern finds, also among those from line `from` on that have come already. */
  line(pattern: RegExp, { from = 0, millis = PATIENCE_MILLIS } = {}): Promise<string> {
    const isIt = (line: string) => pattern.test(line);
    const already = this.all.slice(from).find(isIt);
    if (already !== undefined) return Promise.resolve(already);
    const coming = new Promise<string>((found) => this.#waiters.push({ isIt, found }));
    return within(coming, () => `${pattern} after these lines:\n${this.all.slice(-60).join("\n")}`, millis);
  }
}
