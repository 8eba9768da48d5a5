/*
 * A lamp that stays when its call is over:
 *
 *   bob (watches 1000)        hintd                     alice (PJSIP/alice, behind 1000)
 *     |                         |              PUBLISH (early)  |
 *     |     NOTIFY, ringing     |<------------------------------|
 *     |<------------------------|                               |  (plug pulled)
 *     |                         |  five minutes: "stuck"
 *     |     NOTIFY, idle        |  where [watchdog] clears
 *     |<------------------------|
 */
import { describe, expect, test } from "bun:test";
import { config, dialogInfo, office, stateOf } from "./publishing_office.ts";

const clearing = `${config}\n[watchdog]\nclear = true\n`;
const SECOND = 1_000;

function told({ site }: Awaited<ReturnType<typeof office>>) {
  return site.core.watchdog.rows().map(({ message, where }) => [message, where]);
}

describe("a lamp that rings for too long", () => {
  test("is told of with its hints, and stays as it is", async () => {
    const all = await office();
    await all.publish({ body: dialogInfo("early") });
    await all.site.pass(295 * SECOND);
    expect(told(all)).toEqual([]);
    await all.site.pass(20 * SECOND);
    expect(told(all)).toEqual([
      ["PJSIP/alice has been ringing for 5 minutes, and nothing happens to it", "1000@default"],
    ]);
    expect(stateOf(all.watcher.notify.body)).toBe("early");
    expect(all.site.core.counters.snapshot().watchdog).toEqual({ stuck: 1, cleared: 0 });
    await all.site.pass(200 * SECOND);
    expect(all.site.core.counters.snapshot().watchdog).toEqual({ stuck: 1, cleared: 0 });
  });

  test("is innocent again when something happens to it", async () => {
    const all = await office();
    const { header } = await all.publish({ body: dialogInfo("early") }).then((granted) => ({
      header: granted.header("SIP-ETag"),
    }));
    await all.site.pass(310 * SECOND);
    expect(told(all)).toHaveLength(1);
    await all.publish({ body: dialogInfo("confirmed"), match: header });
    expect(told(all)).toEqual([]);
  });

  test("is cleared where that is wanted, and its publisher may go on", async () => {
    const all = await office(clearing);
    const granted = await all.publish({ body: dialogInfo("early"), expires: 1_000 });
    await all.site.pass(310 * SECOND);
    expect(stateOf(all.watcher.notify.body)).toBe("terminated");
    expect(told(all)).toEqual([]);
    // A refresh does not bring it back, not even over a pulled plug; a new document does.
    const refreshed = await all.publish({ match: granted.header("SIP-ETag") });
    await all.site.restart();
    await all.site.pass();
    expect(stateOf(all.watcher.notify.body)).toBe("terminated");
    await all.publish({ body: dialogInfo("early"), match: refreshed.header("SIP-ETag") });
    expect(stateOf(all.watcher.notify.body)).toBe("early");
  });

  test("counts from before a restart where it was set by hand", async () => {
    const all = await office(clearing);
    all.site.setDevice("door", "RINGING");
    await all.site.pass(200 * SECOND);
    await all.site.restart(undefined, 100 * SECOND);
    await all.site.pass(10 * SECOND);
    expect(all.site.core.engine.devices.stateOf("Custom:door")).toBe("NOT_INUSE");
  });

  test("may ring for ever with 0", async () => {
    const all = await office(`${clearing}ringing = 0\n`);
    all.site.setDevice("door", "RINGING");
    await all.site.pass(90_000 * SECOND);
    expect(all.site.core.engine.devices.stateOf("Custom:door")).toBe("RINGING");
  });

  test("is cleared of what another Asterisk says of it", async () => {
    const all = await office(clearing.replace("[endpoints.alice]", '[endpoints.alice]\npublish = ["*"]'));
    const report = (device: string, state: string) =>
      JSON.stringify({ type: "devicestate", state, device, cachable: "1", eid: "aa:bb:cc:dd:ee:ff" });
    const how = { event: "asterisk-devicestate", type: "application/json", expires: 3_600 };
    const granted = await all.publish({ ...how, body: report("Custom:two", "RINGING") });
    expect(granted.status).toBe(200);
    await all.publish({ ...how, body: report("Custom:door", "INUSE"), match: granted.header("SIP-ETag") });
    expect(all.site.core.engine.devices.stateOf("Custom:two")).toBe("RINGING");
    await all.site.pass(310 * SECOND);
    const { devices } = all.site.core.engine;
    expect([devices.stateOf("Custom:two"), devices.stateOf("Custom:door")]).toEqual(["UNKNOWN", "INUSE"]);
  });
});

describe("a call whose phone is gone", () => {
  /** Alice registers, is in a call, answers no probe, and her binding runs out. */
  async function abandoned(toml: string) {
    const all = await office(toml);
    all.phone.send([
      "REGISTER sip:192.0.2.1 SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKreg1",
      "Max-Forwards: 70",
      "From: <sip:alice@192.0.2.1>;tag=r",
      "To: <sip:alice@192.0.2.1>",
      "Call-ID: reg@192.0.2.10",
      "CSeq: 1 REGISTER",
      "Contact: <sip:alice@192.0.2.10>;expires=60",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n"));
    await all.site.pass();
    expect(all.phone.response.status).toBe(200);
    await all.publish({ body: dialogInfo("confirmed"), expires: 3_600 });
    await all.site.pass(70 * SECOND);
    expect(all.site.core.registrar.isOnline("alice")).toBe(false);
    return all;
  }

  test("is told of", async () => {
    const all = await abandoned(config);
    expect(told(all)).toEqual([]);
    await all.site.pass(130 * SECOND);
    expect(told(all)).toEqual([[
      "PJSIP/alice is in a call, but its phone has been gone for 3 minutes",
      "1000@default",
    ]]);
    expect(stateOf(all.watcher.notify.body)).toBe("confirmed");
  });

  test("is cleared where that is wanted", async () => {
    const all = await abandoned(clearing);
    await all.site.pass(130 * SECOND);
    expect(stateOf(all.watcher.notify.body)).toBe("terminated");
    expect(all.site.core.engine.devices.stateOf("PJSIP/alice")).toBe("UNAVAILABLE");
  });

  test("is none where the phone was never here", async () => {
    const all = await office(clearing);
    await all.publish({ body: dialogInfo("confirmed"), expires: 3_600 });
    await all.site.pass(1_000 * SECOND);
    expect(stateOf(all.watcher.notify.body)).toBe("confirmed");
  });
});
