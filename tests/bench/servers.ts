/**
 * Owns the servers that the load generator meets: hintd with its disk and its page open, the bare loop, and Kamailio in memory.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceEnvironment } from "../../lib/cli/service_unit.ts";
import { type Office, startHintd, untilAnswered } from "../e2e/hintd.ts";
import { freePort } from "../e2e/ports.ts";
import { type LoadResult, READY } from "./load_result.ts";

/** Password of the endpoint whose every SUBSCRIBE is challenged. */
export const PASSWORD = "correct-horse";

/** Watched users that every server knows: from 2000 on. */
const RESOURCES = 100;

/** A running server. */
export type Server = {
  readonly port: number;
  readonly pid: number;
  /** Throws when its page, where it has one, is open no longer. */
  demandPage?(): void;
  end(): Promise<void>;
};

/** A hintd whose plug can be pulled. */
export type MeasuredHintd = Server & {
  kill(): Promise<void>;
  /** Resolves when page and phones are served. */
  startAgain(): Promise<void>;
  /** Deadlines of what lives, subscriptions and requests on their way, and answers that are kept to be repeated. */
  livingCount(): Promise<number>;
  /** Turns of its event loop so far that took no longer than so many milliseconds. */
  turnCounts(): Promise<TurnCounts>;
};

/** Bound in milliseconds, ascending, and how many turns took no longer. */
export type TurnCounts = readonly (readonly [bound: number, count: number])[];

/** The least bound that no turn between two looks exceeded. */
export function longestTurn(before: TurnCounts, after: TurnCounts): number {
  const grown = after.map(([bound, count], i) => [bound, count - (before[i]?.[1] ?? 0)] as const);
  const total = grown.at(-1)![1];
  return grown.find(([, count]) => count === total)![0];
}

/** In the environment in which `hintd service install` has it start. */
const asService = { wrapper: ["env", ...serviceEnvironment] };

/**
 * Has the status page open as a browser has it: fetched once, and from then on told what changes, until hintd ends.
 *
 * @returns Throws when it was cut off.
 */
async function openPage(url: string): Promise<() => void> {
  const [, since] = /data-since="([^"]+)"/.exec(await (await fetch(url)).text())!;
  const live = await fetch(`${url}/live?since=${since}`);
  if (!live.ok) throw new Error(`/live answered ${live.status}`);
  let isOpen = true;
  live.body!.pipeTo(new WritableStream()).catch(() => {}).finally(() => isOpen = false);
  return () => {
    if (!isOpen) throw new Error("The page was cut off");
  };
}

/** hintd, its page open: guest is believed on its word, member has a password, publisher may publish for everybody. */
export async function startMeasuredHintd(): Promise<MeasuredHintd> {
  const hintd = await startHintd(({ sipPort, httpPort, dataDir }: Office) => `
[server]
data_dir = ${JSON.stringify(dataDir)}
[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"
[[listen]]
transport = "tcp"
bind = "127.0.0.1:${sipPort}"
[http]
bind = "127.0.0.1:${httpPort}"
[defaults.endpoint]
max_subscriptions = 250000
[endpoints.guest]
[endpoints.member]
auth = { username = "member", password = "${PASSWORD}" }
[endpoints.publisher]
publish = ["*"]
[contexts.default.hints]
${Array.from({ length: RESOURCES }, (_, i) => `${2000 + i} = "Custom:d${2000 + i}"`).join("\n")}
`, asService);
  let demandPage = await openPage(hintd.url);
  return {
    port: hintd.sipPort,
    pid: hintd.pid,
    demandPage: () => demandPage(),
    end: () => hintd.dispose(),
    kill: async () => void await hintd.end("SIGKILL"),
    async startAgain() {
      await hintd.start(asService);
      demandPage = await openPage(hintd.url);
    },
    async livingCount() {
      const { timers, answers } = await hintd.counters("queues");
      return timers! + answers!;
    },
    async turnCounts() {
      const text = await (await fetch(`${hintd.url}/metrics`)).text();
      return [...text.matchAll(/^hintd_turn_seconds_bucket\{le="(.*)"\} (\d+)$/gm)].map(([, bound, count]) =>
        [Number(bound!.replace("+Inf", "Infinity")) * 1_000, Number(count)] as const
      );
    },
  };
}

/** The bare loop of `floor.ts`. */
export async function startFloor(): Promise<Server> {
  const command = [process.execPath, join(import.meta.dir, "floor.ts"), String(await freePort())];
  const floor = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const { value } = await floor.stdout.getReader().read();
  return {
    port: Number(new TextDecoder().decode(value)),
    pid: floor.pid,
    async end() {
      floor.kill("SIGKILL");
      await floor.exited;
    },
  };
}

/**
 * Kamailio with its presence modules in memory, answers without state, and the fast memory manager (`-x fm`), which makes it
 * three times as cheap as its default.
 */
export async function startKamailio(workers: number): Promise<Server> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "kamailio-bench-"));
  const file = join(directory, "kamailio.cfg");
  writeFileSync(file, kamailioConfig(port, workers));
  const command = ["kamailio", "-DD", "-E", "-x", "fm", "-m", "2048", "-M", "64", "-f", file, "-Y", directory];
  const kamailio = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  await Promise.race([
    untilAnswered(port),
    kamailio.exited.then(async (code) => {
      throw new Error(`Kamailio ended with ${code}:\n${await new Response(kamailio.stderr).text()}`);
    }),
  ]);
  return {
    port,
    pid: kamailio.pid,
    async end() {
      kamailio.kill("SIGTERM");
      await kamailio.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function kamailioConfig(port: number, workers: number): string {
  return `
debug=0
log_stderror=yes
children=${workers}
disable_tcp=yes
listen=udp:127.0.0.1:${port}
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "rr.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "presence_dialoginfo.so"
modparam("presence", "subs_db_mode", 0)
modparam("presence", "publ_cache", 2)
modparam("presence", "subs_htable_size", 14)
modparam("presence", "pres_htable_size", 14)
modparam("presence", "send_fast_notify", 1)
modparam("presence", "max_expires", 7200)
modparam("presence_xml", "force_active", 1)
modparam("presence_xml", "disable_bla", 1)
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("PUBLISH")) { handle_publish(); exit; }
  if (is_method("SUBSCRIBE")) { handle_subscribe(); exit; }
  sl_send_reply("405", "Method Not Allowed");
}
`;
}

/** A run of the load generator against a server; `flags` as `load.ts` takes them. Phase by phase, so that several may take turns. */
export class Load {
  readonly #server: Server;
  readonly #flags: readonly string[];
  readonly #run: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;
  #isReady = false;

  constructor(server: Server, flags: readonly string[]) {
    const args = ["--port", String(server.port), "--pid", String(server.pid), ...flags];
    const command = [process.execPath, join(import.meta.dir, "load.ts"), ...args];
    this.#server = server;
    this.#flags = flags;
    this.#run = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#run.stdout);
  }

  /**
   * Has it do its next phase, at first what comes before all of them.
   *
   * @returns What it found, after the last.
   */
  async turn(): Promise<LoadResult | undefined> {
    if (this.#isReady) {
      this.#run.stdin.write("\n");
      this.#run.stdin.flush();
    }
    const { value: line, done } = await this.#lines.next();
    if (done === true) throw new Error(`The load generator failed: ${this.#flags.join(" ")}`);
    this.#isReady = line === READY;
    if (this.#isReady) return undefined;
    this.#server.demandPage?.();
    return JSON.parse(line) as LoadResult;
  }

  /** Stops it, wherever it is. */
  async end(): Promise<void> {
    this.#run.kill("SIGKILL");
    await this.#run.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncIterator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Runs the load generator against a server from its first phase to its last. */
export async function load(server: Server, flags: readonly string[]): Promise<LoadResult> {
  const run = new Load(server, flags);
  try {
    for (;;) {
      const result = await run.turn();
      if (result !== undefined) return result;
    }
  } finally {
    await run.end();
  }
}
