/**
 * Owns the log: one line per fact, with an area and fields; text for people, JSON for machines, by pino.
 */
// The build without threads and streams, which start with the process and are never used: 7 MB.
// @ts-types="pino"
import pino from "pino/browser.js";
import type { Clock } from "./clock.ts";
import { limits } from "./limits.ts";
import { LineFolder } from "./line_folder.ts";
import type { Alarm } from "./timers.ts";

/** Values that a log line carries beside its sentence. Secrets never belong here. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Where all layers write what an operator may need to know. */
export interface Log {
  /** For whoever looks for a fault; not written unless asked for. */
  debug(area: string, message: string, fields?: LogFields): void;
  /** What happened in the course of things. */
  info(area: string, message: string, fields?: LogFields): void;
  /** What may need the operator, and goes on without. */
  warn(area: string, message: string, fields?: LogFields): void;
  /** What does not work until the operator does something. */
  error(area: string, message: string, fields?: LogFields): void;
  /** Whether lines of `debug` are written; asked before one is made where they are many. */
  isDebugging(area: string): boolean;
}

/** Levels that a line may have. */
export type WrittenLevel = "debug" | "info" | "warn" | "error";

/** Level names from chatty to silent. */
export type LogLevel = WrittenLevel | "silent";

/** A line as pino hands it over. */
type LineParts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Formats one line as `2026-01-02T03:04:05.678Z info  sip  message key=value`. */
function textLine({ time, level, area, msg, ...fields }: LineParts): string {
  let text = `${time} ${String(level).padEnd(5)} ${area}: ${msg}`;
  for (const key in fields) {
    if (fields[key] === undefined) continue;
    const value = String(fields[key]);
    text += ` ${key}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`;
  }
  return text.replace(CONTROL, escaped) + "\n";
}

/** What would end the line, or steer the terminal that shows it: texts of strangers are logged. */
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Fields whose texts are within their bound. */
function bounded(fields: LogFields): LogFields {
  const isLong = (value: LogFields[string]) => typeof value === "string" && value.length > limits.logFieldChars;
  if (!Object.values(fields).some(isLong)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      isLong(value) ? [name, `${String(value).slice(0, limits.logFieldChars)}…`] : [name, value]
    ),
  );
}

/** How much is written, and how. */
export interface LogSettings {
  /** Lines of this level and of those above it are written. */
  readonly level: LogLevel;
  /** `text` for a terminal or the journal, `json` for collectors. */
  readonly format: "text" | "json";
  /** Areas that have another level. */
  readonly areas?: Readonly<Record<string, LogLevel>>;
}

/** The appliance's log, which may be set otherwise while it runs. */
export interface AdjustableLog extends Log {
  /** Writes as `settings` say from now on. */
  adjust(settings: LogSettings): void;
  /** Writes what folding has kept back. */
  flush(): void;
}

/** Levels in ascending order; what is written has one of the first four. */
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/**
 * Makes the appliance's log.
 *
 * @param options.write Receives each finished line, newline included.
 * @param options.folding What counts the minute in which repeated lines are folded; without it, all are written. Lines of `debug`
 * always are: whoever asks for them wants each.
 */
export function createLog(
  options: Partial<LogSettings> & {
    readonly write: (line: string) => void;
    readonly folding?: { readonly clock: Clock; readonly alarm: Alarm };
  },
): AdjustableLog {
  const { write, folding } = options;
  let format = options.format ?? "text";
  let level = 0;
  const areas = new Map<string, number>();
  const logger = pino({
    level: "debug",
    timestamp: pino.stdTimeFunctions.isoTime,
    browser: {
      formatters: { level: (label) => ({ level: label }) },
      write: (line) => write(format === "json" ? `${JSON.stringify(line)}\n` : textLine(line as LineParts)),
    },
  });
  const isWritten = (area: string, rank: number) => rank >= (areas.get(area) ?? level);
  const folder = folding && new LineFolder({
    ...folding,
    write: ({ level, area, message, fields }, moreCount) =>
      logger[level]({ area, ...fields }, `${message} (… ${moreCount} more in the last minute)`),
  });

  function say(level: WrittenLevel, area: string, message: string, fields: LogFields | undefined): void {
    const rank = LEVELS.indexOf(level);
    if (!isWritten(area, rank)) return;
    if (rank > 0 && folder?.isNew({ level, area, message, fields }) === false) return;
    logger[level]({ area, ...fields && bounded(fields) }, message);
  }

  function adjust(settings: LogSettings): void {
    format = settings.format;
    level = LEVELS.indexOf(settings.level);
    areas.clear();
    for (const area in settings.areas) areas.set(area, LEVELS.indexOf(settings.areas[area]!));
  }

  adjust({ level: options.level ?? "info", format, ...(options.areas && { areas: options.areas }) });
  return {
    debug: (area, message, fields) => say("debug", area, message, fields),
    info: (area, message, fields) => say("info", area, message, fields),
    warn: (area, message, fields) => say("warn", area, message, fields),
    error: (area, message, fields) => say("error", area, message, fields),
    isDebugging: (area) => isWritten(area, 0),
    adjust,
    flush: () => folder?.flush(),
  };
}

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, isDebugging: () => false };
