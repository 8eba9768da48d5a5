/**
 * Owns what an address means to a phone: this machine only, the office's own network, or everywhere.
 */
import { BlockList, isIP } from "node:net";

/** The networks that mean nothing beyond an office. Source: RFC 1918 §3, RFC 3927 §2.1, RFC 4193 §3.1, RFC 6598 §7. */
const privateNetworks = [
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["::1", 128, "ipv6"],
] as const;

const privateList = new BlockList();
for (const [network, bits, family] of privateNetworks) privateList.addSubnet(network, bits, family);

/** 4 or 6; 0 for what is no address. */
export function familyOf(address: string): 0 | 4 | 6 {
  return isIP(address) as 0 | 4 | 6;
}

/** Whether an address means nothing beyond the office's own network; false for a name. */
export function isPrivate(address: string): boolean {
  const family = familyOf(address);
  return family !== 0 && privateList.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Whether an address is one of the internet; false for a name. */
export function isPublic(address: string): boolean {
  return familyOf(address) !== 0 && !isPrivate(address);
}

/** An address and port as they are written: IPv6 in brackets. */
export function placeOf(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
