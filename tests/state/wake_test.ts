/** Whom a change wakes, in which order, and what it costs. */
import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { StoreError } from "../../lib/runtime/store_error.ts";
import { StateTableFull } from "../../lib/state/states_port.ts";
import { callOf, contextOf, MemoryDisk, Office, officeOf, presenceOf } from "./office.ts";

describe("a device of a hint", () => {
  test("wakes when the extension's state becomes another, not when it stays", () => {
    const office = officeOf({ 1000: "Custom:a&Custom:b" });
    office.device("Custom:a", "INUSE");
    expect(office.told()).toEqual(["1000@default device INUSE"]);
    office.device("Custom:b", "ONHOLD");
    office.device("Custom:b", "UNAVAILABLE");
    office.device("Custom:b", undefined);
    expect(office.told()).toEqual([]);
    expect(office.at("1000").state.devices[1]).toEqual({ device: "Custom:b", state: "UNKNOWN" });
  });

  test("wakes at every real change while the extension rings, and at none that is not real", () => {
    const office = officeOf({ 1000: "Custom:a&Custom:b&MWI:1" });
    office.device("Custom:a", "RINGING");
    office.told();
    office.device("Custom:b", "RINGING");
    expect(office.told()).toEqual(["1000@default device RINGING"]);
    office.device("Custom:b", "UNAVAILABLE");
    expect(office.told()).toEqual(["1000@default device RINGING"]);
    office.device("Custom:b", "UNAVAILABLE");
    office.engine.setMailbox("1", { new: 0, old: 4 });
    expect(office.told()).toEqual([]);
    office.device("Custom:a", "NOT_INUSE");
    expect(office.told()).toEqual(["1000@default device NOT_INUSE"]);
  });

  test("that is shown twice, in two spellings, is one device", () => {
    const office = officeOf({ 1000: "PJSIP/a&sip/a" });
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 0 });
    expect(office.told()).toEqual(["1000@default device NOT_INUSE"]);
    office.engine.setCalls("SIP/a", [callOf()]);
    expect(office.told()).toEqual(["1000@default device INUSE"]);
    expect(office.at("1000").state.calls).toHaveLength(1);
  });

  test("wakes every extension that shows it, in the order of the configuration", () => {
    const office = officeOf({ 1001: "Custom:a", 1000: "Custom:b&Custom:a", 1002: "Custom:b" });
    office.device("custom:a", "BUSY");
    expect(office.told()).toEqual(["1000@default device BUSY", "1001@default device BUSY"]);
    expect([...office.engine.showing("CUSTOM:a")].map(({ exten }) => exten)).toEqual(["1000", "1001"]);
    expect([...office.engine.showing("Custom:nowhere")]).toEqual([]);
  });
});

describe("presence of a hint", () => {
  const lunch = presenceOf("away", "lunch", "back at two");

  test("wakes when state, subtype or message become others", () => {
    const office = officeOf({ 1000: "Custom:a,CustomPresence:a" });
    const steps = [
      lunch,
      { ...lunch, message: "" },
      { ...lunch, subtype: "", message: "" },
      presenceOf("dnd"),
      undefined,
    ];
    for (const step of steps) {
      office.presence("custompresence:a", step);
      expect(office.told()).toEqual(["1000@default presence NOT_INUSE"]);
    }
    office.presence("CustomPresence:a", undefined);
    expect(office.told()).toEqual([]);
  });

  test("does not wake for a provider that another one outranks", () => {
    const office = officeOf({ 1000: "Custom:a,CustomPresence:a&CustomPresence:b" });
    office.presence("CustomPresence:a", presenceOf("dnd"));
    office.told();
    office.presence("CustomPresence:b", lunch);
    expect(office.told()).toEqual([]);
    office.presence("CustomPresence:a", undefined);
    expect(office.told()).toEqual(["1000@default presence NOT_INUSE"]);
    expect(office.at("1000").state.presence).toEqual(lunch);
  });

  test("never touches the state of the extension", () => {
    const office = officeOf({ 1000: ",CustomPresence:a", 1001: "Custom:a,CustomPresence:a" });
    office.presence("CustomPresence:a", presenceOf("dnd"));
    expect([office.lamp("1000"), office.lamp("1001")]).toEqual(["UNAVAILABLE", "NOT_INUSE"]);
  });
});

describe("calls of a device", () => {
  test("wake even where the state stays, but not when they are as before", () => {
    const office = officeOf({ 1000: "PJSIP/a" });
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 0 });
    office.engine.setCalls("PJSIP/a", [callOf({ remoteIdentity: { uri: "sip:1", display: "One" } })]);
    office.told();
    office.engine.setCalls("PJSIP/a", [callOf({ remoteIdentity: { uri: "sip:1", display: "One" } })]);
    expect(office.told()).toEqual([]);
    office.engine.setCalls("PJSIP/a", [callOf({ remoteIdentity: { uri: "sip:2", display: "One" } })]);
    office.engine.setCalls("PJSIP/a", [callOf(), callOf({ id: "2" })]);
    expect(office.told()).toEqual(["1000@default device INUSE", "1000@default device INUSE"]);
  });
});

describe("listeners", () => {
  test("are told in the order in which they were added, of one extension after the other", () => {
    const office = officeOf({ 1000: "Custom:a", 1001: "Custom:a" });
    const heard: string[] = [];
    office.engine.onChange(({ exten }) => void heard.push(`first ${exten}`));
    office.engine.onChange(({ exten }) => void heard.push(`second ${exten}`));
    office.device("Custom:a", "BUSY");
    expect(heard).toEqual(["first 1000", "second 1000", "first 1001", "second 1001"]);
  });

  test("find everything in force already, and may ask back", () => {
    const office = officeOf({ 1000: "Custom:a", 1001: "Custom:a", _2XX: "Custom:a" });
    const heard: string[] = [];
    office.engine.onChange((_resource, change) => {
      if (change === "device") heard.push(`${office.lamp("1000")} ${office.lamp("1001")} ${office.lamp("200")}`);
    });
    office.device("Custom:a", "RINGING");
    expect(heard).toEqual(["RINGING RINGING RINGING", "RINGING RINGING RINGING"]);
  });

  test("of sources hear of devices and providers that no hint shows, and of nothing that did not change", () => {
    const office = officeOf({});
    office.device("Custom:a", "BUSY");
    office.device("Custom:a", "BUSY");
    office.presence("CustomPresence:a", presenceOf("dnd"));
    office.presence("CustomPresence:a", presenceOf("dnd"));
    office.engine.setMailbox("1", { new: 1, old: 0 });
    office.engine.setMailbox("1", { new: 2, old: 0 });
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 0 });
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 0 });
    expect(office.sources()).toEqual(["Custom:a", "CustomPresence:a", "MWI:1@default", "PJSIP/a"]);
  });
});

describe("cost of a change", () => {
  test("is the number of hints that show the device, beside 10,000 that do not", () => {
    const hints: Record<string, string> = {};
    for (let i = 0; i < 10_000; i++) hints[`x${i}`] = `Custom:other${i}&PJSIP/other${i},CustomPresence:other${i}`;
    for (let i = 0; i < 7; i++) hints[`y${i}`] = `Custom:other${i}&Custom:shown,CustomPresence:shown`;
    const { engine } = new Office({ default: { hints } });
    const costOf = (action: () => void) => {
      const before = engine.evaluationCount;
      action();
      return engine.evaluationCount - before;
    };
    expect(costOf(() => engine.setCustomState("Custom:shown", "INUSE"))).toBe(7);
    expect(costOf(() => engine.setCustomState("Custom:shown", "INUSE"))).toBe(0);
    expect(costOf(() => engine.setPresenceState("CustomPresence:shown", presenceOf("dnd")))).toBe(7);
    expect(costOf(() => engine.setCustomState("Custom:other3", "INUSE"))).toBe(2);
    expect(costOf(() => engine.setCustomState("Custom:nowhere", "INUSE"))).toBe(0);
    expect(costOf(() => engine.setEndpoint("other9", { isReachable: true, busyAt: 0 }))).toBe(1);
    expect(costOf(() => engine.lookup("default", "x5"))).toBe(0);
    expect(costOf(() => engine.applyHints({ default: contextOf({ hints }) }))).toBe(0);
    expect(costOf(() => engine.applyHints({ default: contextOf({ hints: { ...hints, x5: "Custom:new" } }) }))).toBe(1);
  });
});

describe("a disk that refuses", () => {
  test("leaves state, lamps and listeners as they were", () => {
    const office = officeOf({ 1000: "Custom:a&MWI:1,CustomPresence:a" });
    office.device("Custom:a", "RINGING");
    office.told();
    office.sources();
    const before = office.at("1000").state;
    office.disk.isFull = true;
    expect(() => office.device("Custom:a", "INUSE")).toThrow(StoreError);
    expect(() => office.device("Custom:a", undefined)).toThrow(StoreError);
    expect(() => office.presence("CustomPresence:a", presenceOf("dnd"))).toThrow(StoreError);
    expect(() => office.engine.setMailbox("1", { new: 1, old: 0 })).toThrow(StoreError);
    expect(office.at("1000").state).toBe(before);
    expect([...office.told(), ...office.sources()]).toEqual([]);
    expect(office.engine.devices.stateOf("Custom:a")).toBe("RINGING");
  });

  test("is not asked for what is stored already", () => {
    const office = officeOf({ 1000: "Custom:a" });
    office.device("Custom:a", "RINGING");
    office.disk.isFull = true;
    office.device("Custom:a", "RINGING");
    office.device("Custom:never", undefined);
    expect(office.disk.writeCount).toBe(1);
  });
});

test("each kind of state has a bound; what is there can still be changed and deleted", () => {
  const disk = new MemoryDisk();
  for (let i = 0; i < limits.storedStateCount; i++) disk.devices.set(`Custom:${i}`, { value: "BUSY", changedAt: 1 });
  const office = officeOf({}, disk);
  expect(() => office.device("Custom:more", "BUSY")).toThrow(StateTableFull);
  expect(disk.writeCount).toBe(0);
  office.device("Custom:7", "INUSE");
  office.presence("CustomPresence:other-kind", presenceOf("dnd"));
  office.device("Custom:7", undefined);
  office.device("Custom:more", "BUSY");
  expect(office.engine.devices.stateOf("Custom:more")).toBe("BUSY");
});
