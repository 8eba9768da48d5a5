import { expect, it } from "bun:test";
import { CrowdWatch } from "../../lib/app/crowd_watch.ts";
import { TimerEntry } from "../../lib/runtime/timers.ts";
import { ManualClock } from "../support/manual_clock.ts";

function scene() {
  const clock = new ManualClock();
  const timers = clock.timers();
  const crowd: TimerEntry[] = [];
  let givenBack = 0;
  new CrowdWatch({ timers, giveBack: () => givenBack++ });
  return {
    clock,
    givenBack: () => givenBack,
    come(count: number) {
      for (let i = 0; i < count; i++) {
        const entry = new TimerEntry({ timerFired() {} });
        timers.arm(entry, 3_600_000);
        crowd.push(entry);
      }
    },
    go(count: number) {
      for (const entry of crowd.splice(0, count)) timers.cancel(entry);
    },
  };
}

it("gives memory back once most of a crowd has gone, once for each crowd", async () => {
  const { clock, givenBack, come, go } = scene();
  for (let crowd = 1; crowd <= 2; crowd++) {
    come(10_000);
    await clock.settle(20_000);
    go(5_000);
    await clock.settle(20_000);
    expect(givenBack()).toBe(crowd - 1);
    go(4_900);
    await clock.settle(60_000);
    expect(givenBack()).toBe(crowd);
    go(100);
  }
});

it("leaves memory alone while a crowd stays, and where there never was one", async () => {
  const { clock, givenBack, come, go } = scene();
  come(1_000);
  await clock.settle(20_000);
  go(1_000);
  await clock.settle(20_000);
  come(50_000);
  await clock.settle(600_000);
  expect(givenBack()).toBe(0);
});
