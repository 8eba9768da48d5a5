/**
 * Owns `hintd doctor`.
 */
import { existsSync, writeFileSync } from "node:fs";
import { arch, cpus, freemem, release, totalmem, type } from "node:os";
import { resolve } from "node:path";
import { hintChecks } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { withoutSecrets } from "../config/secrets.ts";
import { bundle, leftOut } from "../doctor/bundle.ts";
import { examine } from "../doctor/examination.ts";
import type { Finding } from "../doctor/finding.ts";
import type { Running } from "../doctor/subject.ts";
import { systemMachine } from "../doctor/system_machine.ts";
import type { ContactRow, ProblemRow, StatusRow } from "../http/controls.ts";
import { dataDirectory } from "../http/control_socket.ts";
import { countText } from "../http/words.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Instant, instantMillis, secondText } from "../runtime/instant.ts";
import { build } from "../runtime/version.ts";
import { ControlClient, readConfigText } from "./client.ts";
import { CliError } from "./errors.ts";
import { fail, print, printJson } from "./terminal.ts";

/** Options of `hintd doctor`. */
export interface DoctorOptions {
  readonly config: string;
  readonly json?: boolean;
  /** Where the bundle goes; true for a name made of the date, undefined for none. */
  readonly bundle?: string | boolean;
}

/** What the API tells that goes into the bundle, by the file's name. */
const listings = {
  "status.json": "/status",
  "problems.json": "/problems",
  "hints.json": "/hints",
  "endpoints.json": "/endpoints",
  "subscriptions.json": "/subscriptions",
  "publications.json": "/publications",
  "lists.json": "/lists",
  "messages.json": "/messages",
} as const;

/** Examines; 1 when there is a problem, 2 when the configuration is wrong. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const text = readConfigText(options.config);
  const loaded = await loadConfig(text, options.config, hintChecks);
  if ("errors" in loaded) {
    if (options.json) printJson({ errors: loaded.errors });
    else for (const error of loaded.errors) print(error.text);
    fail(`${options.config} has ${countText(loaded.errors.length, "error")}; mend it first`);
    return 2;
  }
  const { config } = loaded;
  const client = new ControlClient(options.config);
  const findings = await examine({
    machine: systemMachine(),
    configFile: resolve(options.config),
    config,
    warnings: loaded.warnings.map(({ text }) => text),
    dataDirectory: dataDirectory(options.config, config.server.data_dir),
    version: build.version,
    builtAt: build.built === "unknown" ? undefined : instantMillis(build.built as Instant),
    running: await runningOf(client),
  });
  if (options.json) printJson({ items: findings });
  else report(findings);
  if (options.bundle !== undefined && options.bundle !== false) {
    await writeBundle(options.bundle, text, findings, client, options.json === true);
  }
  return findings.some(({ level }) => level === "problem") ? 1 : 0;
}

async function runningOf(client: ControlClient): Promise<Running | undefined> {
  try {
    const [status, problems, contacts] = await Promise.all([
      client.call<StatusRow>("GET", "/status"),
      client.list<ProblemRow>("/problems"),
      client.list<ContactRow>("/contacts"),
    ]);
    return { version: status.version, uptimeSeconds: status.uptime_seconds, problems, contacts };
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

function report(findings: readonly Finding[]): void {
  for (const { level, topic, text, advice } of findings) {
    print(`${level.padEnd(8)} ${topic.padEnd(12)} ${text}`);
    if (advice !== "") print(`${" ".repeat(22)}${advice}`);
  }
  const count = (level: string) => findings.filter((finding) => finding.level === level).length;
  print("");
  print(`${countText(count("problem"), "problem")}, ${countText(count("warning"), "warning")}`);
}

async function writeBundle(
  wanted: string | true,
  configText: string,
  findings: readonly Finding[],
  client: ControlClient,
  isQuiet: boolean,
): Promise<void> {
  const name = `hintd-doctor-${secondText(systemClock.wall()).replaceAll(":", "")}`;
  const file = wanted === true ? `${name}.tar.gz` : wanted;
  if (existsSync(file)) throw new CliError(1, `${file} exists already`);
  const told: Record<string, unknown> = {};
  for (const [entry, path] of Object.entries(listings)) {
    try {
      told[entry] = await client.call("GET", path);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      told[entry] = { missing: error.message };
    }
  }
  const machine = {
    system: `${type()} ${release()} ${arch()}`,
    processors: cpus().length,
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
  };
  const contents = { "findings.json": findings, "config.toml": withoutSecrets(configText), "machine.json": machine };
  const bytes = await bundle(name, { ...contents, "version.json": build, ...told });
  writeFileSync(file, bytes, { mode: 0o600, flag: "wx" });
  if (isQuiet) return;
  print(`${file}: findings, configuration, states, watchers and recent messages.`);
  print(`Left out: ${leftOut}. Names, numbers and addresses are in it: look before you send it.`);
}
