/**
 * Measures hintd beside the bare loop and beside Debian's Kamailio, with the same phones, on the same machine, at the same time: in
 * each round of a scenario all servers run and take turns, a phase of some tenths of a second each, so that what drifts hits all of them
 * alike. Prints a Markdown table of medians and ratios. After SIGINT it shows what it has.
 *
 * Run: `deno task bench:compare [--rounds 5] [--only PART OF A SCENARIO] [--servers "hintd,floor,kamailio 1,kamailio 2"]`, after
 * `deno task build --host`. Kamailio is installed from Debian where it is missing.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LoadResult, Phase } from "./load_result.ts";
import { median } from "./proc.ts";
import { Load, PASSWORD, type Server, startFloor, startKamailio, startMeasuredHintd } from "./servers.ts";

type ServerName = "hintd" | "floor" | "kamailio 1" | "kamailio 2";

const STARTS: Record<ServerName, () => Promise<Server>> = {
  hintd: startMeasuredHintd,
  floor: startFloor,
  "kamailio 1": () => startKamailio(1),
  "kamailio 2": () => startKamailio(2),
};
const ALL = Object.keys(STARTS) as ServerName[];

/** One population of watchers. */
type Scenario = {
  readonly name: string;
  readonly flags: readonly string[];
  /** Of what is compiled while it runs: hintd and the floor. */
  readonly warm: readonly string[];
  readonly servers: readonly ServerName[];
};

/** Until next to nothing is left to compile. */
const WARM_COMINGS = 12;
const WARM_CHANGES = 300;

function flagsOf(options: Record<string, string | number>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "5,000 on 100, dialog",
    flags: flagsOf({ watchers: 5_000, resources: 100, comings: 8, changes: 24, refreshes: 16, event: "dialog" }),
    warm: flagsOf({ "warm-comings": WARM_COMINGS, "warm-changes": WARM_CHANGES }),
    servers: ALL,
  },
  {
    name: "5,000 on 100, presence",
    flags: flagsOf({ watchers: 5_000, resources: 100, changes: 24, event: "presence", trigger: "presence" }),
    warm: flagsOf({ "warm-comings": WARM_COMINGS, "warm-changes": WARM_CHANGES }),
    servers: ["hintd", "kamailio 1", "kamailio 2"],
  },
  {
    name: "5,000 on 100, TCP",
    flags: flagsOf({ watchers: 5_000, resources: 100, comings: 8, changes: 24, refreshes: 16, transport: "tcp" }),
    warm: flagsOf({ "warm-comings": WARM_COMINGS, "warm-changes": WARM_CHANGES }),
    servers: ["hintd", "floor"],
  },
  {
    name: "5,000 on 100, digest",
    flags: flagsOf({ watchers: 5_000, resources: 100, comings: 8, changes: 0, password: PASSWORD }),
    warm: flagsOf({ "warm-comings": WARM_COMINGS }),
    servers: ["hintd"],
  },
  {
    name: "5,000 on one",
    flags: flagsOf({ watchers: 5_000, changes: 16 }),
    warm: flagsOf({ "warm-changes": WARM_CHANGES }),
    servers: ALL,
  },
  {
    name: "20,000 on one",
    flags: flagsOf({ watchers: 20_000, pioneers: 1_000, changes: 6, refreshes: 2, rest: 60 }),
    warm: flagsOf({ "warm-changes": 40 }),
    servers: ALL,
  },
];

/** One line of the table: a figure of a scenario, and what it should be beside the others. */
type Row = {
  readonly scenario: string;
  readonly what: string;
  readonly unit: string;
  readonly value: (result: LoadResult) => number;
  /** Highest ratio to the floor and to the better Kamailio. */
  readonly floor?: number;
  readonly kamailio?: number;
  /** Whether more is better. */
  readonly isRate?: true;
};

/** The middle of the second half: what runs for the first time is being compiled meanwhile. */
function middle(phases: readonly Phase[], key: keyof Phase): number {
  return median(phases.slice(Math.floor(phases.length / 2)).map((phase) => phase[key]));
}

const ROWS: readonly Row[] = [
  row("5,000 on 100, dialog", "CPU per NOTIFY with its 200", "µs", cpuOfChange, { floor: 1.4, kamailio: 0.6 }),
  row("5,000 on 100, presence", "CPU per NOTIFY with its 200", "µs", cpuOfChange, { kamailio: 0.8 }),
  row("5,000 on 100, dialog", "last of all told after", "ms", lastTold, {}),
  row("5,000 on 100, TCP", "CPU per NOTIFY with its 200", "µs", cpuOfChange, { floor: 1.4 }),
  row("5,000 on 100, TCP", "last of all told after", "ms", lastTold, {}),
  row("5,000 on 100, TCP", "new SUBSCRIBE with its NOTIFY, CPU", "µs", cpuOfSubscribe, { floor: 2 }),
  row("5,000 on 100, TCP", "refresh with its NOTIFY, CPU", "µs", cpuOfRefresh, {}),
  row("5,000 on one", "CPU per NOTIFY with its 200", "µs", cpuOfChange, {}),
  row("5,000 on one", "half of them told after", "ms", ({ changes }) => middle(changes, "p50"), {}),
  row("5,000 on one", "99 % of them told after", "ms", ({ changes }) => middle(changes, "p99"), {}),
  row("5,000 on one", "last one told after", "ms", lastTold, { kamailio: 0.5 }),
  row("20,000 on one", "CPU per NOTIFY with its 200", "µs", cpuOfChange, {}),
  row("20,000 on one", "last one told after", "ms", lastTold, { kamailio: 0.1 }),
  row("5,000 on 100, dialog", "new SUBSCRIBE with its NOTIFY, CPU", "µs", cpuOfSubscribe, {
    floor: 2,
    kamailio: 0.75,
  }),
  {
    scenario: "5,000 on 100, dialog",
    what: "new SUBSCRIBE with its NOTIFY",
    unit: "/s",
    value: ({ comings }) => watchersOf(comings) / middle(comings, "millis") * 1e3,
    isRate: true,
  },
  row(
    "5,000 on 100, dialog",
    "half of 40 at a time granted and told after",
    "ms",
    ({ comings }) => middle(comings, "p50"),
    {},
  ),
  row("5,000 on 100, dialog", "99 % of them", "ms", ({ comings }) => middle(comings, "p99"), {}),
  row(
    "5,000 on 100, digest",
    "the same, each challenged (SHA-256)",
    "µs",
    cpuOfSubscribe,
    {},
  ),
  row("5,000 on 100, dialog", "refresh with its NOTIFY, CPU", "µs", cpuOfRefresh, { kamailio: 0.7 }),
  row("20,000 on one", "refresh with its NOTIFY, CPU", "µs", cpuOfRefresh, { kamailio: 0.05 }),
  row(
    "20,000 on one",
    "memory per subscription (PSS) beyond the first 1,000, once all are told",
    "KB",
    kilobytesTold,
    {},
  ),
  row("20,000 on one", "the same, a minute after they have refreshed", "KB", kilobytesRested, { kamailio: 0.3 }),
];

function row(
  scenario: string,
  what: string,
  unit: string,
  value: (result: LoadResult) => number,
  targets: { floor?: number; kamailio?: number },
): Row {
  return { scenario, what, unit, value, ...targets };
}

function cpuOfSubscribe({ comings }: LoadResult): number {
  return middle(comings, "cpuMicrosEach");
}

/** How many come at a time, but for pioneers. */
function watchersOf(comings: readonly Phase[]): number {
  return comings.at(-1)!.count;
}

function cpuOfChange({ changes }: LoadResult): number {
  return middle(changes, "cpuMicrosEach");
}

function cpuOfRefresh({ refreshes }: LoadResult): number {
  return middle(refreshes, "cpuMicrosEach");
}

function kilobytesTold({ pss, comings }: LoadResult): number {
  return (pss.full - pss.before) * 1_024 / watchersOf(comings);
}

function kilobytesRested({ pss, comings }: LoadResult): number {
  return (pss.rested - pss.before) * 1_024 / watchersOf(comings);
}

function lastTold({ changes }: LoadResult): number {
  return middle(changes, "last");
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    servers: { type: "string", default: ALL.join() },
  },
});
const scenarios = SCENARIOS.filter(({ name }) => name.includes(values.only));
const chosen = values.servers.split(",");
const unknown = chosen.find((each) => !ALL.includes(each as ServerName));
if (unknown !== undefined) throw new Error(`There is no server "${unknown}", only ${ALL.join(", ")}`);
const results = new Map<string, LoadResult[]>();
const faults: string[] = [];

function resultsOf(scenario: string, server: ServerName): LoadResult[] {
  const key = `${scenario} / ${server}`;
  let list = results.get(key);
  if (list === undefined) results.set(key, list = []);
  return list;
}

/** A server in a round of a scenario, and the generator that loads it. */
class Player {
  isPlaying = true;
  readonly #scenario: Scenario;
  readonly #name: ServerName;
  readonly #server: Server;
  readonly #load: Load;

  private constructor(scenario: Scenario, name: ServerName, server: Server) {
    this.#scenario = scenario;
    this.#name = name;
    this.#server = server;
    const warm = name.startsWith("kamailio") ? [] : scenario.warm;
    const trigger = name === "floor" ? ["--trigger", "floor"] : [];
    this.#load = new Load(server, [...scenario.flags, ...warm, ...trigger]);
  }

  static async start(scenario: Scenario, name: ServerName): Promise<Player> {
    return new Player(scenario, name, await STARTS[name]());
  }

  /** Does its next phase; notes what was found after the last, and what went wrong. */
  async turn(): Promise<void> {
    try {
      const result = await this.#load.turn();
      if (result === undefined) return;
      this.#note(result);
    } catch (error) {
      faults.push(`${this.#scenario.name} / ${this.#name}: ${(error as Error).message}`);
    }
    this.isPlaying = false;
  }

  async end(): Promise<void> {
    await this.#load.end();
    await this.#server.end();
  }

  #note(result: LoadResult): void {
    const where = `${this.#scenario.name} / ${this.#name}`;
    resultsOf(this.#scenario.name, this.#name).push(result);
    const { repeatedCount, retransmittedCount, droppedCount, comings, changes } = result;
    const busiest = Math.max(...[...comings, ...changes].map(({ busyShare }) => busyShare));
    process.stderr.write(`${where}: generator busy ${(busiest * 100).toFixed(0)} %\n`);
    if (repeatedCount + retransmittedCount + droppedCount === 0) return;
    faults.push(
      `${where}: ${repeatedCount} NOTIFYs came twice, ${retransmittedCount} SUBSCRIBEs were sent again, ${droppedCount} ` +
        "datagrams did not fit the receive buffer",
    );
  }
}

/** One round of a scenario: its servers take turns, phase by phase. */
async function run(scenario: Scenario): Promise<void> {
  const players: Player[] = [];
  try {
    for (const name of scenario.servers.filter((each) => chosen.includes(each))) {
      players.push(await Player.start(scenario, name));
    }
    for (let playing = players; playing.length > 0; playing = playing.filter(({ isPlaying }) => isPlaying)) {
      for (const player of playing) {
        if (isInterrupted) return;
        await player.turn();
      }
    }
  } finally {
    for (const player of players) await player.end();
  }
}

/** What was measured so far is shown all the same. */
let isInterrupted = false;
process.on("SIGINT", () => isInterrupted = true);

async function measureAll(): Promise<void> {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const scenario of scenarios) {
      if (isInterrupted) return;
      await run(scenario);
    }
  }
}

const tools = Bun.spawnSync(["bash", join(import.meta.dir, "../e2e/install_tools.sh"), "kamailio"], {
  stdio: ["ignore", "inherit", "inherit"],
});
if (tools.exitCode !== 0) process.exit(1);
await measureAll();

function shown(value: number | undefined): string {
  if (value === undefined) return "–";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

/** Ratio beside its target, in bold where it falls short. */
function ratio(value: number, other: number | undefined, target: number | undefined): string {
  if (other === undefined) return "–";
  const found = (value / other).toFixed(2);
  if (target === undefined) return found;
  return value / other <= target ? `${found} (≤ ${target})` : `**${found}** (≤ ${target})`;
}

function lineOf({ scenario, what, unit, value, floor, kamailio, isRate }: Row): string | undefined {
  const of = (name: ServerName) => {
    const list = resultsOf(scenario, name);
    return list.length === 0 ? undefined : median(list.map(value));
  };
  const hintd = of("hintd");
  if (hintd === undefined) return undefined;
  const peers = [of("kamailio 1"), of("kamailio 2")].filter((each) => each !== undefined);
  const best = peers.length === 0 ? undefined : isRate === true ? Math.max(...peers) : Math.min(...peers);
  const cells = [
    `${scenario}: ${what}`,
    `${shown(hintd)} ${unit}`,
    shown(of("floor")),
    ratio(hintd, of("floor"), floor),
    shown(of("kamailio 1")),
    shown(of("kamailio 2")),
    ratio(hintd, best, kamailio),
  ];
  return `| ${cells.join(" | ")} |`;
}

process.stdout.write(
  [
    "| | hintd | floor | ratio | Kamailio, 1 worker | 2 workers | ratio to the better |",
    "|---|---|---|---|---|---|---|",
    ...ROWS.map(lineOf).filter((line) => line !== undefined),
    "",
    ...(faults.length === 0 ? ["Nothing was lost, nothing came twice."] : faults),
    "",
  ].join("\n"),
);
process.exit(0);
