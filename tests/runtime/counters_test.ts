import { expect, test } from "bun:test";
import { createCounterRegistry } from "../../lib/runtime/counters.ts";

test("a layer counts in the very object that it registered; a snapshot is a copy", () => {
  const registry = createCounterRegistry();
  const counters = { received: 0, dropped: 0 };
  expect(registry.register("udp", counters)).toBe(counters);
  registry.register("tcp", { opened: 7 });
  counters.received++;
  const before = registry.snapshot();
  counters.received++;
  expect(before).toEqual({ udp: { received: 1, dropped: 0 }, tcp: { opened: 7 } });
  expect(registry.snapshot().udp).toEqual({ received: 2, dropped: 0 });
  before.udp!.received = 99;
  expect(counters.received).toBe(2);
});

test("an area that is registered again counts anew", () => {
  const registry = createCounterRegistry();
  registry.register("udp", { received: 5 });
  registry.register("udp", { received: 0 });
  expect(registry.snapshot()).toEqual({ udp: { received: 0 } });
});
