import { expect, test } from "bun:test";
import { bind, message, openSite, udpPeer, until } from "./site.ts";

for (const address of ["127.0.0.1", "::1"]) {
  test(`a datagram goes up whole with the flow of its sender, and the answer goes back by it, over ${address} (RFC 3261 §18.2)`, async () => {
    const site = await openSite(bind("udp", address));
    const peer = await udpPeer(address);
    site.up.reply = "SIP/2.0 200 OK\r\n\r\n";
    peer.send(message(5), site.port());
    await until(() => peer.received.length === 1);
    const [{ text, flow }] = site.up.messages as [typeof site.up.messages[0]];
    expect(text).toBe(message(5));
    expect(flow).toMatchObject({ transport: "udp", isReliable: false, remoteAddress: address, remotePort: peer.port });
    expect(flow.listener.advertised(address)).toEqual({
      host: address === "::1" ? "[::1]" : address,
      port: site.port(),
    });
    expect(peer.received).toEqual(["SIP/2.0 200 OK\r\n\r\n"]);
    site.close();
    peer.close();
    expect(flow.isOpen).toBe(false);
    expect(flow.send(new Uint8Array(1))).toBe(false);
  });
}

test("one remote has one flow object, another port another (RFC 5626 §2)", async () => {
  const site = await openSite(bind("udp", "127.0.0.1"));
  const peers = [await udpPeer("127.0.0.1"), await udpPeer("127.0.0.1")];
  for (const peer of [...peers, ...peers]) peer.send(message(), site.port());
  await until(() => site.up.messages.length === 4);
  expect(new Set(site.up.messages.map(({ flow }) => flow)).size).toBe(2);
  site.close();
  for (const peer of peers) peer.close();
});

const strangers: [string, Uint8Array, "keepAlives" | "strangeDatagrams"][] = [
  ["an empty datagram", new Uint8Array(0), "keepAlives"],
  ["CRLF (RFC 5626 §3.5.1)", new TextEncoder().encode("\r\n"), "keepAlives"],
  ["a double CRLF (RFC 5626 §3.5.1)", new TextEncoder().encode("\r\n\r\n"), "keepAlives"],
  ["four NULs", new Uint8Array(4), "keepAlives"],
  [
    "a STUN binding request (RFC 5626 §3.5.2)",
    new Uint8Array([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2]),
    "strangeDatagrams",
  ],
  ["a DTLS hello", new Uint8Array([22, 254, 255, 0, 0, 0]), "strangeDatagrams"],
  ["an RTP packet", new Uint8Array([0x80, 0, 0, 1, 2, 3]), "strangeDatagrams"],
];

for (const [title, bytes, counter] of strangers) {
  test(`${title} is counted, and neither goes up nor is answered`, async () => {
    const site = await openSite(bind("udp", "127.0.0.1"));
    const peer = await udpPeer("127.0.0.1");
    peer.send(bytes, site.port());
    peer.send(message(), site.port());
    await until(() => site.counters.datagramsReceived === 2);
    expect(site.up.texts).toEqual([message()]);
    expect(site.counters[counter]).toBe(1);
    site.close();
    peer.close();
  });
}

test("an ICMP refusal is counted, and others still get their datagrams (RFC 3261 §18.4)", async () => {
  const site = await openSite(bind("udp", "127.0.0.1"));
  const gone = await udpPeer("127.0.0.1");
  const peer = await udpPeer("127.0.0.1");
  gone.close();
  const toGone = (await site.flow("udp", "127.0.0.1", gone.port))!;
  const toPeer = (await site.flow("udp", "127.0.0.1", peer.port))!;
  for (let i = 0; i < 20; i++) {
    toGone.send(new Uint8Array([1]));
    toPeer.send(new Uint8Array([65 + i]));
  }
  await until(() => peer.received.length === 20 && site.counters.datagramsUnreachable > 0);
  expect(peer.received.join("")).toBe("ABCDEFGHIJKLMNOPQRST");
  expect(site.counters.datagramsFailed).toBe(0);
  site.close();
  peer.close();
});

test("a datagram that the kernel refuses is counted as failed, and its neighbours leave", async () => {
  const site = await openSite(bind("udp", "127.0.0.1"));
  const peer = await udpPeer("127.0.0.1");
  const flow = (await site.flow("udp", "127.0.0.1", peer.port))!;
  flow.send(new Uint8Array([65]));
  flow.send(new Uint8Array(70_000));
  flow.send(new Uint8Array([66]));
  await until(() => peer.received.length === 2);
  expect(peer.received).toEqual(["A", "B"]);
  expect(site.counters).toMatchObject({ datagramsFailed: 1, datagramsSent: 2 });
  site.close();
  peer.close();
});

test("what waits when the socket closes still leaves", async () => {
  const site = await openSite(bind("udp", "127.0.0.1"));
  const peer = await udpPeer("127.0.0.1");
  (await site.flow("udp", "127.0.0.1", peer.port))!.send(new Uint8Array([90]));
  site.close();
  await until(() => peer.received.length === 1);
  peer.close();
});

test("0.0.0.0 and [::] can be bound to one port side by side", async () => {
  const first = await openSite(bind("udp", "0.0.0.0"), bind("tcp", "0.0.0.0"));
  const second = await openSite(
    bind("udp", "::", { port: first.port(0) }),
    bind("tcp", "::", { port: first.port(1) }),
  );
  expect([...first.problems, ...second.problems]).toEqual([]);
  first.close();
  second.close();
});

test("a burst larger than the kernel's default receive buffer arrives whole", async () => {
  const site = await openSite(bind("udp", "127.0.0.1"));
  const peer = await Bun.udpSocket({ hostname: "127.0.0.1" });
  const bytes = new Uint8Array(400).fill(0x41);
  // Nothing is received before this turn of the event loop ends.
  const sent = peer.sendMany(Array.from({ length: 240 }, () => [bytes, site.port(), "127.0.0.1"]).flat());
  expect(sent).toBe(240);
  await until(() => site.counters.datagramsReceived === sent);
  site.close();
  peer.close();
});
