import { systemTurn } from "../../lib/runtime/turn.ts";
import { afterEach, expect, test } from "bun:test";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { Method } from "../../lib/sip/method.ts";
import { transactionTimings } from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../lib/transaction/transactions.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";
import { Transports } from "../../lib/transport/transports.ts";
import { datagramRequestBytes, defaultPort } from "../../lib/transport/transport.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { headerOf, notifyBytes, requestText, responseTo, Watcher } from "../transaction/office.ts";
import { bind, tcpPeer, udpPeer, until } from "../transport/site.ts";

let closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

/** Our transports and transactions on real sockets, UDP first, TCP second; OPTIONS is answered 200. */
async function openStack(address = "127.0.0.1", isRportForced = false) {
  const clock = new ManualClock();
  const timers = clock.timers();
  const layer = new TransactionLayer({
    timers,
    entropy: systemEntropy,
    log: silentLog,
    counters: transactionCounters(),
    timings: transactionTimings(),
    isRportForced,
  });
  const transports = new Transports({
    turn: systemTurn(),
    receiver: layer,
    recorder: new Recorder(clock),
    timers,
    clock,
    log: silentLog,
    counters: transportCounters(),
  });
  layer.attach(
    { receiveRequest: (request, transaction) => transaction.answer(request, { status: 200 }) },
    transports,
  );
  expect(await transports.start([bind("udp", address), bind("tcp", address)])).toEqual([]);
  closing.push(() => transports.stop());
  const [udp, tcp] = transports.listeners;
  return { clock, layer, transports, udp: udp!, tcp: tcp! };
}

async function openPhone(address = "127.0.0.1") {
  const phone = await udpPeer(address);
  closing.push(() => phone.close());
  return phone;
}

for (const address of ["127.0.0.1", "::1"]) {
  const host = address === "::1" ? "[::1]" : address;

  test(`with rport the answer goes to the source port and says so, over ${address} (RFC 3581 §4)`, async () => {
    const { udp } = await openStack(address);
    const phone = await openPhone(address);
    const other = await openPhone(address);
    phone.send(requestText({ via: `SIP/2.0/UDP ${host}:${other.port};rport;branch=z9hG4bK-1` }), udp.port);
    await until(() => phone.received.length === 1);
    expect(headerOf(phone.received[0]!, "Via")).toBe(
      `SIP/2.0/UDP ${host}:${other.port};branch=z9hG4bK-1;received=${address};rport=${phone.port}`,
    );
    expect(other.received).toEqual([]);
  });

  test(`without rport the answer goes to the port of sent-by, over ${address} (RFC 3261 §18.2.2)`, async () => {
    const { udp } = await openStack(address);
    const phone = await openPhone(address);
    const other = await openPhone(address);
    phone.send(requestText({ via: `SIP/2.0/UDP ${host}:${other.port};branch=z9hG4bK-1` }), udp.port);
    await until(() => other.received.length === 1);
    expect(headerOf(other.received[0]!, "Via")).toBe(`SIP/2.0/UDP ${host}:${other.port};branch=z9hG4bK-1`);
    expect(phone.received).toEqual([]);
  });
}

test("a source that is not the sent-by host is written into received (RFC 3261 §18.2.1)", async () => {
  const { udp } = await openStack();
  const phone = await openPhone();
  phone.send(requestText({ via: `SIP/2.0/UDP phone.lan:${phone.port};branch=z9hG4bK-1` }), udp.port);
  await until(() => phone.received.length === 1);
  expect(headerOf(phone.received[0]!, "Via")).toEndWith(";received=127.0.0.1");
});

test("maddr does not turn answers to others (RFC 3261 §18.2.2)", async () => {
  const { udp } = await openStack();
  const phone = await openPhone();
  phone.send(requestText({ via: `SIP/2.0/UDP h:${phone.port};maddr=127.0.0.9;branch=z9hG4bK-1` }), udp.port);
  await until(() => phone.received.length === 1);
});

test("with force_rport the answer goes to the source port unasked (RFC 3581 §4)", async () => {
  const { udp } = await openStack("127.0.0.1", true);
  const phone = await openPhone();
  phone.send(requestText({ via: "SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK-1" }), udp.port);
  await until(() => phone.received.length === 1);
  expect(headerOf(phone.received[0]!, "Via")).toContain(`;received=127.0.0.1;rport=${phone.port}`);
});

test("over a stream the answer goes back by the request's connection (RFC 3261 §18.2.2)", async () => {
  const { tcp } = await openStack();
  const phone = await tcpPeer("127.0.0.1", tcp.port);
  phone.send(requestText({ transport: "TCP", sentBy: "127.0.0.1:1" }));
  await until(() => phone.received.includes("\r\n\r\n"));
  expect(phone.received).toStartWith("SIP/2.0 200 OK\r\n");
});

test("an answer whose connection is gone goes to the source address and the port of sent-by (RFC 3261 §18.2.2)", async () => {
  const ours = await openStack();
  const theirs = await openStack();
  let answer: (() => void) | undefined;
  ours.layer.attach({
    receiveRequest(request, transaction) {
      const bytes = new TextEncoder().encode(responseTo(requestText({ branch: request.branch }), 200));
      answer = () => transaction.respond(bytes);
    },
  }, ours.transports);
  const phone = await tcpPeer("127.0.0.1", ours.tcp.port);
  phone.send(requestText({ transport: "TCP", sentBy: `127.0.0.1:${theirs.tcp.port}` }));
  await until(() => answer !== undefined);
  phone.cut();
  await until(() => ours.transports.snapshot().connectionCount === 0);
  answer!();
  await until(() => theirs.layer.counters.responsesStray === 1);
  expect(theirs.transports.snapshot().counters.connectionsAccepted).toBe(1);
});

test("a NOTIFY over UDP is sent, lost, repeated and answered (RFC 3261 §17.1.2)", async () => {
  const { layer, udp, transports, clock } = await openStack();
  const phone = await openPhone();
  const user = new Watcher();
  const flow = transports.flowTo({ transport: "udp", address: "127.0.0.1", port: phone.port });
  if (flow === undefined || flow instanceof Promise) throw new Error("a datagram flow is there at once");
  const transaction = layer.begin(flow, Method.notify, user)!;
  transaction.send(notifyBytes(transaction));
  await until(() => phone.received.length === 1);
  clock.advance(510);
  await until(() => phone.received.length === 2);
  expect(phone.received[1]).toBe(phone.received[0]!);
  phone.send(responseTo(phone.received[1]!, 200), udp.port);
  await until(() => user.told.length === 1);
  expect(user.told).toEqual([200]);
});

test("a NOTIFY goes by the connection that the phone opened (RFC 5626 §5.3)", async () => {
  const { layer, tcp, transports } = await openStack();
  const phone = await tcpPeer("127.0.0.1", tcp.port);
  phone.send(requestText({ transport: "TCP" }));
  await until(() => phone.received.includes("200 OK"));
  const flow = transports.flowTo({ transport: "tcp", address: "127.0.0.1", port: phone.port });
  if (flow === undefined || flow instanceof Promise) throw new Error("the open connection is found at once");
  const user = new Watcher();
  const transaction = layer.begin(flow, Method.notify, user)!;
  transaction.send(notifyBytes(transaction));
  await until(() => phone.received.includes("NOTIFY"));
  phone.send(responseTo(phone.received.slice(phone.received.indexOf("NOTIFY")), 200));
  await until(() => user.told.length === 1);
  expect(user.told).toEqual([200]);
});

test("a datagram longer than its Content-Length is cut there (RFC 3261 §18.3)", async () => {
  const { udp, layer } = await openStack();
  const phone = await openPhone();
  phone.send(requestText({ via: `SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK-1` }) + "surplus", udp.port);
  await until(() => phone.received.length === 1);
  expect(phone.received[0]).toStartWith("SIP/2.0 200 OK\r\n");
  expect(layer.counters.garbageAnswered).toBe(0);
});

test("a datagram shorter than its Content-Length gets 400 (RFC 3261 §18.3)", async () => {
  const { udp } = await openStack();
  const phone = await openPhone();
  const text = requestText({ via: `SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK-1` });
  phone.send(text.replace("Content-Length: 0", "Content-Length: 10"), udp.port);
  await until(() => phone.received.length === 1);
  expect(phone.received[0]).toStartWith("SIP/2.0 400 Bad Content-Length header");
});

test("a stream without Content-Length gets 400 and ends (RFC 3261 §18.3)", async () => {
  const { tcp } = await openStack();
  const phone = await tcpPeer("127.0.0.1", tcp.port);
  phone.send(requestText({ transport: "TCP" }).replace("Content-Length: 0\r\n", ""));
  await until(() => phone.isClosed);
  expect(phone.received).toStartWith("SIP/2.0 400 Missing Content-Length header\r\n");
});

test("a request of 1300 bytes is the longest that leaves in a datagram where there is a choice (RFC 3261 §18.1.1)", () => {
  expect(datagramRequestBytes).toBe(1_300);
});

test("each transport has its default port (RFC 3261 §19.1.2)", () => {
  expect((["udp", "tcp", "tls", "ws", "wss"] as const).map(defaultPort)).toEqual([5060, 5060, 5061, 80, 443]);
});

test("a stream transport without listener, or an unreachable peer, leaves the request to UDP (RFC 3261 §18.1.1)", async () => {
  const { transports } = await openStack();
  const gone = await openPhone();
  expect(await transports.flowTo({ transport: "tcp", address: "127.0.0.1", port: gone.port })).toBeUndefined();
  expect(await transports.flowTo({ transport: "tls", address: "127.0.0.1", port: gone.port })).toBeUndefined();
  expect(await transports.flowTo({ transport: "udp", address: "127.0.0.1", port: gone.port })).toBeDefined();
});
