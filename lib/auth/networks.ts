/**
 * Owns IP addresses and networks as bytes: what `match`, `permit` and `deny` compare a source address with.
 */
import ipaddr from "ipaddr.js";

/** An IP address in network byte order: 4 bytes for IPv4, 16 for IPv6; an IPv4-mapped one has 4. */
export type AddressBytes = Uint8Array;

/** Addresses that share their first `prefixBits` bits with `base`; a single address has all of them. */
export interface Network {
  /** Any address of the network. */
  readonly base: AddressBytes;
  /** Leading bits that all its addresses share. */
  readonly prefixBits: number;
}

/**
 * Reads an IPv4 or IPv6 address.
 *
 * @param text Dotted decimal with all four parts, or any RFC 5952 input form without brackets; a zone (`%eth0`) is ignored.
 * @returns Its bytes; undefined when `text` is no address, octal and shortened IPv4 spellings included.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  return parseDottedDecimal(text) ?? parseColonHex(text);
}

/**
 * Reads an address or a network.
 *
 * @param text `192.168.1.20`, `192.168.1.0/24`, `192.168.1.0/255.255.255.0` or `fd00::/8`; bits after the prefix are ignored.
 * @returns The network; undefined when either half is malformed.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) {
    const base = parseAddress(text);
    return base && { base, prefixBits: base.length * 8 };
  }
  const written = text.slice(0, slash);
  const base = parseAddress(written);
  const prefixBits = parsePrefix(text.slice(slash + 1), written.includes(":") ? 128 : 32);
  if (!base || prefixBits === undefined) return undefined;
  // ::ffff:192.168.1.0/120 names the IPv4 network 192.168.1.0/24; a shorter mapped prefix spans more than IPv4.
  const isMapped = base.length === 4 && written.includes(":");
  if (isMapped && prefixBits < 96) return undefined;
  return { base, prefixBits: isMapped ? prefixBits - 96 : prefixBits };
}

/** Whether `address` lies in `network`; never across IP versions. */
export function isInNetwork(address: AddressBytes, network: Network): boolean {
  const { base, prefixBits } = network;
  if (address.length !== base.length) return false;
  const wholeBytes = prefixBits >> 3;
  for (let i = 0; i < wholeBytes; i++) {
    if (address[i] !== base[i]) return false;
  }
  const rest = prefixBits & 7;
  return rest === 0 || (address[wholeBytes]! ^ base[wholeBytes]!) >> (8 - rest) === 0;
}

/** The address as a map key: equal for equal addresses however they were written. */
export function addressKey(address: AddressBytes): string {
  return address.join(".");
}

function parseDottedDecimal(text: string): AddressBytes | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      if (value === 0) return undefined; // A leading zero means octal to some readers.
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return undefined;
    } else {
      const isLast = part === 3;
      if (value < 0 || isLast !== (i === text.length) || (!isLast && digit !== -2)) return undefined;
      bytes[part++] = value;
      value = -1;
    }
  }
  return bytes;
}

function parseColonHex(text: string): AddressBytes | undefined {
  const zone = text.indexOf("%");
  const plain = zone < 0 ? text : text.slice(0, zone);
  return ipaddr.IPv6.isValid(plain) ? Uint8Array.from(ipaddr.process(plain).toByteArray()) : undefined;
}

function parsePrefix(text: string, bitsMax: number): number | undefined {
  const mask = bitsMax === 32 ? parseDottedDecimal(text) : undefined;
  if (mask) return new ipaddr.IPv4([...mask]).prefixLengthFromSubnetMask() ?? undefined;
  const isDigits = /^\d{1,3}$/.test(text);
  return isDigits && Number(text) <= bitsMax ? Number(text) : undefined;
}
