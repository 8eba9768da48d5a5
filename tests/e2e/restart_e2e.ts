/** What survives the end of the process, and how it ends. */
import { expect, test } from "bun:test";
import { type Hintd, PASSWORD, startHintd } from "./hintd.ts";
import { within } from "./lines.ts";

async function withHintd(work: (hintd: Hintd) => Promise<void>): Promise<void> {
  const hintd = await startHintd();
  try {
    await work(hintd);
  } finally {
    await hintd.dispose();
  }
}

/** State of a hint as the command line tells it. */
async function lamp(hintd: Hintd, exten: string): Promise<string> {
  const response = await hintd.fetch(`/hints/default/${exten}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { state: string }).state;
}

test("custom states are there again after kill -9", () =>
  withHintd(async (hintd) => {
    await hintd.setDevice("Custom:door", "RINGING");
    await hintd.setDevice("Custom:gate", "ONHOLD");
    const { exitCode } = await hintd.run("presencestate", "set", "CustomPresence:door", "dnd", "lunch", "back at two");
    expect(exitCode).toBe(0);
    await hintd.end("SIGKILL");
    await hintd.start();
    expect([await lamp(hintd, "2000"), await lamp(hintd, "2001")]).toEqual(["RINGING", "ONHOLD"]);
    const hint = await (await hintd.fetch("/hints/default/2000")).json() as { presence: Record<string, unknown> };
    expect(hint.presence).toMatchObject({ state: "dnd", subtype: "lunch", message: "back at two" });
  }), 30_000);

test("every state that was acknowledged is there after kill -9 in the midst of many", () =>
  withHintd(async (hintd) => {
    const put = (i: number) =>
      hintd.fetch(`/device-states/Custom:d${i}`, { method: "PUT", body: '{"state":"INUSE"}', headers: json })
        .then(({ ok }) => ok ? i : -1, () => -1);
    const json = { "content-type": "application/json" };
    let acknowledged: number[] = [];
    for (let i = 0; i < 200; i += 20) {
      acknowledged = acknowledged.concat(await Promise.all(Array.from({ length: 20 }, (_, j) => put(i + j))));
    }
    const last = Array.from({ length: 50 }, (_, j) => put(1000 + j));
    await hintd.end("SIGKILL");
    acknowledged = acknowledged.concat(await Promise.all(last)).filter((i) => i >= 0);
    await hintd.start();
    const { items } = await (await hintd.fetch("/device-states")).json() as {
      items: { device: string; state: string }[];
    };
    const there = new Set(items.filter(({ state }) => state === "INUSE").map(({ device }) => device));
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(acknowledged.filter((i) => !there.has(`Custom:d${i}`))).toEqual([]);
  }), 30_000);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends it with 0, and it can start again at once`, () =>
    withHintd(async (hintd) => {
      expect(await hintd.end(signal)).toBe(0);
      await hintd.start();
      expect(await hintd.isWell()).toBe(true);
    }), 30_000);
}

test("a phone that never closes its connection does not hold up the end", () =>
  withHintd(async (hintd) => {
    const stubborn = await Bun.connect({
      hostname: "127.0.0.1",
      port: hintd.sipPort,
      allowHalfOpen: true,
      socket: { data() {}, end() {} },
    });
    stubborn.write("OPTIONS sip:127.0.0.1");
    await hintd.isWell();
    expect(await within(hintd.end(), () => "hintd to end", 5_000)).toBe(0);
    stubborn.terminate();
  }), 30_000);

test("passwords are in no line of the log", () =>
  withHintd(async (hintd) => {
    await hintd.end();
    expect(hintd.log).not.toContain(PASSWORD);
    expect(hintd.log).not.toBe("");
  }), 30_000);
