import { expect, test } from "bun:test";
import { sipDate } from "../../lib/registrar/date.ts";

const cases: [number, string][] = [
  [0, "Thu, 01 Jan 1970 00:00:00 GMT"],
  [Date.UTC(2010, 10, 13, 23, 29, 0), "Sat, 13 Nov 2010 23:29:00 GMT"],
  [Date.UTC(2024, 1, 29, 12, 0, 59, 999), "Thu, 29 Feb 2024 12:00:59 GMT"],
  [Date.UTC(2026, 0, 4), "Sun, 04 Jan 2026 00:00:00 GMT"],
];

test.each(cases)("Date at %d is written as RFC 3261 §20.17 has it", (epoch, text) => {
  expect(sipDate(epoch)).toBe(text);
});

test("Date agrees with the host's own for a thousand days (RFC 3261 §25.1)", () => {
  for (let day = 0; day < 1_000; day++) {
    const epoch = Date.UTC(2025, 0, 1) + day * 86_400_000 + day * 12_345;
    expect(sipDate(epoch)).toBe(new Date(epoch).toUTCString());
  }
});
