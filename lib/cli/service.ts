/**
 * Owns `hintd service`: hintd as a service of systemd, put in place, asked about, taken away.
 *
 * With `--root DIR` the files are written below DIR and systemd is left alone, for images and packages; with `--dry-run` nothing
 * is done at all, only told.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hintChecks } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { countText } from "../http/words.ts";
import { build } from "../runtime/version.ts";
import { readConfigText } from "./client.ts";
import { CliError } from "./errors.ts";
import { servicePaths, serviceUser } from "./service_paths.ts";
import { hasLowPort, unitText, userText, withServiceData } from "./service_unit.ts";
import { fail, print } from "./terminal.ts";

/** Options that the three commands share. */
export interface ServiceOptions {
  /** Directory in whose place files go; empty for the machine itself. */
  readonly root?: string;
  /** Say what would be done and do nothing. */
  readonly dryRun?: boolean;
}

/** Options of `hintd service install`. */
export interface InstallOptions extends ServiceOptions {
  /** Configuration to begin with. */
  readonly config: string;
  /** Binary to install; this one when left out. */
  readonly binary?: string;
}

/** One thing that is done, and how it is told. */
interface Step {
  readonly say: string;
  readonly act: () => void;
}

/** Puts binary, configuration, user and unit in place and starts the service; does the same again for an upgrade. */
export async function installService(options: InstallOptions): Promise<number> {
  const machine = new Machine(options);
  machine.demandRoot("install");
  const binary = options.binary ?? ownBinary();
  if (!existsSync(binary)) throw new CliError(1, `There is no ${binary}`);
  const hasConfig = existsSync(machine.path(servicePaths.config));
  const source = hasConfig ? machine.path(servicePaths.config) : options.config;
  const text = hasConfig ? readConfigText(source) : withServiceData(readConfigText(source));
  const loaded = await loadConfig(text, source, hintChecks);
  if ("errors" in loaded) {
    for (const error of loaded.errors) print(error.text);
    fail(`${source} has ${countText(loaded.errors.length, "error")}; nothing was installed`);
    return 2;
  }
  const { data_dir: dataDirectory } = loaded.config.server;
  if (dataDirectory !== servicePaths.data) {
    throw new CliError(
      2,
      `${source}: server.data_dir is "${dataDirectory}"; the service can write "${servicePaths.data}" only`,
    );
  }
  const unit = unitText({ hasLowPort: hasLowPort(loaded.config) });
  machine.do([
    ...machine.copyBinary(binary),
    ...(hasConfig ? [] : [machine.write(servicePaths.config, text, 0o640)]),
    machine.write(servicePaths.user, userText(), 0o644),
    machine.write(servicePaths.unit, unit, 0o644),
    machine.command("systemd-sysusers", servicePaths.user),
    machine.command("chown", `root:${serviceUser}`, servicePaths.config),
    machine.command("chmod", "0640", servicePaths.config),
    machine.command("systemctl", "daemon-reload"),
    machine.command("systemctl", "enable", "hintd"),
    machine.command("systemctl", "restart", "hintd"),
  ]);
  print(
    hasConfig ? `${servicePaths.config} was there and stays as it is.` : `From now on ${servicePaths.config} counts.`,
  );
  for (const warning of await loaded.warnings()) print(`${warning.text} (warning)`);
  if (machine.isReal) print("hintd runs, and starts with the machine: hintd service status");
  return 0;
}

/** Stops the service and takes its unit away; binary, configuration and data stay. */
export function uninstallService(options: ServiceOptions): Promise<number> {
  const machine = new Machine(options);
  machine.demandRoot("uninstall");
  const isInstalled = existsSync(machine.path(servicePaths.unit));
  if (!isInstalled) {
    throw new CliError(1, `hintd is not installed as a service: there is no ${machine.path(servicePaths.unit)}`);
  }
  machine.do([
    machine.command("systemctl", "disable", "--now", "hintd"),
    machine.remove(servicePaths.unit),
    machine.remove(servicePaths.user),
    machine.command("systemctl", "daemon-reload"),
  ]);
  print(
    `These stay: ${servicePaths.binary}, ${
      dirname(servicePaths.config)
    }, ${servicePaths.data}, the user ${serviceUser}.`,
  );
  return Promise.resolve(0);
}

/** Says what is installed and whether it runs; 0 when it runs, or when only files were asked about and are there. */
export function serviceStatus(options: ServiceOptions): Promise<number> {
  const machine = new Machine(options);
  const isInstalled = existsSync(machine.path(servicePaths.unit));
  for (
    const [what, path] of Object.entries({
      unit: servicePaths.unit,
      binary: servicePaths.binary,
      config: servicePaths.config,
    })
  ) {
    const isThere = existsSync(machine.path(path));
    print(`${what.padEnd(9)} ${machine.path(path)}${isThere ? "" : " (not there)"}`);
  }
  if (isInstalled && isEdited(machine)) print("          the unit is not the one that this hintd installs");
  if (!machine.isReal || !hasSystemd()) return Promise.resolve(isInstalled ? 0 : 1);
  const state = answerOf("systemctl", "is-active", "hintd");
  print(`state     ${state}, ${answerOf("systemctl", "is-enabled", "hintd")}`);
  if (state !== "active" && isInstalled) print("          why: journalctl -u hintd -n 20");
  return Promise.resolve(state === "active" ? 0 : 1);
}

/** The machine on which all this happens, or what stands in for it. */
class Machine {
  readonly #root: string;
  readonly #isDry: boolean;

  constructor({ root = "", dryRun = false }: ServiceOptions) {
    this.#root = root;
    this.#isDry = dryRun;
  }

  /** Whether things are really done, here. */
  get isReal(): boolean {
    return this.#root === "" && !this.#isDry;
  }

  /** Where a file of the service is. */
  path(path: string): string {
    return this.#root === "" ? path : join(this.#root, path);
  }

  /** Throws CliError where systemd or the right to use it is missing. */
  demandRoot(command: string): void {
    if (!this.isReal) return;
    if (!hasSystemd()) {
      throw new CliError(1, "This machine does not run systemd; --dry-run shows the unit all the same");
    }
    if (process.getuid?.() !== 0) throw new CliError(1, `Only root may do that: sudo hintd service ${command}`);
  }

  /** Tells each step and takes it. */
  do(steps: readonly (Step | undefined)[]): void {
    for (const step of steps) {
      if (step === undefined) continue;
      print(step.say);
      if (this.#isDry) continue;
      try {
        step.act();
      } catch (error) {
        throw new CliError(1, error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Copies the binary, unless it is there already; the one that runs is replaced in one stroke. */
  copyBinary(from: string): Step[] {
    const to = this.path(servicePaths.binary);
    if (existsSync(to) && realpathSync(to) === realpathSync(from)) return [];
    const act = () => {
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, `${to}.new`);
      chmodSync(`${to}.new`, 0o755);
      renameSync(`${to}.new`, to);
    };
    return [{ say: `copy ${from} to ${to}`, act }];
  }

  /** Writes a file; a dry run shows it. */
  write(path: string, text: string, mode: number): Step {
    const to = this.path(path);
    const shown = this.#isDry && path !== servicePaths.config ? `\n${text.replaceAll(/^/gm, "    ").trimEnd()}` : "";
    const act = () => {
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, text, { mode });
    };
    return { say: `write ${to}${shown}`, act };
  }

  /** Removes a file. */
  remove(path: string): Step {
    const from = this.path(path);
    return { say: `remove ${from}`, act: () => rmSync(from, { force: true }) };
  }

  /** Runs a command of the machine; below another root it is left to whoever starts that machine. */
  command(...words: readonly [string, ...string[]]): Step | undefined {
    if (this.#root !== "") return undefined;
    const [name, ...args] = words;
    const act = () => {
      const { status, stderr, error } = spawnSync(name, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(`"${words.join(" ")}" failed: ${(error?.message ?? stderr).trim()}`);
    };
    return { say: words.join(" "), act };
  }
}

function isEdited(machine: Machine): boolean {
  const text = readFileSync(machine.path(servicePaths.unit), "utf8");
  return [true, false].every((hasLowPort) => unitText({ hasLowPort }) !== text);
}

/** This very binary. Throws CliError when hintd runs from source: there is none. */
function ownBinary(): string {
  if (build.version === "dev") {
    throw new CliError(1, "Only the compiled binary can be a service; name it with --binary");
  }
  return process.execPath;
}

function hasSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

/** The first line that a command prints; what went wrong when it cannot be run. */
function answerOf(name: string, ...args: string[]): string {
  const { stdout, error } = spawnSync(name, args, { encoding: "utf8" });
  return error?.message ?? (stdout.trim().split("\n")[0] || "unknown");
}
