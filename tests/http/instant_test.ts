import { describe, expect, it } from "bun:test";
import { instantMillis, instantText } from "../../lib/http/instant.ts";

describe("instants of rows (RFC 3339 §5.6)", () => {
  const cases: [string, number][] = [
    ["the epoch", 0],
    ["a leap day", Date.UTC(2024, 1, 29, 23, 59, 59, 999)],
    ["the day after a leap day", Date.UTC(2024, 2, 1)],
    ["the end of a year", Date.UTC(2026, 11, 31, 23, 59, 59, 1)],
    ["a century that is no leap year", Date.UTC(2100, 2, 1, 12)],
    ["a century that is one", Date.UTC(2000, 1, 29, 12)],
    ["an instant before the epoch", -1],
  ];
  for (const [title, epoch] of cases) {
    it(`writes ${title} as the platform does and reads it back`, () => {
      expect(instantText(epoch)).toBe(new Date(epoch).toISOString());
      expect(instantMillis(instantText(epoch))).toBe(epoch);
    });
  }

  it("agrees with the platform over thirty thousand days", () => {
    for (let day = 0; day < 30_000; day++) {
      const epoch = day * 86_400_000 + (day * 7_919_317) % 86_400_000;
      expect(instantText(epoch)).toBe(new Date(epoch).toISOString());
      expect(instantMillis(instantText(epoch))).toBe(epoch);
    }
  });
});
