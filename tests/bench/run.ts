/**
 * Measures the compiled binary of this machine: start, idle memory, fan-out beside the floor. Ends with 1 when a budget is
 * broken.
 *
 * Run: `deno task bench`, after `deno task build --host`. `HINTD_BINARY` names another binary; empty means the source.
 * `--json` prints one line that two runs can be compared by.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const scratch = mkdtempSync(join(tmpdir(), "hintd-bench-"));
const binary = process.env.HINTD_BINARY ?? join(root, `build/out/hintd-${process.platform}-${process.arch}`);
if (binary !== "" && !existsSync(binary)) {
  process.stderr.write(`There is no "${binary}" yet: deno task build --host\n`);
  process.exit(1);
}
// A copy of its own: pages of a binary that somebody else runs as well would count in part only.
if (binary !== "") copyFileSync(binary, join(scratch, "hintd"));
process.env.HINTD_BINARY = binary === "" ? "" : join(scratch, "hintd");
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const { Hintd, officeConfig, startHintd, untilAnswered } = await import("../e2e/hintd.ts");
const { freePort } = await import("../e2e/ports.ts");
const { median, pssMegabytes, rssMegabytes } = await import("./proc.ts");
type LoadResult = import("./load.ts").LoadResult;

const START_BUDGET_MILLIS = 150;
const IDLE_BUDGET_MEGABYTES = 64;
const START_COUNT = 15;
const WATCHERS = 2_000;
/** OPTIONS answered before memory is taken for idle, one every tenth of a second. */
const IDLE_EXCHANGES = 20;

/** The shipped configuration with its sockets moved to free ports of loopback and its data beside it. */
async function shippedConfig(directory: string) {
  const [sipPort, httpPort] = [await freePort(), await freePort()];
  const text = readFileSync(join(root, "config.toml"), "utf8")
    .replace(/^(\s*bind\s*=\s*)"[^"]*:5060"/gm, `$1"127.0.0.1:${sipPort}"`)
    .replace(/^(\s*bind\s*=\s*)"[^"]*:8080"/gm, `$1"127.0.0.1:${httpPort}"`);
  const configFile = join(directory, "config.toml");
  writeFileSync(configFile, text);
  return { configFile, office: { sipPort, httpPort, dataDir: join(directory, "data") } };
}

/** Milliseconds from the start of the process to its first answered OPTIONS, and what it weighs afterwards. */
async function measureStart() {
  const { configFile, office } = await shippedConfig(scratch);
  const starts: number[] = [];
  let idle = { pss: 0, rss: 0 };
  for (let i = 0; i < START_COUNT; i++) {
    const hintd = new Hintd(office, configFile, scratch);
    const begin = performance.now();
    await hintd.start({ probeMillis: 1 });
    starts.push(performance.now() - begin);
    if (i === START_COUNT - 1) {
      for (let n = 0; n < IDLE_EXCHANGES; n++) await untilAnswered(office.sipPort, { afterMillis: 100 });
      idle = { pss: pssMegabytes(hintd.pid), rss: rssMegabytes(hintd.pid) };
    }
    await hintd.end();
  }
  return { first: starts[0]!, median: median(starts), worst: Math.max(...starts), idle };
}

/** Runs `load.ts` against a server and returns what it found. */
async function load(port: number, pid: number, how: readonly string[]): Promise<LoadResult> {
  const args = ["--port", String(port), "--pid", String(pid), "--watchers", String(WATCHERS), ...how];
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "load.ts"), ...args], { stderr: "inherit" });
  const line = await new Response(run.stdout).text();
  if (await run.exited !== 0) throw new Error("The load generator failed");
  return JSON.parse(line) as LoadResult;
}

async function measureFanOut(): Promise<LoadResult & { pss: number }> {
  const config = (office: Parameters<typeof officeConfig>[0]) =>
    officeConfig(office).replace("[endpoints.guest]", "[endpoints.guest]\nmax_subscriptions = 100000");
  const hintd = await startHintd(config);
  try {
    const result = await load(hintd.sipPort, hintd.pid, ["--control", join(hintd.office.dataDir, "control.sock")]);
    return { ...result, pss: pssMegabytes(hintd.pid) };
  } finally {
    await hintd.dispose();
  }
}

async function measureFloor(): Promise<LoadResult> {
  const floor = Bun.spawn([process.execPath, join(import.meta.dir, "floor.ts")], { stdout: "pipe", stderr: "inherit" });
  try {
    const { value } = await floor.stdout.getReader().read();
    return await load(Number(new TextDecoder().decode(value)), floor.pid, ["--floor"]);
  } finally {
    floor.kill("SIGKILL");
  }
}

function fanOutLine(name: string, { rounds, watchers, subscribeCpuMicros, repeatedCount }: LoadResult): string {
  const of = (key: keyof LoadResult["rounds"][number]) => median(rounds.map((round) => round[key]));
  return `${name.padEnd(8)} ${watchers} watchers told in ${of("millis").toFixed(0)} ms, ` +
    `${of("cpuMicrosPerNotify").toFixed(1)} µs CPU per NOTIFY, ${(of("notifiesPerSecond") / 1e3).toFixed(1)} k/s, ` +
    `${subscribeCpuMicros.toFixed(0)} µs CPU per SUBSCRIBE, ${repeatedCount} repeated`;
}

const start = await measureStart();
const fanOut = await measureFanOut();
const floor = await measureFloor();
const isWithinBudget = start.median <= START_BUDGET_MILLIS && start.idle.pss <= IDLE_BUDGET_MEGABYTES;
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ bench: "appliance", start, fanOut, floor, isWithinBudget })}\n`);
} else {
  process.stdout.write(
    [
      `start    ${start.median.toFixed(0)} ms to the first answered OPTIONS (first ${start.first.toFixed(0)}, ` +
      `worst ${start.worst.toFixed(0)} of ${START_COUNT}); budget ${START_BUDGET_MILLIS} ms`,
      `idle     ${start.idle.pss.toFixed(1)} MB PSS (${
        start.idle.rss.toFixed(1)
      } MB RSS); budget ${IDLE_BUDGET_MEGABYTES} MB`,
      fanOutLine("hintd", fanOut),
      `         ${fanOut.pss.toFixed(1)} MB PSS with ${fanOut.watchers} subscriptions`,
      fanOutLine("floor", floor),
      isWithinBudget ? "within budget" : "BEYOND BUDGET",
      "",
    ].join("\n"),
  );
}
process.exit(isWithinBudget ? 0 : 1);
