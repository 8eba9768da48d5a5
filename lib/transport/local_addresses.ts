/**
 * Owns the question which of the machine's addresses a peer sees, for sockets that are bound to all of them.
 */
import { readFileSync } from "node:fs";
import { BlockList, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Clock, Millis } from "../runtime/clock.ts";

/** One address of an interface of the machine. */
export interface InterfaceAddress {
  /** Name of the interface, as `eth0`. */
  readonly interfaceName: string;
  /** IPv6 without brackets. */
  readonly address: string;
  /** Address and prefix length, as `192.168.1.1/24`. */
  readonly cidr: string;
  /** True for loopback. */
  readonly isInternal: boolean;
}

/** How the machine is asked; tests answer themselves. */
export interface HostNetwork {
  /** All addresses of all interfaces that are up. */
  interfaceAddresses(): readonly InterfaceAddress[];
  /** Name of the interface behind which the IPv4 default gateway lies; `undefined` when there is none. */
  defaultInterface(): string | undefined;
}

/** The machine hintd runs on. */
export const systemNetwork: HostNetwork = {
  interfaceAddresses() {
    const found: InterfaceAddress[] = [];
    for (const [interfaceName, addresses] of Object.entries(networkInterfaces())) {
      for (const { address, cidr, internal } of addresses ?? []) {
        if (cidr !== null) found.push({ interfaceName, address, cidr, isInternal: internal });
      }
    }
    return found;
  },
  defaultInterface() {
    try {
      return defaultInterfaceOf(readFileSync("/proc/net/route", "utf8"));
    } catch {
      return undefined;
    }
  },
};

/** Interface of the default route with the lowest metric in the text of Linux's `/proc/net/route`. */
export function defaultInterfaceOf(routeTable: string): string | undefined {
  let best: string | undefined;
  let bestMetric = Infinity;
  for (const line of routeTable.split("\n").slice(1)) {
    const [name, destination, , , , , metric, mask] = line.split("\t");
    if (destination !== "00000000" || mask?.trim() !== "00000000" || Number(metric) >= bestMetric) continue;
    best = name;
    bestMetric = Number(metric);
  }
  return best;
}

/** Interfaces come and go seldom. */
const refreshMillis = 10_000;

interface LocalNetwork {
  readonly address: string;
  readonly isIpv6: boolean;
  readonly isInternal: boolean;
  readonly isLinkLocal: boolean;
  readonly isDefault: boolean;
  readonly peers: BlockList;
}

/** The machine's addresses, asked for anew at most every ten seconds. */
export class LocalAddresses {
  readonly #host: HostNetwork;
  readonly #clock: Clock;
  #networks: LocalNetwork[] = [];
  #readAt: Millis = -Infinity;

  /** Asks nothing until it is asked. */
  constructor(host: HostNetwork, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
  }

  /**
   * The address of ours that a peer reaches: the one in its subnet; for others the one of the interface to the default
   * gateway, else the first that is neither loopback nor link-local.
   *
   * @param remoteAddress IPv4, or IPv6 without brackets.
   * @returns `undefined` when the machine has no address of that family.
   */
  towards(remoteAddress: string): string | undefined {
    this.#refresh();
    const isIpv6 = isIPv6(remoteAddress);
    let best: LocalNetwork | undefined;
    let bestRank = 0;
    for (const network of this.#networks) {
      if (network.isIpv6 !== isIpv6) continue;
      const rank = network.peers.check(remoteAddress, isIpv6 ? "ipv6" : "ipv4")
        ? 4
        : network.isDefault && !network.isLinkLocal
        ? 3
        : network.isInternal || network.isLinkLocal
        ? 1
        : 2;
      if (rank <= bestRank) continue;
      best = network;
      bestRank = rank;
    }
    return best?.address;
  }

  #refresh(): void {
    const now = this.#clock.now();
    if (now - this.#readAt < refreshMillis) return;
    this.#readAt = now;
    const defaultInterface = this.#host.defaultInterface();
    this.#networks = this.#host.interfaceAddresses().map(({ interfaceName, address, cidr, isInternal }) => ({
      address,
      isIpv6: isIPv6(address),
      isInternal,
      isLinkLocal: address.startsWith("fe80:") || address.startsWith("169.254."),
      isDefault: interfaceName === defaultInterface,
      peers: networkList([cidr]),
    }));
  }
}

/**
 * A list of networks to check addresses against.
 *
 * @param networks Addresses, or networks as `10.0.0.0/8`; what is neither is left out.
 */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", length] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    try {
      if (length === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(length), family);
    } catch {
      continue;
    }
  }
  return list;
}
