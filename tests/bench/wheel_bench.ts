/**
 * Measures the timer wheel as the data plane uses it: Timer E armed for each NOTIFY and cancelled by its answer, among 100,000
 * deadlines that wait.
 *
 * Run: node_modules/bun/bin/bun.exe tests/bench/wheel_bench.ts. Budget: arm and cancel 50 ns each. Prints one JSON line.
 */
import { TimerEntry, Wheel } from "../../lib/runtime/wheel.ts";
import { bestNanos } from "./micro.ts";

const WAITING = 100_000;
const ROUNDS = 10_000;
const owner = { timerFired() {} };

const wheel = new Wheel(0);
for (let i = 0; i < WAITING; i++) wheel.arm(new TimerEntry(owner), 30_000 + i * 36);
const entries = Array.from({ length: ROUNDS }, () => new TimerEntry(owner));
let now = 0;

const armed = bestNanos(ROUNDS, (i) => wheel.arm(entries[i]!, now + 500));
const cancelled = bestNanos(ROUNDS, (i) => wheel.cancel(entries[i]!), () => {
  for (const entry of entries) wheel.arm(entry, now + 500);
});
const advanced = bestNanos(ROUNDS, () => wheel.advance(now += 0.01));
process.stdout.write(
  `${JSON.stringify({ bench: "wheel", budget: 50, arm: armed, cancel: cancelled, advance: advanced })}\n`,
);
