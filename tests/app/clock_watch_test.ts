/** A wall clock that is set while hintd runs. */
import { expect, test } from "bun:test";
import { ClockWatch } from "../../lib/app/clock_watch.ts";
import { Problems } from "../../lib/app/problems.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { ManualClock } from "../support/manual_clock.ts";

const HOUR = 3_600_000;

function watched() {
  const clock = new ManualClock();
  const problems = new Problems(clock, () => {});
  new ClockWatch({ clock, timers: clock.timers(), problems, log: silentLog });
  return { clock, told: () => problems.list().map(({ message }) => message) };
}

test("a clock that goes as it should is no news, nor one that a time server corrects", async () => {
  const { clock, told } = watched();
  await clock.settle(5 * HOUR);
  clock.setWall(clock.wall() + 1_500);
  await clock.settle(HOUR);
  expect(told()).toEqual([]);
});

test.each([[3 * HOUR, "ahead by 10800"], [-90_000, "back by 90"]])(
  "a jump of %i ms is told of for an hour",
  async (jump, words) => {
    const { clock, told } = watched();
    await clock.settle(60_000);
    clock.setWall(clock.wall() + jump);
    await clock.settle(10_000);
    expect(told()).toEqual([`The clock jumped ${words} seconds`]);
    await clock.settle(HOUR / 2);
    expect(told()).toHaveLength(1);
    await clock.settle(HOUR);
    expect(told()).toEqual([]);
  },
);
