import { expect, test } from "bun:test";
import { turnClock } from "../../lib/runtime/clock.ts";
import { Histogram } from "../../lib/runtime/histogram.ts";
import { ManualClock } from "../support/manual_clock.ts";

test("the instant of a turn stands still until the turn is over, the wall clock does not", () => {
  const clock = new ManualClock();
  const overs: (() => void)[] = [];
  const spans = new Histogram([5, 10]);
  const turn = turnClock(clock, spans, (over) => overs.push(over));
  clock.advance(100);
  expect(turn.now()).toBe(100);
  const wall = turn.wall();
  clock.advance(7);
  expect(turn.now()).toBe(100);
  expect(turn.wall()).toBe(wall + 7);
  expect(overs.length).toBe(1);
  overs.pop()!();
  expect(overs.length).toBe(0);
  expect(spans.counts).toEqual([0, 1, 0]);
  expect(spans.sumMillis).toBe(7);
  expect(turn.now()).toBe(107);
  expect(overs.length).toBe(1);
});

test("an instant plus a span, less the instant, is the span: no lifetime is a second longer for it", () => {
  let now = 0;
  const turn = turnClock({ now: () => now, wall: () => 0 }, new Histogram(), (over) => over());
  for (let i = 0; i < 10_000; i++) {
    now = i * 7_919.123456789;
    // It is forgotten at once here, so each look is a new one.
    const instant = turn.now();
    expect(instant).toBeLessThanOrEqual(now);
    expect(now - instant).toBeLessThan(0.001);
    expect(instant + 1_000 - instant).toBe(1_000);
  }
});

test("on the host a turn is over when what came in it was seen to", async () => {
  const clock = new ManualClock();
  const turn = turnClock(clock, new Histogram());
  const first = turn.now();
  clock.advance(5);
  await Promise.resolve();
  expect(turn.now()).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  expect(turn.now()).toBe(first + 5);
});
