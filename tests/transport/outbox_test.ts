import { expect, test } from "bun:test";
import { type DatagramBatch, Outbox } from "../../lib/transport/outbox.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";

/** A socket by script: how many datagrams each call takes, or the error it throws. */
function openOutbox(script: (number | Error)[] = [], waitingMax = 10_000) {
  const counters = transportCounters();
  const turns: (() => void)[] = [];
  const sent: number[] = [];
  const calls: number[] = [];
  const socket = {
    sendMany(batch: DatagramBatch): number {
      calls.push(batch.length / 3);
      const answer = script.shift() ?? batch.length / 3;
      if (answer instanceof Error) throw answer;
      for (let i = 0; i < answer; i++) sent.push((batch[i * 3] as Uint8Array)[0]!);
      return answer;
    },
  };
  const outbox = new Outbox({ socket, counters, waitingMax, schedule: (flush) => void turns.push(flush) });
  return {
    outbox,
    counters,
    sent,
    calls,
    push: (...values: number[]) => values.map((value) => outbox.push(new Uint8Array([value]), 5060, "192.0.2.1")),
    /** One turn of the event loop. */
    turn: () => turns.splice(0).forEach((flush) => flush()),
    turns,
  };
}

test("the datagrams of a tick leave in one call, in order", () => {
  const { push, turn, sent, calls, counters, turns } = openOutbox();
  push(1, 2, 3);
  expect(calls).toEqual([]);
  turn();
  expect(calls).toEqual([3]);
  expect(sent).toEqual([1, 2, 3]);
  expect(counters.datagramsSent).toBe(3);
  expect(turns).toEqual([]);
});

test("a full socket keeps the rest until it is drained", () => {
  const { outbox, push, turn, sent, turns } = openOutbox([2, 0]);
  push(1, 2, 3, 4);
  turn();
  expect(sent).toEqual([1, 2]);
  push(5);
  expect(turns).toEqual([]);
  outbox.drained();
  turn();
  expect(sent).toEqual([1, 2, 3, 4, 5]);
  expect(outbox.waitingCount).toBe(0);
});

test("over the bound datagrams are dropped and counted", () => {
  const { push, turn, sent, counters } = openOutbox([0], 3);
  expect(push(1, 2, 3, 4, 5)).toEqual([true, true, true, false, false]);
  expect(counters.datagramsDropped).toBe(2);
  turn();
  expect(push(6)).toEqual([false]);
  expect(sent).toEqual([]);
});

test("the error of an earlier datagram loses none of the waiting ones", () => {
  const { push, turn, sent, counters } = openOutbox([1, new Error("ECONNREFUSED")]);
  push(1, 2, 3);
  turn();
  expect(sent).toEqual([1, 2, 3]);
  expect(counters.datagramsFailed).toBe(0);
});

test("a datagram that is refused twice is given up, its neighbours are not", () => {
  const { push, turn, sent, counters } = openOutbox([1, new Error("EMSGSIZE"), new Error("EMSGSIZE")]);
  push(1, 2, 3);
  turn();
  expect(sent).toEqual([1, 3]);
  expect(counters).toMatchObject({ datagramsFailed: 1, datagramsSent: 2 });
});

test("a flood leaves in batches, one a turn, so that receiving goes on", () => {
  const { push, turn, sent, calls, outbox } = openOutbox();
  const values = Array.from({ length: 1_300 }, (_, i) => i & 255);
  push(...values);
  turn();
  expect(calls).toEqual([512]);
  turn();
  turn();
  expect(calls).toEqual([512, 512, 276]);
  expect(sent).toEqual(values);
  expect(outbox.waitingCount).toBe(0);
});

test("closing sends what the socket takes and drops the rest", () => {
  const { outbox, push, turn, sent, counters, turns } = openOutbox([1, 0]);
  push(1, 2, 3);
  outbox.close();
  expect(sent).toEqual([1]);
  expect(counters.datagramsDropped).toBe(2);
  turn();
  outbox.drained();
  expect(sent).toEqual([1]);
  expect(turns).toEqual([]);
});
