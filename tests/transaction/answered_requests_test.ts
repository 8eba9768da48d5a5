/** Which answers are found again, for how long, and what they keep. */
import { expect, test } from "bun:test";
import { AnsweredRequests } from "../../lib/transaction/answered_requests.ts";
import type { RequestKey, TransactionKey } from "../../lib/transaction/key.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { openOffice } from "./office.ts";

const flow = openOffice().ourFlow();
const LIFETIME_MILLIS = 32_000;

let made = 0;

/** Bytes unlike those of any other. */
function responseOf(length: number): Uint8Array {
  made++;
  return Uint8Array.from({ length }, (_, at) => made >> at % 3 * 8);
}

function scene() {
  const clock = new ManualClock();
  const timers = clock.timers();
  const answered = new AnsweredRequests(timers);
  return {
    clock,
    timers,
    answered,
    add(key: TransactionKey, length = 10, options: { mergeKey?: RequestKey; isSenderProven?: boolean } = {}) {
      const { mergeKey, isSenderProven = true } = options;
      const path = { flow, sentByPort: 5_060, hasRport: true };
      const response = responseOf(length);
      answered.add({ key, mergeKey, path, isRportForced: false, isSenderProven }, response, LIFETIME_MILLIS);
      return response;
    },
  };
}

/** Keys of which many fall into one bucket. */
const keyOf = (n: number, kind = 1): TransactionKey => ({ index: (n % 7) << 24 | n & 3, check: n, kind });
const mergeKeyOf = (n: number): RequestKey => ({ index: n & 5, check: -n });

test("an answer is found by key and kind, with its way back", () => {
  const { answered, add } = scene();
  const response = add(keyOf(1));
  expect(answered.find(keyOf(1), 0)).toEqual({
    path: { flow, sentByPort: 5_060, hasRport: true },
    isRportForced: false,
    response,
  });
  expect(answered.find(keyOf(1, 2), 0)).toBeUndefined();
  expect(answered.find({ ...keyOf(1), check: 2 }, 0)).toBeUndefined();
  expect(answered.find({ ...keyOf(1), index: 64 + keyOf(1).index }, 0)).toBeUndefined();
});

test("all of the way back is kept: ports, and what was asked for or forced", () => {
  for (const sentByPort of [1, 5_060, 65_535]) {
    for (const [hasRport, isRportForced] of [[false, false], [false, true], [true, false], [true, true]] as const) {
      const answered = new AnsweredRequests(new ManualClock().timers());
      const path = { flow, sentByPort, hasRport };
      const request = { key: keyOf(1), mergeKey: undefined, path, isRportForced, isSenderProven: true };
      const response = responseOf(9);
      answered.add(request, response, 1_000);
      expect(answered.find(keyOf(1), 0)).toEqual({ path, isRportForced, response });
    }
  }
});

test("of a sender that is not proven, a request gets no longer answer than it pays for", () => {
  const { answered, add } = scene();
  const response = add(keyOf(1), 100, { isSenderProven: false });
  expect(answered.find(keyOf(1), 49)?.response).toBeUndefined();
  expect(answered.find(keyOf(1), 50)?.response).toEqual(response);
});

test("a CANCEL finds the answer whatever its kind, and a copy its request by the merge key alone", () => {
  const { answered, add } = scene();
  const response = add(keyOf(1), 10, { mergeKey: mergeKeyOf(3) });
  add(keyOf(2));
  expect(answered.answerOf(keyOf(1, 9))).toEqual(response);
  expect(answered.answerOf(keyOf(3))).toBeUndefined();
  expect([3, 4, 1, 2].map((n) => answered.hasMerged(mergeKeyOf(n)))).toEqual([true, false, false, false]);
});

test("whatever comes and goes, just those are found that are there", () => {
  const { clock, timers, answered, add } = scene();
  let living: { n: number; endsAt: number; response: Uint8Array }[] = [];
  let next = 0;
  let seed = 1;
  // From short ones to some that fill a block, or more than one.
  const lengthOf = (n: number) => n % 200 === 0 ? 60_000 + n % 7 * 1_500 : 1 + n % 50 * 60;
  const dice = (sides: number) => (seed = Math.imul(seed, 48_271) >>> 0) % sides;
  for (let round = 0; round < 400; round++) {
    // Crowds come and go, so that the ring grows and shrinks with rows all over it.
    for (let count = dice(round % 100 < 50 ? 60 : 3); count > 0; count--) {
      const n = next++;
      const response = add(keyOf(n), lengthOf(n), { mergeKey: mergeKeyOf(n) });
      living.push({ n, endsAt: timers.now() + LIFETIME_MILLIS, response });
    }
    if (dice(4) === 0 && answered.forgetOldest()) living.shift();
    clock.advance(dice(2_000));
    // A deadline is met within two ticks of the wheel.
    const [now, late] = [timers.now(), timers.now() - 20];
    expect(answered.count).toBeLessThanOrEqual(living.filter(({ endsAt }) => endsAt > late).length);
    expect(answered.count).toBeGreaterThanOrEqual(living.filter(({ endsAt }) => endsAt > now).length);
    living = living.slice(living.length - answered.count);
    for (let look = 0; look < 20; look++) {
      const n = dice(next + 5);
      const there = living.find((each) => each.n === n);
      expect(answered.find(keyOf(n), 0)?.response).toEqual(there?.response);
      expect(answered.hasMerged(mergeKeyOf(n))).toBe(there !== undefined);
    }
    for (const { n, response } of living.slice(0, 3)) expect(answered.answerOf(keyOf(n, 5))).toEqual(response);
    const bytes = living.reduce((sum, { response }) => sum + response.length, 0);
    expect(answered.heldBytes - bytes).toBe(answered.count * 72);
    expect(timers.armedCount).toBe(answered.count > 0 ? 1 : 0);
  }
  expect(next).toBeGreaterThan(2_000);
  clock.advance(LIFETIME_MILLIS + 20);
  expect([answered.count, answered.heldBytes, timers.armedCount]).toEqual([0, 0, 0]);
});

test("an answer longer than any datagram is kept as well, whatever room there is", () => {
  const { answered, add } = scene();
  for (let n = 0; n < 10; n++) add(keyOf(n), 30_000);
  for (let n = 0; n < 9; n++) answered.forgetOldest();
  const long = add(keyOf(10), 70_000);
  const short = add(keyOf(11), 300);
  expect(answered.answerOf(keyOf(10))).toEqual(long);
  expect(answered.answerOf(keyOf(11))).toEqual(short);
});

test("an answer that was found stays as it was, whatever comes after", () => {
  const { clock, answered, add } = scene();
  const response = add(keyOf(1));
  const found = answered.find(keyOf(1), 0)!.response!;
  const copy = answered.answerOf(keyOf(1))!;
  clock.advance(LIFETIME_MILLIS + 20);
  for (let n = 2; n < 2_000; n++) add(keyOf(n), 300);
  expect(found).toEqual(response);
  expect(copy).toEqual(response);
});

test("nothing is there any more when all is forgotten", () => {
  const { timers, answered, add } = scene();
  for (let n = 0; n < 100; n++) add(keyOf(n));
  answered.clear();
  expect([answered.count, answered.heldBytes, timers.armedCount, answered.forgetOldest()]).toEqual([0, 0, 0, false]);
  expect(answered.find(keyOf(99), 0)).toBeUndefined();
});
