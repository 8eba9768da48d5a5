/** Device states and mailboxes for another Asterisk: JSON, one publication per section, one device per request. */
import { describe, expect, test } from "bun:test";
import { entityIdOf } from "../../lib/uac/asterisk_messages.ts";
import type { Received } from "../support/phone.ts";
import { bench, section } from "./support.ts";

const devices = { node: section({ event: "asterisk-devicestate", server_uri: "sip:hintd@p.example" }) };
const mailboxes = { node: section({ event: "asterisk-mwi", server_uri: "sip:hintd@p.example" }) };
const eid = "02:00:00:00:00:01";

function messages(requests: readonly Received[]): Record<string, unknown>[] {
  return requests.filter((each) => each.body !== "").map((each) => JSON.parse(each.body));
}

function told(requests: readonly Received[]): string[] {
  return messages(requests).filter(({ type }) => type === "devicestate").map(({ device, state }) =>
    `${device} ${state}`
  );
}

/** A bench with devices that are set before it publishes. */
function withDevices(count: number) {
  const all = bench({ hints: {}, sections: {} });
  for (let i = 0; i < count; i++) all.set(`d${i}`, "INUSE");
  all.engine.setEndpoint("alice", { isReachable: true, busyAt: 0 });
  all.publishers.replaceConfig(devices);
  return all;
}

describe("asterisk-devicestate", () => {
  test("begins with a refresh, then tells each device under the tag of the one before", async () => {
    const { server, pass } = withDevices(2);
    await pass(1_000);
    expect(messages(server.inbox)).toEqual([
      { type: "refresh", eid },
      { type: "devicestate", device: "Custom:d0", state: "INUSE", cachable: 1, eid },
      { type: "devicestate", device: "Custom:d1", state: "INUSE", cachable: 1, eid },
      { type: "devicestate", device: "PJSIP/alice", state: "NOT_INUSE", cachable: 1, eid },
    ]);
    expect(server.inbox.map((each) => each.header("SIP-If-Match"))).toEqual(["", "tag1", "tag2", "tag3"]);
    expect(new Set(server.inbox.map((each) => each.startLine))).toEqual(
      new Set(["PUBLISH sip:hintd@p.example SIP/2.0"]),
    );
    expect(server.last.header("Event")).toBe("asterisk-devicestate");
    expect(server.last.header("Content-Type")).toBe("application/json");
    expect([server.held.size, new Set(server.inbox.map((each) => each.header("Call-ID"))).size]).toEqual([1, 1]);
  });

  test("tells changes, of each device the latest, in the order in which they became due", async () => {
    const { server, pass, set } = withDevices(3);
    await pass(1_000);
    const count = server.inbox.length;
    server.answer = () => undefined;
    set("d2", "RINGING");
    await pass(10);
    set("d1", "RINGING");
    set("d0", "RINGING");
    set("d1", "ONHOLD");
    set("d2", "BUSY");
    server.answer = (request) => server.keep(request);
    server.send(server.last, server.keep(server.last)!);
    await pass(1_000);
    expect(told(server.since(count))).toEqual([
      "Custom:d2 RINGING",
      "Custom:d2 BUSY",
      "Custom:d1 ONHOLD",
      "Custom:d0 RINGING",
    ]);
  });

  test("tells nothing twice, and of a device that is no longer set UNKNOWN", async () => {
    const { server, pass, set } = withDevices(1);
    await pass(1_000);
    const count = server.inbox.length;
    set("d0", "INUSE");
    await pass(1_000);
    expect(server.inbox.length).toBe(count);
    set("d0", undefined);
    await pass(1_000);
    expect(told(server.since(count))).toEqual(["Custom:d0 UNKNOWN"]);
  });

  test("does not tell what was learned from others, nor lamps of mailboxes", async () => {
    const { server, pass, engine } = withDevices(1);
    engine.setReportedStates("Custom:d0", ["RINGING"]);
    engine.setReportedStates("Custom:far", ["INUSE"]);
    await pass(1_000);
    engine.setReportedStates("PJSIP/alice", ["ONHOLD"]);
    engine.setReportedStates("PJSIP/far", ["INUSE"]);
    engine.setReportedStates("Custom:far", []);
    engine.setMailbox("1000@default", { new: 1, old: 0 });
    await pass(1_000);
    expect(told(server.inbox)).toEqual(["Custom:d0 INUSE", "PJSIP/alice NOT_INUSE"]);
  });

  test("tells what is true here, whatever others report of the same device", async () => {
    const { server, pass, set, engine } = withDevices(1);
    await pass(1_000);
    const count = server.inbox.length;
    engine.setReportedStates("Custom:d0", ["INUSE"]);
    engine.setReportedStates("PJSIP/alice", ["INUSE"]);
    set("d0", "NOT_INUSE");
    engine.setEndpoint("alice", { isReachable: false, busyAt: 0 });
    await pass(1_000);
    expect(told(server.since(count))).toEqual(["Custom:d0 NOT_INUSE", "PJSIP/alice UNAVAILABLE"]);
  });

  test("tells that a device is gone where it was told of, or may have been", async () => {
    const { server, pass, set, engine } = withDevices(2);
    await pass(1_000);
    server.answer = () => undefined;
    set("d2", "INUSE");
    await pass(10);
    engine.setEndpoint("alice", undefined);
    for (const name of ["d0", "d2"]) set(name, undefined);
    set("d3", "INUSE");
    set("d3", undefined);
    await pass(33_000);
    const count = server.inbox.length;
    server.answer = (request) => server.keep(request);
    await pass(10_000);
    expect(told(server.since(count)).toSorted()).toEqual([
      "Custom:d0 UNKNOWN",
      "Custom:d2 UNKNOWN",
      "PJSIP/alice INVALID",
    ]);
  });

  test("tells everything again when the peer asks by a refresh", async () => {
    const { server, pass, publishers } = withDevices(2);
    await pass(1_000);
    const count = server.inbox.length;
    publishers.republish("asterisk-mwi");
    await pass(1_000);
    expect(server.inbox.length).toBe(count);
    publishers.republish("asterisk-devicestate");
    publishers.republish("asterisk-devicestate");
    await pass(1_000);
    expect(messages(server.since(count)).map(({ type }) => type)).toEqual([
      "devicestate",
      "devicestate",
      "devicestate",
    ]);
  });

  test("tells everything again when the peer asks while a message is on its way, and its own question once", async () => {
    const { server, pass, publishers, set, logged } = withDevices(1);
    server.answer = () => undefined;
    const answerLast = () => server.send(server.last, server.keep(server.last)!);
    await pass(10);
    publishers.republish("asterisk-devicestate");
    answerLast();
    await pass(10);
    answerLast();
    await pass(10);
    publishers.republish("asterisk-devicestate");
    server.answer = (request) => server.keep(request);
    answerLast();
    await pass(1_000);
    set("d0", "RINGING");
    await pass(1_000);
    expect(messages(server.inbox).filter(({ type }) => type === "refresh").length).toBe(1);
    expect(told(server.inbox)).toEqual([
      "Custom:d0 INUSE",
      "PJSIP/alice NOT_INUSE",
      "PJSIP/alice NOT_INUSE",
      "Custom:d0 INUSE",
      "Custom:d0 RINGING",
    ]);
    expect(logged).toEqual([]);
  });

  test("tells everything again, but asks no more, when the peer has forgotten it", async () => {
    const { server, pass, set } = withDevices(2);
    await pass(1_000);
    const count = server.inbox.length;
    server.held.clear();
    set("d0", "RINGING");
    await pass(1_000);
    expect(server.since(count).map((each) => each.header("SIP-If-Match"))).toEqual(["tag4", "", "tag5", "tag6"]);
    expect(told(server.since(count + 1)).toSorted()).toEqual([
      "Custom:d0 RINGING",
      "Custom:d1 INUSE",
      "PJSIP/alice NOT_INUSE",
    ]);
  });

  test("tells a device again of which it is not known whether it arrived", async () => {
    const { server, pass, set } = withDevices(1);
    await pass(1_000);
    const count = server.inbox.length;
    server.answer = () => undefined;
    set("d0", "RINGING");
    await pass(10);
    set("d0", "INUSE");
    await pass(33_000);
    server.answer = (request) => server.keep(request);
    await pass(10_000);
    expect(told(server.since(count))).toEqual(["Custom:d0 RINGING", "Custom:d0 INUSE"]);
  });

  test("refreshes without a body, and removes at the end", async () => {
    const { server, pass, publishers } = withDevices(0);
    await pass(1_000);
    const count = server.inbox.length;
    await pass(3_240_000);
    expect(server.since(count).map((each) => each.body)).toEqual([""]);
    publishers.stop();
    await pass(100);
    expect([server.last.header("Expires"), server.held.size]).toEqual(["0", 0]);
  });
});

describe("asterisk-mwi", () => {
  test("tells every mailbox, and each change of its counts", async () => {
    const { server, pass, engine, publishers } = bench({ hints: {}, sections: {} });
    engine.setMailbox("1000@default", { new: 1, old: 2 });
    publishers.replaceConfig(mailboxes);
    await pass(1_000);
    engine.setMailbox("1000@default", { new: 2, old: 2 });
    publishers.mailboxChanged("1000@default");
    publishers.deviceChanged("MWI:1000@default");
    await pass(1_000);
    expect(messages(server.inbox)).toEqual([
      { type: "refresh", eid },
      { type: "mailboxstate", uniqueid: "1000@default", old: 2, new: 1, eid },
      { type: "mailboxstate", uniqueid: "1000@default", old: 2, new: 2, eid },
    ]);
    expect(server.last.header("Event")).toBe("asterisk-mwi");
  });

  test("says nothing of a mailbox that another server publishes until that one is done, and tells when one is gone", async () => {
    const { server, pass, engine, publishers } = bench({ hints: {}, sections: {} });
    engine.setPublishedMailbox("far@default", { new: 9, old: 9 });
    engine.setPublishedMailbox("both@default", { new: 9, old: 9 });
    engine.setMailbox("both@default", { new: 1, old: 0 });
    engine.setMailbox("gone@default", { new: 3, old: 0 });
    publishers.replaceConfig(mailboxes);
    await pass(1_000);
    engine.setMailbox("both@default", { new: 2, old: 0 });
    for (const mailbox of ["far@default", "both@default"]) engine.setPublishedMailbox(mailbox, undefined);
    engine.setMailbox("gone@default", undefined);
    await pass(1_000);
    expect(messages(server.inbox).slice(1).map(({ uniqueid, new: fresh }) => `${uniqueid} ${fresh}`)).toEqual([
      "gone@default 3",
      "both@default 2",
      "gone@default 0",
    ]);
  });
});

test("an entity id is six octets, locally administered, the same for the same text", () => {
  const ids = ["a", "b", "c", "d", "e", "f", "g", "h"].map(entityIdOf);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    expect(parseInt(id.slice(0, 2), 16) & 3).toBe(2);
  }
  expect(entityIdOf("a")).toBe(ids[0]!);
});
