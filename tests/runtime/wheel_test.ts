import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { TimerEntry, Wheel } from "../../lib/runtime/wheel.ts";

/** A wheel whose entries note their firing in `log` as [name, instant]. */
function wheelWithLog() {
  const log: [number, number][] = [];
  const entry = (name: number) => new TimerEntry({ timerFired: (_entry, now) => log.push([name, now]) });
  return { wheel: new Wheel(0), log, entry };
}

describe("wheel", () => {
  const spans = [
    1,
    9,
    10,
    11,
    500,
    2_549,
    2_560,
    2_561,
    32_000,
    655_359,
    655_360,
    700_000,
    86_400_000,
    200 * 86_400_000,
  ];
  for (const span of spans) {
    test(`an entry armed for ${span} ms fires at its deadline, not before, at most one tick after`, () => {
      const { wheel, log, entry } = wheelWithLog();
      wheel.arm(entry(1), span);
      wheel.advance(Math.max(0, span - 3_000));
      let now = Math.max(0, span - 3_000);
      while (log.length === 0) {
        expect(now).toBeLessThan(span + 10);
        now += wheel.sleepMillis(now);
        wheel.advance(now);
        if (now < span) expect(log).toEqual([]);
      }
      expect(now - span).toBeLessThan(10);
      expect(wheel.sleepMillis(now)).toBe(-1);
      expect(wheel.armedCount).toBe(0);
    });
  }

  test("a cancelled entry never fires and can be armed again", () => {
    const { wheel, log, entry } = wheelWithLog();
    const one = entry(1);
    wheel.arm(one, 100);
    wheel.cancel(one);
    wheel.cancel(one);
    expect(one.isArmed).toBe(false);
    wheel.advance(1_000);
    expect(log).toEqual([]);
    wheel.arm(one, 1_100);
    wheel.advance(1_100);
    expect(log).toEqual([[1, 1_100]]);
  });

  test("an entry that arms itself again while firing waits for its next deadline", () => {
    const fired: number[] = [];
    const wheel = new Wheel(0);
    const entry = new TimerEntry({
      timerFired(self, now) {
        fired.push(now);
        if (fired.length < 3) wheel.arm(self, now + 500);
      },
    });
    wheel.arm(entry, 500);
    for (let now = 0; now <= 3_000; now += 10) wheel.advance(now);
    expect(fired).toEqual([500, 1_000, 1_500]);
  });

  test("agrees with a sorted list under random arming, moving, cancelling and jumps of time", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("arm" as const), name: fc.nat(20), delay: fc.integer({ min: 0, max: 1_000_000 }) }),
      fc.record({ do: fc.constant("cancel" as const), name: fc.nat(20), delay: fc.constant(0) }),
      fc.record({
        do: fc.constant("advance" as const),
        name: fc.constant(0),
        delay: fc.integer({ min: 0, max: 400_000 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { wheel, log, entry } = wheelWithLog();
        const entries = Array.from({ length: 21 }, (_, name) => entry(name));
        const model = new Map<number, number>();
        let now = 0;
        for (const { do: verb, name, delay } of steps) {
          if (verb === "arm") {
            wheel.arm(entries[name]!, now + delay);
            model.set(name, now + delay);
          } else if (verb === "cancel") {
            wheel.cancel(entries[name]!);
            model.delete(name);
          } else {
            now += delay;
            log.length = 0;
            wheel.advance(now);
            for (const [fired] of log) {
              expect(model.get(fired)!).toBeLessThanOrEqual(now);
              model.delete(fired);
            }
            for (const at of model.values()) expect(at).toBeGreaterThan(now - 20);
          }
          expect(wheel.armedCount).toBe(model.size);
        }
      }),
      { numRuns: 300, seed: 20_261_123 },
    );
  });
});
