import { expect, test } from "bun:test";
import { entropyFrom } from "../../lib/runtime/entropy.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { type DnsPort, Resolver, type ResolverTarget, type ServiceRecord } from "../../lib/transport/resolver.ts";
import type { TransportName } from "../../lib/transport/transport.ts";
import { ManualClock } from "../support/manual_clock.ts";

const services: Record<string, ServiceRecord[]> = {
  "_sip._udp.example.com": [{ name: "a.example.com", port: 5070, priority: 10, weight: 0 }],
  "_sip._tcp.example.com": [{ name: "b.example.com", port: 5080, priority: 10, weight: 0 }],
  "_sips._tcp.example.com": [{ name: "b.example.com", port: 5081, priority: 10, weight: 0 }],
  "_sip._udp.many.example": [
    { name: "late.example", port: 1, priority: 20, weight: 0 },
    { name: "heavy.example", port: 2, priority: 10, weight: 90 },
    { name: "light.example", port: 3, priority: 10, weight: 10 },
  ],
};
const addresses: Record<string, { 4?: string[]; 6?: string[] }> = {
  "a.example.com": { 4: ["192.0.2.1", "192.0.2.2"] },
  "b.example.com": { 4: ["192.0.2.3"], 6: ["2001:db8::3"] },
  "plain.example": { 4: ["192.0.2.4"] },
  "late.example": { 4: ["192.0.2.9"] },
  "heavy.example": { 4: ["192.0.2.7"] },
  "light.example": { 4: ["192.0.2.8"] },
};

function open(transports: TransportName[] = ["udp", "tcp"], seed = 1) {
  const clock = new ManualClock();
  const asked: string[] = [];
  let state = seed;
  const entropy = entropyFrom((target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      target[i] = state >>> 16;
    }
  });
  const dns: DnsPort & { isDown: boolean } = {
    isDown: false,
    services(name) {
      asked.push(name);
      return this.isDown ? Promise.reject(new Error("timeout")) : Promise.resolve(services[name] ?? []);
    },
    addresses(name, family) {
      asked.push(`${name}/${family}`);
      if (this.isDown) return Promise.reject(new Error("timeout"));
      return Promise.resolve((addresses[name]?.[family] ?? []).map((address) => ({ address, ttlSeconds: 60 })));
    },
  };
  const resolver = new Resolver({ dns, clock, entropy, transports: () => transports });
  return {
    clock,
    asked,
    dns,
    resolver,
    resolve: async (target: ResolverTarget) =>
      (await resolver.resolve(target)).map(({ transport, address, port }) => `${transport} ${address} ${port}`),
  };
}

const cases: { title: string; target: ResolverTarget; transports?: TransportName[]; expected: string[] }[] = [
  { title: "an address goes by UDP to 5060", target: { host: "192.0.2.8" }, expected: ["udp 192.0.2.8 5060"] },
  { title: "an address with port keeps it", target: { host: "192.0.2.8", port: 9 }, expected: ["udp 192.0.2.8 9"] },
  {
    title: "an IPv6 address loses its brackets",
    target: { host: "[2001:db8::1]", transport: "tcp" },
    expected: ["tcp 2001:db8::1 5060"],
  },
  {
    title: "a transport without listener is no destination",
    target: { host: "192.0.2.8", transport: "tls" },
    expected: [],
  },
  {
    title: "sips is TLS to 5061",
    target: { host: "192.0.2.8", isSecure: true },
    transports: ["tls"],
    expected: ["tls 192.0.2.8 5061"],
  },
  {
    title: "a name with port is looked up without SRV",
    target: { host: "a.example.com", port: 5062 },
    expected: ["udp 192.0.2.1 5062", "udp 192.0.2.2 5062"],
  },
  {
    title: "a name without port and transport asks SRV of each transport",
    target: { host: "example.com" },
    expected: ["udp 192.0.2.1 5070", "udp 192.0.2.2 5070", "tcp 192.0.2.3 5080", "tcp 2001:db8::3 5080"],
  },
  {
    title: "a transport parameter asks its SRV only",
    target: { host: "example.com", transport: "tcp" },
    expected: ["tcp 192.0.2.3 5080", "tcp 2001:db8::3 5080"],
  },
  {
    title: "sips asks the SRV of TLS",
    target: { host: "example.com", isSecure: true },
    transports: ["udp", "tls"],
    expected: ["tls 192.0.2.3 5081", "tls 2001:db8::3 5081"],
  },
  {
    title: "a name without SRV has its address and the default port",
    target: { host: "plain.example" },
    expected: ["udp 192.0.2.4 5060"],
  },
  { title: "a name that does not exist leads nowhere", target: { host: "no.example" }, expected: [] },
];

for (const { title, target, transports, expected } of cases) {
  test(`${title} (RFC 3263 §4)`, async () => {
    expect(await open(transports).resolve(target)).toEqual(expected);
  });
}

test("SRV goes by priority, and within one by chance in proportion to weight (RFC 2782)", async () => {
  let heavyFirst = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const order = await open(["udp"], seed * 7_919).resolve({ host: "many.example" });
    expect(order[2]).toBe("udp 192.0.2.9 1");
    if (order[0] === "udp 192.0.2.7 2") heavyFirst++;
  }
  expect(heavyFirst).toBeGreaterThan(230);
  expect(heavyFirst).toBeLessThan(300);
});

test("answers are kept for their lifetime, absences for half a minute", async () => {
  const site = open(["udp"]);
  await site.resolve({ host: "a.example.com", port: 1 });
  await site.resolve({ host: "no.example", port: 1 });
  expect(site.asked.length).toBe(4);
  await site.resolve({ host: "a.example.com", port: 1 });
  await site.resolve({ host: "no.example", port: 1 });
  expect(site.asked.length).toBe(4);
  site.clock.advance(30_000);
  await site.resolve({ host: "a.example.com", port: 1 });
  await site.resolve({ host: "no.example", port: 1 });
  expect(site.asked.length).toBe(6);
  site.clock.advance(30_000);
  await site.resolve({ host: "a.example.com", port: 1 });
  expect(site.asked.length).toBe(8);
});

test("silent servers lead nowhere, and are asked again later", async () => {
  const site = open(["udp"]);
  site.dns.isDown = true;
  expect(await site.resolve({ host: "example.com" })).toEqual([]);
  site.dns.isDown = false;
  expect(await site.resolve({ host: "example.com" })).toEqual([]);
  site.clock.advance(30_001);
  expect(await site.resolve({ host: "example.com" })).toEqual(["udp 192.0.2.1 5070", "udp 192.0.2.2 5070"]);
});

test("a destination that failed is tried last for a minute (RFC 3263 §4.3)", async () => {
  const site = open(["udp"]);
  site.resolver.noteFailure({ transport: "udp", address: "192.0.2.1", port: 5070 });
  expect(await site.resolve({ host: "example.com" })).toEqual(["udp 192.0.2.2 5070", "udp 192.0.2.1 5070"]);
  site.clock.advance(60_000);
  expect(await site.resolve({ host: "example.com" })).toEqual(["udp 192.0.2.1 5070", "udp 192.0.2.2 5070"]);
});

test("the cache is bounded", async () => {
  const site = open(["udp"]);
  for (let i = 0; i < limits.resolvedNameCount + 50; i++) await site.resolve({ host: `n${i}.example`, port: 1 });
  expect(site.resolver.cachedCount).toBe(limits.resolvedNameCount);
});
