/**
 * Owns `hintd doctor`: what is examined, and how the findings are told.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { hintChecks } from "../app.ts";
import { loadConfig } from "../config/load.ts";
import { secretsIn } from "../config/masking.ts";
import { salvageConfig } from "../config/salvage.ts";
import { bundleNotice } from "../doctor/bundle.ts";
import { examine, examineMachine } from "../doctor/examination.ts";
import { type Finding, problem } from "../doctor/finding.ts";
import type { Machine } from "../doctor/machine.ts";
import { reportLines } from "../doctor/report.ts";
import type { Hintd, ServiceUser } from "../doctor/subject.ts";
import { systemMachine } from "../doctor/system_machine.ts";
import type { ContactRow, ProblemRow, StatusRow } from "../http/controls.ts";
import { dataDirectory } from "../http/control_socket.ts";
import type { MessageRow } from "../http/messages.ts";
import { countText, spanText } from "../http/words.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Instant, instantMillis, secondText } from "../runtime/instant.ts";
import { limits } from "../runtime/limits.ts";
import { build } from "../runtime/version.ts";
import { ControlClient, NoAnswerError, readConfigText } from "./client.ts";
import { writeBundle } from "./doctor_bundle.ts";
import { CliError } from "./errors.ts";
import { servicePaths, serviceUser } from "./service_paths.ts";
import { endPrinting, fail, print, printJson, shown } from "./terminal.ts";

/** Options of `hintd doctor`. */
export interface DoctorOptions {
  /** Configuration of the hintd that is examined. */
  readonly config: string;
  /** Print the findings as JSON. */
  readonly json?: boolean;
  /** Where the bundle goes; true for a name made of the date, undefined for none. */
  readonly bundle?: string | boolean;
}

/** What came of it. */
export interface Examination {
  readonly findings: readonly Finding[];
  /** Mistakes in the configuration; one for a configuration that cannot be read. */
  readonly errorCount: number;
  /** Text of the configuration; undefined where it cannot be read. */
  readonly configText: string | undefined;
  /** To ask the running hintd for more; undefined where none answers. */
  readonly client: ControlClient | undefined;
}

/** A hintd that takes longer to answer is one of the findings. */
const answerMillis = 1_500;

/** Examines; 0 without a problem, 1 with one, 2 when the configuration is wrong or cannot be read. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const name = `hintd-doctor-${secondText(systemClock.wall()).replaceAll(":", "")}`;
  const file = options.bundle === true ? `${name}.tar.gz` : options.bundle;
  if (typeof file === "string" && existsSync(file)) throw new CliError(1, `${file} is there already; name another one`);
  const examination = await examineAll(options.config);
  const { findings, errorCount } = examination;
  if (options.json) printJson({ items: findings });
  else for (const line of reportLines(findings)) print(shown(line));
  if (errorCount > 0) fail(`${options.config} has ${countText(errorCount, "error")}`);
  if (typeof file === "string") {
    await writeBundle(file, name, examination);
    if (!options.json) { for (const line of ["", `${file} is written.`, ...bundleNotice]) print(line); }
  }
  return await leave(errorCount > 0 ? 2 : findings.some(({ level }) => level === "problem") ? 1 : 0);
}

/** Ends the process: for names that no server answers for, the C library would keep it asking for half a minute. */
async function leave(exitCode: number): Promise<never> {
  await endPrinting();
  process.exit(exitCode);
}

async function examineAll(config: string): Promise<Examination> {
  const machine = systemMachine();
  const builtAt = build.built === "unknown" ? undefined : instantMillis(build.built as Instant);
  let configText: string;
  try {
    configText = readConfigText(config);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const advice = error.message.includes("EACCES") ? "sudo hintd doctor" : "Name it with -c";
    const findings = [problem("config", error.message, advice), ...await examineMachine(machine, builtAt)];
    return { findings, errorCount: 1, configText: undefined, client: undefined };
  }
  const client = new ControlClient(config, { answerMillis });
  const [loaded, hintd] = await Promise.all([loadConfig(configText, config, hintChecks), askHintd(client)]);
  const errors = "errors" in loaded ? loaded.errors.map(({ text }) => text) : [];
  const inForce = "errors" in loaded ? salvageConfig(configText) : loaded.config;
  const findings = await examine({
    machine,
    configFile: resolve(config),
    config: inForce,
    errors,
    warnings: (await loaded.warnings()).map(({ text }) => text),
    hasSecrets: secretsIn(configText).length > 0,
    dataDirectory: dataDirectory(config, inForce.server.data_dir),
    version: build.version,
    builtAt,
    service: serviceOf(config, machine),
    hintd,
  });
  return { findings, errorCount: errors.length, configText, client: hintd.state === "runs" ? client : undefined };
}

async function askHintd(client: ControlClient): Promise<Hintd> {
  try {
    const [status, problems, contacts, messages] = await Promise.all([
      client.call<StatusRow>("GET", "/status"),
      client.list<ProblemRow>("/problems"),
      client.list<ContactRow>("/contacts"),
      client.list<MessageRow>(`/messages?limit=${limits.listedMessageCount}`),
    ]);
    const { version, uptime_seconds, config_loaded_at } = status;
    const upFor = spanText(uptime_seconds * 1_000);
    const running = { version, upFor, configLoadedAt: instantMillis(config_loaded_at), problems, contacts, messages };
    return { state: "runs", running };
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    return error.state === "stopped" ? { state: "stopped" } : { state: error.state, why: error.message };
  }
}

/** The user of the service, where the configuration is the service's and the service is installed. */
function serviceOf(config: string, machine: Machine): ServiceUser | undefined {
  if (resolve(config) !== servicePaths.config || machine.factsOf(servicePaths.unit) === undefined) return undefined;
  const line = (machine.read("/etc/passwd") ?? "").split("\n").find((each) => each.startsWith(`${serviceUser}:`));
  const [, , userId, groupId] = line?.split(":") ?? [];
  const number = (text: string | undefined) => text === undefined ? undefined : Number(text);
  return { name: serviceUser, userId: number(userId), groupId: number(groupId) };
}
