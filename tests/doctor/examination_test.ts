/** Every check of the examination, on a machine that answers as it is told. */
import { describe, expect, test } from "bun:test";
import { examine } from "../../lib/doctor/examination.ts";
import type { Machine } from "../../lib/doctor/machine.ts";
import type { Running, Subject } from "../../lib/doctor/subject.ts";
import { configOf } from "../support/site.ts";

const DATA = "/var/lib/hintd";
const FILE = "/etc/hintd/config.toml";
const NOW = 1_800_000_000_000;

/** A machine on which all is well. */
function machine(changes: Partial<Machine> = {}): Machine {
  return {
    userId: 0,
    now: () => NOW,
    read: (path) => path === "/proc/sys/net/core/rmem_max" ? "2097152\n" : undefined,
    names: () => [],
    linkOf: () => undefined,
    modeOf: (path) =>
      path === FILE ? { mode: 0o600, userId: 900 } : path === DATA ? { mode: 0o700, userId: 900 } : undefined,
    mayWrite: () => true,
    roomAt: () => ({ bytes: 10_000_000_000, files: 100_000 }),
    run: (command) => command === "timedatectl" ? { exitCode: 0, text: "yes\n" } : undefined,
    addresses: () => ["192.168.1.5"],
    tryBind: () => Promise.resolve("free"),
    options: () => Promise.resolve("SIP/2.0 200 OK"),
    resolve: () => Promise.resolve({ addresses: ["203.0.113.9"], millis: 3 }),
    databaseTrouble: () => undefined,
    ...changes,
  };
}

const config = `
[[listen]]
transport = "udp"
bind = "0.0.0.0:5060"
[endpoints.alice]
auth = { username = "alice", password = "a long password" }
[contexts.default.hints]
1000 = "PJSIP/alice"
`;

const running: Running = { version: "1.0.0", uptimeSeconds: 600, problems: [], contacts: [] };

/** Findings that are not ok, as `level topic: text`. */
async function troubles(toml = config, changes: Partial<Machine> = {}, more: Partial<Subject> = {}): Promise<string[]> {
  const findings = await examine({
    machine: machine(changes),
    configFile: FILE,
    config: await configOf(toml),
    warnings: [],
    dataDirectory: DATA,
    version: "1.0.0",
    builtAt: NOW - 1_000,
    running,
    ...more,
  });
  return findings.filter(({ level }) => level !== "ok").map(({ level, topic, text }) => `${level} ${topic}: ${text}`);
}

const file = (path: string, text: string): Partial<Machine> => ({ read: (asked) => asked === path ? text : undefined });
const command = (name: string, text: string): Partial<Machine> => ({
  run: (asked) => asked === name ? { exitCode: 0, text } : undefined,
});
const stopped = { running: undefined };
const contact = (uri: string, endpoint = "alice") => ({
  running: { ...running, contacts: [{ endpoint, uri, status: "reachable" }] },
});

test("a machine on which all is well has nothing but what is ok", async () => {
  expect(await troubles()).toEqual([]);
});

describe("what is found", () => {
  test.each<[string, string, Partial<Machine>, Partial<Subject>, string]>([
    ["hintd is not running", config, {}, stopped, "warning hintd: It is not running"],
    ["another version runs", config, {}, { version: "1.1.0" }, "warning hintd: 1.0.0 runs, but this is 1.1.0"],
    [
      "hintd's own problems",
      config,
      {},
      {
        running: {
          ...running,
          problems: [{ severity: "error", area: "store", message: "the disk is full", remedy: "" }],
        },
      },
      "problem hintd: the disk is full",
    ],
    [
      "warnings of the configuration",
      config,
      {},
      { warnings: ["config.toml:3:1: odd"] },
      "warning config: config.toml:3:1: odd",
    ],
    [
      "no listener",
      config.replace(/\[\[listen\]\][^[]*/, ""),
      {},
      {},
      "problem ports: No [[listen]]: no phone can reach hintd",
    ],
    [
      "a listener that is silent",
      config,
      { options: () => Promise.resolve(undefined) },
      {},
      "problem port: udp 0.0.0.0:5060 does not answer",
    ],
    [
      "a stranger on the port",
      config,
      { options: () => Promise.resolve("SIP/2.0 404 Not Found") },
      {},
      'problem port: udp 0.0.0.0:5060 answers "SIP/2.0 404 Not Found"',
    ],
    [
      "a port that may not be had",
      config,
      { tryBind: () => Promise.resolve("denied") },
      stopped,
      "problem port: udp 0.0.0.0:5060 is not permitted",
    ],
    [
      "an address of another machine",
      config,
      { tryBind: () => Promise.resolve("no such address") },
      stopped,
      "problem port: udp 0.0.0.0:5060: this machine has no such address",
    ],
    [
      "a listener that no phone can reach",
      config.replace("0.0.0.0", "127.0.0.1"),
      {},
      {},
      "warning ports: hintd listens on this machine only: no phone can reach it",
    ],
    [
      "a strict nftables without a rule",
      config,
      command("nft", "chain input {\n type filter hook input priority 0; policy drop;\n tcp dport 22 accept\n}"),
      {},
      "warning firewall: The firewall of this machine has no rule that lets phones in at port 5060",
    ],
    [
      "a strict iptables without a rule",
      config,
      command("iptables-save", ":INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"),
      {},
      "warning firewall: The firewall of this machine has no rule that lets phones in at port 5060",
    ],
    [
      "the kernel's SIP helper",
      config,
      file("/proc/modules", "nf_conntrack_sip 36864 1 nf_nat_sip, Live 0x0\n"),
      {},
      "warning firewall: The kernel's SIP helper is loaded: it may rewrite what phones say",
    ],
    [
      "a clock that stands",
      config,
      { now: () => 0 },
      {},
      "problem clock: The clock is wrong: it is older than this program",
    ],
    [
      "a clock alone",
      config,
      command("timedatectl", "no\n"),
      {},
      "warning clock: No time server keeps the clock right",
    ],
    [
      "a name that nobody knows",
      config.replace("[contexts", 'contact = ["sip:alice@phone.example"]\n[contexts'),
      { resolve: () => Promise.resolve("ENOTFOUND") },
      {},
      'problem DNS: "phone.example" is not known: ENOTFOUND',
    ],
    [
      "a resolver that dawdles",
      config.replace("[contexts", 'contact = ["sip:alice@phone.example"]\n[contexts'),
      { resolve: () => Promise.resolve({ addresses: ["203.0.113.9"], millis: 5_000 }) },
      {},
      'warning DNS: "phone.example" is 203.0.113.9, which took 5000 ms to learn',
    ],
    [
      "an outside address that is inside",
      config.replace("[endpoints", 'external_address = "192.168.7.1"\n[endpoints'),
      {},
      {},
      'warning NAT: external_address "192.168.7.1" of udp 0.0.0.0:5060 is a private address: phones outside cannot reach it',
    ],
    [
      "a phone outside, and nobody who says so",
      config,
      {},
      contact("sip:alice@203.0.113.9:5060"),
      "warning NAT: alice is at 203.0.113.9, outside, but this machine has private addresses only",
    ],
    [
      "a way that closes",
      config.replace("[contexts", "qualify_frequency = 0\n[contexts"),
      { addresses: () => ["198.51.100.1"] },
      contact("sip:alice@203.0.113.9:5060"),
      "warning NAT: alice is outside, and nothing keeps the way to it open",
    ],
    [
      "a disk that is nearly full",
      config,
      { roomAt: () => ({ bytes: 20 * 1_048_576, files: 100_000 }) },
      {},
      `warning disk: Room for 20 MiB is left where ${DATA} is`,
    ],
    [
      "a disk that is full",
      config,
      { roomAt: () => ({ bytes: 0, files: 9 }) },
      {},
      `problem disk: Room for 0 MiB is left where ${DATA} is`,
    ],
    [
      "no room for files",
      config,
      { roomAt: () => ({ bytes: 1e10, files: 9 }) },
      {},
      `warning disk: Room for 9 files is left where ${DATA} is`,
    ],
    [
      "a damaged database",
      config,
      { modeOf: () => ({ mode: 0o600, userId: 900 }), databaseTrouble: () => "malformed" },
      stopped,
      `problem database: ${DATA}/hintd.sqlite: malformed`,
    ],
    [
      "passwords for everybody",
      config,
      { modeOf: (path) => ({ mode: path === FILE ? 0o644 : 0o700, userId: 900 }) },
      {},
      `warning permissions: Everybody on this machine can read the passwords in ${FILE}`,
    ],
    [
      "states for everybody",
      config,
      { modeOf: () => ({ mode: 0o755, userId: 900 }) },
      {},
      `warning permissions: Everybody on this machine can look into ${DATA}`,
    ],
    [
      "a directory of somebody else's",
      config,
      { userId: 1_000, mayWrite: () => false },
      stopped,
      `problem permissions: ${DATA} cannot be written by whoever asks`,
    ],
    [
      "a hintd that is root",
      config,
      { modeOf: () => ({ mode: 0o600, userId: 0 }) },
      {},
      "warning permissions: hintd runs as root, and needs not",
    ],
    [
      "small buffers",
      config,
      file("/proc/sys/net/core/rmem_max", "212992"),
      {},
      "warning kernel: Receive buffers may hold 212992 bytes: a storm of answers may overflow them",
    ],
    [
      "datagrams thrown away",
      config,
      file("/proc/net/udp", "  sl\n  77: 00000000:13C4 00000000:0000 07 0:0 00:0 0 0 0 123 2 0 12\n"),
      {},
      "warning kernel: The kernel has thrown away 12 datagrams that came faster than they were read",
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test("who holds a port", async () => {
    const holder: Partial<Machine> = {
      tryBind: () => Promise.resolve("taken"),
      read: (path) =>
        path === "/proc/net/udp"
          ? "  77: 00000000:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0\n"
          : path === "/proc/42/comm"
          ? "asterisk\n"
          : undefined,
      names: (path) => path === "/proc" ? ["1", "42", "self"] : path === "/proc/42/fd" ? ["3", "4"] : [],
      linkOf: (path) => path === "/proc/42/fd/4" ? "socket:[4711]" : "socket:[1]",
    };
    expect(await troubles(config, holder, stopped)).toContain(
      "problem port: udp 0.0.0.0:5060 is taken by asterisk (pid 42)",
    );
  });

  test.each([
    ["nft", "hook input priority 0; policy drop;\n udp dport { 5060, 5061 } accept"],
    ["nft", "hook input priority 0; policy accept;"],
    ["iptables-save", ":INPUT DROP [0:0]\n-A INPUT -p udp -m udp --dport 5060 -j ACCEPT\n"],
  ])("a firewall that lets phones in: %s", async (name, rules) => {
    expect((await troubles(config, command(name, rules))).filter((each) => each.includes("firewall"))).toEqual([]);
  });
});
