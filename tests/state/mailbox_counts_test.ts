/** What message counts say, alone and together (RFC 3842 §3.5). */
import { expect, test } from "bun:test";
import { areEqualCounts, messageCountMax, sumOfCounts } from "../../lib/state/mailbox_counts.ts";

test("an urgent count that nobody tells is none", () => {
  expect(areEqualCounts({ new: 1, old: 2 }, { new: 1, old: 2, newUrgent: 0, oldUrgent: 0 })).toBe(true);
  expect(areEqualCounts({ new: 1, old: 2 }, { new: 1, old: 2, newUrgent: 1 })).toBe(false);
  expect(areEqualCounts({ new: 1, old: 2 }, { new: 1, old: 2, oldUrgent: 1 })).toBe(false);
  expect(areEqualCounts({ new: 1, old: 2 }, { new: 2, old: 1 })).toBe(false);
});

test("several mailboxes add up, to no more than can be told", () => {
  expect(sumOfCounts([])).toEqual({ new: 0, old: 0, newUrgent: 0, oldUrgent: 0 });
  expect(sumOfCounts([{ new: 1, old: 2, newUrgent: 1 }, { new: 4, old: 8, newUrgent: 2, oldUrgent: 1 }])).toEqual({
    new: 5,
    old: 10,
    newUrgent: 3,
    oldUrgent: 1,
  });
  const full = { new: messageCountMax, old: messageCountMax };
  expect(sumOfCounts([full, full])).toMatchObject(full);
});
