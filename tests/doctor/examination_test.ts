/** Every check of the examination, on a machine that answers as it is told. */
import { describe, expect, test } from "bun:test";
import { examine } from "../../lib/doctor/examination.ts";
import type { FileFacts, Machine } from "../../lib/doctor/machine.ts";
import type { Subject } from "../../lib/doctor/subject.ts";
import { configOf } from "../support/site.ts";
import { DATA, FILE, findingsOf, machine, NOW, office, registering, runs, stopped, troubles } from "./healthy.ts";

const file = (path: string, text: string): Partial<Machine> => ({ read: (asked) => asked === path ? text : undefined });
const command = (name: string, text: string): Partial<Machine> => ({
  run: (asked) => Promise.resolve(asked === name ? text : undefined),
});
const modes = (of: Readonly<Record<string, Partial<FileFacts>>>): Partial<Machine> => ({
  factsOf: (path) =>
    of[path] === undefined ? undefined : { mode: 0o600, userId: 900, groupId: 900, changedAt: 0, ...of[path] },
});
const service = { service: { name: "hintd", userId: 900, groupId: 900 } };
const tcp = office.replace('"udp"', '"tcp"');
const withContact = office.replace("[contexts", 'contact = ["sip:alice@phone.example"]\n[contexts');
const contact = (uri: string) => runs({ contacts: [{ endpoint: "alice", uri }] });
/** A socket at port 5060 of all addresses, as the kernel lists it. */
const socket = (drops = 0, state = "07") =>
  `  sl\n  77: 00000000:13C4 00000000:0000 ${state} 0:0 00:0 0 0 0 4711 2 0 ${drops}\n`;

test("a machine on which all is well has nothing but what is ok", async () => {
  expect(await findingsOf()).toEqual([
    `ok config: ${FILE} is right`,
    "ok hintd: 1.0.0 has been running for 3 h",
    "ok port: udp 0.0.0.0:5060 answers",
    "ok port: page http://127.0.0.1:8080 answers",
    "ok firewall: cannot be told: no tool that lists its rules",
    "ok clock: kept right by a time server",
    'ok DNS: this machine is "appliance"',
    "ok NAT: this machine is 192.168.1.5",
    `ok disk: 9536 MiB left where ${DATA} is`,
    "ok permissions: as they should be",
    "ok kernel: receive buffers of up to 212992 bytes",
  ]);
});

test("a machine on which hintd does not run, and could", async () => {
  expect(await findingsOf(office, {}, stopped)).toEqual(
    expect.arrayContaining([
      "warning hintd: It is not running",
      "ok port: udp 0.0.0.0:5060 is free",
      "ok port: page http://127.0.0.1:8080 is free",
      "ok database: sound, 40 KiB",
    ]),
  );
});

type Row = [title: string, toml: string, machine: Partial<Machine>, subject: Partial<Subject>, expected: string];

describe("hintd and its configuration", () => {
  test.each<Row>([
    [
      "a mistake in the configuration",
      office,
      {},
      { errors: ["config.toml:3:1: odd"] },
      "problem config: config.toml:3:1: odd",
    ],
    [
      "a warning of the configuration",
      office,
      {},
      { warnings: ["config.toml:3:1: odd"] },
      "warning config: config.toml:3:1: odd",
    ],
    [
      "a service that does not run",
      office,
      {},
      { ...stopped, ...service },
      "problem hintd: The service is not running",
    ],
    [
      "a hintd that hangs",
      office,
      {},
      { hintd: { state: "silent", why: "It is silent" } },
      "problem hintd: It is silent",
    ],
    [
      "a hintd of somebody else's",
      office,
      {},
      { hintd: { state: "closed", why: "No permission" } },
      "warning hintd: No permission",
    ],
    [
      "another version that runs",
      office,
      {},
      { version: "1.1.0" },
      "warning hintd: 1.0.0 is running, but this program is 1.1.0",
    ],
    [
      "a configuration that was not read again",
      office,
      modes({ [FILE]: { changedAt: NOW } }),
      {},
      `warning hintd: ${FILE} was changed since hintd read it`,
    ],
    [
      "a problem that hintd tells of",
      office,
      {},
      runs({ problems: [{ severity: "error", area: "store", message: "The disk is full", remedy: "" }] }),
      "problem hintd: The disk is full",
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });
});

describe("ports", () => {
  test.each<Row>([
    [
      "no listener",
      office.replace(/\[\[listen\]\][^[]*/, ""),
      {},
      {},
      "problem port: No [[listen]]: no phone can reach hintd",
    ],
    [
      "a listener that is silent",
      office,
      { options: () => Promise.resolve(undefined) },
      {},
      "problem port: udp 0.0.0.0:5060 does not answer",
    ],
    [
      "a stranger on the port",
      office,
      { options: () => Promise.resolve("SIP/2.0 404 Not Found") },
      {},
      'problem port: udp 0.0.0.0:5060 answers "SIP/2.0 404 Not Found"',
    ],
    [
      "a page that is silent",
      office,
      { page: () => Promise.resolve(undefined) },
      {},
      "problem port: page http://127.0.0.1:8080 does not answer",
    ],
    [
      "a port that may not be had",
      office,
      { tryBind: () => Promise.resolve("denied") },
      stopped,
      "problem port: udp 0.0.0.0:5060 is not permitted to whoever asks",
    ],
    [
      "an address of another machine",
      office,
      { tryBind: () => Promise.resolve("no such address") },
      stopped,
      "problem port: udp 0.0.0.0:5060: this machine has no such address",
    ],
    [
      "a listener that no phone can reach",
      office.replace("0.0.0.0", "127.0.0.1"),
      {},
      {},
      "warning port: hintd listens on this machine only: no phone can reach it",
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  /** A machine where process 42 holds the socket that `text` lists. */
  const holding = (table: string, text: string): Partial<Machine> => ({
    tryBind: ({ port }) => Promise.resolve(port === 5060 ? "taken" : "free"),
    read: (path) => path === `/proc/net/${table}` ? text : path === "/proc/42/comm" ? "asterisk\n" : undefined,
    names: (path) => path === "/proc" ? ["1", "42", "self"] : path === "/proc/42/fd" ? ["3", "4"] : [],
    linkOf: (path) => path === "/proc/42/fd/4" ? "socket:[4711]" : "socket:[1]",
  });

  test.each([
    ["by UDP", office, holding("udp", socket()), "udp 0.0.0.0:5060 is taken by asterisk (pid 42)"],
    [
      "for all addresses of both families",
      office,
      holding("udp6", socket()),
      "udp 0.0.0.0:5060 is taken by asterisk (pid 42)",
    ],
    ["by TCP", tcp, holding("tcp", socket(0, "0A")), "tcp 0.0.0.0:5060 is taken by asterisk (pid 42)"],
    [
      "but not by a connection from that port",
      tcp,
      holding("tcp", socket(0, "01")),
      "tcp 0.0.0.0:5060 is taken by another program",
    ],
    [
      "but not at another address",
      office.replace("0.0.0.0", "192.168.1.5"),
      holding("udp", socket().replace("00000000:13C4", "0100007F:13C4")),
      "udp 192.168.1.5:5060 is taken by another program",
    ],
    [
      "at that address",
      office.replace("0.0.0.0", "192.168.1.5"),
      holding("udp", socket().replace("00000000:13C4", "0501A8C0:13C4")),
      "udp 192.168.1.5:5060 is taken by asterisk (pid 42)",
    ],
  ])("who holds a port, %s", async (_, toml, changes, expected) => {
    expect(await troubles(toml, changes, stopped)).toContain(`problem port: ${expected}`);
  });
});

describe("firewall", () => {
  const shut = (name: string) => `warning firewall: ${name} may keep phones from udp port 5060: no rule lets them in`;
  const strict = "table inet filter {\n chain input {\n type filter hook input priority 0; policy drop;\n";
  const ufw =
    "Status: active\nDefault: deny (incoming), allow (outgoing)\n\nTo      Action      From\n--      ------      ----\n";
  const zone = "public (active)\n  target: default\n  interfaces: eth0\n  services: ssh\n";
  test.each<[string, string, string, string]>([
    ["nft without a rule", "nft", `${strict} tcp dport 22 accept\n}\n}`, shut("The firewall")],
    ["ufw without a rule", "ufw", `${ufw}22/tcp ALLOW IN    Anywhere\n`, shut("ufw")],
    ["ufw with a rule that refuses", "ufw", `${ufw}5060/udp DENY IN    Anywhere\n`, shut("ufw")],
    [
      "ufw with a rule",
      "ufw",
      `${ufw}5060:5070/udp ALLOW IN    192.168.1.0/24\n`,
      "ok firewall: ufw lets phones in, as far as can be told",
    ],
    [
      "ufw with a profile",
      "ufw",
      `${ufw}Asterisk ALLOW IN    Anywhere\n`,
      "ok firewall: ufw has rules that may let phones in; whether they do cannot be told",
    ],
    ["firewalld without a rule", "firewall-cmd", `${zone}  ports: 5060/tcp\n`, shut("firewalld")],
    [
      "firewalld with a port",
      "firewall-cmd",
      `${zone}  ports: 8080/tcp 5060/udp\n`,
      "ok firewall: firewalld lets phones in, as far as can be told",
    ],
    [
      "firewalld with a service",
      "firewall-cmd",
      `${zone.replace("ssh", "ssh sip")}  ports:\n`,
      "ok firewall: firewalld lets phones in, as far as can be told",
    ],
    ["no rules at all", "nft", "", "ok firewall: The firewall lets phones in, as far as can be told"],
  ])("%s", async (_, name, text, expected) => {
    expect(await findingsOf(office, command(name, text))).toContain(expected);
  });

  test("whoever is not root is told who may look", async () => {
    expect(await findingsOf(office, { userId: 1_000 })).toContain("ok firewall: `sudo hintd doctor` can look at it");
  });

  test("the kernel's SIP helper", async () => {
    const loaded = file(
      "/proc/modules",
      "nf_nat 57344 1 nf_nat_sip, Live 0x0\nnf_conntrack_sip 36864 1 nf_nat_sip, Live 0x0\n",
    );
    expect(await troubles(office, loaded)).toContain(
      "warning firewall: The kernel's SIP helper (nf_conntrack_sip) is loaded: it may rewrite what phones say",
    );
  });
});

describe("clock and names", () => {
  test.each<Row>([
    [
      "a clock that stands",
      office,
      { now: () => 0 },
      {},
      "problem clock: The clock is wrong: it is older than this program",
    ],
    [
      "a clock alone",
      office,
      command("timedatectl", "no\n"),
      {},
      "warning clock: No time server keeps the clock right",
    ],
    [
      "a name that nobody knows",
      withContact,
      { resolveSip: () => Promise.resolve("there is no such name") },
      {},
      'problem DNS: "phone.example" leads nowhere: there is no such name',
    ],
    [
      "a resolver that dawdles",
      withContact,
      { resolveSip: () => Promise.resolve({ addresses: ["203.0.113.9"], millis: 1_500 }) },
      {},
      'warning DNS: "phone.example" is 203.0.113.9, which took 1500 ms',
    ],
    [
      "an external address that nobody knows",
      office.replace("[endpoints", 'external_address = "pbx.example:5070"\n[endpoints'),
      {
        resolve: (name) => Promise.resolve(name === "pbx.example" ? "no answer in 3 s" : { addresses: [], millis: 0 }),
      },
      {},
      'problem DNS: "pbx.example" leads nowhere: no answer in 3 s',
    ],
    [
      "a machine that does not know itself",
      office,
      { resolve: () => Promise.resolve("there is no such name") },
      {},
      'warning DNS: This machine does not know its own name, "appliance"',
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test("a clock of which nothing is known is plausible", async () => {
    expect(await findingsOf(office, { run: () => Promise.resolve(undefined) })).toContain(
      "ok clock: plausible; whether a time server keeps it right cannot be told",
    );
  });

  test("addresses need no resolver", async () => {
    const resolve = () => Promise.resolve("asked all the same");
    const toml = withContact.replace("phone.example", "[2001:db8::1]:5070").replace(
      "[endpoints",
      'external_address = "203.0.113.7:5070"\n[endpoints',
    );
    const asked = await troubles(toml, { resolveSip: resolve, resolve });
    expect(asked.filter((each) => each.startsWith("problem DNS"))).toEqual([]);
  });
});

describe("NAT", () => {
  const silent = office.replace("[contexts", "qualify_frequency = 0\n[contexts");
  const asTold = office.replace("[contexts", "rewrite_contact = false\n[contexts");
  const outside = "warning NAT: alice is at 203.0.113.9, outside, but this machine has private addresses only";
  test.each<Row>([
    [
      "an outside address that is inside",
      office.replace("[endpoints", 'external_address = "192.168.7.1:5060"\n[endpoints'),
      {},
      {},
      'warning NAT: external_address "192.168.7.1:5060" of "udp 0.0.0.0:5060" is a private address: phones outside cannot reach it',
    ],
    ["a registered phone outside, and nobody who says so", office, {}, contact("sip:alice@203.0.113.9:5060"), outside],
    ["a permanent one", withContact.replace("phone.example", "203.0.113.9"), {}, stopped, outside],
    [
      "a phone outside by IPv4, and an address outside by IPv6 only",
      office,
      { addresses: () => ["10.0.0.5", "2001:db8::5"] },
      contact("sip:alice@203.0.113.9"),
      outside,
    ],
    [
      "a way that closes",
      silent,
      {},
      runs({ messages: [registering("10.0.0.7:5060")] }),
      "warning NAT: alice is behind a router at 203.0.113.9, and nothing keeps its router from forgetting the way back",
    ],
    [
      "a way that leads nowhere",
      asTold,
      {},
      runs({ messages: [registering("10.0.0.7:5060")] }),
      "warning NAT: alice is behind a router at 203.0.113.9, and requests to it go to an address that only its own network knows",
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test.each<[string, string, Partial<Machine>, Partial<Subject>]>([
    [
      "a phone outside, and a machine outside",
      office,
      { addresses: () => ["198.51.100.1"] },
      contact("sip:alice@203.0.113.9"),
    ],
    ["a phone that is where it says", silent, {}, runs({ messages: [registering("203.0.113.9:5060")] })],
    ["a phone that has a name", silent, {}, runs({ messages: [registering("phone.local")] })],
    ["a phone behind a router whose way is kept", office, {}, runs({ messages: [registering("10.0.0.7")] })],
    [
      "somebody who is no endpoint",
      silent.replace("alice]", "bob]"),
      {},
      runs({ messages: [registering("10.0.0.7")] }),
    ],
    [
      "a name that only looks private",
      office.replace("[endpoints", 'external_address = "fd.example"\n[endpoints'),
      {},
      {},
    ],
  ])("nothing is said of %s", async (_, toml, changes, more) => {
    expect((await troubles(toml, changes, more)).filter((each) => each.includes("NAT"))).toEqual([]);
  });
});

describe("disk", () => {
  const room = (bytes: number, files: number): Partial<Machine> => ({ roomAt: () => ({ bytes, files }) });
  const found = (inspection: ReturnType<Machine["inspectDatabase"]>): Partial<Machine> => ({
    inspectDatabase: () => inspection,
  });
  test.each<Row>([
    ["nearly full", office, room(20 * 1_048_576, 1e5), {}, `warning disk: Room for 20 MiB is left where ${DATA} is`],
    ["full", office, room(0, 1e5), {}, `problem disk: Room for 0 MiB is left where ${DATA} is`],
    [
      "short of inodes",
      office,
      room(1e10, 9),
      {},
      `warning disk: Room for 9 more files (inodes) is left where ${DATA} is`,
    ],
    [
      "a damaged database",
      office,
      found({ kind: "damaged", reason: "malformed" }),
      stopped,
      `problem database: ${DATA}/hintd.sqlite is damaged: malformed`,
    ],
    [
      "a database of a newer hintd",
      office,
      found({ kind: "newer" }),
      stopped,
      `problem database: ${DATA}/hintd.sqlite was written by a newer hintd`,
    ],
    [
      "a database that is hidden",
      office,
      found({ kind: "unreadable", reason: "EACCES" }),
      stopped,
      `warning database: ${DATA}/hintd.sqlite cannot be looked at: EACCES`,
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test("the database of a hintd that runs is left alone", async () => {
    const refuse = () => {
      throw new Error("looked at");
    };
    expect(await troubles(office, { inspectDatabase: refuse })).toEqual([]);
  });
});

describe("permissions", () => {
  const socketFile = `${DATA}/control.sock`;
  const database = `${DATA}/hintd.sqlite`;
  test.each<Row>([
    [
      "passwords for everybody",
      office,
      modes({ [FILE]: { mode: 0o644 } }),
      {},
      `warning permissions: Everybody on this machine can read the passwords in ${FILE}`,
    ],
    [
      "states for everybody",
      office,
      modes({ [DATA]: { mode: 0o755 } }),
      {},
      `warning permissions: Everybody on this machine can look into ${DATA}`,
    ],
    [
      "commands from everybody",
      office,
      modes({ [socketFile]: { mode: 0o666 } }),
      {},
      `warning permissions: Others than hintd's own user may command it by ${socketFile}`,
    ],
    [
      "a hintd that is root",
      office,
      modes({ [socketFile]: { userId: 0 } }),
      {},
      "warning permissions: hintd runs as root, and needs not",
    ],
    [
      "files of root, left by a start by hand",
      office,
      modes({ [DATA]: {}, [database]: { userId: 0 } }),
      { ...stopped, ...service },
      `problem permissions: ${database} belongs to "0", and hintd, as "hintd", cannot write it`,
    ],
    [
      "a directory of somebody else's",
      office,
      { userId: 1_000, ...modes({ [DATA]: {} }) },
      stopped,
      `problem permissions: ${DATA} belongs to "900", and hintd, as "1000", cannot write it`,
    ],
    [
      "a configuration that the service cannot read",
      office,
      modes({ [FILE]: { mode: 0o600, userId: 0, groupId: 0 } }),
      service,
      `problem permissions: The service, user "hintd", cannot read ${FILE}`,
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test.each<[string, Partial<Machine>, Partial<Subject>]>([
    ["a configuration for everybody without secrets", modes({ [FILE]: { mode: 0o644 } }), { hasSecrets: false }],
    ["a configuration that the service reads by its group", modes({ [FILE]: { mode: 0o640, userId: 0 } }), service],
    [
      "what belongs to another user's hintd, to whoever may not speak to it",
      { userId: 1_000, ...modes({ [DATA]: { mode: 0o700 } }) },
      { hintd: { state: "closed", why: "" } },
    ],
  ])("nothing is said of %s", async (_, changes, more) => {
    expect((await troubles(office, changes, more)).filter((each) => each.includes("permissions"))).toEqual([]);
  });
});

describe("kernel", () => {
  const limit = (files: number): Partial<Machine> => ({
    read: (path) =>
      path === "/proc/net/tcp"
        ? socket(0, "0A")
        : path === "/proc/7/limits"
        ? `Max open files            ${files}                 524288               files\n`
        : undefined,
    names: (path) => path === "/proc" ? ["7"] : path === "/proc/7/fd" ? ["3"] : [],
    linkOf: () => "socket:[4711]",
  });
  const crowd = tcp.replace("[contexts", "max_contacts = 100\n[contexts");
  test.each<Row>([
    [
      "small buffers",
      office,
      file("/proc/sys/net/core/rmem_max", "65536"),
      {},
      "warning kernel: Receive buffers may hold 65536 bytes only: answers of many phones do not fit",
    ],
    [
      "datagrams thrown away",
      office,
      file("/proc/net/udp", socket(12)),
      {},
      "warning kernel: The kernel has thrown away 12 datagrams that hintd did not read in time",
    ],
    [
      "too few files for phones by TCP",
      crowd,
      limit(200),
      {},
      "warning kernel: hintd may open 200 files, but 100 phones may come by TCP",
    ],
  ])("%s", async (_, toml, changes, more, expected) => {
    expect(await troubles(toml, changes, more)).toContain(expected);
  });

  test("enough files are enough", async () => {
    expect(await troubles(crowd, limit(1_024))).toEqual([]);
  });
});

test("every problem says what to do", async () => {
  const findings = await examine({
    machine: machine({
      tryBind: () => Promise.resolve("denied"),
      now: () => 0,
      roomAt: () => ({ bytes: 0, files: 0 }),
      inspectDatabase: () => ({ kind: "damaged", reason: "cut" }),
      resolveSip: () => Promise.resolve("there is no such name"),
      resolve: () => Promise.resolve("there is no such name"),
      ...modes({ [DATA]: { userId: 1 }, [FILE]: { mode: 0, userId: 0, groupId: 0 } }),
    }),
    configFile: FILE,
    config: await configOf(withContact),
    errors: [],
    warnings: [],
    hasSecrets: true,
    dataDirectory: DATA,
    version: "1.0.0",
    builtAt: NOW,
    ...service,
    ...stopped,
  });
  const problems = findings.filter(({ level }) => level === "problem");
  expect(problems.length).toBeGreaterThan(7);
  expect(problems.filter(({ advice }) => advice === "")).toEqual([]);
});
