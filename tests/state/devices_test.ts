/** Where the states of devices come from, and since when they hold. */
import { describe, expect, test } from "bun:test";
import type { DeviceState } from "../../lib/state/device_state.ts";
import type { Call } from "../../lib/state/resource.ts";
import { callOf, MemoryDisk, officeOf, presenceOf } from "./office.ts";

const reachable = { isReachable: true, busyAt: 0 };

describe("PJSIP/name", () => {
  const ringing: Partial<Call> = { state: "early" };
  const cases: readonly (readonly [
    what: string,
    endpoint: { isReachable: boolean; busyAt: number } | undefined,
    calls: readonly Partial<Call>[],
    state: DeviceState,
  ])[] = [
    ["without such an endpoint", undefined, [], "INVALID"],
    ["without such an endpoint, whatever its calls", undefined, [{}], "INVALID"],
    ["without a reachable contact", { isReachable: false, busyAt: 0 }, [], "UNAVAILABLE"],
    ["with a reachable contact and no call", reachable, [], "NOT_INUSE"],
    ["in a call", reachable, [{}], "INUSE"],
    ["in a call, its contact gone meanwhile", { isReachable: false, busyAt: 0 }, [{}], "INUSE"],
    ["being called", reachable, [ringing], "RINGING"],
    ["being called, before it rings", reachable, [{ state: "trying" }], "RINGING"],
    ["calling", reachable, [{ state: "early", direction: "initiator" }], "INUSE"],
    ["dialling", reachable, [{ state: "trying", direction: "initiator" }], "INUSE"],
    ["with its call on hold", reachable, [{ state: "held" }], "ONHOLD"],
    ["with one call on hold and one not", reachable, [{ state: "held" }, {}], "INUSE"],
    ["in a call and called by another", reachable, [{}, ringing], "RINGINUSE"],
    ["with a call on hold and called by another", reachable, [{ state: "held" }, ringing], "RINGINUSE"],
    ["after its call", reachable, [{ state: "terminated" }], "NOT_INUSE"],
    ["with fewer calls than device_state_busy_at", { isReachable: true, busyAt: 2 }, [{}], "INUSE"],
    ["with as many calls as device_state_busy_at", { isReachable: true, busyAt: 2 }, [{}, ringing], "BUSY"],
    ["with ended calls, which do not count", { isReachable: true, busyAt: 2 }, [{}, { state: "terminated" }], "INUSE"],
    ["with one call and device_state_busy_at 1", { isReachable: false, busyAt: 1 }, [ringing], "BUSY"],
  ];
  for (const [what, endpoint, calls, state] of cases) {
    test(`${what} is ${state}`, () => {
      const office = officeOf({ 1000: "SIP/alice" });
      office.engine.setEndpoint("alice", endpoint);
      office.engine.setCalls("PJSIP/alice", calls.map((call, i) => callOf({ id: String(i), ...call })));
      expect(office.engine.devices.stateOf("PJSIP/alice")).toBe(state);
      expect(office.at("1000").state.devices).toEqual([{ device: "SIP/alice", state }]);
    });
  }

  test("is invalid again when its endpoint is gone", () => {
    const office = officeOf({ 1000: "PJSIP/a" });
    office.engine.setEndpoint("a", reachable);
    office.engine.setEndpoint("a", undefined);
    expect(office.told()).toEqual(["1000@default device NOT_INUSE", "1000@default device UNAVAILABLE"]);
  });

  test("lists the calls of all devices of a hint", () => {
    const office = officeOf({ 1000: "PJSIP/a&PJSIP/b" });
    for (const name of ["a", "b"]) {
      office.engine.setEndpoint(name, reachable);
      office.engine.setCalls(`PJSIP/${name}`, [callOf({ id: name })]);
    }
    expect(office.at("1000").state.calls.map(({ id }) => id)).toEqual(["a", "b"]);
    office.engine.setCalls("PJSIP/a", []);
    expect(office.at("1000").state.calls.map(({ id }) => id)).toEqual(["b"]);
  });
});

test("a Custom: device is UNKNOWN until it is set, and again when it is deleted", () => {
  const office = officeOf({ 1000: "Custom:door" });
  expect(office.at("1000").state.devices[0]!.state).toBe("UNKNOWN");
  office.device("Custom:door", "BUSY");
  expect(office.lamp("1000")).toBe("BUSY");
  office.device("Custom:door", undefined);
  expect(office.at("1000").state.devices[0]!.state).toBe("UNKNOWN");
});

test("MWI: is INUSE while its mailbox has new messages", () => {
  const office = officeOf({ 1000: "MWI:100", 1001: "mwi:100@default", 1002: "MWI:100@office" });
  expect(office.lamp("1000")).toBe("NOT_INUSE");
  office.engine.setMailbox("100", { new: 0, old: 3 });
  expect(office.told()).toEqual([]);
  office.engine.setMailbox("100", { new: 1, old: 3 });
  expect(office.told()).toEqual(["1000@default device INUSE", "1001@default device INUSE"]);
  office.engine.setMailbox("100@default", { new: 2, old: 3 });
  expect(office.told()).toEqual([]);
  expect(office.engine.devices.mailboxOf("100")).toEqual({ new: 2, old: 3 });
  office.engine.setMailbox("100", undefined);
  expect([office.lamp("1000"), office.engine.devices.mailboxOf("100")]).toEqual(["NOT_INUSE", undefined]);
});

test("a device that nobody provides is INVALID, even where its name resembles another's", () => {
  const office = officeOf({});
  office.engine.setEndpoint("alice", reachable);
  office.apply({ default: { hints: { 1000: "Queue:alice" } } });
  expect(office.at("1000").state.devices).toEqual([{ device: "Queue:alice", state: "INVALID" }]);
});

describe("what was stored", () => {
  test("is true again after a restart, since the instant when it was set", () => {
    const disk = new MemoryDisk();
    const hints = { 1000: "Custom:a&Custom:b,CustomPresence:a", 1001: "MWI:1" };
    const before = officeOf(hints, disk);
    const epoch = before.clock.wall();
    before.clock.advance(1000);
    before.device("Custom:a", "INUSE");
    before.clock.advance(1000);
    before.device("Custom:b", "RINGING");
    before.clock.advance(1000);
    before.presence("CustomPresence:a", presenceOf("dnd"));
    before.engine.setMailbox("1", { new: 1, old: 0 });

    const after = officeOf(hints, disk);
    after.clock.advance(1_000_000);
    expect(after.at("1000").state).toMatchObject({ extension: "RINGINUSE", presence: presenceOf("dnd") });
    expect(after.at("1000").changedAt).toBe(epoch + 2000);
    expect(after.at("1000").presenceChangedAt).toBe(epoch + 3000);
    expect(after.at("1001")).toMatchObject({ changedAt: epoch + 3000, state: { extension: "INUSE" } });
    expect(after.engine.devices.changedAt("Custom:a")).toBe(epoch + 1000);
    expect(after.engine.devices.presenceChangedAt("CustomPresence:a")).toBe(epoch + 3000);
  });

  test("is not since now when it is set to what it is", () => {
    const office = officeOf({});
    const epoch = office.clock.wall();
    office.device("Custom:a", "INUSE");
    office.presence("CustomPresence:a", presenceOf("dnd"));
    office.engine.setMailbox("1", { new: 1, old: 0 });
    office.clock.advance(5000);
    office.device("Custom:a", "INUSE");
    office.presence("CustomPresence:a", presenceOf("dnd"));
    office.engine.setMailbox("1", { new: 1, old: 0 });
    expect(office.engine.devices.changedAt("Custom:a")).toBe(epoch);
    expect(office.engine.devices.presenceChangedAt("CustomPresence:a")).toBe(epoch);
    expect(office.engine.devices.mailboxes().get("1@default")).toEqual({ value: { new: 1, old: 0 }, changedAt: epoch });
  });
});

describe("since when", () => {
  test("an extension's state holds is the last time that it became another", () => {
    const office = officeOf({ 1000: "Custom:a&Custom:b,CustomPresence:a" });
    const epoch = office.clock.wall();
    office.clock.advance(1000);
    office.device("Custom:a", "INUSE");
    office.clock.advance(1000);
    office.device("Custom:b", "ONHOLD");
    office.presence("CustomPresence:a", presenceOf("away"));
    expect(office.at("1000")).toMatchObject({ changedAt: epoch + 1000, presenceChangedAt: epoch + 2000 });
  });

  test("an endpoint's device has its state is known; of what was never set it is not", () => {
    const office = officeOf({});
    office.clock.advance(1000);
    office.engine.setEndpoint("a", reachable);
    office.clock.advance(1000);
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 3 });
    expect(office.engine.devices.changedAt("PJSIP/a")).toBe(office.clock.wall() - 1000);
    office.engine.setMailbox("1", { new: 1, old: 0 });
    expect(office.engine.devices.changedAt("MWI:1@default")).toBe(office.clock.wall());
    office.engine.setMailbox("1", undefined);
    expect(office.engine.devices.changedAt("MWI:1@default")).toBeUndefined();
    expect(office.engine.devices.changedAt("Custom:never")).toBeUndefined();
    expect(office.engine.devices.changedAt("MWI:never@default")).toBeUndefined();
  });
});
