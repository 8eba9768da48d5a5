import { expect, test } from "bun:test";
import { AdvertisedAddress, type ListenerOptions, splitHostPort } from "../../lib/transport/listener_options.ts";
import {
  defaultInterfaceOf,
  type HostNetwork,
  type InterfaceAddress,
  LocalAddresses,
  systemNetwork,
} from "../../lib/transport/local_addresses.ts";
import { ManualClock } from "../support/manual_clock.ts";

function at(interfaceName: string, cidr: string, isInternal = false): InterfaceAddress {
  return { interfaceName, address: cidr.split("/")[0]!, cidr, isInternal };
}

/** A machine with Docker, two networks and IPv6. */
const interfaces: InterfaceAddress[] = [
  at("lo", "127.0.0.1/8", true),
  at("lo", "::1/128", true),
  at("docker0", "172.17.0.1/16"),
  at("eth0", "192.168.1.5/24"),
  at("eth0", "fe80::5/64"),
  at("eth0", "2001:db8:1::5/64"),
  at("eth1", "10.9.0.5/16"),
];
const machine: HostNetwork = { interfaceAddresses: () => interfaces, defaultInterface: () => "eth0" };

const cases: { title: string; bind: Partial<ListenerOptions>; peer: string; expected: string }[] = [
  { title: "a bound address as it is", bind: { address: "10.9.0.5" }, peer: "192.168.1.20", expected: "10.9.0.5:5060" },
  { title: "the address in the peer's network", bind: {}, peer: "10.9.3.3", expected: "10.9.0.5:5060" },
  { title: "the address towards the gateway", bind: {}, peer: "203.0.113.9", expected: "192.168.1.5:5060" },
  { title: "Docker's address only inside Docker", bind: {}, peer: "172.17.0.2", expected: "172.17.0.1:5060" },
  { title: "loopback to the machine itself", bind: {}, peer: "127.0.0.1", expected: "127.0.0.1:5060" },
  {
    title: "IPv6 in brackets, in the peer's network",
    bind: { address: "::" },
    peer: "2001:db8:1::9",
    expected: "[2001:db8:1::5]:5060",
  },
  {
    title: "IPv6 that is not link-local to others",
    bind: { address: "::" },
    peer: "2001:db8:2::9",
    expected: "[2001:db8:1::5]:5060",
  },
  { title: "link-local IPv6 on the link", bind: { address: "::" }, peer: "fe80::77", expected: "[fe80::5]:5060" },
  {
    title: "external_address outside local_net",
    bind: { externalAddress: "198.51.100.1", localNetworks: ["192.168.0.0/16"] },
    peer: "203.0.113.9",
    expected: "198.51.100.1:5060",
  },
  {
    title: "not external_address inside local_net",
    bind: { externalAddress: "198.51.100.1", localNetworks: ["192.168.0.0/16", "10.9.0.0/16"] },
    peer: "10.9.1.1",
    expected: "10.9.0.5:5060",
  },
  {
    title: "external_address with its own port",
    bind: { externalAddress: "pbx.example.com:6060" },
    peer: "192.168.1.9",
    expected: "pbx.example.com:6060",
  },
  {
    title: "an IPv6 external_address",
    bind: { address: "::", externalAddress: "2001:db8:ff::1" },
    peer: "2001:db8:2::9",
    expected: "[2001:db8:ff::1]:5060",
  },
  {
    title: "never external_address on loopback",
    bind: { externalAddress: "198.51.100.1" },
    peer: "127.0.0.1",
    expected: "127.0.0.1:5060",
  },
];

for (const { title, bind, peer, expected } of cases) {
  test(`Via and Contact towards ${peer} carry ${title} (RFC 3261 §18.1.1)`, () => {
    const options: ListenerOptions = {
      name: "lan",
      transport: "udp",
      address: "0.0.0.0",
      port: 5060,
      isSymmetric: false,
      ...bind,
    };
    const advertised = new AdvertisedAddress(options, 5060, new LocalAddresses(machine, new ManualClock()));
    const { host, port } = advertised.towards(peer);
    expect(`${host}:${port}`).toBe(expected);
  });
}

test("interfaces are read again after ten seconds, not at each question", () => {
  const clock = new ManualClock();
  let reads = 0;
  const changing: HostNetwork = {
    interfaceAddresses: () => [at("eth0", `192.168.1.${++reads}/24`)],
    defaultInterface: () => undefined,
  };
  const addresses = new LocalAddresses(changing, clock);
  expect([addresses.towards("192.168.1.9"), addresses.towards("8.8.8.8")]).toEqual(["192.168.1.1", "192.168.1.1"]);
  clock.advance(10_000);
  expect(addresses.towards("192.168.1.9")).toBe("192.168.1.2");
  expect(addresses.towards("2001:db8::1")).toBeUndefined();
});

test("the default interface is that of the route to everywhere with the lowest metric", () => {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
  const rows = [
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
    "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
  ];
  expect(defaultInterfaceOf(`${head}${rows.join("\n")}\n`)).toBe("eth0");
  expect(defaultInterfaceOf(head)).toBeUndefined();
});

test("the machine's own loopback is found", () => {
  expect(new LocalAddresses(systemNetwork, new ManualClock()).towards("127.0.0.1")).toBe("127.0.0.1");
});

test("host and port are split at the last colon, IPv6 in brackets only", () => {
  const cases = [
    ["0.0.0.0:5060", "0.0.0.0", 5060],
    ["[::]:5060", "::", 5060],
    ["[2001:db8::1]:0", "2001:db8::1", 0],
  ] as const;
  for (const [text, host, port] of cases) expect(splitHostPort(text)).toEqual({ host, port });
  for (const text of ["", "5060", ":5060", "::", "::1:5060", "a:", "a:65536", "a:x", "a:-1", "a:1.5"]) {
    expect(splitHostPort(text)).toBeUndefined();
  }
});
