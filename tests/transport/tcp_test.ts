import { expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { bind, message, openSite, tcpPeer, until } from "./site.ts";

for (const address of ["127.0.0.1", "::1"]) {
  test(`messages of one connection go up one by one, however they are cut, over ${address} (RFC 3261 §18.3)`, async () => {
    const site = await openSite(bind("tcp", address));
    const peer = await tcpPeer(address, site.port());
    const texts = [message(), message(700), message(3)];
    const stream = `\r\n${texts.join("\r\n\r\n")}`;
    for (let at = 0; at < stream.length; at += 97) {
      peer.send(stream.slice(at, at + 97));
      await until(() => site.counters.streamBytesReceived === Math.min(at + 97, stream.length));
    }
    await until(() => site.up.messages.length === 3);
    expect(site.up.texts).toEqual(texts);
    const { flow } = site.up.messages[0]!;
    expect(flow).toMatchObject({ transport: "tcp", isReliable: true, remoteAddress: address, remotePort: peer.port });
    flow.send(new TextEncoder().encode(message(2)));
    await until(() => peer.received.endsWith("bb"));
    site.close();
    await until(() => peer.isClosed);
    expect(site.up.closed).toEqual([flow]);
  });
}

test("a ping is answered with a pong (RFC 5626 §3.5.1)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send("\r\n\r\n");
  await until(() => peer.received === "\r\n");
  peer.send(`${message()}\r\n\r\n${message()}`);
  await until(() => site.up.messages.length === 2 && peer.received === "\r\n\r\n");
  expect(site.counters.keepAlives).toBe(2);
  site.close();
});

test("a request over an open connection uses it, one after its end opens another (RFC 3261 §18.1.1)", async () => {
  const [ours, theirs] = [await openSite(bind("tcp", "127.0.0.1")), await openSite(bind("tcp", "127.0.0.1"))];
  const [first, same] = await Promise.all([
    ours.flow("tcp", "127.0.0.1", theirs.port()),
    ours.flow("tcp", "127.0.0.1", theirs.port()),
  ]);
  expect(same).toBe(first!);
  expect(await ours.flow("tcp", "127.0.0.1", theirs.port())).toBe(first!);
  first!.send(new TextEncoder().encode(message()));
  await until(() => theirs.up.messages.length === 1);
  // The other side sends requests by the same connection, to the port it sees.
  const back = theirs.up.messages[0]!.flow;
  expect(await theirs.flow("tcp", back.remoteAddress, back.remotePort)).toBe(back);
  theirs.close();
  await until(() => ours.up.closed.length === 1);
  expect(first!.send(new Uint8Array(1))).toBe(false);
  ours.close();
});

test("a destination that refuses is no flow, and is counted (RFC 3261 §18.1.1)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const gone = await openSite(bind("tcp", "127.0.0.1"));
  const port = gone.port();
  gone.close();
  expect(await site.flow("tcp", "127.0.0.1", port)).toBeUndefined();
  expect(site.counters.connectionsFailed).toBe(1);
  site.close();
});

test("a message that dribbles in is cut off after its deadline, whatever still comes (slow loris)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  site.clock.advance(3_600_000);
  let sent = message().length;
  for (const piece of ["OPTIONS sip:a SIP/2.0\r\n", "X: 1\r\n", "X: 2\r\n", "X: 3\r\n"]) {
    expect(peer.isClosed).toBe(false);
    peer.send(piece);
    sent += piece.length;
    await until(() => site.counters.streamBytesReceived === sent);
    site.clock.advance(limits.streamMessageMillis / 4 + 10);
  }
  await until(() => peer.isClosed);
  expect(site.counters.connectionsTimedOut).toBe(1);
  expect(site.up.closed.length).toBe(1);
});

test("a connection that never says anything is closed", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  await until(() => site.transports.snapshot().connectionCount === 1);
  site.clock.advance(limits.streamMessageMillis + 10);
  await until(() => peer.isClosed);
  expect(site.counters.connectionsTimedOut).toBe(1);
  site.close();
});

test("a connection that has spoken may be silent for two hours, no longer", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  site.clock.advance(7_199_000);
  expect(site.up.closed).toEqual([]);
  site.clock.advance(1_100);
  await until(() => peer.isClosed);
  site.close();
});

test("headers of 10 MB are refused at 32 KiB, and the peer can read why (RFC 3261 §21.5.7)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  site.up.reply = "SIP/2.0 513 Message Too Large\r\n\r\n";
  peer.send(`OPTIONS sip:a SIP/2.0\r\n${"X: y\r\n".repeat(1_747_626)}\r\n`);
  await until(() => site.up.unframed.length === 1);
  expect(site.up.unframed[0]!.failure).toMatchObject({ status: 513, header: "message" });
  await until(() => peer.received === "SIP/2.0 513 Message Too Large\r\n\r\n");
  expect(site.up.messages).toEqual([]);
  expect(site.counters.connectionsGarbled).toBe(1);
  site.clock.advance(2_010);
  await until(() => peer.isClosed);
  expect(site.transports.snapshot().connectionCount).toBe(0);
  site.close();
});

test("a missing Content-Length ends the connection after the answer (RFC 3261 §18.3)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  site.up.reply = "SIP/2.0 400 Missing\r\n\r\n";
  peer.send("OPTIONS sip:a SIP/2.0\r\nTo: b\r\n\r\n");
  await until(() => peer.isClosed);
  expect(peer.received).toBe("SIP/2.0 400 Missing\r\n\r\n");
  expect(site.up.unframed[0]!.failure).toMatchObject({ status: 400, header: "Content-Length" });
  expect(site.up.unframed[0]!.flow.isOpen).toBe(false);
  site.close();
});

test("a body longer than Content-Length is no message of its own: the connection ends (RFC 3261 §18.3)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(`${message(4)}surplus that is no SIP\r\n\r\n`);
  await until(() => peer.isClosed);
  expect(site.up.texts).toEqual([message(4)]);
  expect(site.up.unframed.length).toBe(1);
  site.close();
});

test("a body shorter than Content-Length is waited for until the deadline (RFC 3261 §18.3)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  const cut = message(10).slice(0, -1);
  peer.send(cut);
  await until(() => site.counters.streamBytesReceived === message().length + cut.length);
  site.clock.advance(limits.streamMessageMillis + 10);
  await until(() => peer.isClosed);
  expect(site.up.texts).toEqual([message()]);
  site.close();
});

test("a connection cut inside a message is forgotten with what it held", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(message() + message(100).slice(0, 40));
  await until(() => site.up.messages.length === 1);
  peer.cut();
  await until(() => site.up.closed.length === 1);
  expect(site.up.messages.length).toBe(1);
  expect(site.transports.snapshot().connectionCount).toBe(0);
  site.close();
});

test("a peer that does not read is cut off when too much waits for it", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.pause();
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  const { flow } = site.up.messages[0]!;
  const chunk = new Uint8Array(100_000).fill(65);
  let accepted = 0;
  while (flow.send(chunk) && accepted < 1_000) accepted++;
  expect(accepted).toBeLessThan(1_000);
  expect(flow.isOpen).toBe(false);
  expect(site.counters.connectionsStalled).toBe(1);
  expect(site.up.closed).toEqual([flow]);
  peer.cut();
  site.close();
});

test("what a slow peer has not read yet arrives once it reads", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  const { flow } = site.up.messages[0]!;
  const chunk = new TextEncoder().encode("x".repeat(9) + "\n");
  let sent = 0;
  const big = new Uint8Array(500_000).fill(66);
  for (let i = 0; i < 8; i++) if (flow.send(big)) sent += big.length;
  if (flow.send(chunk)) sent += chunk.length;
  await until(() => peer.received.length >= sent);
  expect(peer.received.length).toBe(sent);
  expect(peer.received.endsWith("x\n")).toBe(true);
  site.close();
});

test("connections of one source above the bound are turned away", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peers = [];
  for (let i = 0; i < limits.connectionsPerSource; i++) peers.push(await tcpPeer("127.0.0.1", site.port()));
  await until(() => site.transports.snapshot().connectionCount === limits.connectionsPerSource);
  const late = await tcpPeer("127.0.0.1", site.port());
  await until(() => late.isClosed);
  expect(site.counters.connectionsRefused).toBe(1);
  peers[0]!.cut();
  await until(() => site.transports.snapshot().connectionCount === limits.connectionsPerSource - 1);
  const next = await tcpPeer("127.0.0.1", site.port());
  next.send(message());
  await until(() => site.up.messages.length === 1);
  for (const peer of peers) peer.cut();
  site.close();
});
