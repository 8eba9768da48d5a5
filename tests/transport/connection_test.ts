/** How messages leave by a connection, on a socket that takes as much as a test says. */
import { expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { Turn } from "../../lib/runtime/turn.ts";
import { Connection, type StreamSocket } from "../../lib/transport/connection.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Listener } from "../../lib/transport/transport.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";
import { ManualClock } from "../support/manual_clock.ts";

/** Takes `room` bytes, and no more until it is given more. */
class NarrowSocket implements StreamSocket {
  room = Infinity;
  isShut = false;
  isTerminated = false;
  readonly writes: Uint8Array[] = [];

  write(bytes: Uint8Array): number {
    const taken = bytes.slice(0, Math.min(bytes.length, this.room));
    this.room -= taken.length;
    if (taken.length > 0) this.writes.push(taken);
    return taken.length;
  }

  shutdown(): void {
    this.isShut = true;
  }

  terminate(): void {
    this.isTerminated = true;
  }

  unref(): void {}

  get text(): string {
    return Buffer.concat(this.writes).toString();
  }
}

function open() {
  const clock = new ManualClock();
  const socket = new NarrowSocket();
  const ends: (() => void)[] = [];
  const counters = transportCounters();
  const connection = new Connection({
    id: 1,
    transport: "tcp",
    isSecure: false,
    listener: { name: "lan", transport: "tcp", address: "192.0.2.1", port: 5060 } as Listener,
    remoteAddress: "192.0.2.20",
    remotePort: 40_000,
    socket,
    receiver: { receiveMessage() {}, receiveUnframed() {}, flowClosed() {} },
    timers: clock.timers(),
    turn: new Turn((end) => ends.push(end)),
    counters,
    recorder: new Recorder(clock),
  });
  const endTurn = () => ends.splice(0).forEach((end) => end());
  return { connection, socket, counters, endTurn };
}

const words = (count: number) => Array.from({ length: count }, (_, i) => `${i};`);

function sendAll({ connection }: ReturnType<typeof open>, texts: readonly string[]): boolean[] {
  return texts.map((text) => connection.send(Buffer.from(text)));
}

test("two hundred messages of one turn leave as one piece, in their order", () => {
  const office = open();
  sendAll(office, words(200));
  expect(office.socket.writes.length).toBe(0);
  office.endTurn();
  expect(office.socket.writes.length).toBe(1);
  expect(office.socket.text).toBe(words(200).join(""));
});

test("many long messages leave in pieces of bounded length", () => {
  const office = open();
  sendAll(office, Array.from({ length: 200 }, () => "x".repeat(1_000)));
  office.endTurn();
  expect(office.socket.writes.map(({ length }) => length)).toEqual([65_000, 65_000, 65_000, 5_000]);
});

test("what the kernel does not take waits, and leaves in order with what came meanwhile", () => {
  const office = open();
  office.socket.room = 5;
  sendAll(office, words(20));
  office.endTurn();
  sendAll(office, ["late;"]);
  office.endTurn();
  expect(office.socket.text).toBe(words(20).join("").slice(0, 5));
  for (let i = 0; i < 20; i++) {
    office.socket.room = 4;
    office.connection.drained();
  }
  expect(office.socket.text).toBe(`${words(20).join("")}late;`);
});

test("what the kernel does not take stays as it is while other connections send", () => {
  const [office, other] = [open(), open()];
  office.socket.room = 5;
  sendAll(office, words(20));
  office.endTurn();
  sendAll(other, ["other;", "words;"]);
  other.endTurn();
  office.socket.room = Infinity;
  office.connection.drained();
  expect(office.socket.text).toBe(words(20).join(""));
  expect(other.socket.text).toBe("other;words;");
});

test("a message longer than a piece leaves whole, between others", () => {
  const office = open();
  const long = "x".repeat(70_000);
  sendAll(office, ["before;", long, "behind;", "last;"]);
  office.endTurn();
  expect(office.socket.writes.map(({ length }) => length)).toEqual([7, 70_000, 12]);
  expect(office.socket.text).toBe(`before;${long}behind;last;`);
});

test("more than may wait leaves at once where the kernel takes it", () => {
  const office = open();
  const long = "x".repeat(60_000);
  const sent = sendAll(office, Array.from({ length: 40 }, () => long));
  expect(sent.every((each) => each)).toBe(true);
  office.endTurn();
  expect(office.socket.text.length).toBe(40 * long.length);
  expect(office.counters.connectionsStalled).toBe(0);
});

test("a peer that reads nothing is cut off at the bound", () => {
  const office = open();
  office.socket.room = 0;
  const long = "x".repeat(60_000);
  const sent = sendAll(office, Array.from({ length: 40 }, () => long));
  expect(sent.filter((each) => each).length).toBe(Math.floor(limits.streamBacklogBytes / long.length));
  expect(office.socket.isTerminated).toBe(true);
  expect(office.counters.connectionsStalled).toBe(1);
  office.endTurn();
  expect(office.socket.writes.length).toBe(0);
});

test("what was sent before the close leaves before the end", () => {
  const office = open();
  sendAll(office, ["last;"]);
  office.socket.room = 2;
  office.connection.close();
  expect(office.socket.isShut).toBe(false);
  office.socket.room = 10;
  office.connection.drained();
  expect(office.socket.text).toBe("last;");
  expect(office.socket.isShut).toBe(true);
});
