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
import { plainConfig, Site } from "../support/site.ts";

const config = plainConfig.replace('1000 = "Custom:one"', '1000 = "PJSIP/alice"\n1002 = "Custom:door"');
const stateOf = (body: string) => /<state>(\w+)</.exec(body)?.[1];

function dialogInfo(state: string, version = 0): string {
  return `<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="full" entity="sip:alice@192.0.2.1">
  <dialog id="a1" call-id="c1@192.0.2.10" local-tag="l" remote-tag="r" direction="recipient">
    <state>${state}</state>
    <remote><identity display="Carol">sip:carol@example.com</identity></remote>
  </dialog>
</dialog-info>`;
}

interface PublishOptions {
  readonly user?: string;
  readonly event?: string;
  readonly body?: string;
  readonly type?: string;
  readonly match?: string;
  readonly expires?: number;
}

async function office(toml = config) {
  const site = await Site.start(toml);
  const watcher = site.phone("192.0.2.11");
  watcher.subscribe({ event: "dialog", exten: "1000", from: "sip:bob@192.0.2.1" });
  await site.pass();
  const phone = site.phone("192.0.2.10");
  let sequence = 0;
  async function publish({ user = "alice", event = "dialog", body, type, match, expires = 600 }: PublishOptions) {
    sequence++;
    phone.send([
      `PUBLISH sip:${user}@192.0.2.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKpub${sequence}`,
      "Max-Forwards: 70",
      "From: <sip:alice@192.0.2.1>;tag=p",
      `To: <sip:${user}@192.0.2.1>`,
      `Call-ID: pub${sequence}@192.0.2.10`,
      `CSeq: ${sequence} PUBLISH`,
      `Event: ${event}`,
      `Expires: ${expires}`,
      ...(match === undefined ? [] : [`SIP-If-Match: ${match}`]),
      ...(body === undefined ? [] : [`Content-Type: ${type ?? "application/dialog-info+xml"}`]),
      `Content-Length: ${Buffer.byteLength(body ?? "")}`,
      "",
      body ?? "",
    ].join("\r\n"));
    await site.pass();
    return phone.response;
  }
  return { site, watcher, phone, publish };
}

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
