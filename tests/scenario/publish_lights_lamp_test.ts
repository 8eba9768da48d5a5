/*
 * A phone tells of its own call:
 *
 *   bob (watches 1000)        hintd                     alice (PJSIP/alice, behind 1000)
 *     | SUBSCRIBE               |                               |
 *     |------------------------>|              PUBLISH (early)  |
 *     |                         |<------------------------------|
 *     |     NOTIFY, ringing     |  200, SIP-ETag                |
 *     |<------------------------|------------------------------>|
 *     |                         |   PUBLISH, If-Match, Expires 0|
 *     |        NOTIFY, idle     |<------------------------------|
 *     |<------------------------|                               |
 */
import { expect, test } from "bun:test";
import { config, dialogInfo, office, stateOf } from "./publishing_office.ts";

test("a published dialog makes the extension ring, and its removal frees it", async () => {
  const { watcher, publish } = await office();
  const granted = await publish({ body: dialogInfo("early") });
  expect([granted.status, granted.header("Expires")]).toEqual([200, "600"]);
  expect(stateOf(watcher.notify.body)).toBe("early");
  const modified = await publish({ body: dialogInfo("confirmed"), match: granted.header("SIP-ETag") });
  expect(modified.status).toBe(200);
  expect(stateOf(watcher.notify.body)).toBe("confirmed");
  expect((await publish({ match: modified.header("SIP-ETag"), expires: 0 })).status).toBe(200);
  expect(stateOf(watcher.notify.body)).toBe("terminated");
});

test("expiry withdraws what was published", async () => {
  const { site, watcher, publish } = await office();
  await publish({ body: dialogInfo("early"), expires: 60 });
  await site.pass(61_000);
  expect(stateOf(watcher.notify.body)).toBe("terminated");
});

test("a publication survives a pulled plug, and its tag too", async () => {
  const { site, watcher, publish } = await office();
  const granted = await publish({ body: dialogInfo("confirmed") });
  await site.restart();
  await site.pass();
  expect(stateOf(watcher.notify.body)).toBe("confirmed");
  expect((await publish({ match: granted.header("SIP-ETag") })).status).toBe(200);
});

test("somebody else's extension needs a grant", async () => {
  const { publish } = await office();
  expect((await publish({ user: "1002", body: dialogInfo("early") })).status).toBe(403);
  const { publish: granted } = await office(
    config.replace("[endpoints.alice]", '[endpoints.alice]\npublish = ["1002"]'),
  );
  expect((await granted({ user: "1002", body: dialogInfo("early") })).status).toBe(200);
});

test("another server's device states light hints, name by name as granted", async () => {
  const { watcher, publish } = await office(
    config.replace("[endpoints.alice]", '[endpoints.alice]\npublish = ["PJSIP/al*"]'),
  );
  const state = (device: string, state: string) =>
    JSON.stringify({ type: "devicestate", device, state, cachable: 1, eid: "aa:bb:cc:dd:ee:ff" });
  const options = { user: "anything", event: "asterisk-devicestate", type: "application/json" };
  expect((await publish({ ...options, body: state("PJSIP/alice", "INUSE") })).status).toBe(200);
  expect(stateOf(watcher.notify.body)).toBe("confirmed");
  expect((await publish({ ...options, body: state("Custom:door", "INUSE") })).status).toBe(403);
});
