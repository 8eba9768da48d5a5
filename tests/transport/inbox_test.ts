/** Which requests wait, on a clock that each of them takes time of. */
import { expect, test } from "bun:test";
import { turnClock } from "../../lib/runtime/clock.ts";
import { Histogram } from "../../lib/runtime/histogram.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { Inbox } from "../../lib/transport/inbox.ts";
import type { Flow } from "../../lib/transport/transport.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";
import { ManualClock } from "../support/manual_clock.ts";

const udp = { isReliable: false } as Flow;
const tcp = { isReliable: true } as Flow;

/** An inbox whose receiver takes `millisEach` for every message. */
function open(millisEach: number) {
  const clock = new ManualClock();
  let scheduled: (() => void)[] = [];
  const schedule = (next: () => void) => void scheduled.push(next);
  const spans = new Histogram([limits.turnMillis, 2 * limits.turnMillis]);
  const counters = transportCounters();
  const received: string[] = [];
  const inbox = new Inbox({
    receiver: {
      receiveMessage(bytes, start, end) {
        received.push(Buffer.from(bytes.slice(start, end)).toString());
        clock.advance(millisEach);
      },
      receiveUnframed() {},
      flowClosed() {},
    },
    clock,
    turnClock: turnClock(clock, spans, schedule),
    counters,
    schedule,
  });
  return {
    inbox,
    clock,
    counters,
    received,
    spans,
    /** Has something else done at the beginning of the next turn. */
    meanwhile(what: () => void): void {
      scheduled.unshift(what);
    },
    /** Hands in a message, in the middle of a buffer that is used again afterwards. */
    say(text: string, flow = udp): void {
      const buffer = Buffer.from(`before${text}after`);
      inbox.receiveMessage(buffer, 6, 6 + text.length, flow);
      buffer.fill(0);
    },
    endTurn(): void {
      const due = scheduled;
      scheduled = [];
      for (const next of due) next();
    },
  };
}

const requests = (count: number) => Array.from({ length: count }, (_, i) => `SUBSCRIBE ${i}`);

test("what a turn has time for is handed up at once", () => {
  const office = open(1);
  for (const text of requests(limits.turnMillis)) office.say(text);
  expect(office.received).toEqual(requests(limits.turnMillis));
  expect(office.inbox.waitingCount).toBe(0);
});

test("the rest of a crowd comes in the next turns, in its order, and no turn is long", () => {
  const office = open(1);
  for (const text of requests(55)) office.say(text);
  expect(office.received.length).toBe(10);
  expect(office.counters.requestsDelayed).toBe(45);
  office.endTurn();
  expect(office.received.length).toBe(20);
  for (let turn = 0; turn < 10; turn++) office.endTurn();
  expect(office.received).toEqual(requests(55));
  expect(office.inbox.waitingCount).toBe(0);
  expect(office.spans.counts.slice(1)).toEqual([0, 0]);
});

test("whoever comes while others wait waits behind them, in the next turn, too", () => {
  const office = open(6);
  for (const text of requests(5)) office.say(text);
  office.endTurn();
  expect(office.received).toEqual(requests(4));
  office.say("OPTIONS");
  expect(office.received).toEqual(requests(4));
  office.endTurn();
  expect(office.received).toEqual([...requests(5), "OPTIONS"]);
});

test("requests get their share of a turn in which something else takes long", () => {
  const office = open(4);
  for (const text of requests(9)) office.say(text);
  expect(office.received.length).toBe(3);
  office.meanwhile(() => office.clock.advance(10 * limits.turnMillis));
  office.endTurn();
  expect(office.received).toEqual(requests(6));
});

test("responses do not wait", () => {
  const office = open(6);
  for (const text of [...requests(4), "SIP/2.0 200 OK"]) office.say(text);
  expect(office.received).toEqual([...requests(2), "SIP/2.0 200 OK"]);
});

test("over the bound datagrams are dropped and counted, messages of streams are handed up", () => {
  const office = open(limits.turnMillis);
  for (const text of requests(limits.waitingRequestCount + 3)) office.say(text);
  expect(office.counters.requestsOverrun).toBe(2);
  office.say("REGISTER", tcp);
  expect(office.received).toEqual(["SUBSCRIBE 0", "REGISTER"]);
});

test("long requests meet a bound, too", () => {
  const office = open(limits.turnMillis);
  const long = "x".repeat(65_000);
  for (let i = 0; i <= limits.waitingRequestBytes / long.length + 1; i++) office.say(long);
  expect(office.counters.requestsOverrun).toBe(1);
});
