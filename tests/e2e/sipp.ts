/** Runs sipp, a SIP tester that nobody here wrote, with scenarios from `sipp/` or written by `Scenario`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, type Hintd } from "./hintd.ts";
import { freePort } from "./ports.ts";
import { Scenario } from "./scenario.ts";

/** How to run a scenario. */
export type SippOptions = {
  transport: "udp" | "tcp";
  /** Replaces `{name}` in the scenario. */
  values?: Record<string, string>;
  calls?: number;
  /** Calls in progress at once, and begun per second. */
  callsAtOnce?: number;
  callsPerSecond?: number;
  /** Keeps no record of the messages, for scenarios with many. */
  isSilent?: boolean;
  /** Answers OPTIONS whenever one comes. */
  answersProbes?: boolean;
  timeoutSeconds?: number;
};

/** What came of it: how sipp ended, and every message it saw, in order. */
export type SippResult = { exitCode: number; messages: string[]; complaint: string };

/** Quotes for the shell that sipp runs commands with. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** Text for an attribute of XML. */
function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
}

/**
 * Reads a scenario from its file.
 *
 * `{devstate}`, `{presencestate}` and `{mailbox}` stand for the commands that set states, so that it can change a lamp between two of
 * its steps; `{answer}` is the file `parts/answer.xml`, a 200 to the request before it.
 */
function readScenario(hintd: Hintd, name: string, values: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    devstate: escaped(quoted([...command, "devstate", "set", "-c", hintd.configFile])),
    mailbox: escaped(quoted([...command, "mailbox", "set", "-c", hintd.configFile])),
    presencestate: escaped(quoted([...command, "presencestate", "set", "-c", hintd.configFile])),
    answer: readFileSync(join(import.meta.dir, "sipp/parts/answer.xml"), "utf8").trim(),
    extension: "2000",
    user: "guest",
    headers: "",
    lost: "0",
    settle_ms: "300",
    ...values,
  };
  return readFileSync(join(import.meta.dir, "sipp", `${name}.xml`), "utf8").replace(/\{(\w+)\}/g, (_, hole: string) => {
    if (all[hole] === undefined) throw new Error(`Scenario "${name}" needs a value for "${hole}"`);
    return all[hole];
  });
}

/** Runs one scenario against hintd: a file by its name, or one that was written step by step. */
export async function runSipp(hintd: Hintd, scenario: string | Scenario, options: SippOptions): Promise<SippResult> {
  const { transport, calls = 1, callsAtOnce = calls, callsPerSecond = 100, timeoutSeconds = 20, isSilent = false } =
    options;
  const directory = mkdtempSync(join(tmpdir(), "sipp-"));
  const text = scenario instanceof Scenario ? scenario.xml : readScenario(hintd, scenario, options.values);
  writeFileSync(join(directory, "scenario.xml"), text);
  const port = await freePort();
  const sipp = Bun.spawn([
    "sipp",
    ...["-sf", "scenario.xml", "-i", "127.0.0.1", "-p", String(port), "-t", transport === "udp" ? "u1" : "t1"],
    ...["-m", String(calls), "-l", String(callsAtOnce), "-r", String(callsPerSecond)],
    ...["-nostdin", "-timeout", `${timeoutSeconds}s`, "-timeout_error"],
    ...["-recv_timeout", String(timeoutSeconds * 1000)],
    ...(options.answersProbes ? ["-aa"] : []),
    ...(isSilent ? [] : ["-trace_msg", "-message_file", "messages.log"]),
    ...["-trace_err", "-error_file", "errors.log"],
    `127.0.0.1:${hintd.sipPort}`,
  ], { cwd: directory, stdin: "ignore", stdout: "ignore", stderr: "pipe", env: { ...process.env, TERM: "dumb" } });
  try {
    const complaint = await new Response(sipp.stderr).text();
    const exitCode = await sipp.exited;
    const read = (name: string) =>
      readdirSync(directory).includes(name) ? readFileSync(join(directory, name), "latin1") : "";
    const messages = read("messages.log").split(/^-{5,}.*\n/m).filter((entry) => entry.trim() !== "");
    return { exitCode, messages, complaint: `${complaint}${read("errors.log")}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a test expects: sipp is content; otherwise the exchange is the message of the error. */
export async function expectSipp(
  hintd: Hintd,
  scenario: string | Scenario,
  options: SippOptions,
): Promise<SippResult> {
  const result = await runSipp(hintd, scenario, options);
  if (result.exitCode !== 0) {
    const exchange = result.messages.join("--\n");
    throw new Error(`sipp ended with ${result.exitCode}\n${result.complaint}\n${exchange}\nhintd said:\n${hintd.log}`);
  }
  return result;
}
