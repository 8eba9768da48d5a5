import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../lib/runtime/clock.ts";
import { systemAlarm, TimerEntry, Timers } from "../../lib/runtime/timers.ts";
import { ManualClock } from "../support/manual_clock.ts";

/** Resolution of the wheel, in milliseconds. */
const TICK = 10;

/** Timers on a manual clock, and when their entries fired. */
function watched(): {
  clock: ManualClock;
  timers: Timers;
  fired: [name: string, at: number][];
  entry: (name: string) => TimerEntry;
} {
  const clock = new ManualClock();
  const fired: [string, number][] = [];
  const entry = (name: string) => new TimerEntry({ timerFired: () => fired.push([name, clock.now()]) });
  return { clock, timers: clock.timers(), fired, entry };
}

describe("deadlines", () => {
  test("come once, in their order, never early and a tick late at most", () => {
    const { clock, timers, fired, entry } = watched();
    const delays = [500, 1, 32_000, 4_000, 64 * 500, 86_400_000];
    for (const delay of delays) timers.arm(entry(String(delay)), delay);
    expect(timers.armedCount).toBe(delays.length);
    clock.advance(86_400_000 + TICK);
    expect(fired.map(([name]) => Number(name))).toEqual([1, 500, 4_000, 32_000, 32_000, 86_400_000]);
    for (const [name, at] of fired) {
      expect(at).toBeGreaterThanOrEqual(Number(name));
      expect(at).toBeLessThanOrEqual(Number(name) + TICK);
    }
    expect([timers.armedCount, clock.pendingCount]).toEqual([0, 0]);
  });

  test("that are armed again are moved, those that are cancelled do not come", () => {
    const { clock, timers, fired, entry } = watched();
    const [moved, nearer, cancelled] = [entry("moved"), entry("nearer"), entry("cancelled")];
    timers.arm(moved, 100);
    timers.arm(nearer, 5_000);
    timers.arm(cancelled, 100);
    timers.arm(moved, 1_000);
    timers.arm(nearer, 50);
    timers.cancel(cancelled);
    timers.cancel(cancelled);
    clock.advance(10_000);
    expect(fired.map(([name]) => name)).toEqual(["nearer", "moved"]);
    expect(moved.isArmed).toBe(false);
  });

  test("may be armed by the one that came: a retransmission is the next one's cause", () => {
    const { clock, timers } = watched();
    const at: number[] = [];
    let delay = 500;
    const entry = new TimerEntry({
      timerFired: (self) => {
        at.push(clock.now());
        delay *= 2;
        if (delay <= 4_000) timers.arm(self, delay);
      },
    });
    timers.arm(entry, delay);
    clock.advance(60_000);
    const wanted = [500, 1_500, 3_500, 7_500];
    expect(at.length).toBe(wanted.length);
    at.forEach((instant, i) => expect(instant - wanted[i]!).toBeWithin(0, (i + 1) * TICK + 1));
  });

  test("after hours without any are as exact as ever", () => {
    const { clock, timers, fired, entry } = watched();
    timers.arm(entry("first"), 20);
    clock.advance(100);
    clock.advance(36 * 3_600_000 + 3);
    const start = clock.now();
    timers.arm(entry("second"), 500);
    clock.advance(1_000);
    expect(fired[1]![1] - start).toBeWithin(500, 500 + TICK + 1);
  });
});

describe("the host's alarm", () => {
  test("sleeps while nothing is armed, and is set once for the next turn of the wheel", () => {
    const { clock, timers, entry } = watched();
    expect(clock.pendingCount).toBe(0);
    const [near, far] = [entry("near"), entry("far")];
    timers.arm(far, 60_000);
    timers.arm(near, 100);
    expect(clock.pendingCount).toBe(1);
    timers.cancel(near);
    timers.cancel(far);
    clock.advance(60_000);
    expect(clock.pendingCount).toBe(0);
  });

  test("rings no more after the stop", () => {
    const { clock, timers, fired, entry } = watched();
    timers.arm(entry("before"), 100);
    timers.stop();
    timers.arm(entry("after"), 100);
    clock.advance(1_000);
    expect([fired, clock.pendingCount]).toEqual([[], 0]);
  });

  test("of the machine rings once, after its time; set again it forgets, cleared it stays silent", async () => {
    const alarm = systemAlarm();
    const rung: string[] = [];
    const start = systemClock.now();
    alarm.set(1, () => rung.push("replaced"));
    await new Promise<void>((resolve) =>
      alarm.set(5, () => {
        rung.push("rung");
        resolve();
      })
    );
    expect(systemClock.now() - start).toBeGreaterThanOrEqual(4);
    alarm.set(1, () => rung.push("cleared"));
    alarm.clear();
    alarm.clear();
    await new Promise<void>((resolve) => systemAlarm().set(3, resolve));
    expect(rung).toEqual(["rung"]);
  });

  test("of the machine that is optional does not keep a process from its end", async () => {
    const timers = JSON.stringify(new URL("../../lib/runtime/timers.ts", import.meta.url).pathname);
    const program = `import { systemAlarm } from ${timers}; systemAlarm({ isOptional: true }).set(60_000, () => {});`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "ignore", stderr: "inherit" });
    expect(await child.exited).toBe(0);
  });
});

test("a pause ends when its time is over, not before", async () => {
  const clock = new ManualClock();
  const timers = clock.timers();
  let isOver = false;
  void timers.pause(1_000).then(() => isOver = true);
  await clock.settle(990);
  expect(isOver).toBe(false);
  await clock.settle(20);
  expect(isOver).toBe(true);
});

test("whatever is armed, moved and cancelled while time goes on: each comes in its tick, and the alarm sleeps in the end", () => {
  const step = fc.record({
    name: fc.integer({ min: 0, max: 5 }),
    delay: fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 9e6 }),
    ),
    wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 400_000 })),
    isCancelled: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const clock = new ManualClock();
    const timers = clock.timers();
    const due = new Map<number, number>();
    const entries = Array.from({ length: 6 }, (_, name) =>
      new TimerEntry({
        timerFired: () => {
          expect(clock.now() - due.get(name)!).toBeWithin(0, TICK + 1);
          due.delete(name);
        },
      }));
    for (const { name, delay, wait, isCancelled } of steps) {
      if (isCancelled) {
        timers.cancel(entries[name]!);
        due.delete(name);
      } else {
        timers.arm(entries[name]!, delay);
        due.set(name, clock.now() + delay);
      }
      expect(timers.armedCount).toBe(due.size);
      clock.advance(wait);
    }
    clock.advance(2e7);
    expect([due.size, timers.armedCount, clock.pendingCount]).toEqual([0, 0, 0]);
  }));
});
