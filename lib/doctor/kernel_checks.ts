/**
 * Owns the checks of what the kernel gives hintd, and what it threw away.
 */
import { limits } from "../runtime/limits.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { holderOf, socketsAt } from "./sockets.ts";
import { listenersOf, type Subject } from "./subject.ts";

/** What every Linux has unless somebody changed it, and what hintd's bursts are made for. */
const usualBufferBytes = 212_992;
const enlarge = `sudo sysctl -w net.core.rmem_max=${limits.receiveBufferBytes}; in a file of /etc/sysctl.d to keep it`;
/** Files, the page and other programs beside the connections of phones. */
const otherFiles = 128;

/** How much may wait in a socket until it is read. */
export function checkReceiveBuffer(machine: Machine): Finding[] {
  const ceiling = Number(machine.read("/proc/sys/net/core/rmem_max")?.trim() || NaN);
  return [
    ceiling < usualBufferBytes
      ? warning("kernel", `Receive buffers may hold ${ceiling} bytes only: answers of many phones do not fit`, enlarge)
      : ok(
        "kernel",
        Number.isNaN(ceiling) ? "receive buffers cannot be told" : `receive buffers of up to ${ceiling} bytes`,
      ),
  ];
}

/** Datagrams of phones that nobody read in time, and connections that hintd may not take. */
export function checkLosses(subject: Subject): Finding[] {
  const { machine, hintd, config } = subject;
  if (hintd.state === "stopped") return [];
  const findings: Finding[] = [];
  const udp = listenersOf(subject).filter(({ transport }) => transport === "udp");
  const sockets = new Map(udp.flatMap((place) => socketsAt(machine, place)).map((socket) => [socket.inode, socket]));
  const dropCount = [...sockets.values()].reduce((sum, socket) => sum + socket.dropCount, 0);
  if (dropCount > 0) {
    findings.push(
      warning("kernel", `The kernel has thrown away ${dropCount} datagrams that hintd did not read in time`, enlarge),
    );
  }
  const tcp = listenersOf(subject).find(({ transport }) => transport === "tcp");
  const pid = tcp === undefined ? undefined : holderOf(machine, tcp)?.pid;
  const files = Number(/^Max open files +(\d+)/m.exec(machine.read(`/proc/${pid}/limits`) ?? "")?.[1] ?? NaN);
  const phones = Object.values(config.endpoints).reduce((sum, { max_contacts }) => sum + max_contacts, 0);
  if (files < phones + otherFiles) {
    findings.push(
      warning(
        "kernel",
        `hintd may open ${files} files, but ${phones} phones may come by TCP`,
        "LimitNOFILE=8192 in the unit: sudo hintd service install writes it so",
      ),
    );
  }
  return findings;
}
