/** What hintd makes of mistakes and malice: it says what is wrong, and nobody else notices. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hintd, officeConfig, prepareHintd, run, startHintd, untilAnswered } from "./hintd.ts";
import { within } from "./lines.ts";
import { openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

/** Pseudo-random numbers below `below`, the same in every run (xorshift). */
function dice(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Resident memory of a process in MB. */
function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

describe("a wrong configuration", () => {
  const mistakes = `
[server]
min_expiri = 30
max_expiry = "long"

[[listen]]
transport = "pigeon"
bind = "127.0.0.1:5060"

[contexts.default.hints]
1000 = "DAHDI/1"
`;
  const directory = mkdtempSync(join(tmpdir(), "hintd-e2e-"));
  const file = join(directory, "config.toml");
  writeFileSync(file, mistakes);
  afterAll(() => rmSync(directory, { recursive: true }));

  for (const command of ["run", "check"]) {
    test(`\`hintd ${command}\` lists every mistake with its place and ends with 2`, async () => {
      const { exitCode, stdout, stderr } = await run([command, "-c", file]);
      const said = stdout + stderr;
      expect(exitCode).toBe(2);
      for (const place of ["config.toml:3:1", "config.toml:4:14", "config.toml:7:13", "config.toml:11:8"]) {
        expect(said).toContain(place);
      }
      expect(said).toContain("min_expiry");
      expect(said).toMatch(/udp.*tcp/);
    });
  }

  test("a file that is not TOML is one mistake with its place", async () => {
    const file = join(directory, "broken.toml");
    writeFileSync(file, "[server\nrealm = 1\n");
    const { exitCode, stdout, stderr } = await run(["check", "-c", file]);
    expect(exitCode).toBe(2);
    expect(stdout + stderr).toContain("broken.toml:1:");
  });

  test("a file that is not there is one line that names it, beside how to make one", async () => {
    const { exitCode, stdout, stderr } = await run(["run", "-c", join(directory, "nowhere.toml")]);
    expect(exitCode).toBe(2);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(stderr).toContain("nowhere.toml");
    expect(stdout).toContain("hintd init");
  });

  test("a command that nobody knows ends with 2", async () => {
    expect((await run(["frobnicate"])).exitCode).toBe(2);
  });
});

describe("a host that will not do", () => {
  let first: Hintd;

  beforeAll(async () => {
    first = await startHintd();
  });

  afterAll(() => first?.dispose());

  /** Starts a second one that cannot, and returns what it says for an end. */
  async function refusedStart(config: Parameters<typeof prepareHintd>[0]): Promise<string> {
    const second = await prepareHintd(config);
    const { exitCode, stdout, stderr } = await run(["run", "-c", second.configFile]);
    await second.dispose();
    expect(exitCode).toBe(1);
    const complaints = (stdout + stderr).split("\n").filter((line) => line !== "" && !/ (info|warn) /.test(line));
    expect(complaints.length).toBe(1);
    return complaints[0]!;
  }

  test("a SIP port that is taken is one line that names it", async () => {
    const { sipPort } = first.office;
    expect(await refusedStart((office) => officeConfig({ ...office, sipPort }))).toContain(`127.0.0.1:${sipPort}`);
  });

  test("an HTTP port that is taken is one line that names it", async () => {
    const { httpPort } = first.office;
    expect(await refusedStart((office) => officeConfig({ ...office, httpPort }))).toContain(`127.0.0.1:${httpPort}`);
  });

  test("a data directory that cannot be is one line that names it", async () => {
    const dataDir = join(first.configFile, "data");
    expect(await refusedStart((office) => officeConfig({ ...office, dataDir }))).toContain(dataDir);
  });

  test("a reload without its file changes nothing and says why", async () => {
    const hintd = await startHintd();
    try {
      renameSync(hintd.configFile, `${hintd.configFile}.away`);
      const response = await hintd.fetch("/reload", { method: "POST" });
      expect([response.status, await response.text()]).toEqual([422, expect.stringContaining("cannot be read")]);
      expect(await hintd.isWell()).toBe(true);
    } finally {
      await hintd.dispose();
    }
  }, 30_000);

  test("a full disk refuses the change that it cannot keep, and nothing else", async () => {
    const hintd = await prepareHintd();
    // Writes beyond 300 KiB of one file fail as on a full disk; the signal that would end the process is off.
    await hintd.start({ wrapper: ["bash", "-c", 'trap "" XFSZ; ulimit -f 300; exec "$0" "$@"'] });
    try {
      const message = "x".repeat(900);
      let refusals = 0;
      for (let i = 0; i < 800 && refusals === 0; i++) {
        const init = { method: "PUT", body: JSON.stringify({ state: "away", subtype: "", message }) };
        const headers = { "content-type": "application/json" };
        const response = await hintd.fetch(`/presence-states/CustomPresence:p${i}`, { ...init, headers });
        if (response.ok) continue;
        refusals++;
        expect(response.status).toBe(503);
        expect(response.headers.get("content-type")).toContain("application/problem+json");
        expect((await hintd.fetch(`/presence-states/CustomPresence:p${i}`)).status).toBe(404);
      }
      expect(refusals).toBe(1);
      expect(await hintd.isWell()).toBe(true);
    } finally {
      await hintd.dispose();
    }
  }, 60_000);
});

describe("a flood of requests", () => {
  const FLOOD_MILLIS = 3_000;

  test("keeps nobody from the page, and is over when it is over", async () => {
    const hintd = await startHintd();
    try {
      const flood = Bun.spawn([
        process.execPath,
        join(import.meta.dir, "flood.ts"),
        String(hintd.sipPort),
        `${FLOOD_MILLIS}`,
      ]);
      const waits: number[] = [];
      while (flood.exitCode === null) {
        const askedAt = performance.now();
        expect((await fetch(`${hintd.url}/healthz`)).ok).toBe(true);
        waits.push(performance.now() - askedAt);
      }
      expect(Number(await new Response(flood.stdout).text())).toBeGreaterThan(10_000);
      expect(waits.length).toBeGreaterThan(10);
      // One turn of the event loop for all that was in the socket would be seconds.
      expect(Math.max(...waits)).toBeLessThan(1_000);
      await untilAnswered(hintd.sipPort);
      expect((await hintd.counters("transport")).requestsDelayed).toBeGreaterThan(0);
    } finally {
      await hintd.dispose();
    }
  }, 60_000);
});

describe("malice", () => {
  let hintd: Hintd;

  beforeAll(async () => {
    hintd = await startHintd();
  });

  afterAll(() => hintd?.dispose());

  test("garbage datagrams get no answer, and the process lives", async () => {
    const roll = dice(4475);
    const vandal = await openUdp(hintd.sipPort);
    const model = Buffer.from(requestFrom(vandal, "UDP", { method: "SUBSCRIBE", uri: "sip:2000@127.0.0.1" }), "latin1");
    for (let i = 0; i < 3_000; i++) {
      const isNoise = i % 2 === 0;
      const bytes = isNoise ? Buffer.alloc(roll(1_400)) : Buffer.from(model.subarray(0, roll(model.length)));
      for (let n = isNoise ? bytes.length : 3; n > 0 && bytes.length > 0; n--) bytes[roll(bytes.length)] = roll(256);
      vandal.send(bytes);
    }
    expect(await hintd.isWell()).toBe(true);
    vandal.close();
  }, 30_000);

  test("a body shorter than its Content-Length is 400 on UDP (RFC 3261 §18.3)", async () => {
    const phone = await openUdp(hintd.sipPort);
    phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1", body: "abc" }).replace("Length: 3", "Length: 30"));
    expect(startLine(await phone.next())).toMatch(/^SIP\/2.0 400 .*Content-Length/i);
    phone.close();
  });

  test("bytes behind the body of a datagram are nobody's (RFC 3261 §18.3)", async () => {
    const phone = await openUdp(hintd.sipPort);
    phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1", body: "abc" }).replace("Length: 3", "Length: 1"));
    expect(startLine(await phone.next())).toBe("SIP/2.0 200 OK");
    phone.close();
  });

  test("a bomb of XML entities is not even opened", async () => {
    const levels = Array.from({ length: 20 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">${levels}]><x>&l20;</x>`;
    const phone = await openTcp(hintd.sipPort);
    for (const method of ["PUBLISH", "SUBSCRIBE", "MESSAGE", "NOTIFY"]) {
      const headers = ["Event: presence", "Content-Type: application/pidf+xml", "Expires: 600"];
      phone.send(requestFrom(phone, "TCP", { method, uri: "sip:2000@127.0.0.1", headers, body: bomb }));
      expect(startLine(await phone.next((message) => message.startsWith("SIP/2.0 ")))).toMatch(/^SIP\/2.0 [2-5]\d\d /);
    }
    phone.close();
    const response = await hintd.fetch("/device-states/Custom:door", { method: "PUT", body: bomb });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await hintd.isWell()).toBe(true);
  });

  test("a header of ten megabytes ends its connection and costs no memory (RFC 3261 §18.3)", async () => {
    const before = residentMegabytes(hintd.pid);
    const phone = await openTcp(hintd.sipPort);
    phone.send("OPTIONS sip:127.0.0.1 SIP/2.0\r\nSubject: ");
    phone.send(Buffer.alloc(10_000_000, 0x61));
    await within(phone.closed, () => "the connection to be closed");
    expect(await hintd.isWell()).toBe(true);
    expect(residentMegabytes(hintd.pid) - before).toBeLessThan(32);
  }, 30_000);

  test("ten megabytes of HTTP header or body are refused, and the page still opens", async () => {
    const header = await fetch(hintd.url, { headers: { "x-long": "a".repeat(10_000_000) } }).catch(() => undefined);
    expect(header === undefined || header.status >= 400).toBe(true);
    const put = { method: "PUT", body: "a".repeat(10_000_000), headers: { "content-type": "application/json" } };
    const body = await hintd.fetch("/device-states/Custom:door", put).catch(() => undefined);
    expect(body === undefined || body.status === 413).toBe(true);
    expect((await fetch(`${hintd.url}/healthz`)).status).toBe(200);
  }, 30_000);

  test("connections that never finish a message are closed, and phones do not feel them", async () => {
    const lorises = await Promise.all(Array.from({ length: 50 }, () => openTcp(hintd.sipPort)));
    for (const loris of lorises) loris.send("OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP");
    const phone = await openTcp(hintd.sipPort);
    const begin = performance.now();
    phone.send(requestFrom(phone, "TCP", { uri: "sip:127.0.0.1" }));
    expect(startLine(await phone.next())).toBe("SIP/2.0 200 OK");
    expect(performance.now() - begin).toBeLessThan(500);
    await within(Promise.all(lorises.map(({ closed }) => closed)), () => "slow connections to be closed", 20_000);
    phone.close();
  }, 40_000);

  test("one source that opens a thousand connections leaves room for others", async () => {
    const greedy = await Promise.allSettled(Array.from({ length: 1_000 }, () => openTcp(hintd.sipPort)));
    expect(await hintd.isWell()).toBe(true);
    expect((await fetch(`${hintd.url}/healthz`)).status).toBe(200);
    for (const result of greedy) if (result.status === "fulfilled") result.value.close();
  }, 30_000);

  test("what was thrown away was counted", async () => {
    const { garbageAnswered, garbageIgnored } = await hintd.counters("transaction");
    const { strangeDatagrams, connectionsTimedOut, connectionsGarbled, connectionsRefused } = await hintd.counters(
      "transport",
    );
    expect(garbageAnswered! + garbageIgnored! + strangeDatagrams!).toBeGreaterThan(100);
    expect(connectionsTimedOut!).toBeGreaterThanOrEqual(50);
    expect(connectionsGarbled!).toBeGreaterThanOrEqual(1);
    expect(connectionsRefused!).toBeGreaterThan(100);
  });
});
