/*
 * A pulled plug:
 *
 *   phone                     hintd
 *     | SUBSCRIBE               |
 *     |------------------------>|
 *     |          200, NOTIFY 1… |
 *     |<------------------------|
 *     |                         X  gone, without a word
 *     |                         |  again, from the disk
 *     |   NOTIFY, higher CSeq,  |
 *     |   version, true state   |
 *     |<------------------------|
 *     | SUBSCRIBE (refresh)     |
 *     |------------------------>|
 */
import { expect, test } from "bun:test";
import { plainConfig, Site } from "../support/site.ts";

const stateOf = (body: string) => /<state>(\w+)</.exec(body)?.[1];

async function watched(toml = plainConfig) {
  const site = await Site.start(toml);
  const phone = site.phone("192.0.2.10");
  const first = phone.subscribe({ event: "dialog;id=7", expires: 600 });
  await site.pass();
  return { site, phone, first, toTag: phone.response.tag("To") };
}

test("a watcher learns the true state after a restart, with higher CSeq and version, in its dialog", async () => {
  const { site, phone, first, toTag } = await watched();
  site.setDevice("one", "RINGING");
  await site.pass();
  const before = phone.notify;
  phone.clear();
  site.setDevice("one", "INUSE");
  await site.restart(undefined, 10_000);
  await site.pass();
  expect(phone.notifies.length).toBe(1);
  const after = phone.notify;
  expect(stateOf(after.body)).toBe("confirmed");
  expect(after.sequence).toBeGreaterThan(before.sequence);
  expect(after.version).toBeGreaterThan(before.version);
  expect(after.header("Subscription-State")).toBe("active;expires=590");
  expect([after.header("Call-ID"), after.tag("From"), after.tag("To")]).toEqual([first.callId, toTag, first.fromTag]);
  expect(after.header("Event")).toBe("dialog;id=7");

  phone.clear();
  phone.again(first, toTag);
  await site.pass();
  expect(phone.response.status).toBe(200);
  expect(phone.notify.header("Subscription-State")).toBe("active;expires=600");
});

test("nothing is sent twice: a second restart sends one NOTIFY more, higher again", async () => {
  const { site, phone } = await watched();
  const seen = [phone.notify.sequence];
  for (let i = 0; i < 3; i++) {
    phone.clear();
    await site.restart();
    await site.pass(60_000);
    expect(phone.notifies.length).toBe(1);
    seen.push(phone.notify.sequence);
  }
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(new Set(seen).size).toBe(4);
});

test("numbers stay ahead of those used, however many NOTIFYs were sent since the record", async () => {
  const { site, phone } = await watched();
  for (let i = 0; i < 1_500; i++) {
    site.setDevice("one", i % 2 === 0 ? "INUSE" : "NOT_INUSE");
    await site.pass();
  }
  const { sequence, version } = phone.notify;
  expect(sequence).toBeGreaterThan(1_500);
  await site.restart();
  await site.pass();
  expect(phone.notify.sequence).toBeGreaterThan(sequence);
  expect(phone.notify.version).toBeGreaterThan(version);
});

test("an ended subscription does not come back", async () => {
  const { site, phone, first, toTag } = await watched();
  phone.again(first, toTag, { expires: 0 });
  await site.pass();
  phone.clear();
  await site.restart();
  await site.pass();
  expect(phone.notifies).toEqual([]);
});

test("one that expired meanwhile is forgotten", async () => {
  const { site, phone, first, toTag } = await watched();
  phone.clear();
  await site.restart(undefined, 601_000);
  await site.pass();
  expect(phone.notifies).toEqual([]);
  phone.again(first, toTag);
  await site.pass();
  expect(phone.response.status).toBe(481);
});

test("a hint that is gone at the start ends its subscription with noresource (RFC 6665 §4.1.3)", async () => {
  const { site, phone } = await watched();
  phone.clear();
  await site.restart(plainConfig.replace('1000 = "Custom:one"\n', ""));
  await site.pass();
  expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual([
    "terminated;reason=noresource",
  ]);
});

test("an endpoint that may not subscribe any more ends with rejected", async () => {
  const { site, phone } = await watched();
  phone.clear();
  await site.restart(plainConfig.replace("[endpoints.alice]", "[endpoints.alice]\nallow_subscribe = false"));
  await site.pass();
  expect(phone.notify.header("Subscription-State")).toBe("terminated;reason=rejected");
});

test("a wall clock that went back prolongs no lifetime", async () => {
  const { site, phone } = await watched();
  phone.clear();
  site.clock.setWall(Date.UTC(2000, 0, 1));
  await site.restart();
  await site.pass();
  expect(phone.notify.header("Subscription-State")).toBe("active;expires=600");
});
