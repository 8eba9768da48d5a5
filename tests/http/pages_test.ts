import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { ControlsError, type HistoryRow } from "../../lib/http/controls.ts";
import { instantText } from "../../lib/runtime/instant.ts";
import { endpointRow, subscriptionRow } from "./memory_controls.ts";
import { startServer, type TestServer } from "./support.ts";

const HOSTILE = `</title><script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

async function page(path = "/"): Promise<string> {
  const response = await server.request(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/html");
  expect(response.headers.get("cache-control")).toBe("no-store");
  return await response.text();
}

function post(path: string, fields: Record<string, string>): Promise<Response> {
  return server.request(path, { method: "POST", body: new URLSearchParams(fields), headers: { accept: "text/html" } });
}

describe("the status page", () => {
  it("shows every lamp in words, with who watches", async () => {
    await server.controls.setDeviceState("Custom:door", "RINGING");
    server.controls.subscribe(subscriptionRow({ exten: "1002", endpoint: "alice" }));
    const html = await page();
    expect(html).toStartWith('<!DOCTYPE html><html lang="en">');
    expect(html).toContain(`id="lamp/default/1002" data-state="RINGING"`);
    expect(html).toContain("<strong>Ringing</strong>");
    expect(html).toContain("1 watcher<");
    expect(html).toContain("200 after 4 ms");
  });

  it("shows lists with the members that nobody is, publications both ways, failing ones first, and mailboxes", async () => {
    const { controls } = server;
    expect(await page()).toContain(
      '<section id="lists" hidden=""></section><section id="publications" hidden=""></section>',
    );
    controls.listRows.push({
      name: "sales",
      event: "presence",
      members: Array.from({ length: 12 }, (_, i) => String(1000 + i)),
      missing: ["1009"],
      full_state: false,
      notification_batch_interval_ms: 0,
      subscriptions: ["s1", "s2"],
    });
    const at = instantText(Date.now());
    controls.publicationRows.push({
      id: "p1",
      endpoint: "pbx",
      event: "dialog",
      target: "PJSIP/alice",
      media_type: "application/dialog-info+xml",
      description: HOSTILE,
      published_at: at,
      expires_at: at,
    });
    const outbound = { section: "trunk", event: "dialog", last_status: 200, why: "", failing_since: null } as const;
    controls.outboundRows.push(
      { ...outbound, exten: "1000", uri: "sip:1000@there", state: "published" },
      { ...outbound, exten: "1001", uri: "sip:1001@there", state: "failing", why: "403 Forbidden", failing_since: at },
    );
    await controls.setMailbox("100@default", { new: 2, old: 5, new_urgent: 0, old_urgent: 0 });
    const html = await page();
    expect(html).toContain("1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007 and 4 others");
    expect(html).toContain("No hint for 1009");
    expect(html).not.toContain("<img src=x");
    expect(html.indexOf("403 Forbidden")).toBeLessThan(html.indexOf("sip:1000@there"));
    expect(html).toContain("2 new");
  });

  it("says problems before everything else", async () => {
    const at = instantText(Date.now());
    server.controls.complain({
      severity: "error",
      area: "config",
      message: "something is wrong",
      remedy: "mend it",
      where: "config.toml:3:1",
      first_at: at,
      last_at: at,
      count: 2,
    });
    const html = await page();
    expect(html.indexOf("something is wrong")).toBeLessThan(html.indexOf('<h2 id="lamps-title'));
    expect(html).toContain("1 problem<");
    expect(html).toContain("config.toml:3:1");
  });

  it("says so when there are no problems, hints, endpoints or subscriptions", async () => {
    server.controls.hintsInOrder.length = 0;
    const html = await page();
    for (const words of ["No problems", "No hints yet", "No endpoints yet", "No phone is watching yet"]) {
      expect(html).toContain(words);
    }
  });

  it("shows hostile texts as texts", async () => {
    server.controls.addHint({
      exten: `9"><b>`,
      context: HOSTILE,
      name: HOSTILE,
      devices: ["Custom:x"],
      providers: ["CustomPresence:x"],
    });
    await server.controls.setPresenceState("CustomPresence:x", { state: "dnd", subtype: HOSTILE, message: HOSTILE });
    server.controls.subscribe(
      subscriptionRow({ endpoint: HOSTILE, user_agent: HOSTILE, source: HOSTILE, media_type: HOSTILE, exten: HOSTILE }),
    );
    server.controls.endpointRows.push(endpointRow({ name: HOSTILE, match: [HOSTILE] }));
    const at = instantText(Date.now());
    server.controls.complain({
      severity: "error",
      area: HOSTILE,
      message: HOSTILE,
      remedy: HOSTILE,
      where: HOSTILE,
      first_at: at,
      last_at: at,
      count: 1,
    });
    for (
      const path of [
        "/",
        `/?q=${encodeURIComponent(HOSTILE)}`,
        `/hints/${encodeURIComponent(HOSTILE)}/${encodeURIComponent(`9"><b>`)}`,
      ]
    ) {
      const html = await page(path);
      expect(html).not.toContain("<script>alert");
      expect(html).not.toContain("<img");
      expect(html).not.toContain('<b>"');
      expect(html.match(/<script/g)).toHaveLength(1);
    }
  });

  it("finds extensions by name and number without script", async () => {
    expect((await page("/?q=bob")).match(/class="lamp"/g)).toHaveLength(1);
    expect((await page("/?q=100")).match(/class="lamp"/g)).toHaveLength(3);
    expect(await page("/?q=nobody")).toContain("No extension of that name");
  });

  it("puts subscriptions in trouble first and shows no more than it can", async () => {
    for (let i = 0; i < 250; i++) server.controls.subscriptionRows.push(subscriptionRow({ id: `s${i}` }));
    const last_notify = { sent_at: instantText(Date.now()), status: 408, answered_after_ms: null };
    server.controls.subscriptionRows.push(subscriptionRow({ id: "bad", endpoint: "dead-phone", last_notify }));
    const html = await page();
    expect(html.match(/<tr role="row" data-tone="bad"/g)).toHaveLength(1);
    expect(html.indexOf("dead-phone")).toBeLessThan(html.indexOf("<b>bob</b>"));
    expect(html).toContain("200 of 251 are shown");
  });

  it("renders 500 lamps within 50 ms", async () => {
    for (let i = 0; i < 500; i++) {
      server.controls.hintsInOrder.push({ exten: String(2000 + i), name: `Room ${i}`, devices: [`PJSIP/${i}`] });
    }
    await page();
    let best = Infinity;
    for (let i = 0; i < 8; i++) {
      const start = performance.now();
      await page();
      best = Math.min(best, performance.now() - start);
    }
    expect(best).toBeLessThan(50);
  });

  it("serves its files under names that change with their content, for ever", async () => {
    const paths = [...(await page()).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!);
    expect(paths).toHaveLength(3);
    for (const path of paths) {
      const response = await server.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect((await response.text()).length).toBeGreaterThan(100);
    }
  });
});

describe("the page of a hint", () => {
  it("explains the lamp and offers what may be set", async () => {
    const html = await page("/hints/default/1001");
    expect(html).toContain("Why it is so");
    expect(html).toContain("Custom:bob-mobile is UNKNOWN: nothing has set it yet");
    expect(html).toContain(`name="device" value="Custom:bob-mobile"`);
    expect(html).not.toContain(`value="PJSIP/bob"`);
  });

  it("sets a custom device and comes back", async () => {
    const response = await post("/hints/default/1001/device", { device: "Custom:bob-mobile", state: "INUSE" });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/hints/default/1001");
    expect(server.controls.deviceState("Custom:bob-mobile")?.state).toBe("INUSE");
  });

  it("sets a presence and comes back", async () => {
    const fields = { provider: "CustomPresence:bob", state: "away", subtype: " lunch ", message: "" };
    expect((await post("/hints/default/1001/presence", fields)).status).toBe(303);
    expect(server.controls.presenceState("CustomPresence:bob")).toMatchObject({ state: "away", subtype: "lunch" });
  });

  it("ends a subscription", async () => {
    server.controls.subscribe(subscriptionRow({ id: "s7", exten: "1001" }));
    expect((await post("/hints/default/1001/end", { id: "s7" })).status).toBe(303);
    expect(server.controls.subscriptions()).toHaveLength(0);
  });

  it("refuses devices and providers that are not its own or not custom", async () => {
    const cases: [string, Record<string, string>][] = [
      ["device", { device: "PJSIP/bob", state: "INUSE" }],
      ["device", { device: "Custom:door", state: "INUSE" }],
      ["device", { device: "Custom:bob-mobile", state: "SOMETHING" }],
      ["device", {}],
      ["presence", { provider: "CustomPresence:alice", state: "dnd" }],
      ["presence", { provider: "CustomPresence:bob", state: "dnd", message: "a\u0007" }],
      ["end", { id: "none" }],
    ];
    for (const [action, fields] of cases) {
      const response = await post(`/hints/default/1001/${action}`, fields);
      expect(response.status).toBe(422);
      expect(await response.text()).toContain(`role="alert"`);
    }
    expect(server.controls.devices.size + server.controls.providers.size).toBe(0);
  });

  it("says that nothing was changed when the disk refuses", async () => {
    server.controls.failure = new ControlsError("unstored", "the disk is full");
    const response = await post("/hints/default/1001/device", { device: "Custom:bob-mobile", state: "INUSE" });
    expect(await response.text()).toContain("Nothing was changed: the disk is full");
  });

  it("answers 404 with a page for browsers and a problem for programs", async () => {
    const browser = await server.request("/hints/default/4711", { headers: { accept: "text/html" } });
    expect(browser.status).toBe(404);
    expect(await browser.text()).toContain("There is no hint for &quot;4711&quot;");
    const program = await server.request("/hints/default/4711");
    expect(program.headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("the last hour on the status page", () => {
  const sample = (i: number): HistoryRow => ({
    at: instantText(Date.now() + i * 10_000),
    requests_per_second: i,
    refusals_per_second: i === 2 ? 0.5 : 0,
    changes_per_second: 0,
    notifies_per_second: 0,
    failures_per_second: 0,
    repetitions_per_second: 0,
    told_after_ms: i === 1 ? 1.25 : null,
    told_after_ms_p95: i === 1 ? 3_000 : null,
    answered_after_ms: null,
    answered_after_ms_p95: null,
  });

  it("says that numbers are yet to come", async () => {
    expect(await page()).toContain("The first numbers come ten seconds after the start");
  });

  it("draws each chart with its numbers in words", async () => {
    server.controls.historyRows = Array.from({ length: 400 }, (_, i) => sample(i % 4));
    const html = await page();
    const sentences = [...html.matchAll(/<svg[^>]*role="img"[^>]*aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(sentences).toEqual([
      "Requests of phones over the last hour: now 3 per second, at most 3 per second, refused up to 0.5",
      "Changes of lamps over the last hour: now 0 per second, at most 0 per second",
      "NOTIFYs over the last hour: now 0 per second, at most 0 per second, none failed",
      "Sent again for want of an answer over the last hour: now 0 per second, at most 0 per second",
      "From change to NOTIFY over the last hour: last 1.3 ms, at most 1.3 ms, slowest 5 % up to 3 s",
      "From NOTIFY to its answer over the last hour: none yet",
    ]);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("POST /reload", () => {
  it("reloads once and shows what has become of it on a page that can be loaded again", async () => {
    server.controls.reloadReport = { is_applied: true, errors: [], warnings: [], changes: ["3 hints added"] };
    const response = await post("/reload", {});
    expect([response.status, response.headers.get("location")]).toEqual([303, "/?reloaded"]);
    expect(await page("/?reloaded")).toContain("Reloaded: 3 hints added");
    expect(await page("/")).not.toContain("Reloaded:");
  });

  it("lists every mistake", async () => {
    server.controls.reloadReport = { is_applied: false, errors: [HOSTILE, "two"], warnings: [], changes: [] };
    await post("/reload", {});
    const html = await page("/?reloaded");
    expect(html).toContain("<li>two</li>");
    expect(html).not.toContain("<script>alert");
  });
});
