/** A machine and an office on which all is well, for tests that change one thing. */
import { examine } from "../../lib/doctor/examination.ts";
import type { Machine } from "../../lib/doctor/machine.ts";
import type { Message, Running, Subject } from "../../lib/doctor/subject.ts";
import { configOf } from "../support/site.ts";

export const DATA = "/var/lib/hintd";
export const FILE = "/etc/hintd/config.toml";
export const NOW = 1_800_000_000_000;

const facts = (mode: number, changedAt = NOW - 2_000) => ({ mode, userId: 900, groupId: 900, changedAt });

/** A machine on which all is well. */
export function machine(changes: Partial<Machine> = {}): Machine {
  return {
    userId: 0,
    hostName: "appliance",
    now: () => NOW,
    read: (path) => path === "/proc/sys/net/core/rmem_max" ? "212992\n" : undefined,
    names: () => [],
    linkOf: () => undefined,
    factsOf: (path) => path === FILE ? facts(0o640) : path === DATA ? facts(0o700) : undefined,
    roomAt: () => ({ bytes: 10_000_000_000, files: 100_000 }),
    run: (command) => Promise.resolve(command === "timedatectl" ? "yes\n" : undefined),
    addresses: () => ["192.168.1.5"],
    tryBind: () => Promise.resolve("free"),
    options: () => Promise.resolve("SIP/2.0 200 OK"),
    page: () => Promise.resolve("HTTP/1.1 200 OK"),
    resolve: () => Promise.resolve({ addresses: ["203.0.113.9"], millis: 3 }),
    resolveSip: () => Promise.resolve({ addresses: ["203.0.113.9"], millis: 3 }),
    inspectDatabase: () => ({ kind: "sound", bytes: 40_960 }),
    ...changes,
  };
}

/** An office of one phone. */
export const office = `
[[listen]]
transport = "udp"
bind = "0.0.0.0:5060"
[endpoints.alice]
auth = { username = "alice", password = "a long password" }
[contexts.default.hints]
1000 = "PJSIP/alice"
`;

/** A hintd that runs, with changes. */
export function runs(changes: Partial<Running> = {}): Pick<Subject, "hintd"> {
  const running: Running = {
    version: "1.0.0",
    upFor: "3 h",
    configLoadedAt: NOW - 1_000,
    problems: [],
    contacts: [],
    messages: [],
    ...changes,
  };
  return { hintd: { state: "runs", running } };
}

/** A hintd that does not run. */
export const stopped: Pick<Subject, "hintd"> = { hintd: { state: "stopped" } };

/** A REGISTER of alice whose Contact says `told`, from `remote`. */
export function registering(told: string, remote = "203.0.113.9:40000"): Message {
  const text = `REGISTER sip:hintd SIP/2.0\r\nContact: <sip:alice@${told}>;expires=60\r\n\r\n`;
  return { is_sent: false, status: null, from: "alice", remote, text };
}

/** What is not ok, as `level topic: text`. */
export async function troubles(
  toml = office,
  changes: Partial<Machine> = {},
  more: Partial<Subject> = {},
): Promise<string[]> {
  return (await findingsOf(toml, changes, more)).filter((line) => !line.startsWith("ok "));
}

/** What an examination finds, as `level topic: text`. */
export async function findingsOf(
  toml = office,
  changes: Partial<Machine> = {},
  more: Partial<Subject> = {},
): Promise<string[]> {
  const findings = await examine({
    machine: machine(changes),
    configFile: FILE,
    config: await configOf(toml),
    errors: [],
    warnings: [],
    hasSecrets: true,
    dataDirectory: DATA,
    version: "1.0.0",
    builtAt: NOW - 1_000,
    service: undefined,
    ...runs(),
    ...more,
  });
  return findings.map(({ level, topic, text }) => `${level} ${topic}: ${text}`);
}
