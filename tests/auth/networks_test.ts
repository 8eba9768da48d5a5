import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addressKey, isInNetwork, parseAddress, parseNetwork } from "../../lib/auth/networks.ts";

/** Key of an address that must be readable. */
function keyOf(text: string): string | undefined {
  const address = parseAddress(text);
  return address && addressKey(address);
}

describe("an address", () => {
  const spellings: [string, string | undefined][] = [
    ["192.168.1.20", "192.168.1.20"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::1", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1"],
    ["FD00:0:0::1", "253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1"],
    ["::ffff:192.168.1.20", "192.168.1.20"],
    ["::ffff:c0a8:114", "192.168.1.20"],
    ["fe80::1%eth0", "254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1"],
    ["192.168.1", undefined],
    ["192.168.1.20.1", undefined],
    ["192.168.1.256", undefined],
    ["192.168.01.20", undefined],
    ["0xc0.168.1.20", undefined],
    ["192.168.1.", undefined],
    [".192.168.1", undefined],
    ["192.168.1.2 ", undefined],
    ["192..1.2", undefined],
    ["phone.example.com", undefined],
    ["[::1]", undefined],
    ["", undefined],
    [":", undefined],
  ];
  for (const [text, key] of spellings) {
    test(`"${text}" ${key === undefined ? "is none" : `is ${key}`}`, () => {
      expect(keyOf(text)).toBe(key);
    });
  }
});

describe("a network", () => {
  const cases: [network: string, address: string, isIn: boolean][] = [
    ["192.168.1.20", "192.168.1.20", true],
    ["192.168.1.20", "192.168.1.21", false],
    ["192.168.1.0/24", "192.168.1.255", true],
    ["192.168.1.77/24", "192.168.1.1", true],
    ["192.168.1.0/24", "192.168.2.1", false],
    ["192.168.1.0/255.255.255.0", "192.168.1.9", true],
    ["192.168.1.0/255.255.255.0", "192.168.0.9", false],
    ["10.0.0.0/9", "10.127.255.255", true],
    ["10.0.0.0/9", "10.128.0.0", false],
    ["192.168.1.128/25", "192.168.1.127", false],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["0.0.0.0/0.0.0.0", "8.8.8.8", true],
    ["0.0.0.0/0", "fd00::1", false],
    ["::/0", "8.8.8.8", false],
    ["::/0", "fd00::1", true],
    ["fd00::/8", "fdff::1", true],
    ["fd00::/8", "fe00::1", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::ffff:192.168.1.0/120", "192.168.1.4", true],
    ["192.168.1.0/24", "::ffff:192.168.1.4", true],
  ];
  for (const [network, address, isIn] of cases) {
    test(`${network} ${isIn ? "holds" : "does not hold"} ${address}`, () => {
      expect(isInNetwork(parseAddress(address)!, parseNetwork(network)!)).toBe(isIn);
    });
  }

  for (
    const text of [
      "192.168.1.0/33",
      "192.168.1.0/",
      "192.168.1.0/-1",
      "192.168.1.0/255.0.255.0",
      "fd00::/129",
      "fd00::/255.0.0.0",
      "::ffff:192.168.1.0/95",
      "192.168.1.0/24/8",
      "office",
      "",
    ]
  ) {
    test(`"${text}" is none`, () => expect(parseNetwork(text)).toBeUndefined());
  }

  test("holds exactly the addresses whose first bits are its own, for every prefix", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(fc.property(bytes, fc.nat(), fc.nat(), (base, prefixSeed, flipSeed) => {
      const prefixBits = prefixSeed % (base.length * 8 + 1);
      const flipped = flipSeed % (base.length * 8);
      const address = base.slice();
      address[flipped >> 3]! ^= 0x80 >> (flipped & 7);
      expect(isInNetwork(base, { base, prefixBits })).toBe(true);
      expect(isInNetwork(address, { base, prefixBits })).toBe(flipped >= prefixBits);
    }));
  });
});
