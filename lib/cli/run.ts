/**
 * Owns `hintd run`: from a configuration file to a running appliance, and what signals mean to it.
 *
 * SIGTERM and SIGINT stop it gracefully, a second one at once; SIGHUP reloads. With a wrong configuration it ends, or stays in
 * safe mode until the file is mended. Exit codes: 0 stopped when told to, 1 it could not start (a taken port), 2 the
 * configuration is wrong, which a service manager need not try again.
 */
import { existsSync } from "node:fs";
import type { Appliance } from "../app.ts";
import type { Config } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { systemClock } from "../runtime/clock.ts";
import { build } from "../runtime/version.ts";
import { createLog, type Log, type LogSettings, type WrittenLevel } from "../runtime/log.ts";
import { systemAlarm } from "../runtime/timers.ts";
import { readConfigText } from "./client.ts";
import { CliError } from "./errors.ts";
import { explainFirstRun } from "./first_run.ts";
import { fail, print } from "./terminal.ts";

/** Options of `hintd run`. */
export interface RunOptions {
  /** Configuration to run on. */
  readonly config: string;
  /** debug, info, warn or error; what `[log]` says when left out. */
  readonly logLevel?: string;
  /** text or json; what `[log]` says when left out. */
  readonly logFormat?: string;
  /** Whether a wrong configuration is shown on the page, rather than the end. */
  readonly safeMode?: boolean;
}

const LOG_LEVELS: readonly WrittenLevel[] = ["debug", "info", "warn", "error"];
const LOG_FORMATS = ["text", "json"] as const;

/** Serves until told to stop; resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const level = options.logLevel === undefined ? undefined : oneOf(LOG_LEVELS, options.logLevel, "log level");
  const format = options.logFormat === undefined ? undefined : oneOf(LOG_FORMATS, options.logFormat, "log format");
  if (!existsSync(options.config)) return explainFirstRun(options.config);
  const [{ hintChecks, startAppliance }, { loadConfig }] = await Promise.all([
    import("../app.ts"),
    import("../config/load.ts"),
  ]);
  const load = () => loadConfig(readConfigText(options.config), options.config, hintChecks);
  let loaded = await load();
  if ("errors" in loaded) {
    for (const error of loaded.errors) print(error.text);
    fail(`${options.config} cannot be used`);
    if (options.safeMode !== true) return 2;
  }

  const settingsOf = ({ log }: Config): LogSettings => ({
    level: level ?? log.level,
    format: format ?? log.format,
    areas: Object.fromEntries(LOG_LEVELS.flatMap((each) => log[each].map((area) => [area, each]))),
  });
  let config = await usable(loaded, options.config);
  const log = createLog({
    ...settingsOf(config),
    write: (line) => process.stderr.write(line),
    // A line said after the last flush must not put off the end by a minute.
    folding: { clock: systemClock, alarm: systemAlarm({ isOptional: true }) },
  });
  surviveBugs(log);
  const stopped = Promise.withResolvers<string>();
  const stop = (signal: string) => stopped.resolve(signal);
  process.once("SIGTERM", stop).once("SIGINT", stop);
  let appliance: Appliance | undefined;
  process.on("SIGHUP", () => void appliance?.reload());

  for (;;) {
    const mended = Promise.withResolvers<undefined>();
    const safeMode = "errors" in loaded
      ? { mistakes: loaded.errors, mended: () => mended.resolve(undefined) }
      : undefined;
    const { warnings } = loaded;
    const reloaded = (config: Config) => log.adjust(settingsOf(config));
    try {
      appliance = await startAppliance({ configFile: options.config, config, warnings, log, reloaded, safeMode });
    } catch (error) {
      if (error instanceof Error) log.debug("cli", "The start failed", { error: error.stack });
      log.flush();
      throw new CliError(1, error instanceof Error ? error.message : String(error));
    }
    const page = `http://${config.http.bind}/`;
    if (safeMode === undefined) log.info("cli", `hintd ${build.version} is running`, { page });
    else log.error("cli", `hintd ${build.version} is in safe mode until its configuration is mended`, { page });

    const signal = await Promise.race([stopped.promise, mended.promise]);
    if (signal !== undefined) {
      log.info("cli", "Stopping", { signal });
      process.once("SIGTERM", () => process.exit(1)).once("SIGINT", () => process.exit(1));
    }
    await appliance.stop();
    appliance = undefined;
    if (signal !== undefined) break;
    loaded = await load();
    config = await usable(loaded, options.config);
    log.adjust(settingsOf(config));
  }
  log.flush();
  return 0;
}

/** The configuration, or what can be had of a wrong one. */
async function usable(loaded: Loaded, file: string): Promise<Config> {
  if ("config" in loaded) return loaded.config;
  const { salvageConfig } = await import("../config/salvage.ts");
  return salvageConfig(readConfigText(file));
}

/** No input may end the process: a bug that nobody caught costs what it was doing and a line in the log. */
function surviveBugs(log: Log): void {
  const complain = (error: unknown) =>
    log.error("bug", "An error was caught by nobody", { error: error instanceof Error ? error.stack : String(error) });
  process.on("uncaughtException", complain).on("unhandledRejection", complain);
}

function oneOf<T extends string>(known: readonly T[], value: string, what: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new CliError(2, `There is no ${what} "${value}"; known are ${known.join(", ")}`);
  return found;
}
