/** What an operator and their machines see of a running hintd: numbers, the description of the API, logs, events, hooks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { apiCalls } from "../../lib/http/api.ts";
import { openApiPath } from "../../lib/http/openapi.ts";
import { type Hintd, startHintd } from "./hintd.ts";
import { okTo, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

/** A phone of the guest that watches 2000 and takes every NOTIFY. */
async function openWatcher(hintd: Hintd): Promise<Wire> {
  const wire = await openUdp(hintd.sipPort);
  const headers = ["Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"];
  const uri = `sip:2000@127.0.0.1:${hintd.sipPort}`;
  wire.send(requestFrom(wire, "UDP", { method: "SUBSCRIBE", uri, headers }));
  await wire.next((message) => startLine(message) === "SIP/2.0 200 OK");
  await takeNotify(wire);
  return wire;
}

/** Waits for the next NOTIFY and answers it. */
async function takeNotify(wire: Wire): Promise<string> {
  const notify = await wire.next((message) => message.startsWith("NOTIFY "));
  wire.send(okTo(notify));
  return notify;
}

describe("numbers and the API", () => {
  let hintd: Hintd;
  let watcher: Wire;
  beforeAll(async () => {
    hintd = await startHintd();
    watcher = await openWatcher(hintd);
  });
  afterAll(async () => {
    watcher.close();
    await hintd.dispose();
  });

  /** Value of one line of /metrics. */
  async function metric(line: string): Promise<number> {
    const text = await (await fetch(`${hintd.url}/metrics`)).text();
    const found = text.split("\n").find((each) => each.startsWith(`${line} `));
    if (found === undefined) throw new Error(`No ${line} in\n${text}`);
    return Number(found.slice(line.length + 1));
  }

  test("a change is counted on its way to the lamp, and so is its answer", async () => {
    const before = await metric("hintd_notify_delay_seconds_count");
    await hintd.setDevice("Custom:door", "RINGING");
    await takeNotify(watcher);
    // The answer is there before the next request over loopback is.
    await hintd.isWell();
    expect(await metric("hintd_notify_delay_seconds_count")).toBe(before + 1);
    expect(await metric('hintd_notifies_total{outcome="answered"}')).toBe(2);
    expect(await metric('hintd_subscriptions{event="dialog"}')).toBe(1);
    expect(await metric('hintd_lamps{state="RINGING"}')).toBe(1);
    expect(await metric("hintd_lamps_stale")).toBe(0);
    expect(await metric("hintd_store_write_seconds_count")).toBeGreaterThan(0);
    expect(await metric("hintd_datagrams_received_total")).toBeGreaterThan(3);
  });

  test("what is refused and what cannot be read is counted by its cause", async () => {
    const uri = `sip:4711@127.0.0.1:${hintd.sipPort}`;
    watcher.send(requestFrom(watcher, "UDP", { method: "SUBSCRIBE", uri, headers: ["Event: dialog"] }));
    await watcher.next((message) => startLine(message).startsWith("SIP/2.0 404"));
    watcher.send("SUBSCRIBE\r\n\r\n");
    await hintd.isWell();
    expect(await metric('hintd_requests_refused_total{method="SUBSCRIBE",status="404"}')).toBe(1);
    expect(await metric('hintd_parse_failures_total{outcome="ignored"}')).toBe(1);
  });

  test("every call answers as the OpenAPI document says", async () => {
    // `Hintd.fetch` holds each answer against the document.
    const { items } = await (await hintd.fetch("/subscriptions")).json() as { items: { id: string }[] };
    const names: Record<string, string> = {
      context: "default",
      exten: "2000",
      device: "Custom:door",
      provider: "CustomPresence:door",
      mailbox: "100@default",
      id: items[0]!.id,
    };
    const inputs: Record<string, string> = {
      device: '{"state":"INUSE"}',
      provider: '{"state":"dnd","message":"back at two"}',
      mailbox: '{"new":2,"old":5}',
    };
    // What is set is read and then forgotten.
    const rank = { PUT: 0, GET: 1, POST: 2, DELETE: 3 } as const;
    for (const call of apiCalls.toSorted((a, b) => rank[a.method] - rank[b.method])) {
      if (call.result === "events") continue;
      const name = /\{(\w+)\}$/.exec(openApiPath(call))?.[1] ?? "";
      const path = openApiPath(call).replace(/\{(\w+)\}/g, (_, each: string) => names[each]!);
      const init = call.body === undefined
        ? {}
        : { body: inputs[name]!, headers: { "content-type": "application/json" } };
      const { status } = await hintd.fetch(path, { method: call.method, ...init });
      expect([call.method, path, status]).toEqual([call.method, path, call.result === "nothing" ? 204 : 200]);
    }
    for (const path of ["/hints/default/4711", "/device-states/Custom:none", "/nothing"]) {
      expect((await hintd.fetch(path)).status).toBe(404);
    }
  });

  test("people read the same at /api", async () => {
    const page = await (await fetch(`${hintd.url}/api`)).text();
    for (const call of apiCalls) expect(page).toContain(`${call.method} /api/v1${openApiPath(call)}</code>`);
  });
});
