/** Measures the processor time of small steps, garbage collection and compiler included, and prints what came of it. */
import { percentile } from "./proc.ts";

/** One part of the work on a message. */
export interface Part {
  readonly name: string;
  /** Microseconds of hintd, and the least that does the same on this runtime. */
  readonly own: number;
  readonly floor: number;
  /** What the floor is. */
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

const WARM_MICROS = 200_000;
const SAMPLES = 15;
/** Of the samples, those that the machine's other work disturbs least decide. */
const QUIET_SHARE = 0.25;
/** Steps of one sample: shorter ones would measure the clock. */
const STEPS = 2_000;

/** What measurements come to on a machine that has other work too. */
export function quietOf(samples: readonly number[]): number {
  return percentile(samples, QUIET_SHARE);
}

/**
 * Microseconds of processor per step, once it is warm.
 *
 * @param rounds Steps between two preparations; a step gets its number among them.
 * @param prepare Done before, and not measured.
 * @param weight How many of what is measured one step does.
 */
export function microsOf(
  rounds: number,
  step: (i: number) => void,
  prepare: () => void = () => {},
  weight = 1,
): number {
  const repeats = Math.ceil(STEPS / (rounds * weight));
  const sample = () => {
    let micros = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      prepare();
      micros += cpuMicros(() => {
        for (let i = 0; i < rounds; i++) step(i);
      });
    }
    return micros;
  };
  let warm = 0;
  do warm += sample(); while (warm < WARM_MICROS);
  return quietOf(Array.from({ length: SAMPLES }, () => sample() / (rounds * repeats * weight)));
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
export function tableOf(title: string, shares: readonly Share[], whole: number | undefined): string {
  const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;
  const micros = (value: number) => value.toFixed(2);
  const [own, floor] = (["own", "floor"] as const).map((column) =>
    shares.reduce((sum, [part, times]) => sum + part[column] * times, 0)
  ) as [number, number];
  const lines = shares.map(([{ name, own, floor, what }, times]) =>
    row(times === 1 ? name : `${times} × ${name}`, micros(own * times), micros(floor * times), what)
  );
  lines.push(row("sum of the parts", micros(own), micros(floor), ""));
  if (whole !== undefined) {
    const share = Math.round(own / whole * 100);
    lines.push(row("the whole, through a whole core", micros(whole), "", `the parts explain ${share} %`));
  }
  return [row(title, "hintd µs", "floor µs", "what the floor is"), "|---|---:|---:|---|", ...lines, ""].join("\n");
}
