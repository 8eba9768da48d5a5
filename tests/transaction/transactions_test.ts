import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { Complaints } from "../../lib/transaction/complaints.ts";
import { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { type Log, silentLog } from "../../lib/runtime/log.ts";
import { Method } from "../../lib/sip/method.ts";
import type { ClientTransaction } from "../../lib/transaction/transaction.ts";
import { headerOf, notifyBytes, openOffice, requestText, responseTo, Watcher } from "./office.ts";

const encoder = new TextEncoder();

test("more client transactions than the bound are refused, and begin again when one has ended", () => {
  const office = openOffice({ clientMax: 3 });
  for (let i = 0; i < 3; i++) office.notify(new Watcher());
  const flow = office.phone.flows[0]!;
  expect(office.layer.begin(flow, Method.notify, new Watcher())).toBeUndefined();
  expect(office.counters.clientsRefused).toBe(1);
  office.say(responseTo(office.phone.texts[1]!, 200));
  expect(office.layer.snapshot().clientCount).toBe(2);
  // All slots are taken or wait for Timer K: the one that waits is taken before its time.
  expect(office.layer.begin(flow, Method.notify, new Watcher())).toBeDefined();
});

test("an abandoned transaction tells nobody and repeats nothing", () => {
  const office = openOffice();
  const user = new Watcher();
  const transaction = office.notify(user);
  transaction.abandon();
  transaction.abandon();
  office.say(responseTo(office.phone.texts[0]!, 200));
  office.clock.advance(40_000);
  expect(user.told).toEqual([]);
  expect(office.phone.texts.length).toBe(1);
  expect(office.layer.snapshot().clientCount).toBe(0);
  expect(office.counters.responsesAbsorbed).toBe(1);
});

test("a challenge is forgotten: the same request again is a new one, and is challenged again (RFC 3261 §26.3.2.4)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 401 });
  for (let i = 0; i < 3; i++) office.say(requestText({ method: "SUBSCRIBE" }));
  expect(office.requests).toEqual(["SUBSCRIBE", "SUBSCRIBE", "SUBSCRIBE"]);
  expect(office.phone.texts.map((text) => text.split("\r\n", 1)[0])).toEqual(Array(3).fill("SIP/2.0 401 Unauthorized"));
  expect(office.layer.snapshot().serverCount).toBe(0);
  expect(office.timers.armedCount).toBe(0);
  // With credentials, and the same CSeq, by another branch: no copy of what is forgotten.
  office.answering = (request, transaction) => transaction.answer(request, { status: 200 });
  office.say(requestText({ method: "SUBSCRIBE", branch: "z9hG4bK-2" }));
  expect(office.phone.texts.at(-1)).toStartWith("SIP/2.0 200 ");
});

describe("the room for a request", () => {
  /** Sends a NOTIFY from the room that its transaction gives. */
  function send(office: ReturnType<typeof openOffice>): { room: Uint8Array; transaction: ClientTransaction } {
    const flow = office.ourFlow();
    const transaction = office.layer.begin(flow, Method.notify, new Watcher())!;
    const bytes = notifyBytes(transaction);
    const room = transaction.room(bytes.length);
    room.set(bytes);
    transaction.send(room);
    office.clock.advance(0);
    return { room, transaction };
  }
  const last = (office: ReturnType<typeof openOffice>) => office.phone.texts.at(-1)!;

  test("has the length that was asked for, whatever the one before had", () => {
    const transaction = openOffice().layer.begin(openOffice().ourFlow(), Method.notify, new Watcher())!;
    for (const length of [700, 700, 20, 2_000, 0, 1_999]) expect(transaction.room(length).length).toBe(length);
  });

  test("serves the next request once an answer has come to the first sending", () => {
    const office = openOffice({ clientMax: 1 });
    const { room } = send(office);
    office.say(responseTo(last(office), 200));
    expect(send(office).room).toBe(room);
  });

  test("is left to the socket when the request was repeated, timed out or abandoned", () => {
    for (const ending of ["repeated", "timed out", "abandoned"]) {
      const office = openOffice({ clientMax: 1 });
      const { room, transaction } = send(office);
      if (ending === "abandoned") transaction.abandon();
      else office.clock.advance(ending === "repeated" ? 600 : 40_000);
      if (ending === "repeated") office.say(responseTo(last(office), 200));
      expect(send(office).room.buffer).not.toBe(room.buffer);
    }
  });
});

test("a user may begin its next request while it is told the answer to the last", () => {
  const office = openOffice();
  const statuses: number[] = [];
  const user = new Watcher();
  user.receiveResponse = (response) => {
    statuses.push(response.status);
    if (statuses.length < 5) office.notify(user, "tcp");
  };
  office.notify(user, "tcp");
  for (let i = 0; i < 5; i++) office.say(responseTo(office.phone.texts[i]!, 200));
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  expect(office.layer.snapshot().clientCount).toBe(0);
});

test("a user that throws ends its own transaction only", () => {
  const office = openOffice();
  const user = new Watcher();
  user.receiveResponse = () => {
    throw new TypeError("a bug");
  };
  office.notify(user);
  office.say(responseTo(office.phone.texts[0]!, 200));
  expect(office.counters.faults).toBe(1);
  expect(office.layer.snapshot().clientCount).toBe(0);
  expect(office.timers.armedCount).toBe(0);
});

test("lost, repeated and reordered datagrams end in one answer for each request", () => {
  const office = openOffice();
  const fates = [[], [30, 30], [0], [], [90], [5, 200], [], [1]];
  office.network.fate = ({ index }) => fates[index % fates.length]!;
  const users = Array.from({ length: 50 }, () => new Watcher());
  const answered = new Set<string>();
  office.phone.receiveMessage = (bytes, start, end, flow) => {
    const text = new TextDecoder().decode(bytes.subarray(start, end));
    answered.add(headerOf(text, "Via"));
    flow.send(encoder.encode(responseTo(text, 200)));
  };
  for (const user of users) office.notify(user);
  office.clock.advance(35_000);
  expect(answered.size).toBe(50);
  for (const user of users) expect(user.told).toEqual([200]);
  expect(office.counters.requestsResent).toBeGreaterThan(0);
  expect(office.layer.snapshot().clientCount).toBe(0);
});

test("an answer goes out with received and rport when the endpoint is believed to be behind NAT (RFC 3581 §4)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => {
    transaction.isRportForced = true;
    transaction.answer(request, { status: 200 });
  };
  office.say(requestText({ sentBy: "10.0.0.7:5070" }));
  expect(headerOf(office.phone.texts[0]!, "Via")).toBe(
    "SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK-1;received=192.0.2.20;rport=5060",
  );
  expect(headerOf(office.phone.texts[0]!, "To")).toContain(";tag=");
});

test("a 2xx to a NOTIFY is one whatever its other headers are worth; a refusal is read in full", () => {
  const office = openOffice();
  const user = new Watcher();
  const worthless = (status: number) =>
    responseTo(office.phone.texts.at(-1)!, status).replace("Content-Length: 0", "Content-Length: x");
  office.notify(user);
  office.say(worthless(481));
  expect([user.told, office.counters.garbageIgnored]).toEqual([[], 1]);
  office.say(worthless(200));
  office.say(worthless(200));
  expect(user.told).toEqual([200]);
  expect([office.counters.responsesReceived, office.counters.responsesAbsorbed]).toEqual([1, 1]);
});

test("a 2xx that answers none of ours is stray, or garbage where it has a fault", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  const answer = responseTo(office.phone.texts[0]!, 200);
  const guessed = answer.replace(/branch=(z9hG4bK....)/, "branch=$1x");
  office.say(guessed);
  office.say(answer.replace("7 NOTIFY", "7 OPTIONS"));
  office.say(guessed.replace("Content-Length: 0", "Content-Length: x"));
  expect([office.counters.responsesStray, office.counters.garbageIgnored, user.told]).toEqual([2, 1, []]);
  office.say(answer);
  expect(user.told).toEqual([200]);
});

test("a message that cannot be framed is answered with the framer's reason (RFC 3261 §18.3)", () => {
  const office = openOffice();
  const failure = new ParseFailure({ header: "Content-Length", rule: "missing", at: 0, source: "RFC 3261 §18.3" });
  const bytes = encoder.encode(requestText().replace("Content-Length: 0\r\n", ""));
  const flow = office.network.flow(
    office.network.bind({ address: "192.0.2.1", port: 5070 }, office.layer),
    "192.0.2.20",
    5060,
  )!;
  office.layer.receiveUnframed(failure, bytes, 0, bytes.length, flow);
  office.clock.advance(0);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 400 Missing Content-Length header"]);
});

test("one source of garbage is logged once, others once each", () => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, warn: (_area, message) => lines.push(message) };
  const office = openOffice({ log });
  for (let i = 0; i < 100; i++) office.say("garbage\r\n\r\n");
  expect(lines.length).toBe(1);
  expect(office.counters.garbageIgnored).toBe(100);
});

test("the memory of complaints is bounded: the oldest source is forgotten first", () => {
  const complaints = new Complaints(2);
  expect(["a", "b", "a", "c", "b", "a"].map((source) => complaints.isFirst(source))).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
  ]);
});

test("stop leaves no timer, no transaction and no call behind", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  office.say(requestText());
  office.say(requestText({ method: "CANCEL" }));
  office.answering = () => {};
  office.say(requestText({ method: "SUBSCRIBE", branch: "z9hG4bK-2", callId: "c2" }));
  office.layer.stop();
  expect(office.timers.armedCount).toBe(0);
  expect(office.layer.snapshot()).toMatchObject({ serverCount: 0, clientCount: 0 });
  expect(user.told).toEqual([]);
});

test("in a burst completed client transactions give way to new ones before Timer K: memory follows what is on its way", () => {
  const office = openOffice();
  let sent = 0;
  for (let i = 0; i < limits.waitingSlotCount + 100; i++) {
    office.notify(new Watcher());
    office.say(responseTo(office.phone.texts[sent++]!, 200));
  }
  expect(office.layer.snapshot().clientCount).toBe(0);
  const indexes = office.phone.texts.map((text) => /branch=z9hG4bK(.{4})/.exec(text)![1]);
  expect(new Set(indexes).size).toBe(limits.waitingSlotCount);
  // The very last is still known, the very first is not any more.
  office.say(responseTo(office.phone.texts.at(-1)!, 200));
  expect([office.counters.responsesAbsorbed, office.counters.responsesStray]).toEqual([1, 0]);
  office.say(responseTo(office.phone.texts[0]!, 200));
  expect([office.counters.responsesAbsorbed, office.counters.responsesStray]).toEqual([1, 1]);
});
