/** What others publish of devices and mailboxes: how it counts beside what is known here, whom it wakes, what it costs. */
import { describe, expect, test } from "bun:test";
import type { DeviceState } from "../../lib/state/device_state.ts";
import { aggregatePublishedPresence, equalPresence } from "../../lib/state/presence_state.ts";
import { callOf, MemoryDisk, Office, officeOf, presenceOf } from "./office.ts";

const reachable = { isReachable: true, busyAt: 0 };
const unreachable = { isReachable: false, busyAt: 0 };

describe("a device that other servers report", () => {
  const cases:
    readonly (readonly [known: typeof reachable | undefined, reported: DeviceState[], state: DeviceState])[] = [
      [undefined, ["NOT_INUSE"], "NOT_INUSE"],
      [undefined, ["INUSE"], "INUSE"],
      [undefined, ["UNAVAILABLE"], "UNAVAILABLE"],
      [undefined, [], "INVALID"],
      [unreachable, ["NOT_INUSE"], "NOT_INUSE"],
      [unreachable, ["RINGING"], "RINGING"],
      [reachable, ["UNAVAILABLE"], "NOT_INUSE"],
      [reachable, ["INUSE"], "INUSE"],
      [reachable, ["UNAVAILABLE", "ONHOLD"], "ONHOLD"],
      [reachable, ["RINGING", "INUSE"], "RINGINUSE"],
      [reachable, ["UNKNOWN"], "NOT_INUSE"],
    ];
  for (const [known, reported, state] of cases) {
    const here = known === undefined ? "unknown" : known.isReachable ? "registered" : "unregistered";
    test(`${here} here and ${reported.join(", ") || "nothing"} there is ${state}`, () => {
      const office = officeOf({ 1000: "PJSIP/alice" });
      office.engine.setEndpoint("alice", known);
      office.engine.setReportedStates("SIP/alice", reported);
      expect(office.engine.devices.stateOf("PJSIP/alice")).toBe(state);
      office.engine.setReportedStates("PJSIP/alice", []);
      expect(office.engine.devices.stateOf("PJSIP/alice")).toBe(
        known === undefined ? "INVALID" : known.isReachable ? "NOT_INUSE" : "UNAVAILABLE",
      );
    });
  }

  test("wakes its hints alone, and only when its state is another", () => {
    const office = officeOf({ 1000: "PJSIP/a", 1001: "PJSIP/b", 1002: "Custom:c" });
    const before = office.engine.evaluationCount;
    office.engine.setReportedStates("PJSIP/a", ["INUSE"]);
    office.engine.setReportedStates("PJSIP/a", ["INUSE", "NOT_INUSE"]);
    office.engine.setReportedStates("PJSIP/a", ["UNAVAILABLE", "INUSE"]);
    expect(office.told()).toEqual(["1000@default device INUSE"]);
    expect(office.sources()).toEqual(["PJSIP/a"]);
    expect(office.engine.evaluationCount - before).toBe(1);
    office.engine.setReportedStates("PJSIP/a", []);
    expect(office.told()).toEqual(["1000@default device UNAVAILABLE"]);
  });

  test("adds to what is known of a call here", () => {
    const office = officeOf({ 1000: "PJSIP/a" });
    office.engine.setEndpoint("a", reachable);
    office.engine.setCalls("PJSIP/a", [callOf({ state: "early" })]);
    office.engine.setReportedStates("PJSIP/a", ["RINGING"]);
    expect(office.lamp("1000")).toBe("RINGING");
    office.engine.setCalls("PJSIP/a", []);
    expect(office.lamp("1000")).toBe("RINGING");
  });

  test("is listed, has an autohint, and is known since when it was reported, until nobody reports it", () => {
    const office = new Office({ default: { autohints: true } });
    office.engine.setReportedStates("PJSIP/far", ["INUSE"]);
    expect(office.lamp("far")).toBe("INUSE");
    expect(office.engine.devices.deviceKeys()).toEqual(["PJSIP/far"]);
    expect(office.engine.devices.changedAt("PJSIP/far")).toBe(office.clock.wall());
    office.engine.setReportedStates("PJSIP/far", []);
    expect(office.engine.devices.deviceKeys()).toEqual([]);
    expect(office.engine.devices.changedAt("PJSIP/far")).toBeUndefined();
  });

  test("is never stored, and may be a Custom: device that is set too", () => {
    const disk = new MemoryDisk();
    const office = officeOf({ 1000: "Custom:door" }, disk);
    office.device("Custom:door", "NOT_INUSE");
    office.engine.setReportedStates("Custom:door", ["BUSY"]);
    expect(office.lamp("1000")).toBe("BUSY");
    expect(office.engine.devices.isCustomSet("Custom:door")).toBe(true);
    expect(disk.writeCount).toBe(1);
    expect(officeOf({ 1000: "Custom:door" }, disk).lamp("1000")).toBe("NOT_INUSE");
  });
});

describe("a Custom: device with calls", () => {
  test("rings, is in use and on hold, over what was set", () => {
    const office = officeOf({ 1000: "Custom:door" });
    const lamps = ([["early"], ["confirmed"], ["held"], ["held", "early"], []] as const).map((states) => {
      office.engine.setCalls("Custom:door", states.map((state, i) => callOf({ id: `${i}`, state })));
      return office.lamp("1000");
    });
    expect(lamps).toEqual(["RINGING", "INUSE", "ONHOLD", "RINGINUSE", "NOT_INUSE"]);
    office.device("Custom:door", "UNAVAILABLE");
    office.engine.setCalls("Custom:door", [callOf()]);
    expect(office.lamp("1000")).toBe("INUSE");
    office.engine.setCalls("Custom:door", []);
    expect(office.lamp("1000")).toBe("UNAVAILABLE");
  });

  test("tells of what was set only when it shows", () => {
    const office = officeOf({ 1000: "Custom:door" });
    office.engine.setCalls("Custom:door", [callOf()]);
    office.told();
    office.device("Custom:door", "NOT_INUSE");
    expect(office.told()).toEqual([]);
    office.device("Custom:door", "BUSY");
    expect(office.told()).toEqual(["1000@default device BUSY"]);
  });

  test("wakes when its calls change, its state or not, and not when they stay", () => {
    const office = officeOf({ 1000: "Custom:door" });
    office.engine.setCalls("Custom:door", [callOf()]);
    office.engine.setCalls("custom:door", [callOf()]);
    office.engine.setCalls("Custom:door", [callOf({ remoteTag: "r" })]);
    expect(office.told()).toEqual(["1000@default device INUSE", "1000@default device INUSE"]);
  });
});

describe("presence published for a device", () => {
  const busy = { ...presenceOf("dnd"), activities: ["busy"] };

  test("is that of the hints that show the device; a provider that is set goes first", () => {
    const office = officeOf({ 1000: "PJSIP/a", 1001: "PJSIP/a,CustomPresence:p", 1002: "PJSIP/b" });
    office.engine.setPublishedPresence("SIP/a", busy);
    expect(office.told()).toEqual(["1000@default presence UNAVAILABLE", "1001@default presence UNAVAILABLE"]);
    expect(office.at("1001").state.presence).toEqual(busy);
    office.presence("CustomPresence:p", presenceOf("available"));
    expect(office.at("1001").state.presence).toEqual(presenceOf("available"));
    office.presence("CustomPresence:p", presenceOf("not_set", "", "gone"));
    expect(office.at("1001").state.presence).toEqual(busy);
    office.engine.setPublishedPresence("PJSIP/a", undefined);
    expect(office.at("1001").state.presence).toEqual(presenceOf("not_set", "", "gone"));
    expect(office.at("1002").state.presence).toEqual(presenceOf("not_set"));
  });

  test("wakes when it changes, its activities alone included, and not when it stays or does not show", () => {
    const office = officeOf({ 1000: "PJSIP/a,CustomPresence:p", 1001: "PJSIP/b" });
    const steps = [
      busy,
      { ...busy },
      { ...busy, activities: ["busy", "tv"] },
      { ...busy, message: "later" },
      undefined,
      undefined,
    ];
    const told = steps.map((presence) => {
      office.engine.setPublishedPresence("PJSIP/a", presence);
      return office.told().length;
    });
    expect(told).toEqual([1, 0, 1, 1, 1, 0]);
    office.presence("CustomPresence:p", presenceOf("away"));
    office.told();
    const before = office.at("1000").state;
    office.engine.setPublishedPresence("PJSIP/a", busy);
    expect(office.told()).toEqual([]);
    expect(office.at("1000").state).toBe(before);
  });

  test("holds since it was published, also for a hint that comes later", () => {
    const office = officeOf({ 1000: "PJSIP/a" });
    office.engine.setPublishedPresence("PJSIP/a", busy);
    const since = office.clock.wall();
    office.clock.advance(5_000);
    office.apply({ default: { hints: { 1000: "PJSIP/a", 1001: "PJSIP/a" } } });
    expect([office.at("1000").presenceChangedAt, office.at("1001").presenceChangedAt]).toEqual([since, since]);
  });

  test("of several devices is the highest, but unavailable only where all are", () => {
    const gone = presenceOf("unavailable");
    expect(aggregatePublishedPresence([])).toBeUndefined();
    expect(aggregatePublishedPresence([gone, gone])).toEqual(gone);
    expect(aggregatePublishedPresence([gone, presenceOf("available")])).toEqual(presenceOf("available"));
    expect(aggregatePublishedPresence([presenceOf("away"), gone, busy])).toEqual(busy);
  });

  test("is another when its activities are, and when it has some at all", () => {
    expect(equalPresence(busy, { ...busy, activities: ["busy"] })).toBe(true);
    expect(equalPresence(busy, { ...busy, activities: ["away"] })).toBe(false);
    expect(equalPresence(busy, presenceOf("dnd"))).toBe(false);
    expect(equalPresence({ ...busy, activities: [] }, presenceOf("dnd"))).toBe(false);
  });
});

describe("counts published for a mailbox", () => {
  test("go before those that were set, for as long as they are published", () => {
    const office = officeOf({ 1000: "MWI:100" });
    office.engine.setMailbox("100", { new: 1, old: 0 });
    office.told();
    office.engine.setPublishedMailbox("100@default", { new: 0, old: 4 });
    expect(office.told()).toEqual(["1000@default device NOT_INUSE"]);
    expect(office.engine.devices.mailboxOf("100")).toEqual({ new: 0, old: 4 });
    office.engine.setMailbox("100", { new: 7, old: 0 });
    expect(office.told()).toEqual([]);
    office.engine.setPublishedMailbox("100", undefined);
    expect(office.told()).toEqual(["1000@default device INUSE"]);
    expect(office.engine.devices.mailboxOf("100")).toEqual({ new: 7, old: 0 });
  });

  test("are told to listeners when they are others, whether the lamp is or not", () => {
    const office = officeOf({ 1000: "MWI:100" });
    office.engine.setMailbox("100", { new: 1, old: 0 });
    expect([office.mailboxes(), office.sources()]).toEqual([["100@default"], ["MWI:100@default"]]);
    office.engine.setMailbox("100@default", { new: 2, old: 0, oldUrgent: 0 });
    expect([office.mailboxes(), office.sources()]).toEqual([["100@default"], []]);
    office.engine.setMailbox("100", { new: 2, old: 0, newUrgent: 0 });
    office.engine.setPublishedMailbox("100", { new: 2, old: 0 });
    expect(office.mailboxes()).toEqual([]);
    office.engine.setMailbox("100", { new: 5, old: 0 });
    expect(office.mailboxes()).toEqual([]);
    office.engine.setPublishedMailbox("100", undefined);
    expect(office.mailboxes()).toEqual(["100@default"]);
    office.engine.setMailbox("100", undefined);
    expect(office.mailboxes()).toEqual(["100@default"]);
    expect(office.engine.devices.mailboxChangedAt("100")).toBeUndefined();
  });

  test("and urgent ones among them make other counts", () => {
    const office = officeOf({});
    office.engine.setMailbox("100", { new: 1, old: 1 });
    office.engine.setMailbox("100", { new: 1, old: 1, newUrgent: 1 });
    office.engine.setMailbox("100", { new: 1, old: 1, newUrgent: 1, oldUrgent: 1 });
    expect(office.mailboxes().length).toBe(3);
  });

  test("are listed, with those that were set", () => {
    const office = officeOf({});
    office.engine.setMailbox("1", { new: 1, old: 0 });
    office.engine.setPublishedMailbox("2", { new: 2, old: 0 });
    office.engine.setPublishedMailbox("1", { new: 3, old: 0 });
    const listed = [...office.engine.devices.mailboxes()].map(([key, { value }]) => [key, value.new]);
    expect(listed).toEqual([["1@default", 3], ["2@default", 2]]);
  });
});
