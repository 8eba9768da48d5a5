/** Starts hintd as a process of its own, on loopback, with a configuration and a data directory that die with it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectContract } from "../support/api_contract.ts";
import { root, testedBinary } from "./binary.ts";
import { Lines, within } from "./lines.ts";
import { freePort } from "./ports.ts";
import { openUdp, requestFrom } from "./wire.ts";

const binary = testedBinary();

/** How to call hintd. */
export const command: readonly string[] = binary === "" ? [process.execPath, join(root, "main.ts")] : [binary];

/** What a command printed and how it ended. */
export type Outcome = { exitCode: number; stdout: string; stderr: string };

/** Runs a command of hintd to its end. */
export async function run(args: readonly string[], cwd = tmpdir()): Promise<Outcome> {
  const process = Bun.spawn([...command, ...args], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** The office that most tests run: every table may be replaced or added to. */
export type Office = {
  sipPort: number;
  httpPort: number;
  dataDir: string;
};

/** The password of everybody who has one. */
export const PASSWORD = "correct-horse";

/** Writes the configuration of the test office. `more` is appended; `server` goes into `[server]`. */
export function officeConfig({ sipPort, httpPort, dataDir }: Office, { server = "", more = "" } = {}): string {
  return `
[server]
realm = "hintd"
data_dir = ${JSON.stringify(dataDir)}
min_expiry = 1
${server}

[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"

[[listen]]
transport = "tcp"
bind = "127.0.0.1:${sipPort}"

[http]
bind = "127.0.0.1:${httpPort}"

[defaults.endpoint]
context = "default"
sub_min_expiry = 1

[endpoints.alice]
auth = { username = "alice", password = "${PASSWORD}" }

# Phones that give up when they meet an algorithm that they do not know: baresip and sipp, and linphone.
[endpoints.bob]
auth = { username = "bob", password = "${PASSWORD}", supported_algorithms_uas = ["MD5"] }

[endpoints.carol]
auth = { username = "carol", password = "${PASSWORD}", supported_algorithms_uas = ["SHA-256"] }

[endpoints.guest]

[contexts.default.hints]
1000 = "PJSIP/alice"
2000 = "Custom:door,CustomPresence:door(Front Door)"
2001 = "Custom:gate(Gate)"
${more}`;
}

/** A running hintd. */
export class Hintd {
  readonly lines = new Lines();
  readonly #directory: string;
  #process: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;

  constructor(readonly office: Office, readonly configFile: string, directory: string) {
    this.#directory = directory;
  }

  get pid(): number {
    return this.#process!.pid;
  }

  get sipPort(): number {
    return this.office.sipPort;
  }

  get url(): string {
    return `http://127.0.0.1:${this.office.httpPort}`;
  }

  /** Its whole log so far. */
  get log(): string {
    return this.lines.text;
  }

  /** Starts the process, behind the words of a `wrapper` if need be, and returns once phones and page are served. */
  async start(options: { wrapper?: readonly string[] } = {}): Promise<void> {
    const from = this.lines.all.length;
    await this.begin(options);
    await this.lines.line(/ is running( |$)/, { from });
  }

  /** Starts the process and returns once it answers an OPTIONS; the page comes some milliseconds later. */
  async begin(
    { wrapper = [], flags = [], probeMillis = 20 }: {
      wrapper?: readonly string[];
      flags?: readonly string[];
      probeMillis?: number;
    } = {},
  ): Promise<void> {
    const child = Bun.spawn([...wrapper, ...command, "run", ...flags, "-c", this.configFile], {
      cwd: this.#directory,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#process = child;
    void this.lines.read(child.stdout);
    void this.lines.read(child.stderr);
    await Promise.race([
      untilAnswered(this.sipPort, { everyMillis: probeMillis }),
      child.exited.then((code) => {
        throw new Error(`hintd ended with ${code} before it answered:\n${this.log}`);
      }),
    ]);
  }

  /** Runs a command against this hintd, such as `devstate set`. */
  run(...args: string[]): Promise<Outcome> {
    return run([...args, "-c", this.configFile]);
  }

  /** Sets a custom device state; throws when hintd refuses. */
  async setDevice(device: string, state: string): Promise<void> {
    const { exitCode, stdout, stderr } = await this.run("devstate", "set", device, state);
    if (exitCode !== 0) throw new Error(`devstate set ended with ${exitCode}: ${stdout}${stderr}`);
  }

  /** Calls the API over the control socket, which needs no login; every answer must be as the OpenAPI document says. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const unix = join(this.office.dataDir, "control.sock");
    const response = await fetch(`http://localhost/api/v1${path}`, { ...init, unix });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!isStream) await expectContract(init.method ?? "GET", path.split("?")[0]!, response.clone());
    return response;
  }

  /** Counters of one layer. */
  async counters(layer: string): Promise<Record<string, number>> {
    const status = await (await this.fetch("/status")).json() as { counters: Record<string, Record<string, number>> };
    return status.counters[layer]!;
  }

  /** Ends the process with a signal and returns its exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    const child = this.#process;
    if (child === undefined) return 0;
    child.kill(signal);
    const code = await within(child.exited, () => `hintd to end on ${signal}\n${this.log}`).catch(async (error) => {
      child.kill("SIGKILL");
      await child.exited;
      throw error;
    });
    this.#process = undefined;
    return code;
  }

  /** Whether the process lives and answers. */
  async isWell(): Promise<boolean> {
    if (this.#process?.exitCode !== null) return false;
    await untilAnswered(this.sipPort);
    return true;
  }

  /** Ends it and removes what it left. */
  async dispose(): Promise<void> {
    try {
      await this.end();
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}

/** Sends OPTIONS, again and again as UDP demands, until one is answered; `afterMillis` puts the first one off. */
export async function untilAnswered(
  port: number,
  { everyMillis = 20, afterMillis = 0, server = "127.0.0.1" } = {},
): Promise<void> {
  const wire = await openUdp(port, { server });
  const request = requestFrom(wire, "UDP", { uri: `sip:${server}:${port}` });
  if (afterMillis === 0) wire.send(request);
  const again = setInterval(() => wire.send(request), afterMillis || everyMillis);
  try {
    await wire.next((message) => message.startsWith("SIP/2.0 "));
  } finally {
    clearInterval(again);
    wire.close();
  }
}

/** Asks again and again, because nothing tells; resolves once the answer is yes. */
export function untilSo(isSo: () => Promise<boolean>, everyMillis = 250): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = setInterval(async () => {
      try {
        if (!await isSo()) return;
        clearInterval(look);
        resolve();
      } catch (error) {
        clearInterval(look);
        reject(error as Error);
      }
    }, everyMillis);
  });
}

/** Makes a hintd in a directory of its own without starting it. `config` writes its whole configuration. */
export async function prepareHintd(
  config: (office: Office) => string = officeConfig,
): Promise<Hintd> {
  const directory = mkdtempSync(join(tmpdir(), "hintd-e2e-"));
  const office = { sipPort: await freePort(), httpPort: await freePort(), dataDir: join(directory, "data") };
  const configFile = join(directory, "config.toml");
  writeFileSync(configFile, config(office));
  return new Hintd(office, configFile, directory);
}

/** Starts a hintd, behind the words of a `wrapper` if need be; whoever starts it disposes of it. */
export async function startHintd(
  config?: (office: Office) => string,
  options?: { wrapper?: readonly string[] },
): Promise<Hintd> {
  const hintd = await prepareHintd(config);
  try {
    await hintd.start(options);
  } catch (error) {
    await hintd.dispose().catch(() => {});
    throw error;
  }
  return hintd;
}
