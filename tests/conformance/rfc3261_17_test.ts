import { expect, test } from "bun:test";
import { Method } from "../../lib/sip/method.ts";
import { transactionTimings } from "../../lib/transaction/transaction.ts";
import { headerOf, openOffice, type RequestText, requestText, responseTo, Watcher } from "../transaction/office.ts";

/** Instants at which the phone was sent something, and how often by then. */
function instants(office: ReturnType<typeof openOffice>): number[] {
  return office.network.sent.filter(({ from }) => from.startsWith("192.0.2.1:")).map(({ at }) => at);
}

/** Within a tick of the wheel after each expected instant, ticks adding up along the row. */
function expectInstants(actual: number[], expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((at, i) => {
    expect(at).toBeGreaterThanOrEqual(expected[i]!);
    expect(at).toBeLessThanOrEqual(expected[i]! + 10 * i);
  });
}

// Client transactions

test("a NOTIFY over UDP is repeated by Timer E after T1, doubling up to T2, until Timer F (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  office.clock.advance(40_000);
  expectInstants(instants(office), [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  expect(user.told).toEqual(["timeout"]);
  expect(office.timers.armedCount).toBe(0);
});

test("Timer F ends it 64·T1 after the first sending, or when timer_b_ms says (RFC 3261 §17.1.2.2)", () => {
  for (const [timings, last] of [[transactionTimings(), 32_000], [transactionTimings(500, 4_000), 4_000]] as const) {
    const office = openOffice({ timings });
    const user = new Watcher();
    office.notify(user);
    office.clock.advance(last - 1);
    expect(user.told).toEqual([]);
    office.clock.advance(21);
    expect(user.told).toEqual(["timeout"]);
  }
});

test("in Proceeding the request is repeated every T2 (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  office.clock.advance(100);
  office.say(responseTo(office.phone.texts[0]!, 100));
  office.clock.advance(10_000);
  expect(user.told).toEqual([100]);
  expectInstants(instants(office), [0, 500, 4_500, 8_500]);
});

test("Timer F runs on in Proceeding (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  office.say(responseTo(office.phone.texts[0]!, 182));
  office.clock.advance(32_100);
  expect(user.told).toEqual([182, "timeout"]);
});

test("a final response ends the retransmissions and is handed up once (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  const answer = responseTo(office.phone.texts[0]!, 200);
  office.say(answer);
  office.say(answer);
  office.clock.advance(4_000);
  office.say(answer);
  office.clock.advance(40_000);
  expect(user.told).toEqual([200]);
  expectInstants(instants(office), [0]);
  expect(office.counters.responsesAbsorbed).toBe(2);
  expect(office.timers.armedCount).toBe(0);
});

test("a response after Timer K finds nothing, and nobody is told (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const [first, second] = [new Watcher(), new Watcher()];
  office.notify(first);
  const answer = responseTo(office.phone.texts[0]!, 200);
  office.say(answer);
  office.clock.advance(5_010);
  office.notify(second);
  office.say(answer);
  expect(first.told).toEqual([200]);
  expect(second.told).toEqual([]);
  expect(office.counters.responsesStray).toBe(1);
});

test("over TCP there are no retransmissions, but there is Timer F (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user, "tcp");
  office.clock.advance(32_100);
  expectInstants(instants(office), [0]);
  expect(user.told).toEqual(["timeout"]);
});

test("over TCP Timer K is zero: the next transaction takes the place of the last (RFC 3261 §17.1.2.2)", () => {
  const office = openOffice();
  const first = office.notify(new Watcher(), "tcp");
  office.say(responseTo(office.phone.texts[0]!, 200), "udp");
  expect(office.notify(new Watcher(), "tcp")).toBe(first);
});

test("a response matches by branch and CSeq method, not by one of them (RFC 3261 §17.1.3)", () => {
  const office = openOffice();
  const user = new Watcher();
  office.notify(user);
  const notify = office.phone.texts[0]!;
  office.say(responseTo(notify, 200, "OPTIONS"));
  const branch = headerOf(notify, "Via").split("branch=")[1]!;
  const guess = branch.slice(0, -1) + (branch.endsWith("0") ? "1" : "0");
  office.say(responseTo(notify, 200).replace(branch, guess));
  office.say(responseTo(notify, 200).replace(branch, `${branch}x`));
  office.say(responseTo(notify, 200).replace(`;branch=${branch}`, ""));
  expect(user.told).toEqual([]);
  expect(office.counters.responsesStray).toBe(4);
  office.say(responseTo(notify, 200));
  expect(user.told).toEqual([200]);
});

test("a response to another of several transactions is told to its own user (RFC 3261 §17.1.3)", () => {
  const office = openOffice();
  const users = Array.from({ length: 40 }, () => new Watcher());
  for (const user of users) office.notify(user);
  const branches = office.phone.texts.map((text) => headerOf(text, "Via"));
  expect(new Set(branches).size).toBe(40);
  office.say(responseTo(office.phone.texts[33]!, 481));
  expect(users.map((user) => user.told)).toEqual(users.map((_, i) => i === 33 ? [481] : []));
});

test("a connection that breaks is a failure, told after the sender has returned (RFC 3261 §17.1.4)", () => {
  const office = openOffice();
  const user = new Watcher();
  const transaction = office.notify(user, "tcp");
  office.network.cut(transaction.flow);
  expect(user.told).toEqual([]);
  office.clock.advance(20);
  expect(user.told).toEqual(["failure"]);
});

test("a request on a closed connection fails without a call back from inside send (RFC 3261 §17.1.4)", () => {
  const office = openOffice();
  const user = new Watcher();
  const { flow } = office.notify(new Watcher(), "tcp");
  office.network.cut(flow);
  const transaction = office.layer.begin(flow, Method.notify, user)!;
  transaction.send(new Uint8Array(1));
  expect(user.told).toEqual([]);
  office.clock.advance(20);
  expect(user.told).toEqual(["failure"]);
});

// Server transactions

test("a repeated request gets the stored final response, byte for byte, and is not handed up (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  for (let i = 0; i < 3; i++) {
    office.say(requestText());
    office.clock.advance(500);
  }
  expect(office.requests).toEqual(["OPTIONS"]);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK", "SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
  expect(new Set(office.phone.texts).size).toBe(1);
  expect(office.counters.requestsRepeated).toBe(2);
});

test("Timer J forgets the response 64·T1 after it was sent (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  office.say(requestText());
  office.clock.advance(31_990);
  office.say(requestText());
  expect(office.requests.length).toBe(1);
  office.clock.advance(30);
  expect(office.layer.snapshot().serverCount).toBe(0);
  office.say(requestText());
  expect(office.requests.length).toBe(2);
});

test("over TCP Timer J is zero (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  office.say(requestText({ transport: "TCP" }), "tcp");
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK"]);
  expect(office.layer.snapshot().serverCount).toBe(0);
  expect(office.timers.armedCount).toBe(0);
});

test("what the user sends after its final response is discarded (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => {
    transaction.answer(request, { status: 200 });
    transaction.answer(request, { status: 403 });
  };
  office.say(requestText());
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK"]);
  expect(office.counters.responsesSuppressed).toBe(1);
});

test("a request repeated before its answer is absorbed (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  office.answering = () => {};
  office.say(requestText());
  office.say(requestText());
  expect(office.requests.length).toBe(1);
  expect(office.phone.texts).toEqual([]);
});

test("no 408 is sent to a non-INVITE request (RFC 4320 §4.2)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 408 });
  office.say(requestText());
  office.clock.advance(40_000);
  expect(office.phone.texts).toEqual([]);
  expect(office.layer.snapshot().serverCount).toBe(0);
});

test("the 100 to a slow non-INVITE leaves when the client's Timer E has reached T2, and no earlier (RFC 4320 §4.1)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 180 });
  office.say(requestText({ extra: "Timestamp: 54\r\n" }));
  office.clock.advance(3_499);
  expect(office.phone.texts).toEqual([]);
  office.clock.advance(12);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 100 Trying"]);
  expect(headerOf(office.phone.texts[0]!, "Timestamp")).toBe("54");
  expect(headerOf(office.phone.texts[0]!, "To")).not.toContain("tag=");
  office.say(requestText());
  expect(office.phone.firstLines).toEqual(["SIP/2.0 100 Trying", "SIP/2.0 100 Trying"]);
});

test("a request that is never answered is forgotten after 64·T1 (RFC 3261 §17.2.2)", () => {
  const office = openOffice();
  office.answering = () => {};
  office.say(requestText());
  office.clock.advance(32_020);
  expect(office.layer.snapshot().serverCount).toBe(0);
  expect(office.timers.armedCount).toBe(0);
});

test("the refusal of an INVITE is repeated by Timer G until its ACK (RFC 3261 §17.2.1)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 405 });
  office.say(requestText({ method: "INVITE" }));
  office.clock.advance(3_600);
  expectInstants(instants(office), [0, 500, 1_500, 3_500]);
  office.say(requestText({ method: "ACK" }));
  office.clock.advance(1_000);
  office.say(requestText({ method: "ACK" }));
  office.say(requestText({ method: "INVITE" }));
  office.clock.advance(30_000);
  expect(office.phone.texts.length).toBe(4);
  expect(office.requests).toEqual(["INVITE"]);
  expect(office.counters.acksAbsorbed).toBe(2);
  expect(office.layer.snapshot().serverCount).toBe(0);
});

test("Timer G doubles up to T2 and Timer H ends it when no ACK comes (RFC 3261 §17.2.1)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 405 });
  office.say(requestText({ method: "INVITE" }));
  office.clock.advance(33_000);
  expectInstants(instants(office), [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  expect(office.layer.snapshot().serverCount).toBe(0);
});

test("Timer I absorbs ACKs for T4 over UDP, and for no time over TCP (RFC 3261 §17.2.1)", () => {
  for (const [transport, lasts] of [["udp", true], ["tcp", false]] as const) {
    const office = openOffice();
    office.answering = (request, transaction) => transaction.answer(request, { status: 405 });
    office.say(requestText({ method: "INVITE", transport: transport.toUpperCase() }), transport);
    office.clock.advance(1_000);
    expect(office.phone.texts.length).toBe(lasts ? 2 : 1);
    office.say(requestText({ method: "ACK", transport: transport.toUpperCase() }), transport);
    expect(office.layer.snapshot().serverCount).toBe(lasts ? 1 : 0);
    office.clock.advance(5_010);
    expect(office.layer.snapshot().serverCount).toBe(0);
  }
});

test("a slow INVITE gets a 100 after 200 ms, and none when a provisional has left (RFC 3261 §17.2.1)", () => {
  const office = openOffice();
  office.answering = () => {};
  office.say(requestText({ method: "INVITE" }));
  office.clock.advance(220);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 100 Trying"]);
  office.answering = (request, transaction) => transaction.answer(request, { status: 180 });
  office.say(requestText({ method: "INVITE", branch: "z9hG4bK-2", callId: "c2" }));
  office.clock.advance(220);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"]);
});

test("a 2xx to an INVITE leads to Accepted: the INVITE is absorbed, the user repeats its 2xx (RFC 6026 §7.1)", () => {
  const office = openOffice();
  office.say(requestText({ method: "INVITE" }));
  office.say(requestText({ method: "INVITE" }));
  office.say(requestText({ method: "ACK" }));
  office.clock.advance(5_000);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK"]);
  office.transactions[0]!.respond(new TextEncoder().encode("SIP/2.0 200 OK\r\n\r\n"));
  office.clock.advance(0);
  expect(office.phone.firstLines.length).toBe(2);
  office.clock.advance(27_020);
  expect(office.layer.snapshot().serverCount).toBe(0);
});

const matching: { title: string; first: RequestText; second: RequestText; isSame: boolean }[] = [
  { title: "the same branch, sent-by and method", first: {}, second: {}, isSame: true },
  { title: "sent-by in other letters", first: { sentBy: "Phone.lan" }, second: { sentBy: "phone.LAN" }, isSame: true },
  { title: "another port in sent-by", first: {}, second: { sentBy: "192.0.2.20:5062", sequence: 2 }, isSame: false },
  { title: "another branch", first: {}, second: { branch: "z9hG4bK-2", sequence: 2 }, isSame: false },
  { title: "another method", first: {}, second: { method: "SUBSCRIBE" }, isSame: false },
  { title: "another unknown method", first: { method: "FOO" }, second: { method: "BAR" }, isSame: false },
  { title: "no branch, all else equal", first: { branch: "" }, second: { branch: "" }, isSame: true },
  { title: "an old branch, all else equal", first: { branch: "1" }, second: { branch: "1" }, isSame: true },
  { title: "an old branch, another CSeq", first: { branch: "1" }, second: { branch: "1", sequence: 2 }, isSame: false },
  {
    title: "an old branch, another From tag",
    first: { branch: "1" },
    second: { branch: "1", fromTag: "b" },
    isSame: false,
  },
  {
    title: "an old branch, another To tag",
    first: { branch: "1" },
    second: { branch: "1", toTag: "b" },
    isSame: false,
  },
  { title: "an old branch, another Via", first: { branch: "1" }, second: { branch: "2", sequence: 2 }, isSame: false },
];

for (const { title, first, second, isSame } of matching) {
  test(`requests with ${title} are ${isSame ? "one transaction" : "two"} (RFC 3261 §17.2.3)`, () => {
    const office = openOffice();
    office.say(requestText(first));
    office.say(requestText(second));
    expect(office.requests.length).toBe(isSame ? 1 : 2);
  });
}

test("the ACK of an RFC 2543 peer matches by the To tag of the response (RFC 3261 §17.2.3)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 405 });
  office.say(requestText({ method: "INVITE", branch: "1" }));
  const toTag = headerOf(office.phone.texts[0]!, "To").split("tag=")[1]!;
  office.say(requestText({ method: "ACK", branch: "1", toTag: "other" }));
  expect(office.counters.acksStray).toBe(1);
  office.say(requestText({ method: "ACK", branch: "1", toTag }));
  expect(office.counters.acksAbsorbed).toBe(1);
  office.clock.advance(2_000);
  expect(office.phone.texts.length).toBe(1);
});

// What needs no transaction of its own

test("the same request by another way gets 482 (RFC 3261 §8.2.2.2)", () => {
  const office = openOffice();
  office.say(requestText({ method: "SUBSCRIBE" }));
  office.say(requestText({ method: "SUBSCRIBE", branch: "z9hG4bK-2" }));
  expect(office.requests.length).toBe(1);
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK", "SIP/2.0 482 Loop Detected"]);
  expect(office.counters.requestsMerged).toBe(1);
});

test("inside a dialog nothing is merged (RFC 3261 §8.2.2.2)", () => {
  const office = openOffice();
  office.say(requestText({ method: "SUBSCRIBE", toTag: "t" }));
  office.say(requestText({ method: "SUBSCRIBE", toTag: "t", branch: "z9hG4bK-2" }));
  expect(office.requests.length).toBe(2);
});

test("a challenged request that comes again with the same CSeq is no merged one (COMPAT of RFC 3261 §22.2)", () => {
  const office = openOffice();
  office.answering = (request, transaction) => transaction.answer(request, { status: 401 });
  office.say(requestText({ method: "SUBSCRIBE" }));
  office.say(requestText({ method: "SUBSCRIBE", branch: "z9hG4bK-2" }));
  expect(office.requests.length).toBe(2);
});

test("CANCEL of nothing gets 481 (RFC 3261 §9.2)", () => {
  const office = openOffice();
  office.say(requestText({ method: "CANCEL" }));
  expect(office.phone.firstLines).toEqual(["SIP/2.0 481 Call/Transaction Does Not Exist"]);
});

test("CANCEL of an answered request gets 200, the tag of its answer, and has no effect (RFC 3261 §9.2)", () => {
  const office = openOffice();
  office.say(requestText());
  office.say(requestText({ method: "CANCEL" }));
  expect(office.phone.firstLines).toEqual(["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
  expect(headerOf(office.phone.texts[1]!, "CSeq")).toBe("1 CANCEL");
  expect(headerOf(office.phone.texts[1]!, "To")).toBe(headerOf(office.phone.texts[0]!, "To"));
  expect(office.requests).toEqual(["OPTIONS"]);
});

test("ACK of nothing is ignored (RFC 3261 §17.2.3)", () => {
  const office = openOffice();
  office.say(requestText({ method: "ACK" }));
  expect(office.phone.texts).toEqual([]);
  expect(office.counters.acksStray).toBe(1);
});

test("when as many as may be await their answers, the next gets 503 with Retry-After (RFC 3261 §21.5.4)", () => {
  const office = openOffice({ serverBounds: { count: 2, bytes: 100_000 } });
  office.answering = () => {};
  for (const n of [1, 2, 3]) office.say(requestText({ branch: `z9hG4bK-${n}`, callId: `c${n}` }));
  expect(office.phone.firstLines).toEqual(["SIP/2.0 503 Service Unavailable"]);
  expect(headerOf(office.phone.texts[0]!, "Retry-After")).toBe("5");
  expect(office.requests.length).toBe(2);
});

test("an answer that waits for the disk is not forgotten in a flood", () => {
  const office = openOffice({ serverBounds: { count: 2, bytes: 100_000 } });
  const answers: (() => void)[] = [];
  office.answering = (request, transaction) => {
    const response = transaction.prepare(request, { status: 200 });
    answers.push(() => transaction.respond(response));
  };
  for (const n of [1, 2, 3]) office.say(requestText({ branch: `z9hG4bK-${n}`, callId: `c${n}` }));
  expect(office.phone.firstLines).toEqual(["SIP/2.0 503 Service Unavailable"]);
  for (const answer of answers) answer();
  office.say(requestText({ branch: "z9hG4bK-3", callId: "c3" }));
  expect(office.phone.firstLines.slice(1)).toEqual(["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
  expect([office.requests.length, office.counters.requestsForgotten]).toEqual([3, 1]);
});

test("a flood shuts nobody out: the oldest answered requests are forgotten, by count and by bytes", () => {
  for (const serverBounds of [{ count: 20, bytes: 1_000_000 }, { count: 1_000, bytes: 10_000 }]) {
    const office = openOffice({ serverBounds });
    for (let n = 0; n < 500; n++) office.say(requestText({ branch: `z9hG4bK-${n}`, callId: `c${n}` }));
    expect(office.requests.length).toBe(500);
    expect(office.counters.requestsRefused).toBe(0);
    const { serverCount } = office.layer.snapshot();
    expect(serverCount).toBeLessThan(51);
    expect(office.counters.requestsForgotten).toBe(500 - serverCount);
    expect(office.timers.armedCount).toBe(1);
    office.say(requestText({ branch: "z9hG4bK-499", callId: "c499" }));
    expect(office.requests.length).toBe(500);
    office.clock.advance(32_100);
    expect(office.layer.snapshot().serverCount).toBe(0);
  }
});

test("a stateless answer has the same To tag each time (RFC 3261 §8.2.7)", () => {
  const office = openOffice();
  const bad = requestText().replace("CSeq: 1 OPTIONS", "CSeq: 1 REGISTER");
  office.say(bad);
  office.say(bad);
  office.say(requestText({ branch: "z9hG4bK-2" }).replace("CSeq: 1 OPTIONS", "CSeq: 1 REGISTER"));
  const [first, second, third] = office.phone.texts;
  expect(first).toBe(second!);
  expect(headerOf(first!, "To")).toContain(";tag=");
  expect(headerOf(third!, "To")).not.toBe(headerOf(first!, "To"));
});

test("a request that cannot be parsed gets 400 with a reason that names the header (RFC 3261 §21.4.1)", () => {
  const office = openOffice();
  office.say(requestText({ sequence: 4_294_967_296 }));
  expect(office.phone.firstLines[0]).toMatch(/^SIP\/2\.0 400 Bad CSeq header/);
  expect(office.requests).toEqual([]);
});

test("a header that its reader cannot parse gets 400 naming it, in the request's transaction (RFC 3261 §21.4.1)", () => {
  const office = openOffice();
  office.answering = (request) => void request.contacts;
  for (let i = 0; i < 2; i++) office.say(requestText({ method: "SUBSCRIBE", extra: "Contact: <sip:a@b;;\r\n" }));
  expect(office.phone.firstLines[0]).toMatch(/^SIP\/2\.0 400 Bad Contact header/);
  expect(office.phone.texts[1]).toBe(office.phone.texts[0]!);
  expect(office.requests.length).toBe(1);
});

test("a fault of the user's own gets 500 and is counted (RFC 3261 §21.5.1)", () => {
  const office = openOffice();
  office.answering = () => {
    throw new TypeError("a bug");
  };
  office.say(requestText());
  expect(office.phone.firstLines).toEqual(["SIP/2.0 500 Server Internal Error"]);
  expect(office.counters.faults).toBe(1);
});

test("garbage that cannot be answered meets silence, and is counted (RFC 3261 §8.2.7)", () => {
  const office = openOffice();
  for (const text of ["no sip at all", "OPTIONS sip:a SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "\x80\x81\x82\x83"]) {
    office.say(text);
  }
  expect(office.phone.texts).toEqual([]);
  expect(office.counters.garbageIgnored).toBe(4);
});
