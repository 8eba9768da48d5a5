/** Measures processor time of small steps, in rounds over all of them, once all are warm. */
import { percentile } from "../proc.ts";

/** Microseconds; known once everything is measured. */
export type Micros = () => number;

/** A piece of work, what it takes, and the least that does the same. */
export interface Part {
  readonly name: string;
  readonly own: Micros;
  readonly floor: Micros;
  readonly what: string;
}

/** A part, and how often a message needs it. */
export type Share = readonly [part: Part, times: number];

/** Microseconds of processor that `action` takes, all threads of this process. */
export function cpuMicros(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** How long each step runs before it counts. */
const WARM_MICROS = 200_000;
const ROUNDS = 15;
/** Of the rounds, the quarter that the machine disturbed least is where the figure is taken. */
const QUIET_SHARE = 0.25;
/** Steps of one sample. */
const STEPS = 2_000;

interface Measurement {
  readonly sample: () => number;
  readonly pieces: number;
  readonly warmMicros: number;
  readonly values: number[];
}

const measurements: Measurement[] = [];
const checks: (() => void)[] = [];

/** The figure of a part: its lower quartile, for disturbances only add. */
export function quietOf(values: readonly number[]): number {
  return percentile(values, QUIET_SHARE);
}

/** Has `sample` taken in each round; it returns the microseconds of one of its `pieces`. */
export function measured(sample: () => number, pieces: number, warmMicros = WARM_MICROS): Micros {
  const values: number[] = [];
  measurements.push({ sample, pieces, warmMicros, values });
  return () => {
    demand(values.length === ROUNDS, "what is asked for before it is known");
    return quietOf(values);
  };
}

/**
 * Has `step` measured, `rounds` at a time.
 *
 * @param prepare Done before each time, and not measured.
 * @param weight Pieces that one step makes.
 */
export function microsOf(
  rounds: number,
  step: (i: number) => void,
  prepare: () => void = () => {},
  weight = 1,
): Micros {
  const repeats = Math.ceil(STEPS / (rounds * weight));
  const pieces = repeats * rounds * weight;
  return measured(() => {
    let micros = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      prepare();
      micros += cpuMicros(() => {
        for (let i = 0; i < rounds; i++) step(i);
      });
    }
    return micros / pieces;
  }, pieces);
}

/** The floor of what another part's floor holds. */
export const within: Micros = () => 0;

/** What is left of a whole without its parts. */
export function less(whole: Micros, ...parts: readonly Micros[]): Micros {
  return () => parts.reduce((left, part) => left - part(), whole());
}

/** Has `check` done once everything is measured. */
export function afterwards(check: () => void): void {
  checks.push(check);
}

/** Warms up everything, measures it round by round, and checks that it was what it should be. */
export function measureAll(): void {
  for (const { sample, pieces, warmMicros } of measurements) {
    for (let warm = 0; warm < warmMicros;) warm += sample() * pieces;
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { sample, values } of measurements) values.push(sample());
  }
  for (const check of checks) check();
}

/** What every floor leaves its result in, so that none is left out by the compiler. */
export const sink = { value: 0 };

/** Looks at every byte once. */
export function look(bytes: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]!;
  sink.value += sum;
}

/** Copies bytes that are there. */
export function copy(bytes: Uint8Array): void {
  const target = Buffer.allocUnsafe(bytes.length);
  target.set(bytes);
  sink.value += target.length;
}

/** Fails the run unless what was measured has happened. */
export function demand(has: boolean, what: string): void {
  if (!has) throw new Error(`Not measured: ${what}`);
}

/**
 * A table of shares in Markdown, their sum, and the same measured whole, of which the last line is what no part explains.
 *
 * @param whole Microseconds; undefined where nothing is compared.
 */
export function tableOf(title: string, shares: readonly Share[], whole: Micros | undefined): string {
  const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;
  const micros = (value: number) => value.toFixed(2);
  const [own, floor] = (["own", "floor"] as const).map((column) =>
    shares.reduce((sum, [part, times]) => sum + part[column]() * times, 0)
  ) as [number, number];
  const lines = shares.map(([{ name, own, floor, what }, times]) =>
    row(times === 1 ? name : `${times} × ${name}`, micros(own() * times), micros(floor() * times), what)
  );
  lines.push(row("sum of the parts", micros(own), micros(floor), ""));
  if (whole !== undefined) {
    const share = Math.round(own / whole() * 100);
    lines.push(row("the whole, through a whole core", micros(whole()), "", `the parts explain ${share} %`));
  }
  return [row(title, "hintd µs", "floor µs", "what the floor is"), "|---|---:|---:|---|", ...lines, ""].join("\n");
}
