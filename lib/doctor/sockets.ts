/**
 * Owns what the kernel tells of open sockets, and who holds them.
 */
import { isWildcard } from "../transport/listener_options.ts";
import type { Machine, Place } from "./machine.ts";

/** One open socket that waits for others to speak. */
export interface OpenSocket {
  /** By which its holder is found. */
  readonly inode: string;
  /** Datagrams that the kernel threw away because nobody read them in time; 0 for TCP. */
  readonly dropCount: number;
}

/** A program. */
export interface Holder {
  readonly pid: string;
  readonly name: string;
}

/** State LISTEN of TCP. Source: Linux include/net/tcp_states.h. */
const LISTEN = "0A";

/**
 * The sockets that hold a place or a part of it, both families: one socket for all addresses of IPv6 may hold those of
 * IPv4 too.
 */
export function socketsAt(machine: Machine, { transport, address, port }: Place): OpenSocket[] {
  const wanted = isWildcard(address) ? undefined : hexOf(address);
  return [transport, `${transport}6`].flatMap((table) => (machine.read(`/proc/net/${table}`) ?? "").split("\n"))
    .flatMap((line): OpenSocket[] => {
      const fields = line.trim().split(/\s+/);
      const [host = "", hexPort = ""] = (fields[1] ?? "").split(":");
      if (hexPort === "" || Number.parseInt(hexPort, 16) !== port) return [];
      if (transport === "tcp" && fields[3] !== LISTEN) return [];
      const isForAll = /^0+$/.test(host);
      if (!isForAll && wanted !== undefined && wanted !== host) return [];
      const dropCount = transport === "udp" ? Number(fields[12] ?? 0) : 0;
      return [{ inode: fields[9] ?? "", dropCount }];
    });
}

/** The program that holds a place; undefined where the kernel does not say. */
export function holderOf(machine: Machine, place: Place): Holder | undefined {
  const wanted = new Set(socketsAt(machine, place).map(({ inode }) => `socket:[${inode}]`));
  if (wanted.size === 0) return undefined;
  for (const pid of machine.names("/proc").filter((name) => /^\d+$/.test(name))) {
    const links = machine.names(`/proc/${pid}/fd`).map((fd) => machine.linkOf(`/proc/${pid}/fd/${fd}`) ?? "");
    if (links.some((link) => wanted.has(link))) {
      return { pid, name: machine.read(`/proc/${pid}/comm`)?.trim() ?? "a program" };
    }
  }
  return undefined;
}

/** An IPv4 address as the kernel writes it, its bytes backwards; undefined, which fits any, for IPv6. */
function hexOf(address: string): string | undefined {
  if (address.includes(":")) return undefined;
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return bytes.reverse().join("").toUpperCase();
}
