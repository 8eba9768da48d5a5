import { expect, test } from "bun:test";
import { type Clock, turnClock } from "../../lib/runtime/clock.ts";
import { systemTurn, TurnStep } from "../../lib/runtime/turn.ts";
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

test("on the host a turn is over when all that came in it is stored, told and sent, and takes as long", async () => {
  const clock = new ManualClock();
  const turn = systemTurn(() => void instants.now());
  const spans = new Histogram([5, 10, 20]);
  const instants: Clock = turnClock(clock, spans, (over) => turn.at(TurnStep.over, over));
  const first = instants.now();
  clock.advance(5);
  turn.at(TurnStep.send, () => expect(instants.now()).toBe(first));
  turn.at(TurnStep.store, () => clock.advance(6));
  await Promise.resolve();
  expect(instants.now()).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  expect(instants.now()).toBe(first + 11);
  expect(spans.sumMillis).toBe(11);
  await new Promise((resolve) => setImmediate(resolve));
  turn.at(TurnStep.store, () => clock.advance(7));
  await new Promise((resolve) => setImmediate(resolve));
  expect([spans.counts, spans.sumMillis]).toEqual([[1, 1, 1, 0], 18]);
});
