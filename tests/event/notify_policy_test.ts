import { describe, expect, test } from "bun:test";
import { judgeNotifyAnswer, type NotifyVerdict, retryDelaySeconds } from "../../lib/event/notify_policy.ts";

describe("answers to NOTIFY (RFC 6665 §4.2.2)", () => {
  const cases: [status: number, retryAfter: number | undefined, verdict: NotifyVerdict][] = [
    [200, undefined, "delivered"],
    [202, undefined, "delivered"],
    [302, undefined, "end"],
    [400, undefined, "end"],
    [403, undefined, "end"],
    [404, undefined, "end"],
    [405, undefined, "end"],
    [408, undefined, "retry"],
    [415, undefined, "end"],
    [480, undefined, "retry"],
    [481, undefined, "end"],
    [481, 10, "end"],
    [486, undefined, "end"],
    [486, 10, "retry"],
    [489, undefined, "end"],
    [489, 10, "end"],
    [500, undefined, "retry"],
    [501, undefined, "end"],
    [503, undefined, "retry"],
    [503, 120, "retry"],
    [504, undefined, "retry"],
    [505, undefined, "end"],
    [600, undefined, "end"],
    [603, undefined, "end"],
  ];
  for (const [status, retryAfter, verdict] of cases) {
    test(`${status}${retryAfter === undefined ? "" : ` with Retry-After: ${retryAfter}`} means ${verdict}`, () => {
      expect(judgeNotifyAnswer(status, retryAfter)).toBe(verdict);
    });
  }

  test("the wait doubles with each failure up to ten minutes, give or take a quarter", () => {
    const waits = [1, 2, 3, 4, 8, 9, 100].map((count) => retryDelaySeconds(count, undefined, 0.5));
    expect(waits).toEqual([4, 8, 16, 32, 512, 600, 600]);
    expect(retryDelaySeconds(1, undefined, 0)).toBe(3);
    expect(retryDelaySeconds(1, undefined, 0.999)).toBeCloseTo(5, 1);
  });

  test("Retry-After is obeyed between one second and one hour", () => {
    expect([0, 7, 86_400].map((seconds) => retryDelaySeconds(5, seconds, 0.3))).toEqual([1, 7, 3_600]);
  });
});
