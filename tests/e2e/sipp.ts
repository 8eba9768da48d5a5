/** Runs sipp, a SIP tester that nobody here wrote, with scenarios from `sipp/`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, type Hintd } from "./hintd.ts";
import { freePort } from "./ports.ts";

/** How to run a scenario. */
export type SippOptions = {
  transport: "udp" | "tcp";
  /** Replaces `{name}` in the scenario. */
  values?: Record<string, string>;
  calls?: number;
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
 * Runs one scenario against hintd.
 *
 * In a scenario `{devstate}` and `{presencestate}` stand for the commands that set states, so that it can change a lamp
 * between two of its steps; `{answer}` is the file `parts/answer.xml`, a 200 to the request before it.
 */
export async function runSipp(hintd: Hintd, scenario: string, options: SippOptions): Promise<SippResult> {
  const { transport, calls = 1, timeoutSeconds = 20 } = options;
  const directory = mkdtempSync(join(tmpdir(), "sipp-"));
  const values: Record<string, string> = {
    devstate: escaped(quoted([...command, "devstate", "set", "-c", hintd.configFile])),
    presencestate: escaped(quoted([...command, "presencestate", "set", "-c", hintd.configFile])),
    answer: readFileSync(join(import.meta.dir, "sipp/parts/answer.xml"), "utf8").trim(),
    extension: "2000",
    user: "guest",
    headers: "",
    lost: "0",
    settle_ms: "300",
    ...options.values,
  };
  const text = readFileSync(join(import.meta.dir, "sipp", `${scenario}.xml`), "utf8")
    .replace(/\{(\w+)\}/g, (_, name: string) => {
      if (values[name] === undefined) throw new Error(`Scenario "${scenario}" needs a value for "${name}"`);
      return values[name];
    });
  writeFileSync(join(directory, "scenario.xml"), text);
  const port = await freePort();
  const sipp = Bun.spawn([
    "sipp",
    ...["-sf", "scenario.xml", "-i", "127.0.0.1", "-p", String(port), "-t", transport === "udp" ? "u1" : "t1"],
    ...[
      "-m",
      String(calls),
      "-l",
      String(calls),
      "-r",
      "100",
      "-nostdin",
      "-timeout",
      `${timeoutSeconds}s`,
      "-timeout_error",
    ],
    ...["-recv_timeout", String(timeoutSeconds * 1000), "-trace_msg", "-message_file", "messages.log"],
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
export async function expectSipp(hintd: Hintd, scenario: string, options: SippOptions): Promise<SippResult> {
  const result = await runSipp(hintd, scenario, options);
  if (result.exitCode !== 0) {
    const exchange = result.messages.join("--\n");
    throw new Error(`sipp ended with ${result.exitCode}\n${result.complaint}\n${exchange}\nhintd said:\n${hintd.log}`);
  }
  return result;
}
