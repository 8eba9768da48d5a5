import { afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { ControlEvent } from "../../lib/http/controls.ts";
import { EventHistory } from "../../lib/http/event_history.ts";
import type { WebhookSettings } from "../../lib/http/settings.ts";
import { Webhooks, type WebhookSnapshot } from "../../lib/http/webhooks.ts";
import { systemEntropy as entropy } from "../../lib/runtime/entropy.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { silentLog as log } from "../../lib/runtime/log.ts";
import { Timers } from "../../lib/runtime/timers.ts";
import { MovableClock, officeHints } from "./support.ts";
import { MemoryControls } from "./memory_controls.ts";

const opened: { stop(): unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) void each.stop();
});

interface Posted {
  readonly headers: Headers;
  readonly body: string;
  readonly json: Record<string, unknown>;
}

/** A server that takes hooks; it answers what `answer` says, 204 unless told. */
function openTaker(answer: (n: number) => Response | Promise<Response> = () => new Response(null, { status: 204 })) {
  const posts: Posted[] = [];
  let wake = () => {};
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      posts.push({ headers: request.headers, body, json: JSON.parse(body) });
      wake();
      return answer(posts.length);
    },
  });
  opened.push({ stop: () => server.stop(true) });
  return {
    posts,
    url: `http://127.0.0.1:${server.port}/hook?key=hidden`,
    async until(count: number): Promise<void> {
      while (posts.length < count) await new Promise<void>((resolve) => wake = resolve);
    },
  };
}

const hint = new MemoryControls(officeHints).hints()[0]!;
const lamp = (state: typeof hint.state): ControlEvent => ({
  type: "hint",
  change: "changed",
  item: { ...hint, state },
});

function open(settings: (Partial<WebhookSettings> & { url: string })[]) {
  const clock = new MovableClock();
  const webhooks = new Webhooks({ clock, timers: new Timers(clock, clock), entropy, log });
  const history = new EventHistory(entropy);
  const apply = (all: typeof settings) =>
    webhooks.apply(all.map((each, i) => ({ name: `hook${i}`, events: ["hint"], secret: "", timeout: 5, ...each })));
  apply(settings);
  opened.push(webhooks);
  return {
    clock,
    webhooks,
    apply,
    tell: (event: ControlEvent) => webhooks.receive(history.append(event)),
    /** Waits until a hook is as it should be; its answers arrive on their own. */
    async until(isSo: (hook: WebhookSnapshot) => boolean): Promise<WebhookSnapshot> {
      for (;;) {
        const [hook] = webhooks.snapshot();
        if (isSo(hook!)) return hook!;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe("a webhook", () => {
  test("is told of what it wants, in order, and of nothing else", async () => {
    const taker = openTaker();
    const { tell, until } = open([{ url: taker.url }]);
    tell(lamp("RINGING"));
    tell({ type: "device-state", change: "changed", item: new MemoryControls(officeHints).deviceStates()[0]! });
    tell({ ...lamp("RINGING"), isOfWatchers: true } as ControlEvent);
    for (let i = 0; i < 20; i++) tell(lamp(i % 2 === 0 ? "INUSE" : "NOT_INUSE"));
    await until(({ deliveredCount }) => deliveredCount === 21);
    expect(taker.posts.map(({ json }) => (json.item as typeof hint).state)).toEqual([
      "RINGING",
      ...Array.from({ length: 20 }, (_, i) => i % 2 === 0 ? "INUSE" as const : "NOT_INUSE" as const),
    ]);
    const [{ headers, json }] = taker.posts as [Posted];
    expect(json).toMatchObject({ type: "hint", change: "changed", missed: 0, item: { exten: hint.exten } });
    expect(json.at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(headers.get("webhook-id")).toBe(json.id as string);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("webhook-signature")).toBeNull();
  });

  for (
    const [secret, key] of [["drowssap", "drowssap"], ["whsec_AAECAwQF", Buffer.from([0, 1, 2, 3, 4, 5])]] as const
  ) {
    test(`signs what it tells with ${secret}`, async () => {
      const taker = openTaker();
      const { tell } = open([{ url: taker.url, secret }]);
      tell(lamp("RINGING"));
      await taker.until(1);
      const [{ headers, body }] = taker.posts as [Posted];
      const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
      const expected = createHmac("sha256", key).update(signed).digest("base64");
      expect(headers.get("webhook-signature")).toBe(`v1,${expected}`);
    });
  }

  test("is told again what it did not take, before anything newer", async () => {
    const taker = openTaker((n) => new Response(null, { status: n <= 2 ? 500 : 200 }));
    const { tell, clock, until } = open([{ url: taker.url }]);
    tell(lamp("RINGING"));
    tell(lamp("INUSE"));
    const failing = await until(({ failureCount }) => failureCount === 1);
    expect(failing).toMatchObject({ waitingCount: 2, why: "it answers 500" });
    clock.advance(2_000);
    await until(({ failureCount }) => failureCount === 2);
    clock.advance(4_000);
    expect(await until(({ deliveredCount }) => deliveredCount === 2)).toMatchObject({ failureCount: 0, why: "" });
    const [first, second, third, fourth] = taker.posts.map(({ json }) => json) as [Posted["json"], ...Posted["json"][]];
    expect([second, third]).toEqual([first, first]);
    expect((fourth!.item as typeof hint).state).toBe("INUSE");
  });

  test("that asks for patience is not asked before", async () => {
    const taker = openTaker((n) =>
      n === 1 ? new Response(null, { status: 429, headers: { "retry-after": "60" } }) : new Response()
    );
    const { tell, clock, until } = open([{ url: taker.url }]);
    tell(lamp("RINGING"));
    await until(({ failureCount }) => failureCount === 1);
    clock.advance(59_000);
    expect(taker.posts).toHaveLength(1);
    clock.advance(10_000);
    await until(({ deliveredCount }) => deliveredCount === 1);
  });

  test("that refuses an event is not told of it again, but of the next", async () => {
    const taker = openTaker((n) => n === 1 ? new Response(null, { status: 404 }) : new Response());
    const { tell, until } = open([{ url: taker.url }]);
    tell(lamp("RINGING"));
    tell(lamp("INUSE"));
    const { refusedCount } = await until(({ deliveredCount }) => deliveredCount === 1);
    expect([refusedCount, taker.posts.length]).toEqual([1, 2]);
  });

  test("is not followed to where it points", async () => {
    const other = openTaker();
    const taker = openTaker(() => Response.redirect(other.url, 307));
    const { tell, until } = open([{ url: taker.url }]);
    tell(lamp("RINGING"));
    await until(({ refusedCount }) => refusedCount === 1);
    expect(other.posts).toHaveLength(0);
  });

  test("that is not there is said to be so", async () => {
    const { tell, until } = open([{ url: "http://127.0.0.1:9/" }]);
    tell(lamp("RINGING"));
    expect((await until(({ failureCount }) => failureCount === 1)).why).toBe("nobody answers there");
  });

  test("that does not answer holds up nobody else", async () => {
    const silent = openTaker(() => new Promise<Response>(() => {}));
    const quick = openTaker();
    const { tell, until } = open([{ url: silent.url, timeout: 1 }, { url: quick.url }]);
    for (let i = 0; i < 5; i++) tell(lamp("RINGING"));
    await quick.until(5);
    expect(silent.posts).toHaveLength(1);
    expect((await until(({ failureCount }) => failureCount === 1)).why).toBe("no answer in 1 s");
  });

  test("keeps a bounded number of events, and the next one says how many are missing", async () => {
    const answered = Promise.withResolvers<Response>();
    const taker = openTaker((n) => n === 1 ? answered.promise : new Response());
    const { tell, until } = open([{ url: taker.url, timeout: 60 }]);
    for (let i = 0; i < limits.webhookQueueCount + 8; i++) tell(lamp(i % 2 === 0 ? "INUSE" : "NOT_INUSE"));
    await taker.until(1);
    const full = await until(({ waitingCount }) => waitingCount > 0);
    expect(full).toMatchObject({ waitingCount: limits.webhookQueueCount + 1, missedCount: 7 });
    answered.resolve(new Response());
    await until(({ deliveredCount }) => deliveredCount === limits.webhookQueueCount + 1);
    expect(taker.posts.slice(0, 3).map(({ json }) => json.missed)).toEqual([0, 7, 0]);
  });

  test("keeps what waits over a reload that leaves it alone, and loses it when it is another", async () => {
    const { tell, apply, webhooks, until } = open([{ url: "http://127.0.0.1:9/" }]);
    tell(lamp("RINGING"));
    await until(({ failureCount }) => failureCount === 1);
    apply([{ url: "http://127.0.0.1:9/" }]);
    expect(webhooks.snapshot()[0]!.waitingCount).toBe(1);
    apply([{ url: "http://127.0.0.1:9/", secret: "new" }]);
    expect(webhooks.snapshot()[0]!.waitingCount).toBe(0);
  });
});
