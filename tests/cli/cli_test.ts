import { afterAll, beforeAll, beforeEach, describe, expect, it } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataDirOf } from "../../lib/cli/client.ts";
import { HttpServer } from "../../lib/http/server.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { Timers } from "../../lib/runtime/timers.ts";
import { MemoryControls, subscriptionRow } from "../http/memory_controls.ts";
import { MovableClock, officeHints } from "../http/support.ts";

const main = join(import.meta.dir, "../../main.ts");
const directory = mkdtempSync(join(tmpdir(), "hintd-cli-"));
const configFile = join(directory, "config.toml");
const clock = new MovableClock();
let controls: MemoryControls;
let server: HttpServer;

beforeAll(() => {
  mkdirSync(join(directory, "data"));
  writeFileSync(configFile, `[server]\nrealm = "hintd"\ndata_dir = "data"\n\n[endpoints.broken\n`);
});

beforeEach(async () => {
  await server?.stop();
  controls = new MemoryControls(officeHints);
  server = new HttpServer({
    controls,
    clock,
    timers: new Timers(clock, clock),
    entropy: systemEntropy,
    log: silentLog,
    controlSocket: join(directory, "data/control.sock"),
  });
  await server.start({ bind: "127.0.0.1:0", password_hash: "", tokens: [] });
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hintd args…` as a process of its own, in a directory that is not the configuration's. */
async function hintd(args: readonly string[], input = ""): Promise<Outcome> {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: tmpdir(),
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

/** Runs a command that speaks to the running hintd. */
function ask(...args: string[]): Promise<Outcome> {
  return hintd([...args, "-c", configFile]);
}

describe("usage", () => {
  it("prints version, commit and date", async () => {
    for (const args of [["version"], ["--version"]]) {
      const { code, out } = await hintd(args);
      expect(code).toBe(0);
      expect(out).toMatch(/^hintd \S+ \(commit \S+, \S+\)\n$/);
    }
  });

  it("lists the commands with --help and exits 0", async () => {
    const { code, out } = await hintd(["--help"]);
    expect(code).toBe(0);
    for (const name of ["run", "check", "status", "hints", "devstate", "presencestate", "explain", "reload"]) {
      expect(out).toContain(`  ${name}`);
    }
  });

  const wrong = [["nonsense"], ["run", "extra"], ["devstate", "set", "Custom:a"], ["hints", "--jsn"], ["devstate"], [
    "explain",
  ]];
  for (const args of wrong) {
    it(`exits 2 for hintd ${args.join(" ")}`, async () => {
      const { code, err } = await hintd(args);
      expect(code).toBe(2);
      expect(err).not.toBe("");
    });
  }

  it("suggests the command that was meant", async () => {
    expect((await hintd(["stauts"])).err).toContain("status");
  });
});

describe("listings", () => {
  it("show the status with its problems", async () => {
    controls.complain({
      severity: "error",
      area: "event",
      message: "a phone does not answer",
      remedy: "Is it on?",
      where: "192.168.1.20",
      first_at: "2026-01-01T00:00:00.000Z",
      last_at: "2026-01-01T00:00:00.000Z",
      count: 3,
    });
    const { code, out } = await ask("status");
    expect(code).toBe(0);
    expect(out).toStartWith("hintd 1.2.3 (commit 0123abc), up ");
    expect(out).toContain("udp 0.0.0.0:5060, tcp [::]:5060");
    expect(out).toContain("error: a phone does not answer (");
    expect(out).toContain("  Is it on?");
    expect(JSON.parse((await ask("status", "--json")).out)).toMatchObject({
      version: "1.2.3",
      problems: [{ count: 3 }],
    });
  });

  it("align hints in columns", async () => {
    controls.addHint({ exten: "1003", name: "会議室", devices: ["Custom:room"] });
    controls.addHint({ exten: "1004", name: "\u001b[2Jevil\nline", devices: ["Custom:evil"] });
    const { code, out } = await ask("hints");
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(/^EXTEN {2}CONTEXT {2}NAME +STATE/);
    const stateAt = lines[0]!.indexOf("STATE");
    expect(lines[1]!.slice(stateAt)).toStartWith("NOT_INUSE");
    expect(lines[4]!.slice(stateAt - 3)).toStartWith("NOT_INUSE");
    expect(out).not.toContain("\u001b");
  });

  it("print the API's JSON unchanged with --json", async () => {
    controls.subscribe(subscriptionRow({ id: "s1" }));
    expect(JSON.parse((await ask("hints", "--json")).out)).toEqual({
      items: JSON.parse(JSON.stringify(controls.hints())),
    });
    expect(JSON.parse((await ask("subscriptions", "--json")).out)).toEqual({ items: controls.subscriptions() });
    expect(JSON.parse((await ask("devstate", "list", "--json")).out)).toEqual({ items: controls.deviceStates() });
    expect(JSON.parse((await ask("presencestate", "list", "--json")).out)).toEqual({
      items: controls.presenceStates(),
    });
  });

  it("show what became of the last NOTIFY", async () => {
    controls.subscribe(subscriptionRow({ id: "s1", endpoint: "reception" }));
    const { out } = await ask("subscriptions");
    expect(out).toContain("reception");
    expect(out).toContain("200 after 4 ms");
  });

  it("say so when there is nothing", async () => {
    expect((await ask("subscriptions")).out).toBe("No subscriptions\n");
  });
});

describe("states", () => {
  it("are set, listed and unset", async () => {
    expect(await ask("devstate", "set", "Custom:door", "ringing")).toMatchObject({
      code: 0,
      out: "Custom:door is RINGING\n",
    });
    expect(controls.hint("default", "1002")?.state).toBe("RINGING");
    expect((await ask("devstate", "list")).out).toMatch(/Custom:door +RINGING +\d+ s ago +1002@default/);
    expect((await ask("devstate", "unset", "Custom:door")).code).toBe(0);
    expect(controls.devices.size).toBe(0);
  });

  it("take a bare name for a Custom: one", async () => {
    expect((await ask("devstate", "set", "door", "INUSE")).out).toBe("Custom:door is INUSE\n");
    const { out } = await ask("presencestate", "set", "bob", "dnd", "lunch", "back at two");
    expect(out).toBe("CustomPresence:bob is dnd, lunch, back at two\n");
  });

  it("of mailboxes are set, listed and unset", async () => {
    expect((await ask("mailbox", "list")).out).toBe("No mailboxes\n");
    expect((await ask("mailbox", "set", "100@default", "2", "5", "1")).out).toBe("100@default has 2 new and 5 old\n");
    expect((await ask("mailbox", "list")).out).toMatch(/100@default +2 +5 +1\/0 +\d+ s ago/);
    expect(JSON.parse((await ask("mailbox", "list", "--json")).out)).toEqual({ items: controls.mailboxes() });
    expect((await ask("mailbox", "set", "100@default", "0")).out).toBe("100@default has 0 new and 0 old\n");
    expect((await ask("mailbox", "unset", "100@default")).out).toBe("100@default is forgotten\n");
    expect((await ask("mailbox", "unset", "100@default")).code).toBe(1);
    expect(await ask("mailbox", "set", "100", "two")).toMatchObject({
      code: 2,
      err: 'hintd: "two" is no number of messages\n',
    });
  });

  it("that are none exit 2 and name those that are", async () => {
    const { code, err } = await ask("devstate", "set", "door", "sleeping");
    expect(code).toBe(2);
    expect(err).toContain("NOT_INUSE, INUSE, BUSY");
  });

  it("that hintd refuses exit 1 with its reason", async () => {
    const { code, err } = await ask("devstate", "set", "PJSIP/alice", "INUSE");
    expect(code).toBe(1);
    expect(err).toBe(`hintd: Only devices named Custom:… may be written, not "PJSIP/alice"\n`);
    expect((await ask("devstate", "unset", "nobody")).code).toBe(1);
  });
});

describe("explain", () => {
  it("tells the chain from hint to watchers", async () => {
    await controls.setDeviceState("Custom:bob-mobile", "RINGING");
    const { code, out } = await ask("explain", "1001");
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toBe("1001 Bob B: Ringing");
    expect(lines[1]).toStartWith(`  Hint      1001 is "PJSIP/bob&Custom:bob-mobile,CustomPresence:bob"`);
    expect(out).toContain("because of Custom:bob-mobile RINGING");
  });

  it("looks where it is told, and everywhere when it is not", async () => {
    controls.addHint({ context: "sales", exten: "2000", devices: ["Custom:a"] });
    for (const args of [["2000"], ["2000@sales"], ["2000", "--context", "sales"]]) {
      expect((await ask("explain", ...args)).code).toBe(0);
    }
    const { code, err } = await ask("explain", "2000@default");
    expect(code).toBe(1);
    expect(err).toContain(`There is no hint for "2000" in context "default"`);
  });
});

describe("reload", () => {
  it("prints what changed", async () => {
    controls.reloadReport = {
      is_applied: true,
      errors: [],
      warnings: ["config.toml:1:1: hm"],
      changes: ["1 hint added"],
    };
    expect(await ask("reload")).toMatchObject({ code: 0, out: "warning: config.toml:1:1: hm\n1 hint added\n" });
  });

  it("prints every error and exits 2 when the configuration is wrong", async () => {
    controls.reloadReport = { is_applied: false, errors: ["a:1:1: x", "a:2:1: y"], warnings: [], changes: [] };
    const { code, out, err } = await ask("reload");
    expect(code).toBe(2);
    expect(out).toBe("a:1:1: x\na:2:1: y\n");
    expect(err).toContain("the old one stays in force");
  });
});

describe("a hintd that cannot be reached", () => {
  it("is said not to run, in one line", async () => {
    await server.stop();
    const { code, err } = await ask("status");
    expect(code).toBe(1);
    expect(err).toBe(`hintd: It is not running: there is no ${directory}/data/control.sock\n`);
  });

  it("is said not to run when only its socket is left", async () => {
    await server.stop();
    const socket = join(directory, "data/control.sock");
    const script = `require("net").createServer().listen(${
      JSON.stringify(socket)
    }, () => process.kill(process.pid, "SIGKILL"))`;
    Bun.spawnSync([process.execPath, "-e", script]);
    const { code, err } = await ask("status");
    expect(code).toBe(1);
    expect(err).toContain("nothing answers on");
  });

  it("exits 2 when there is no configuration to find it by", async () => {
    const { code, err } = await hintd(["status", "-c", join(directory, "none.toml")]);
    expect(code).toBe(2);
    expect(err).toContain("there is no such file");
  });
});

describe("hash-password", () => {
  it("hashes the first line of a pipe", async () => {
    const { code, out } = await hintd(["hash-password"], "correct horse\nmore\n");
    expect(code).toBe(0);
    expect(await Bun.password.verify("correct horse", out.trim())).toBe(true);
  });

  it("refuses an empty password", async () => {
    expect(await hintd(["hash-password"], "\n")).toMatchObject({ code: 1, out: "" });
  });

  it("makes a token and its hash", async () => {
    const { out } = await hintd(["hash-password", "--token"]);
    const [, token, hash] = /^token {2}(\S+)\nhash {3}SHA-256:([0-9a-f]{64})\n$/.exec(out)!;
    expect(new Bun.CryptoHasher("sha256").update(token!).digest("hex")).toBe(hash!);
  });
});

describe("data_dir", () => {
  const cases: [title: string, text: string, expected: string][] = [
    ["is read from [server]", `[server]\ndata_dir = "/var/lib/hintd"`, "/var/lib/hintd"],
    ["may be a literal string", `[server]\ndata_dir = '/var/lib/hintd' # here`, "/var/lib/hintd"],
    [
      "may follow other keys and comments",
      `# [server]\n[http]\nbind = "x"\n[server]\n# data_dir = "a"\nrealm = "b"\ndata_dir="c"\n`,
      "c",
    ],
    ["is data when nothing says otherwise", `[http]\ndata_dir = "x"`, "data"],
    ["is data in an empty file", "", "data"],
    ["survives a broken file", `[server]\ndata_dir = "d"\n= = =\n[[[`, "d"],
  ];
  for (const [title, text, expected] of cases) it(title, () => expect(dataDirOf(text)).toBe(expected));
});
