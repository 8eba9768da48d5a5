/**
 * Owns sets of addresses: what a list of permit and deny rules lets through, as networks.
 *
 * Theory. In Asterisk the last rule that fits an address decides, and an address that no rule fits is let through. hintd asks
 * only whether an address is permitted, and if not, whether it is denied. Both say the same as long as no deny stands behind a
 * permit; where one does, the rules are worked out to the networks that come through.
 */
import { isIPv4, isIPv6 } from "node:net";

/** Addresses that share their first `bits`. */
export interface Network {
  readonly family: 4 | 6;
  /** First address; bits behind the prefix are zero. */
  readonly base: bigint;
  readonly bits: number;
}

/** One line of an ACL. */
export interface Rule {
  readonly isPermit: boolean;
  readonly network: Network;
}

const everything: readonly Network[] = [{ family: 4, base: 0n, bits: 0 }, { family: 6, base: 0n, bits: 0 }];

/** Reads `address`, `address/bits` or `address/netmask`, IPv6 in brackets or not; undefined when it is none. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = "", mask] = /^\[?([^\]/]+)\]?(?:\/(.+))?$/.exec(text.trim()) ?? [];
  const family = isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined;
  if (family === undefined) return undefined;
  const width = family === 4 ? 32 : 128;
  const bits = mask === undefined ? width : bitsOf(mask, width);
  if (bits === undefined) return undefined;
  const hidden = BigInt(width - bits);
  return { family, base: (numberOf(address, family) >> hidden) << hidden, bits };
}

/** Writes a network; one address stands alone. */
export function networkText({ family, base, bits }: Network): string {
  const address = family === 4 ? textOfIpv4(base) : textOfIpv6(base);
  return bits === (family === 4 ? 32 : 128) ? address : `${address}/${bits}`;
}

/** The addresses that rules let through, lowest first, IPv4 before IPv6. */
export function permitted(rules: readonly Rule[]): readonly Network[] {
  let networks = everything;
  for (const { isPermit, network } of rules) {
    const rest = networks.flatMap((each) => without(each, network));
    networks = isPermit ? [...rest, network] : rest;
  }
  return networks.toSorted((a, b) => a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : 0));
}

/** The addresses of both sets. */
export function common(a: readonly Network[], b: readonly Network[]): readonly Network[] {
  return a.flatMap((one) => b.flatMap((other) => contains(one, other) ? [other] : contains(other, one) ? [one] : []));
}

/** Whether every address of `inner` is in `outer`. */
function contains(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const hidden = BigInt((outer.family === 4 ? 32 : 128) - outer.bits);
  return outer.base >> hidden === inner.base >> hidden;
}

/** What is left of `network` when `hole` is taken out: halves of halves, at most one per bit. */
function without(network: Network, hole: Network): Network[] {
  if (contains(hole, network)) return [];
  if (!contains(network, hole)) return [network];
  const { family, base } = network;
  const bits = network.bits + 1;
  const middle = base + (1n << BigInt((family === 4 ? 32 : 128) - bits));
  return [{ family, base, bits }, { family, base: middle, bits }].flatMap((half) => without(half, hole));
}

function bitsOf(mask: string, width: number): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= width ? Number(mask) : undefined;
  if (width !== 32 || !isIPv4(mask)) return undefined;
  const ones = numberOf(mask, 4).toString(2).padStart(32, "0");
  return /^1*0*$/.test(ones) ? ones.replaceAll("0", "").length : undefined;
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  // The last 32 bits may be written as IPv4; a zone names an interface, not an address.
  const plain = address.replace(/%.*$/, "").replace(/[\d.]+\.[\d.]+$/, (ipv4) => {
    const value = numberOf(ipv4, 4);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? [] : Array<string>(8 - front.length - back.length).fill("0");
  return [...front, ...middle, ...back].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function textOfIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

function textOfIpv6(value: bigint): string {
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  let at = 0;
  let length = 1;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === "0") end++;
    if (end - start > length) [at, length] = [start, end - start];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + length).join(":")}`;
}
