/**
 * Owns the checks of the machine itself: clock, disk, permissions, what the kernel gives.
 */
import { join } from "node:path";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { listenersOf, type Subject } from "./subject.ts";

const MEBIBYTE = 1_048_576;
const DAY_MILLIS = 86_400_000;
/** Room below which the page warns too. */
const LOW_BYTES = 100 * MEBIBYTE;
/** What hintd asks the kernel for, for each socket. */
const RECEIVE_BUFFER_BYTES = MEBIBYTE;

/** Whether the clock can be believed: lifetimes and passwords hang on it. */
export function checkClock({ machine, builtAt }: Subject): Finding[] {
  const now = machine.now();
  if (builtAt !== undefined && now < builtAt - DAY_MILLIS) {
    return [problem("clock", "The clock is wrong: it is older than this program", "sudo timedatectl set-ntp true")];
  }
  const told = machine.run("timedatectl", ["show", "-p", "NTPSynchronized", "--value"])?.text.trim();
  if (told === "no") {
    return [warning("clock", "No time server keeps the clock right", "sudo timedatectl set-ntp true")];
  }
  return [ok("clock", told === "yes" ? "kept right by a time server" : "plausible; who keeps it right cannot be told")];
}

/** Whether there is room, and what is stored is sound. */
export function checkDisk({ machine, dataDirectory, running }: Subject): Finding[] {
  if (machine.modeOf(dataDirectory) === undefined) {
    return [ok("disk", `${dataDirectory} is not there yet; hintd makes it at its first start`)];
  }
  const findings: Finding[] = [];
  const room = machine.roomAt(dataDirectory);
  if (room !== undefined && (room.bytes < LOW_BYTES || room.files < 100)) {
    const left = room.bytes < LOW_BYTES ? `${Math.floor(room.bytes / MEBIBYTE)} MiB` : `${room.files} files`;
    findings.push(
      (room.bytes < MEBIBYTE ? problem : warning)(
        "disk",
        `Room for ${left} is left where ${dataDirectory} is`,
        "Make room there; hintd goes on by itself",
      ),
    );
  } else if (room !== undefined) {
    findings.push(ok("disk", `${Math.floor(room.bytes / MEBIBYTE)} MiB left where ${dataDirectory} is`));
  }
  const database = join(dataDirectory, "hintd.sqlite");
  // While hintd runs, the file is its own; it checks it at every start.
  if (running === undefined && machine.modeOf(database) !== undefined) {
    const trouble = machine.databaseTrouble(database);
    findings.push(
      trouble === undefined ? ok("database", "sound") : problem(
        "database",
        `${database}: ${trouble}`,
        "A damaged one is set aside at the next start, and hintd begins anew",
      ),
    );
  }
  return findings;
}

/** Who may read and write what. */
export function checkPermissions({ machine, configFile, config, dataDirectory, running }: Subject): Finding[] {
  const findings: Finding[] = [];
  const hasPasswords = Object.values(config.endpoints).some(({ auth }) => auth !== undefined);
  const file = machine.modeOf(configFile);
  if (file !== undefined && (file.mode & 0o004) !== 0 && hasPasswords) {
    findings.push(
      warning(
        "permissions",
        `Everybody on this machine can read the passwords in ${configFile}`,
        `chmod o-r ${configFile}`,
      ),
    );
  }
  const data = machine.modeOf(dataDirectory);
  if (data !== undefined && (data.mode & 0o007) !== 0) {
    findings.push(
      warning(
        "permissions",
        `Everybody on this machine can look into ${dataDirectory}`,
        `chmod o-rwx ${dataDirectory}`,
      ),
    );
  }
  if (running === undefined && data !== undefined && machine.userId !== 0 && !machine.mayWrite(dataDirectory)) {
    findings.push(
      problem(
        "permissions",
        `${dataDirectory} cannot be written by whoever asks`,
        "Run this as the user that hintd runs as",
      ),
    );
  }
  const socket = machine.modeOf(join(dataDirectory, "control.sock"));
  if (running !== undefined && socket?.userId === 0) {
    findings.push(warning("permissions", "hintd runs as root, and needs not", "hintd service install"));
  }
  return findings.length > 0 ? findings : [ok("permissions", "as they should be")];
}

/** What the kernel gives and takes away. */
export function checkKernel(subject: Subject): Finding[] {
  const { machine, running } = subject;
  const findings: Finding[] = [];
  const ceiling = Number(machine.read("/proc/sys/net/core/rmem_max") ?? NaN);
  if (ceiling < RECEIVE_BUFFER_BYTES / 2) {
    findings.push(
      warning(
        "kernel",
        `Receive buffers may hold ${ceiling} bytes: a storm of answers may overflow them`,
        `sudo sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}; in /etc/sysctl.d to keep it`,
      ),
    );
  }
  const ports = new Set(
    listenersOf(subject).filter(({ transport }) => transport === "udp")
      .map(({ port }) => port.toString(16).toUpperCase().padStart(4, "0")),
  );
  const dropped = ["udp", "udp6"].flatMap((table) => (machine.read(`/proc/net/${table}`) ?? "").split("\n"))
    .map((line) => line.trim().split(/\s+/)).filter((fields) => ports.has(fields[1]?.split(":")[1] ?? ""))
    .reduce((sum, fields) => sum + Number(fields[12] ?? 0), 0);
  if (running !== undefined && dropped > 0) {
    findings.push(
      warning("kernel", `The kernel has thrown away ${dropped} datagrams that came faster than they were read`),
    );
  }
  return findings.length > 0 ? findings : [ok("kernel", "gives what is needed")];
}
