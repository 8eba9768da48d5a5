/** What an operator and their machines see of a running hintd: numbers, the description of the API, logs, events, hooks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { apiCalls } from "../../lib/http/api.ts";
import { openApiPath } from "../../lib/http/openapi.ts";
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import { EventReader } from "../http/support.ts";
import { type Hintd, officeConfig, run, startHintd, untilAnswered } from "./hintd.ts";
import { within } from "./lines.ts";
import { freePort } from "./ports.ts";
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

/** Starts a hintd with more configuration, and disposes of it after the work. */
async function withHintd(more: string, work: (hintd: Hintd) => Promise<void>): Promise<void> {
  const hintd = await startHintd((office) => officeConfig(office, { more }));
  try {
    await work(hintd);
  } finally {
    await hintd.dispose();
  }
}

test(
  "the stream of events goes on where it was left, and says so when it cannot",
  () =>
    withHintd("", async (hintd) => {
      const open = async (lastId?: string) =>
        new EventReader(
          await hintd.fetch("/events", lastId === undefined ? {} : { headers: { "last-event-id": lastId } }),
        );
      /** The next events of one device. */
      const doors = async (events: EventReader, count: number) => {
        const states: unknown[] = [];
        let id = "";
        while (states.length < count) {
          const event = await within(events.next(), () => `${count} events`);
          id = event.id;
          if (event.event === "device-state") states.push((event.data.item as { state: string }).state);
        }
        return { states, id };
      };
      const first = await open();
      expect((await first.next()).event).toBe("ready");
      await hintd.setDevice("Custom:door", "RINGING");
      const { states, id } = await doors(first, 1);
      expect(states).toEqual(["RINGING"]);
      await first.cancel();
      await hintd.setDevice("Custom:door", "INUSE");
      await hintd.setDevice("Custom:door", "NOT_INUSE");
      const second = await open(id);
      expect((await doors(second, 2)).states).toEqual(["INUSE", "NOT_INUSE"]);
      await second.cancel();
      // Another start knows nothing of what came before it.
      await hintd.end("SIGKILL");
      await hintd.start();
      const third = await open(id);
      expect((await third.next()).event).toBe("reset");
      await third.cancel();
    }),
  30_000,
);

test("a webhook is told in order, signed, again until it takes it; and it is a problem while it does not", async () => {
  const secret = "drowssap";
  const posts: { headers: Headers; body: string }[] = [];
  let isBroken = true;
  let wake = () => {};
  const taker = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      posts.push({ headers: request.headers, body: await request.text() });
      wake();
      return new Response(null, { status: isBroken ? 503 : 204 });
    },
  });
  const posted = async (count: number) => {
    while (posts.length < count) {
      await within(new Promise<void>((resolve) => wake = resolve), () => `${count} posts, got ${posts.length}`);
    }
  };
  const hook = `[[webhooks]]\nname = "crm"\nurl = "http://127.0.0.1:${taker.port}/"\nsecret = "${secret}"`;
  try {
    await withHintd(hook, async (hintd) => {
      await hintd.setDevice("Custom:door", "RINGING");
      await posted(1);
      await hintd.setDevice("Custom:door", "INUSE");
      await hintd.lines.line(/A webhook fails .*webhook=crm/);
      const { items } = await (await hintd.fetch("/problems")).json() as { items: { area: string; message: string }[] };
      expect(items.find(({ area }) => area === "webhook")?.message).toBe(
        'Webhook "crm" fails: it answers 503; 2 events wait',
      );
      expect(await (await fetch(`${hintd.url}/metrics`)).text()).toContain('hintd_webhook_failing{webhook="crm"} 1\n');
      isBroken = false;
      await posted(3);
      await hintd.lines.line(/A webhook works again .*webhook=crm/);
      const told = posts.map(({ body }) => JSON.parse(body) as { id: string; item: { exten: string; state: string } });
      expect(told.map(({ item }) => [item.exten, item.state])).toEqual([
        ["2000", "RINGING"],
        ["2000", "RINGING"],
        ["2000", "INUSE"],
      ]);
      for (const { headers, body } of posts) {
        const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
        const signature = `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;
        expect(headers.get("webhook-signature")).toBe(signature);
      }
    });
  } finally {
    await taker.stop(true);
  }
}, 30_000);

test("`hintd schema` prints a schema that editors can read", async () => {
  const { exitCode, stdout } = await run(["schema"]);
  expect(exitCode).toBe(0);
  const schema = JSON.parse(stdout) as { $schema: string; properties: Record<string, unknown> };
  expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
  expect(Object.keys(schema.properties)).toContain("webhooks");
});

test(
  "every line of one transaction is found by its branch, as text and as JSON",
  () =>
    withHintd('[log]\ndebug = ["uas", "event", "transaction"]', async (hintd) => {
      const wire = await openUdp(hintd.sipPort);
      const branch = "z9hG4bKfollow-me";
      const headers = ["Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"];
      const subscribe = requestFrom(wire, "UDP", { method: "SUBSCRIBE", uri: "sip:2000@127.0.0.1", headers, branch });
      wire.send(subscribe);
      const notify = await takeNotify(wire);
      wire.send(subscribe);
      await hintd.lines.line(/SUBSCRIBE repeated/);
      const lines = hintd.lines.all.filter((line) => line.includes(`transaction=${branch}`));
      expect(lines.map((line) => /: (SUBSCRIBE \w+)/.exec(line)?.[1])).toEqual([
        "SUBSCRIBE received",
        "SUBSCRIBE granted",
        "SUBSCRIBE repeated",
      ]);
      const own = /branch=(z9hG4bK\w+)/.exec(notify)![1]!;
      await hintd.lines.line(/NOTIFY answered with 200/);
      const sent = hintd.lines.all.filter((line) => line.includes(`transaction=${own}`));
      expect(sent.map((line) => /: (NOTIFY \w+)/.exec(line)?.[1])).toEqual(["NOTIFY sent", "NOTIFY answered"]);
      // From now on for machines.
      const text = readFileSync(hintd.configFile, "utf8");
      writeFileSync(hintd.configFile, text.replace("[log]", '[log]\nformat = "json"'));
      expect((await hintd.run("reload")).stdout).toContain("[log] changed");
      const from = hintd.lines.all.length;
      wire.send(requestFrom(wire, "UDP", { branch: "z9hG4bKfollow-json" }));
      const line = await hintd.lines.line(/OPTIONS granted/, { from });
      expect(JSON.parse(line)).toMatchObject({ level: "debug", area: "uas", transaction: "z9hG4bKfollow-json" });
      wire.close();
    }),
  30_000,
);

describe("a reload", () => {
  /** What `hintd reload` says of the changes, behind its warnings. */
  const reload = async (hintd: Hintd) => (await hintd.run("reload")).stdout.trim().split("\n").at(-1)!;

  test(
    "says in one sentence what changed, on every way, and keeps subscriptions",
    () =>
      withHintd("", async (hintd) => {
        const watcher = await openWatcher(hintd);
        const change = (from: string, to: string) => {
          const text = readFileSync(hintd.configFile, "utf8");
          expect(text).toContain(from);
          writeFileSync(hintd.configFile, text.replace(from, to));
        };
        change('2001 = "Custom:gate(Gate)"', '2002 = "Custom:a"\n2003 = "Custom:b"\n2004 = "Custom:c"');
        change('supported_algorithms_uas = ["MD5"]', 'supported_algorithms_uas = ["MD5", "SHA-256"]');
        expect(await reload(hintd)).toBe("3 hints added, 1 removed, endpoint bob changed");
        change('2004 = "Custom:c"', "");
        const report = await (await hintd.fetch("/reload", { method: "POST" })).json();
        expect(report).toMatchObject({ is_applied: true, changes: ["1 hint removed"] });
        change('2003 = "Custom:b"', '2003 = "Custom:d"');
        process.kill(hintd.pid, "SIGHUP");
        await hintd.lines.line(/Reloaded: 1 hint changed/);
        expect(await reload(hintd)).toBe("Nothing changed");
        await hintd.setDevice("Custom:door", "RINGING");
        expect(await takeNotify(watcher)).toContain("<state>early</state>");
        watcher.close();
      }),
    30_000,
  );

  test(
    "opens and closes listeners; one with mistakes, or a port that is taken, changes nothing",
    () =>
      withHintd("", async (hintd) => {
        const text = readFileSync(hintd.configFile, "utf8");
        const port = await freePort();
        const more = `[[listen]]\nname = "wing"\ntransport = "udp"\nbind = "127.0.0.1:${port}"\n`;
        writeFileSync(hintd.configFile, text + more);
        expect(await reload(hintd)).toBe("listener wing added");
        await untilAnswered(port);
        const listeners = async () =>
          ((await (await hintd.fetch("/status")).json()) as { listeners: { port: number }[] }).listeners.length;
        expect(await listeners()).toBe(3);

        const taken = await openUdp(1);
        const stolen = `[[listen]]\ntransport = "udp"\nbind = "127.0.0.1:${taken.port}"\n`;
        for (const broken of [`${text}${stolen}`, text.replace("[server]", "[server]\nmin_expiry = true")]) {
          writeFileSync(hintd.configFile, broken);
          const { exitCode, stderr } = await hintd.run("reload");
          expect(exitCode).toBe(2);
          expect(stderr).toContain("the old one stays in force");
          expect(await listeners()).toBe(3);
          await untilAnswered(port);
          const { items } = await (await hintd.fetch("/problems")).json() as { items: { area: string }[] };
          expect(items.filter(({ area }) => area === "reload")).toHaveLength(1);
        }
        taken.close();

        writeFileSync(hintd.configFile, text);
        expect(await reload(hintd)).toBe("listener wing removed");
        expect(await listeners()).toBe(2);
        const { items } = await (await hintd.fetch("/problems")).json() as { items: { area: string }[] };
        expect(items.filter(({ area }) => area === "reload")).toHaveLength(0);
        await hintd.isWell();
      }),
    30_000,
  );

  test(
    "happens by itself where the file is watched, also when another takes its place",
    () =>
      withHintd("", async (hintd) => {
        const text = readFileSync(hintd.configFile, "utf8").replace("[server]", "[server]\nwatch_config = true");
        writeFileSync(hintd.configFile, text);
        await hintd.run("reload");
        appendFileSync(hintd.configFile, '3000 = "Custom:new"\n');
        await hintd.lines.line(/Reloaded: 1 hint added/);
        writeFileSync(`${hintd.configFile}.new`, text);
        renameSync(`${hintd.configFile}.new`, hintd.configFile);
        await hintd.lines.line(/Reloaded: 1 hint removed/);
        writeFileSync(hintd.configFile, `${text}[`);
        await hintd.lines.line(/The configuration was not reloaded/);
        expect((await hintd.fetch("/hints/default/2000")).status).toBe(200);
      }),
    30_000,
  );
});
