/** Times one small step so that the machine's other work hardly shows. */

/**
 * Nanoseconds per step: the best of twenty runs, after one that warms up.
 *
 * @param step Gets its number within the run.
 * @param prepare Done before each run, and not timed.
 */
export function bestNanos(rounds: number, step: (i: number) => void, prepare: () => void = () => {}): number {
  let best = Infinity;
  for (let run = 0; run <= 20; run++) {
    prepare();
    const begin = Bun.nanoseconds();
    for (let i = 0; i < rounds; i++) step(i);
    if (run > 0) best = Math.min(best, (Bun.nanoseconds() - begin) / rounds);
  }
  return Math.round(best);
}
