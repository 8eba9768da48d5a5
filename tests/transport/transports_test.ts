import { expect, test } from "bun:test";
import { bind, message, openSite, tcpPeer, udpPeer, until } from "./site.ts";

test("a taken port is one line that names listener, transport and port, and nothing else is left open", async () => {
  const first = await openSite(bind("udp", "127.0.0.1"), bind("tcp", "127.0.0.1"));
  const [udp, tcp] = [first.port(0), first.port(1)];
  const second = await openSite(
    bind("udp", "127.0.0.1", { name: "lan", port: udp }),
    bind("tcp", "127.0.0.1", { name: "door", port: tcp }),
    bind("udp", "127.0.0.1", { name: "free" }),
  );
  expect(second.problems).toEqual([
    { listener: "lan", message: `Listener "lan": udp 127.0.0.1:${udp} is taken by another program` },
    { listener: "door", message: `Listener "door": tcp 127.0.0.1:${tcp} is taken by another program` },
  ]);
  expect(second.transports.listeners).toEqual([]);
  first.close();
});

test("an address of another machine, and a transport that is not there yet, are told as such", async () => {
  const site = await openSite(bind("udp", "203.0.113.7", { name: "far" }), bind("wss", "127.0.0.1", { name: "web" }));
  expect(site.problems.map((problem) => problem.message)).toEqual([
    'Listener "far": udp 203.0.113.7:0 is not an address of this machine',
    'Listener "web": wss 127.0.0.1:0: transport wss is not available yet',
  ]);
});

test("replacing listeners keeps those that stay, with their connections and new options", async () => {
  const udp = bind("udp", "127.0.0.1");
  const tcp = bind("tcp", "127.0.0.1");
  const site = await openSite(udp, tcp);
  const before = [...site.transports.listeners];
  const peer = await tcpPeer("127.0.0.1", site.port(1));
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  const other = bind("udp", "::1");
  expect(await site.transports.replace([other, { ...tcp, isSymmetric: true }, udp])).toEqual([]);
  expect(site.transports.listeners.slice(1)).toEqual([before[1]!, before[0]!]);
  expect(before[1]!.isSymmetric).toBe(true);
  expect(site.up.messages[0]!.flow.isOpen).toBe(true);
  site.close();
});

test("a removed listener closes with its connections", async () => {
  const udp = bind("udp", "127.0.0.1");
  const tcp = bind("tcp", "127.0.0.1");
  const site = await openSite(udp, tcp);
  const peer = await tcpPeer("127.0.0.1", site.port(1));
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  expect(await site.transports.replace([udp])).toEqual([]);
  await until(() => peer.isClosed);
  expect(site.up.closed).toEqual([site.up.messages[0]!.flow]);
  expect(site.transports.transportNames).toEqual(["udp"]);
  expect(await site.flow("tcp", "127.0.0.1", peer.port)).toBeUndefined();
  site.close();
});

test("when new listeners cannot be opened the old ones go on, connections included", async () => {
  const blocker = await openSite(bind("udp", "127.0.0.1"));
  const site = await openSite(bind("udp", "127.0.0.1"), bind("tcp", "127.0.0.1"));
  const ports = [site.port(0), site.port(1)];
  // On fixed ports, as in an office, the very sockets come back.
  await site.transports.replace([
    bind("udp", "127.0.0.1", { port: ports[0]! }),
    bind("tcp", "127.0.0.1", { port: ports[1]! }),
  ]);
  const peer = await tcpPeer("127.0.0.1", site.port(1));
  peer.send(message());
  await until(() => site.up.messages.length === 1);
  const problems = await site.transports.replace([
    bind("udp", "127.0.0.1", { name: "bad", port: blocker.port() }),
  ]);
  expect(problems.length).toBe(1);
  expect(site.transports.listeners.map((listener) => listener.port)).toEqual(ports);
  expect(site.up.messages[0]!.flow.isOpen).toBe(true);
  const phone = await udpPeer("127.0.0.1");
  phone.send(message(), ports[0]!);
  await until(() => site.up.messages.length === 2);
  site.close();
  blocker.close();
  phone.close();
});

test("the snapshot names listeners as bound, and counts", async () => {
  const site = await openSite(bind("udp", "127.0.0.1", { name: "lan" }), bind("tcp", "::1", { name: "six" }));
  const snapshot = site.transports.snapshot();
  expect(snapshot.listeners.map(({ name, transport, bind }) => `${name} ${transport} ${bind}`)).toEqual([
    `lan udp 127.0.0.1:${site.port(0)}`,
    `six tcp [::1]:${site.port(1)}`,
  ]);
  expect(snapshot).toMatchObject({ connectionCount: 0, counters: { datagramsReceived: 0 } });
  expect(site.transports.listenerNamed("six")).toBe(site.transports.listeners[1]!);
  site.close();
});

test("the first of several destinations that can be reached is taken, the others are told (RFC 3263 §4.3)", async () => {
  const [site, peer, gone] = [
    await openSite(bind("tcp", "127.0.0.1")),
    await openSite(bind("tcp", "127.0.0.1")),
    await openSite(bind("tcp", "127.0.0.1")),
  ];
  const dead = { transport: "tcp", address: "127.0.0.1", port: gone.port() } as const;
  const alive = { transport: "tcp", address: "127.0.0.1", port: peer.port() } as const;
  gone.close();
  const failed: unknown[] = [];
  const flow = await site.transports.flowToAny([dead, alive], undefined, (destination) => failed.push(destination));
  expect(flow?.remotePort).toBe(alive.port);
  expect(failed).toEqual([dead]);
  expect(await site.transports.flowToAny([dead])).toBeUndefined();
  site.close();
  peer.close();
});
