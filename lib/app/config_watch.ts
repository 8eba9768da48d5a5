/**
 * Owns the watch over config.toml: a file that has become another is read again by itself.
 *
 * The directory is watched, not the file: editors and deployments put a new file in the place of the old one. A file that is
 * still being written settles first.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Log } from "../runtime/log.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";

/** How long a file must be left alone. */
const SETTLE_MILLIS = 300;

/** What a ConfigWatch is made of. */
export interface ConfigWatchParts {
  readonly configFile: string;
  readonly timers: Timers;
  readonly log: Log;
  /** The file may have changed. */
  changed(): void;
}

/** A watch that can be set and lifted. */
export class ConfigWatch {
  readonly #parts: ConfigWatchParts;
  readonly #due: TimerEntry;
  #watcher: FSWatcher | undefined;

  constructor(parts: ConfigWatchParts) {
    this.#parts = parts;
    this.#due = new TimerEntry({ timerFired: () => parts.changed() });
  }

  /** Watches, or does not. */
  set(isWanted: boolean): void {
    if (isWanted === (this.#watcher !== undefined)) return;
    if (!isWanted) return this.stop();
    const { configFile, timers, log } = this.#parts;
    const name = basename(configFile);
    try {
      this.#watcher = watch(dirname(configFile), { persistent: false }, (_, changed) => {
        // Some hosts do not say which file it was.
        if (changed === null || changed === name) timers.arm(this.#due, SETTLE_MILLIS);
      });
      this.#watcher.on("error", (error) => {
        log.warn("config", "The watch over the configuration ended", { error: error.message });
        this.stop();
      });
    } catch (error) {
      log.warn("config", "The configuration cannot be watched", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Watches nothing any more. */
  stop(): void {
    this.#parts.timers.cancel(this.#due);
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
