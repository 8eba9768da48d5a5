import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import type { Received } from "../support/phone.ts";
import { plainConfig, Site } from "../support/site.ts";

const stateOf = (notify: Received) => /<state>(\w+)</.exec(notify.body)?.[1];

async function dialogWatcher(toml = plainConfig) {
  const site = await Site.start(toml);
  const phone = site.phone("192.0.2.10");
  phone.subscribe({ event: "dialog" });
  await site.pass();
  phone.clear();
  return { site, phone };
}

describe("changes", () => {
  test("reach the watcher at once, each with a higher CSeq and version", async () => {
    const { site, phone } = await dialogWatcher();
    for (const state of ["RINGING", "INUSE", "ONHOLD", "NOT_INUSE"] as const) {
      site.setDevice("one", state);
      await site.pass();
    }
    expect(phone.notifies.map(stateOf)).toEqual(["early", "confirmed", "confirmed", "terminated"]);
    expect(phone.notifies.map((notify) => notify.sequence)).toEqual([2, 3, 4, 5]);
    expect(phone.notifies.map((notify) => notify.version)).toEqual([1, 2, 3, 4]);
    expect(phone.notifies.every((notify) => notify.at === 0)).toBe(true);
  });

  test("that change nothing send nothing", async () => {
    const { site, phone } = await dialogWatcher();
    site.setDevice("one", "NOT_INUSE");
    site.setDevice("one", "NOT_INUSE");
    site.setDevice("elsewhere", "INUSE");
    await site.pass();
    expect(phone.notifies).toEqual([]);
  });

  test("of presence do not wake dialog watchers, but wake presence watchers", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ exten: "1001", event: "dialog" });
    phone.subscribe({ exten: "1001", event: "presence", userAgent: "Digium D60" });
    await site.pass();
    phone.clear();
    site.core.engine.setPresenceState("CustomPresence:two", { state: "dnd", subtype: "", message: "lunch" });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Event"))).toEqual(["presence"]);
    expect(phone.notify.body).toContain('<digium_presence type="dnd">lunch</digium_presence>');
  });

  test("in one tick become one NOTIFY with the latest state", async () => {
    const { site, phone } = await dialogWatcher();
    site.setDevice("one", "RINGING");
    site.setDevice("one", "INUSE");
    await site.pass();
    expect(phone.notifies.map(stateOf)).toEqual(["confirmed"]);
  });

  test("that cancel each other out within a tick send nothing", async () => {
    const { site, phone } = await dialogWatcher();
    site.setDevice("one", "RINGING");
    site.setDevice("one", "NOT_INUSE");
    await site.pass();
    expect(phone.notifies).toEqual([]);
  });
});

describe("one outstanding NOTIFY", () => {
  test("changes meanwhile collapse into one with the latest state, sent when the answer comes", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = () => undefined;
    site.setDevice("one", "RINGING");
    await site.pass();
    site.setDevice("one", "INUSE");
    site.setDevice("one", "ONHOLD");
    site.setDevice("one", "BUSY");
    await site.pass(100);
    expect(phone.notifies.length).toBe(1);
    phone.onNotify = () => "200 OK";
    phone.answer(phone.notify, "200 OK");
    await site.pass();
    expect(phone.notifies.map(stateOf)).toEqual(["early", "confirmed"]);
    expect(phone.notifies.map((notify) => notify.version)).toEqual([1, 2]);
  });

  test("changes meanwhile that cancel each other out send nothing", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = () => undefined;
    site.setDevice("one", "RINGING");
    await site.pass();
    site.setDevice("one", "INUSE");
    site.setDevice("one", "RINGING");
    phone.answer(phone.notify, "200 OK");
    await site.pass();
    expect(phone.notifies.length).toBe(1);
  });

  test("a lost NOTIFY is repeated after T1, doubling to T2, byte for byte", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = () => undefined;
    const start = site.clock.now();
    site.setDevice("one", "RINGING");
    await site.pass(16_000);
    expect(phone.notifies.map((notify) => Math.round((notify.at - start) / 100) * 100)).toEqual([
      0,
      500,
      1_500,
      3_500,
      7_500,
      11_500,
      15_500,
    ]);
    expect(new Set(phone.notifies.map((notify) => notify.text)).size).toBe(1);
  });
});

describe("NOTIFY failures (RFC 6665 §4.2.2)", () => {
  test("no answer keeps the subscription; the phone that comes back learns the latest state", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = () => undefined;
    site.setDevice("one", "RINGING");
    await site.pass(33_000);
    site.setDevice("one", "INUSE");
    phone.clear();
    phone.onNotify = () => "200 OK";
    await site.pass(6_000);
    expect(phone.notifies.map(stateOf)).toEqual(["confirmed"]);
    expect(site.core.subscriptions.count).toBe(1);
  });

  for (const status of ["481 Subscription Does Not Exist", "489 Bad Event", "405 Method Not Allowed"]) {
    test(`${status} ends it without another word`, async () => {
      const { site, phone } = await dialogWatcher();
      phone.onNotify = () => status;
      site.setDevice("one", "RINGING");
      await site.pass();
      expect(site.core.subscriptions.count).toBe(0);
      site.setDevice("one", "INUSE");
      await site.pass(60_000);
      expect(phone.notifies.length).toBe(1);
    });
  }

  test("503 is tried again after growing waits while the subscription lives", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = () => "503 Service Unavailable";
    site.setDevice("one", "RINGING");
    await site.pass(100_000);
    const gaps = phone.notifies.slice(1).map((notify, i) => (notify.at - phone.notifies[i]!.at) / 1_000);
    gaps.forEach((gap, i) => {
      expect(gap).toBeGreaterThanOrEqual(4 * 2 ** i * 0.75);
      expect(gap).toBeLessThanOrEqual(4 * 2 ** i * 1.25 + 0.02);
    });
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    phone.onNotify = () => "200 OK";
    await site.pass(100_000);
    expect(site.core.subscriptions.count).toBe(1);
    expect([...site.core.subscriptions.all()][0]!.failureCount).toBe(0);
  });

  test("Retry-After is obeyed to the second, changes meanwhile wait for it", async () => {
    const { site, phone } = await dialogWatcher();
    phone.onNotify = (notify) => {
      phone.answer(notify, "503 Service Unavailable", ["Retry-After: 20"]);
      return undefined;
    };
    site.setDevice("one", "RINGING");
    await site.pass();
    site.setDevice("one", "INUSE");
    await site.pass(19_900);
    expect(phone.notifies.length).toBe(1);
    phone.onNotify = () => "200 OK";
    await site.pass(200);
    expect(phone.notifies.map(stateOf)).toEqual(["early", "confirmed"]);
  });

  test("a refresh by the phone ends the waiting at once", async () => {
    const site = await Site.start();
    const phone = site.phone("192.0.2.10");
    const first = phone.subscribe({ event: "dialog" });
    await site.pass();
    const toTag = phone.response.tag("To");
    phone.onNotify = () => "503 Service Unavailable";
    site.setDevice("one", "RINGING");
    await site.pass();
    phone.onNotify = () => "200 OK";
    phone.clear();
    phone.again(first, toTag);
    await site.pass();
    expect(phone.notifies.map(stateOf)).toEqual(["early"]);
  });
});

describe("the window", () => {
  /** Has one phone subscribe `count` times, and not answer what it is told from then on. */
  async function silentWatcher(count: number, transport: "udp" | "tcp") {
    const toml = plainConfig.replace('identify_by = ["ip"]', `identify_by = ["ip"]\nmax_subscriptions = ${count}`);
    const site = await Site.start(toml, [transport]);
    const phone = site.phone("192.0.2.10", transport);
    for (let i = 0; i < count; i++) {
      phone.subscribe({ event: `dialog;id=${i}` });
      if (i % 100 === 99) await site.pass();
    }
    await site.pass(6_000);
    expect(site.core.subscriptions.count).toBe(count);
    phone.clear();
    phone.onNotify = () => undefined;
    return { site, phone };
  }

  for (const [transport, places] of [["udp", limits.notifyWindow], ["tcp", limits.streamNotifyWindow]] as const) {
    test(`holds ${places} by ${transport}; the rest follows as answers come, and dead phones give way after T1`, async () => {
      const { site, phone } = await silentWatcher(places + 50, transport);
      site.setDevice("one", "INUSE");
      await site.pass();
      expect(phone.notifies.length).toBe(places);
      const [one, two] = phone.notifies;
      phone.answer(one!, "200 OK");
      phone.answer(two!, "200 OK");
      await site.pass();
      expect(phone.notifies.length).toBe(places + 2);
      await site.pass(510);
      const firstTimes = new Set(phone.notifies.map((notify) => notify.header("Event")));
      expect(firstTimes.size).toBe(places + 50);
    });
  }
});

describe("streams", () => {
  test("NOTIFYs go over the connection that the phone opened, with its transport in Via and Contact", async () => {
    const site = await Site.start(plainConfig, ["udp", "tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    phone.subscribe({ contact: "<sip:alice@192.0.2.10:5060;transport=tcp>" });
    await site.pass();
    site.setDevice("one", "INUSE");
    await site.pass();
    expect(phone.notifies.length).toBe(2);
    expect(phone.notify.header("Via")).toStartWith("SIP/2.0/TCP 192.0.2.1:5060;");
    expect(phone.notify.header("Contact")).toBe("<sip:192.0.2.1:5060;transport=tcp>");
    expect(phone.notify.flow).toBe(phone.flow);
  });

  test("a connection that is gone leaves the watcher to its next refresh, which finds it owed the latest state", async () => {
    const site = await Site.start(plainConfig, ["tcp"]);
    const phone = site.phone("192.0.2.10", "tcp");
    const first = phone.subscribe({ event: "dialog", contact: "<sip:alice@192.0.2.10:5060;transport=tcp>" });
    await site.pass();
    const toTag = phone.response.tag("To");
    site.network.cut(phone.flow);
    site.setDevice("one", "RINGING");
    await site.pass(1_000);
    phone.clear();
    phone.again(first, toTag);
    await site.pass();
    expect(phone.notifies.map(stateOf)).toEqual(["early"]);
    expect(site.core.subscriptions.count).toBe(1);
  });
});
