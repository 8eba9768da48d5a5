import { describe, expect, test } from "bun:test";
import { counterFamilies, summedCounters } from "../../lib/app/counter_families.ts";
import { measure } from "../../lib/app/measurements.ts";
import type { Measurement } from "../../lib/http/measurement.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";
import { Histogram } from "../../lib/runtime/histogram.ts";
import { Site } from "../support/site.ts";

const parts = {
  turnSpans: new Histogram(),
  transports: { snapshot: () => ({ connectionCount: 3, listeners: [{ waitingCount: 4 }, { waitingCount: 1 }] }) },
  inbox: { waitingCount: 7 },
  webhooks: [],
  journal: { waitingCount: 2 },
};

function measured({ core, clock, database }: Site): Measurement[] {
  return measure(core, { ...parts, clock, database }, []);
}

/** Value of one sample; labels as `event="dialog"`. */
function valueOf(measurements: readonly Measurement[], name: string, labels: Record<string, string> = {}) {
  const { samples } = measurements.find((each) => each.name === name)!;
  return samples.find((sample) => sample.suffix === undefined && Bun.deepEquals(sample.labels, labels))?.value;
}

/** How many spans a histogram has counted. */
function countOf(measurements: readonly Measurement[], name: string): number {
  return measurements.find((each) => each.name === name)!.samples.find(({ suffix }) => suffix === "_count")!.value;
}

describe("what is measured", () => {
  test("has a meaning for every counter of every layer, once", async () => {
    const { core } = await Site.start();
    core.counters.register("transport", transportCounters());
    // Causes and reasons are families of their own.
    const counted = Object.entries(core.counters.snapshot())
      .filter(([area]) => !["refusals", "failures"].includes(area))
      .flatMap(([area, counters]) => Object.keys(counters).map((name) => `${area}.${name}`));
    const told = counterFamilies.flatMap(({ of }) => Object.values(of));
    expect(counted.filter((path) => !told.includes(path) && !summedCounters.includes(path))).toEqual([]);
    expect(told.filter((path) => !counted.includes(path))).toEqual([]);
    expect(told.filter((path, i) => told.indexOf(path) !== i)).toEqual([]);
  });

  test("has names, units and help as Prometheus wants them", async () => {
    const all = measured(await Site.start());
    expect(all.map(({ name }) => name).filter((name, i, names) => names.indexOf(name) !== i)).toEqual([]);
    for (const { name, help, type } of all) {
      expect(name).toMatch(/^hintd_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      if (type === "histogram") expect(name).toEndWith("_seconds");
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
    }
  });

  test("counts subscriptions by event, lamps by state, and how long a change and its answer took", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ event: "dialog" });
    await site.pass();
    site.setDevice("one", "RINGING");
    await site.pass();
    const all = measured(site);
    expect(valueOf(all, "hintd_subscriptions", { event: "dialog" })).toBe(1);
    expect(valueOf(all, "hintd_lamps", { state: "RINGING" })).toBe(1);
    expect(valueOf(all, "hintd_lamps_stale")).toBe(0);
    expect(valueOf(all, "hintd_notifies_total", { outcome: "answered" })).toBe(2);
    // The first NOTIFY answers a SUBSCRIBE, not a change.
    expect(countOf(all, "hintd_notify_delay_seconds")).toBe(1);
    expect(countOf(all, "hintd_notify_answer_seconds")).toBe(2);
  });

  test("says that a lamp is stale once a NOTIFY is late, and that its phone is unreachable once two have failed", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ event: "dialog" });
    await site.pass();
    phone.onNotify = () => undefined;
    site.setDevice("one", "RINGING");
    await site.pass(900);
    expect(valueOf(measured(site), "hintd_lamps_stale")).toBe(0);
    await site.pass(200);
    expect(valueOf(measured(site), "hintd_lamps_stale")).toBe(1);
    expect(valueOf(measured(site), "hintd_watchers_unreachable")).toBe(0);
    await site.pass(120_000);
    expect(valueOf(measured(site), "hintd_watchers_unreachable")).toBe(1);
  });

  test("counts refusals by method and status, and strangers by reason", async () => {
    const site = await Site.start();
    site.phone("192.0.2.10").subscribe({ event: "dialog", exten: "4711" });
    site.phone("192.0.2.99").subscribe({ event: "dialog" });
    await site.pass();
    const all = measured(site);
    expect(valueOf(all, "hintd_requests_refused_total", { method: "SUBSCRIBE", status: "404" })).toBe(1);
    expect(valueOf(all, "hintd_credentials_refused_total", { reason: "unknown endpoint" })).toBe(1);
  });

  test("has the depth of every queue, and whether the disk refuses", async () => {
    const all = measured(await Site.start());
    expect(valueOf(all, "hintd_queue_depth", { queue: "inbox" })).toBe(7);
    expect(valueOf(all, "hintd_queue_depth", { queue: "outbox" })).toBe(5);
    expect(valueOf(all, "hintd_queue_depth", { queue: "journal" })).toBe(2);
    expect(valueOf(all, "hintd_connections")).toBe(3);
    expect(valueOf(all, "hintd_store_failing")).toBe(0);
  });
});
