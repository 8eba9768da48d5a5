import { describe, expect, test } from "bun:test";
import type { MemoryFlow } from "../support/memory_network.ts";
import type { Phone } from "../support/phone.ts";
import { plainConfig, Site } from "../support/site.ts";

async function subscribed(options: Parameters<Phone["subscribe"]>[0] = {}, toml = plainConfig) {
  const site = await Site.start(toml);
  const phone = site.phone("192.0.2.10");
  const first = phone.subscribe(options);
  await site.pass();
  const toTag = phone.response.tag("To");
  phone.clear();
  return { site, phone, first, toTag };
}

describe("a refresh (RFC 6665 §4.2.1)", () => {
  test("extends the lifetime and gets a NOTIFY with higher CSeq and version", async () => {
    const { site, phone, first, toTag } = await subscribed({ event: "dialog", expires: 100 });
    await site.pass(90_000);
    phone.again(first, toTag, { expires: 100 });
    await site.pass();
    expect([phone.response.status, phone.response.header("Expires")]).toEqual([200, "100"]);
    expect(phone.response.tag("To")).toBe(toTag);
    expect([phone.notify.sequence, phone.notify.version]).toEqual([2, 1]);
    expect(phone.notify.header("Subscription-State")).toBe("active;expires=100");
    phone.clear();
    await site.pass(99_000);
    expect(phone.inbox).toEqual([]);
    expect(site.core.subscriptions.count).toBe(1);
  });

  test("without Expires keeps the former lifetime", async () => {
    const { site, phone, first, toTag } = await subscribed({ expires: 120 });
    phone.again(first, toTag, { expires: null });
    await site.pass();
    expect(phone.response.header("Expires")).toBe("120");
  });

  test("below the floor gets 423 and changes nothing", async () => {
    const { site, phone, first, toTag } = await subscribed({ expires: 120 });
    phone.again(first, toTag, { expires: 10 });
    await site.pass();
    expect([phone.response.status, phone.response.header("Min-Expires")]).toEqual([423, "60"]);
    expect(phone.notifies).toEqual([]);
    expect(site.core.subscriptions.count).toBe(1);
  });

  test("with an old CSeq gets 500 (RFC 3261 §12.2.2); a gap is fine", async () => {
    const { site, phone, first, toTag } = await subscribed();
    phone.again(first, toTag, { sequence: 1 });
    await site.pass();
    expect(phone.response.startLine).toBe("SIP/2.0 500 Invalid CSeq");
    phone.again(first, toTag, { sequence: 100 });
    await site.pass();
    expect(phone.response.status).toBe(200);
  });

  test("of another event or id gets 481, without an event what the profile says, without Contact 400", async () => {
    const { site, phone, first, toTag } = await subscribed();
    const outcomes: number[] = [];
    for (
      const [sequence, options] of [
        [2, { event: "dialog" }],
        [3, { event: "presence;id=1" }],
        [4, { event: "" }],
        [5, { contact: "" }],
        [6, {}],
      ] as const
    ) {
      phone.again(first, toTag, { sequence, ...options });
      await site.pass();
      outcomes.push(phone.response.status);
    }
    expect(outcomes).toEqual([481, 481, 489, 400, 200]);
  });

  test("with another From tag or Call-ID is not in the dialog: 481", async () => {
    const { site, phone, first, toTag } = await subscribed();
    for (const options of [{ fromTag: "other" }, { callId: "other" }, { toTag: "other" }]) {
      phone.again(first, toTag, options);
      await site.pass();
      expect(phone.response.status).toBe(481);
    }
  });

  test("moves the target (RFC 3261 §12.2.2): NOTIFYs carry the new Contact", async () => {
    const { site, phone, first, toTag } = await subscribed();
    phone.again(first, toTag, { contact: "<sip:desk@192.0.2.10:5060;x=1>" });
    await site.pass();
    expect(phone.notify.startLine).toBe("NOTIFY sip:desk@192.0.2.10:5060;x=1 SIP/2.0");
  });

  test("from elsewhere is challenged where the endpoint has no credentials, and changes nothing", async () => {
    const { site, first, toTag } = await subscribed();
    const thief = site.phone("192.0.2.66");
    thief.again(first, toTag, { expires: 0 });
    await site.pass();
    expect(thief.response.status).toBe(401);
    expect(site.core.subscriptions.count).toBe(1);
  });

  test("chooses the body anew; in profile asterisk one that cannot be made leaves the former", async () => {
    const { site, phone, first, toTag } = await subscribed();
    phone.again(first, toTag, { accept: "application/xpidf+xml" });
    await site.pass();
    expect(phone.notify.header("Content-Type")).toBe("application/xpidf+xml");
    phone.again(first, toTag, { accept: "text/plain", sequence: 3 });
    await site.pass();
    expect(phone.notify.header("Content-Type")).toBe("application/xpidf+xml");
  });

  test("chooses the body anew; in profile rfc one that cannot be made is refused with 406", async () => {
    const { site, phone, first, toTag } = await subscribed({}, `[server]\nsip_profile = "rfc"\n${plainConfig}`);
    phone.again(first, toTag, { accept: "text/plain" });
    await site.pass();
    expect(phone.response.status).toBe(406);
    expect(site.core.subscriptions.count).toBe(1);
  });
});

describe("endings (RFC 6665 §4.1.3)", () => {
  test("an unsubscribe gets 200 with Expires 0 and a last NOTIFY", async () => {
    const { site, phone, first, toTag } = await subscribed();
    phone.again(first, toTag, { expires: 0 });
    await site.pass();
    expect([phone.response.status, phone.response.header("Expires")]).toEqual([200, "0"]);
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["terminated;reason=timeout"]);
    phone.again(first, toTag, { sequence: 3 });
    await site.pass();
    expect(phone.response.status).toBe(481);
  });

  test("expiry is told to the second, once", async () => {
    const { site, phone } = await subscribed({ expires: 60 });
    await site.pass(59_900);
    expect(phone.notifies).toEqual([]);
    await site.pass(200);
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["terminated;reason=timeout"]);
    await site.pass(3_600_000);
    expect(phone.notifies.length).toBe(1);
    expect(site.core.subscriptions.count).toBe(0);
  });

  test("a hint removed by a reload ends with noresource, the others go on untouched", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ exten: "1000" });
    phone.subscribe({ exten: "1001" });
    await site.pass();
    phone.clear();
    await site.reload(plainConfig.replace('1000 = "Custom:one"\n', ""));
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual([
      "terminated;reason=noresource",
    ]);
    expect(site.core.subscriptions.count).toBe(1);
    phone.clear();
    site.setDevice("two", "INUSE");
    await site.pass();
    expect(phone.notifies.length).toBe(1);
  });

  test("a hint added by a reload can be watched at once", async () => {
    const { site, phone } = await subscribed();
    phone.subscribe({ exten: "1002" });
    await site.pass();
    expect(phone.response.status).toBe(404);
    await site.reload(`${plainConfig}\n1002 = "Custom:three"\n`);
    phone.subscribe({ exten: "1002" });
    await site.pass();
    expect(phone.response.status).toBe(200);
  });

  test("an endpoint that is gone after a reload is rejected", async () => {
    const { site, phone } = await subscribed();
    await site.reload(plainConfig.replace("[endpoints.alice]", "[endpoints.carol]"));
    await site.pass();
    expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=rejected");
  });

  test("the operator ends one with deactivated", async () => {
    const { site, phone, toTag } = await subscribed();
    site.core.fanout.end(site.core.subscriptions.byTag(toTag)!, "deactivated");
    await site.pass();
    expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=deactivated");
  });

  test("nothing of an ended subscription is left: no timer, no index, no transaction", async () => {
    const { site, phone, first, toTag } = await subscribed();
    phone.again(first, toTag, { expires: 0 });
    await site.pass(120_000);
    expect(site.core.subscriptions.count).toBe(0);
    expect(site.core.subscriptions.countOf("alice")).toBe(0);
    expect(site.core.fanout.queuedCount).toBe(0);
    expect(site.clock.pendingCount).toBe(0);
  });

  test("whoever has gone for good is not told that it is over, and not looked for again and again", async () => {
    const site = await Site.start(plainConfig.replace('transport = "udp"', 'transport = "tcp"'), ["tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    phone.subscribe();
    await site.pass();
    for (const { flow } of site.core.subscriptions.all()) (flow as MemoryFlow).end();
    phone.clear();
    await site.reload(plainConfig.replace('1000 = "Custom:one"', ""));
    await site.pass(120_000);
    expect(phone.notifies).toEqual([]);
    expect(site.core.subscriptions.count).toBe(0);
    expect(site.core.fanout.queuedCount).toBe(0);
    expect(site.clock.pendingCount).toBe(0);
  });
});
