/**
 * Owns the options of a listener and what follows from them: the bound address and the one advertised to peers.
 */
import { type BlockList, isIPv6 } from "node:net";
import { type LocalAddresses, networkList } from "./local_addresses.ts";
import type { HostPort, TransportName } from "./transport.ts";

/** One `[[listen]]` table. */
export interface ListenerOptions {
  /** Unique. */
  readonly name: string;
  /** Transport of the socket. */
  readonly transport: TransportName;
  /** IPv4, or IPv6 without brackets. */
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** In-dialog requests leave by the listener on which the peer's last request came. */
  readonly isSymmetric: boolean;
  /** What peers outside `localNetworks` are told: host, or host:port; `undefined` for the bound address. */
  readonly externalAddress?: string | undefined;
  /** Addresses and networks on this side of the NAT; loopback always is. */
  readonly localNetworks?: readonly string[] | undefined;
}

/**
 * Splits `host:port`; IPv6 stands in brackets.
 *
 * @returns Host without brackets; `undefined` when the port is missing or no number from 0 to 65535.
 */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const port = Number(digits);
  if (colon <= 0 || digits === "" || !Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  const host = text.slice(0, colon);
  if (host.startsWith("[") && host.endsWith("]")) return { host: host.slice(1, -1), port };
  return host.includes(":") ? undefined : { host, port };
}

/** An address as it stands in a URI or Via: IPv6 in brackets. Source: RFC 3261 §25.1 host. */
export function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** Whether an address stands for all addresses of the machine. */
export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/** Whether an address is the machine itself. */
export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** Where peers of one listener reach us. */
export class AdvertisedAddress {
  readonly #address: string;
  readonly #port: number;
  readonly #external: HostPort | undefined;
  /** What holds towards everybody; undefined where it depends on the peer. */
  readonly #always: HostPort | undefined;
  readonly #localNetworks: BlockList;
  readonly #localAddresses: LocalAddresses;

  /** What `options` say; `port` is the one really bound. */
  constructor(options: ListenerOptions, port: number, localAddresses: LocalAddresses) {
    this.#address = options.address;
    this.#port = port;
    this.#external = options.externalAddress ? externalHostPort(options.externalAddress, port) : undefined;
    this.#localNetworks = networkList(options.localNetworks ?? []);
    this.#localAddresses = localAddresses;
    const isAlways = this.#external === undefined && !isWildcard(options.address);
    this.#always = isAlways ? { host: bracketed(options.address), port } : undefined;
  }

  /** Host and port for Via and Contact towards the peer at `remoteAddress`. */
  towards(remoteAddress: string): HostPort {
    if (this.#always !== undefined) return this.#always;
    if (this.#external !== undefined && !this.#isLocal(remoteAddress)) return this.#external;
    const address = isWildcard(this.#address)
      ? this.#localAddresses.towards(remoteAddress) ?? this.#address
      : this.#address;
    return { host: bracketed(address), port: this.#port };
  }

  #isLocal(remoteAddress: string): boolean {
    return isLoopback(remoteAddress) ||
      this.#localNetworks.check(remoteAddress, isIPv6(remoteAddress) ? "ipv6" : "ipv4");
  }
}

function externalHostPort(text: string, port: number): HostPort {
  if (isIPv6(text)) return { host: `[${text}]`, port };
  const split = splitHostPort(text);
  return split === undefined ? { host: text, port } : { host: bracketed(split.host), port: split.port };
}
