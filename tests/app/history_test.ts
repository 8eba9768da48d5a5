/** The last hour in numbers. */
import { describe, expect, test } from "bun:test";
import { History, quantile } from "../../lib/app/history.ts";
import { Histogram } from "../../lib/runtime/histogram.ts";
import { Site } from "../support/site.ts";

async function watchedSite() {
  const site = await Site.start();
  const history = new History(site.core, site.clock, site.clock.timers());
  const phone = site.phone("192.0.2.10");
  phone.subscribe({ event: "dialog", exten: "1000", from: "sip:alice@192.0.2.1", expires: 3_600 });
  await site.pass();
  return { site, history, phone };
}

describe("History", () => {
  test("a sample is what came in its ten seconds", async () => {
    const { site, history } = await watchedSite();
    await site.pass(10_000);
    for (const state of ["RINGING", "INUSE", "NOT_INUSE"] as const) {
      site.setDevice("one", state);
      await site.pass(1);
    }
    await site.pass(9_997);
    const rows = history.rows();
    expect(rows.length).toBe(2);
    expect(rows[0]).toMatchObject({ requests_per_second: 0.1, notifies_per_second: 0.1, changes_per_second: 0 });
    expect(rows[1]).toMatchObject({ requests_per_second: 0, notifies_per_second: 0.3, changes_per_second: 0.3 });
    expect(rows[1]!.answered_after_ms).toBeLessThan(1);
    expect(Date.parse(rows[1]!.at) - Date.parse(rows[0]!.at)).toBe(10_000);
  });

  test("refusals and NOTIFYs that nobody answers are counted; where nothing was told, no latency is", async () => {
    const { site, history, phone } = await watchedSite();
    await site.pass(10_000);
    phone.onNotify = () => undefined;
    phone.subscribe({ event: "dialog", exten: "4711", from: "sip:alice@192.0.2.1" });
    site.setDevice("one", "INUSE");
    await site.pass(60_000);
    const rows = history.rows();
    const sum = (field: "refusals_per_second" | "failures_per_second") =>
      Math.round(rows.reduce((total, row) => total + row[field] * 10, 0));
    expect(sum("refusals_per_second")).toBe(1);
    expect(sum("failures_per_second")).toBeGreaterThan(0);
    expect(rows[2]!.answered_after_ms).toBeNull();
  });

  test("NOTIFYs that had to be sent again are counted", async () => {
    const { site, history, phone } = await watchedSite();
    phone.onNotify = () => undefined;
    site.setDevice("one", "INUSE");
    await site.pass(30_000);
    // RFC 3261 §17.1.2.2: after 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5 and 27.5 seconds.
    expect(history.rows().map((row) => Math.round(row.repetitions_per_second * 10))).toEqual([4, 3, 2]);
  });

  test("a clock that is set disorders no samples", async () => {
    const { site, history } = await watchedSite();
    const hour = 3_600_000;
    await site.pass(60_000);
    const before = history.rows().map(({ at }) => Date.parse(at));
    site.clock.setWall(site.clock.wall() - hour);
    await site.pass(20_000);
    const after = history.rows().map(({ at }) => Date.parse(at));
    expect(after.slice(0, before.length)).toEqual(before.map((at) => at - hour));
    for (const [i, at] of after.slice(1).entries()) expect(at - after[i]!).toBe(10_000);
  });

  test("keeps an hour", async () => {
    const { site, history } = await watchedSite();
    await site.pass(2 * 3_600_000);
    const rows = history.rows();
    expect(rows.length).toBe(360);
    expect(Date.parse(rows[359]!.at) - Date.parse(rows[0]!.at)).toBe(3_590_000);
  });
});

describe("quantile", () => {
  const histogram = new Histogram([10, 20, 40]);

  test("of nothing is nothing", () => {
    expect(quantile(histogram, [0, 0, 0, 0], 0.5)).toBeNaN();
  });

  test.each([
    ["within the first bucket, by proportion", [10, 0, 0, 0], 0.5, 5],
    ["within a later one", [0, 4, 0, 0], 0.5, 15],
    ["at the end of a bucket", [5, 5, 0, 0], 0.5, 10],
    ["beyond all bounds", [0, 0, 0, 3], 0.95, 40],
    ["of the slowest", [95, 0, 5, 0], 0.96, 24],
  ])("%s", (_, counts, part, expected) => {
    expect(quantile(histogram, counts, part)).toBeCloseTo(expected, 6);
  });
});
