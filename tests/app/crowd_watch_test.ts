import { expect, it } from "bun:test";
import { CrowdWatch } from "../../lib/app/crowd_watch.ts";
import { TimerEntry } from "../../lib/runtime/timers.ts";
import { ManualClock } from "../support/manual_clock.ts";

function scene() {
  const clock = new ManualClock();
  const timers = clock.timers();
  const crowd: TimerEntry[] = [];
  let givenBack = 0;
  new CrowdWatch({ timers, livingCount: () => timers.armedCount, giveBack: () => givenBack++ });
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

it("gives memory back once a crowd has come, and once it has gone", async () => {
  const { clock, givenBack, come, go } = scene();
  for (let crowd = 1; crowd <= 2; crowd++) {
    come(10_000);
    await clock.settle(10_000);
    expect(givenBack()).toBe(crowd * 2 - 2);
    await clock.settle(60_000);
    expect(givenBack()).toBe(crowd * 2 - 1);
    go(9_900);
    await clock.settle(60_000);
    expect(givenBack()).toBe(crowd * 2);
    go(100);
  }
});

it("waits while a crowd still comes or goes", async () => {
  const { clock, givenBack, come, go } = scene();
  for (let part = 0; part < 20; part++) {
    come(1_000);
    await clock.settle(10_000);
  }
  expect(givenBack()).toBe(0);
  await clock.settle(20_000);
  expect(givenBack()).toBe(1);
  for (let part = 0; part < 19; part++) {
    go(1_000);
    await clock.settle(10_000);
  }
  expect(givenBack()).toBe(1);
  await clock.settle(20_000);
  expect(givenBack()).toBe(2);
});

it("leaves memory alone where few come to a crowd, where there is none, and while looking at it takes too long", async () => {
  const { clock, givenBack, come, go } = scene();
  come(1_000);
  await clock.settle(60_000);
  go(1_000);
  await clock.settle(60_000);
  expect(givenBack()).toBe(0);
  come(20_000);
  await clock.settle(60_000);
  come(9_000);
  await clock.settle(60_000);
  expect(givenBack()).toBe(1);
  come(50_000);
  await clock.settle(600_000);
  expect(givenBack()).toBe(1);
  go(70_000);
  await clock.settle(60_000);
  expect(givenBack()).toBe(2);
});
