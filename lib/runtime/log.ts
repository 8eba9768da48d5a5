/**
 * Owns the log: one line per fact, with an area and fields; text for people, JSON for machines, by pino.
 */
import pino from "pino";

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
}

/** Level names from chatty to silent. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Formats one pino line as `2026-01-02T03:04:05.678Z info  sip  message key=value`. */
function textLine(line: string): string {
  const { time, level, area, msg, ...fields } = JSON.parse(line) as Record<string, string | number>;
  let text = `${time} ${String(level).padEnd(5)} ${area}: ${msg}`;
  for (const key in fields) {
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

/**
 * Makes the appliance's log.
 *
 * @param options.write Receives each finished line, newline included.
 * @param options.format `text` for a terminal or the journal, `json` for collectors.
 */
export function createLog(
  options: { write: (line: string) => void; level?: LogLevel; format?: "text" | "json" },
): Log {
  const write = options.format === "json" ? options.write : (line: string) => options.write(textLine(line));
  const logger = pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    debug: (area, message, fields) => logger.debug({ area, ...fields }, message),
    info: (area, message, fields) => logger.info({ area, ...fields }, message),
    warn: (area, message, fields) => logger.warn({ area, ...fields }, message),
    error: (area, message, fields) => logger.error({ area, ...fields }, message),
  };
}

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
