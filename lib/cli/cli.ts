/**
 * Owns the way from argv to an exit code: 0 done, 1 failed, 2 wrong usage or wrong configuration.
 *
 * The two commands that must be quick, `version` and a plain `run`, are recognised here; the rest pay for commander.
 */
import { CliError } from "./errors.ts";
import { fail } from "./terminal.ts";
import { printVersion } from "./version.ts";

/** Runs the command that `args` spell and resolves to the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    if (args.length === 1 && ["version", "--version", "-V"].includes(args[0]!)) {
      return printVersion();
    }
    const configFile = plainRun(args);
    if (configFile !== undefined) {
      const { run } = await import("./run.ts");
      return await run({ config: configFile });
    }
    const { runProgram } = await import("./program.ts");
    return await runProgram(args);
  } catch (error) {
    if (error instanceof CliError) {
      fail(error.message);
      return error.exitCode;
    }
    fail(error instanceof Error ? error.stack ?? error.message : String(error));
    return 1;
  }
}

/** The config file of `[run] [-c FILE]`; undefined for every other command line. */
function plainRun(args: readonly string[]): string | undefined {
  const rest = args[0] === "run" ? args.slice(1) : args;
  if (rest.length === 0) return "config.toml";
  return rest.length === 2 && (rest[0] === "-c" || rest[0] === "--config") ? rest[1] : undefined;
}
