/** Reads what the kernel knows of processes. */
import { dlopen } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";

const libc = dlopen("libc.so.6", { clock_gettime: { args: ["i32", "ptr"], returns: "i32" } }).symbols;
const timespec = new BigInt64Array(2);

/**
 * Time on the processor so far, all threads, in nanoseconds: those that have ended too, such as a compiler's.
 *
 * `clock_getcpuclockid` makes the same number of the process's clock.
 */
export function cpuNanos(pid: number): number {
  const clock = (~pid << 3) | 2;
  if (libc.clock_gettime(clock, timespec) !== 0) throw new Error(`No process ${pid}`);
  return Number(timespec[0]! * 1_000_000_000n + timespec[1]!);
}

/** `pid` and all that descend from it. */
export function treeOf(pid: number): number[] {
  const parents = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      // The fourth field, behind the name in parentheses.
      return [[Number(name), Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1])]];
    } catch {
      return [];
    }
  });
  const below = (parent: number): number[] => [
    parent,
    ...parents.filter(([, each]) => each === parent).flatMap(([child]) => below(child!)),
  ];
  return below(pid);
}

/** `cpuNanos` of some processes. */
export function cpuNanosOf(pids: readonly number[]): number {
  return pids.reduce((sum, each) => sum + cpuNanos(each), 0);
}

/** Memory that would come back if the process ended: its own and its share of what others use too, in megabytes. */
export function pssMegabytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1]) / 1024;
}

/** `pssMegabytes` of some processes. */
export function pssMegabytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, each) => sum + pssMegabytes(each), 0);
}

/** Resident memory in megabytes, shared pages of the executable included. */
export function rssMegabytes(pid: number): number {
  return Number(/^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1]) / 1024;
}

/** Datagrams that came to UDP port `port` and found no room in the receive buffer. */
export function droppedDatagrams(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["/proc/net/udp", "/proc/net/udp6"].flatMap((file) => readFileSync(file, "utf8").trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]!.endsWith(local))
    .reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}

/** The value below which `share` of the measurements lie; 1 means the highest. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The middle of some measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 === 1
    ? sorted[(sorted.length - 1) / 2]!
    : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
}
