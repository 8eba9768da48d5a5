import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram, spanBounds } from "../../lib/runtime/histogram.ts";

describe("Histogram", () => {
  test("counts a span in the first bucket that holds it, bounds included", () => {
    const spans = new Histogram([1, 10, 100]);
    for (const millis of [0, 1, 1.5, 10, 99, 100, 101, 5_000]) spans.observe(millis);
    expect(spans.counts).toEqual([2, 2, 2, 2]);
    expect(spans.sumMillis).toBe(5_312.5);
  });

  test("takes a span that seems negative for none", () => {
    const spans = new Histogram([1]);
    spans.observe(-5);
    expect(spans.counts).toEqual([1, 0]);
    expect(spans.sumMillis).toBe(0);
  });

  test("loses no span, whatever its length", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true })), (all) => {
      const spans = new Histogram();
      for (const millis of all) spans.observe(millis);
      expect(spans.counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
      spanBounds.forEach((bound, i) => {
        const within = spans.counts.slice(0, i + 1).reduce((sum, count) => sum + count, 0);
        expect(within).toBe(all.filter((millis) => millis <= bound).length);
      });
    }));
  });

  test("keeps its bounds in order", () => {
    expect([...spanBounds].sort((a, b) => a - b)).toEqual([...spanBounds]);
  });
});
