/**
 * Owns the folding of lines that say the same again and again: the first is written, the others are counted and told once a
 * minute.
 *
 * Two lines are the same when level, area, sentence and fields are, but for those that only say which message it was.
 */
import type { Clock, Millis } from "./clock.ts";
import { limits } from "./limits.ts";
import type { LogFields, WrittenLevel } from "./log.ts";
import type { Alarm } from "./timers.ts";

/** A line before it is written. */
export interface LogLine {
  readonly level: WrittenLevel;
  readonly area: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Fields that differ from message to message. */
const PASSING: readonly string[] = ["transaction", "callId"];

const WINDOW_MILLIS = 60_000;

interface Known {
  readonly line: LogLine;
  since: Millis;
  moreCount: number;
}

/** Lines of the last minute. */
export class LineFolder {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #write: (line: LogLine, moreCount: number) => void;
  /** Those whose minute is over first come first. */
  readonly #known = new Map<string, Known>();

  /** @param parts.write Told of a line that was heard `moreCount` times more in the last minute. */
  constructor(parts: { clock: Clock; alarm: Alarm; write: (line: LogLine, moreCount: number) => void }) {
    this.#clock = parts.clock;
    this.#alarm = parts.alarm;
    this.#write = parts.write;
  }

  /** Whether a line is new and to be written; one that is not is counted. */
  isNew(line: LogLine): boolean {
    const key = keyOf(line);
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.moreCount++;
      return false;
    }
    if (this.#known.size >= limits.foldedLineCount) {
      for (const [oldest, { line, moreCount }] of this.#known) {
        if (moreCount > 0) this.#write(line, moreCount);
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(key, { line, since: this.#clock.now(), moreCount: 0 });
    if (this.#known.size === 1) this.#alarm.set(WINDOW_MILLIS, () => this.#ring());
    return true;
  }

  /** Tells all that was counted, and forgets it. */
  flush(): void {
    this.#alarm.clear();
    for (const { line, moreCount } of this.#known.values()) if (moreCount > 0) this.#write(line, moreCount);
    this.#known.clear();
  }

  #ring(): void {
    const now = this.#clock.now();
    for (const [key, known] of this.#known) {
      if (known.since + WINDOW_MILLIS > now) break;
      this.#known.delete(key);
      if (known.moreCount === 0) continue;
      this.#write(known.line, known.moreCount);
      // It goes on: the next minute is told as a whole.
      known.since = now;
      known.moreCount = 0;
      this.#known.set(key, known);
    }
    for (const { since } of this.#known.values()) {
      this.#alarm.set(Math.max(1, since + WINDOW_MILLIS - now), () => this.#ring());
      break;
    }
  }
}

function keyOf({ level, area, message, fields = {} }: LogLine): string {
  let key = `${level} ${area} ${message}`;
  for (const name in fields) if (!PASSING.includes(name)) key += `\n${name}=${fields[name]}`;
  return key;
}
