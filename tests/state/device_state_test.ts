import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  aggregateDeviceStates,
  type DeviceState,
  deviceStates,
  type ExtensionState,
  extensionStateOf,
  isRinging,
  parseDeviceState,
} from "../../lib/state/device_state.ts";

/** Sets of devices, what they aggregate to, and what the extension shows, as Asterisk does. */
const aggregates: readonly (readonly [devices: DeviceState[], aggregate: DeviceState, extension: ExtensionState])[] = [
  [[], "INVALID", "UNAVAILABLE"],
  [["NOT_INUSE", "UNAVAILABLE"], "NOT_INUSE", "NOT_INUSE"],
  [["UNAVAILABLE", "UNAVAILABLE"], "UNAVAILABLE", "UNAVAILABLE"],
  [["UNKNOWN", "UNAVAILABLE"], "UNAVAILABLE", "UNAVAILABLE"],
  [["UNKNOWN"], "UNKNOWN", "NOT_INUSE"],
  [["INVALID", "UNKNOWN"], "UNKNOWN", "NOT_INUSE"],
  [["INVALID"], "INVALID", "UNAVAILABLE"],
  [["INVALID", "INVALID"], "INVALID", "UNAVAILABLE"],
  [["INVALID", "UNAVAILABLE"], "UNAVAILABLE", "UNAVAILABLE"],
  [["ONHOLD", "NOT_INUSE"], "ONHOLD", "ONHOLD"],
  [["ONHOLD", "INUSE"], "INUSE", "INUSE"],
  [["ONHOLD", "ONHOLD"], "ONHOLD", "ONHOLD"],
  [["ONHOLD", "RINGING"], "RINGINUSE", "RINGINUSE"],
  [["INUSE", "RINGING"], "RINGINUSE", "RINGINUSE"],
  [["BUSY", "RINGING"], "RINGINUSE", "RINGINUSE"],
  [["BUSY", "NOT_INUSE"], "BUSY", "BUSY"],
  [["BUSY", "INUSE"], "BUSY", "BUSY"],
  [["RINGING", "NOT_INUSE"], "RINGING", "RINGING"],
  [["RINGING", "RINGING", "UNAVAILABLE"], "RINGING", "RINGING"],
  [["RINGING", "NOT_INUSE", "INUSE"], "RINGINUSE", "RINGINUSE"],
  ...deviceStates.map((other) => [["RINGINUSE", other], "RINGINUSE", "RINGINUSE"] as const).map(
    ([devices, aggregate, extension]) => [[...devices] as DeviceState[], aggregate, extension] as const,
  ),
];

describe("aggregation of devices", () => {
  for (const [devices, aggregate, extension] of aggregates) {
    test(`${devices.join(" + ") || "no device"} is ${aggregate} and shows ${extension}`, () => {
      expect(aggregateDeviceStates(devices)).toBe(aggregate);
      expect(aggregateDeviceStates(devices.toReversed())).toBe(aggregate);
      expect(extensionStateOf(aggregate)).toBe(extension);
    });
  }

  /** The rule as the fact sheet tells it, without a thought for speed. */
  function reference(states: readonly DeviceState[]): DeviceState {
    const has = (...wanted: DeviceState[]) => states.some((state) => wanted.includes(state));
    if (has("RINGING") && has("INUSE", "ONHOLD", "BUSY")) return "RINGINUSE";
    const byRank: DeviceState[] = [
      "RINGINUSE",
      "BUSY",
      "INUSE",
      "RINGING",
      "ONHOLD",
      "NOT_INUSE",
      "UNAVAILABLE",
      "UNKNOWN",
    ];
    return byRank.find((state) => has(state)) ?? "INVALID";
  }

  const someStates = fc.array(fc.constantFrom(...deviceStates), { maxLength: 12 });

  test("agrees with a plain reading of the rule, whatever the devices", () => {
    fc.assert(fc.property(someStates, (states) => {
      expect(aggregateDeviceStates(states)).toBe(reference(states));
    }));
  });

  test("does not depend on order, nor on how often a state occurs", () => {
    const shuffled = someStates.chain((states) =>
      fc.tuple(fc.constant(states), fc.shuffledSubarray([...states, ...states], { minLength: states.length * 2 }))
    );
    fc.assert(fc.property(shuffled, ([states, other]) => {
      expect(aggregateDeviceStates(other)).toBe(aggregateDeviceStates(states));
    }));
  });
});

test("every device state becomes an extension state", () => {
  expect(Object.fromEntries(deviceStates.map((state) => [state, extensionStateOf(state)]))).toEqual({
    UNKNOWN: "NOT_INUSE",
    NOT_INUSE: "NOT_INUSE",
    INUSE: "INUSE",
    BUSY: "BUSY",
    INVALID: "UNAVAILABLE",
    UNAVAILABLE: "UNAVAILABLE",
    RINGING: "RINGING",
    RINGINUSE: "RINGINUSE",
    ONHOLD: "ONHOLD",
  });
});

test("an extension rings in RINGING and RINGINUSE alone", () => {
  const ringing = deviceStates.map(extensionStateOf).filter(isRinging);
  expect(ringing).toEqual(["RINGING", "RINGINUSE"]);
  expect(isRinging("REMOVED")).toBe(false);
});

test("device states are read by name in any case; other words are none", () => {
  for (const state of deviceStates) expect(parseDeviceState(state.toLowerCase())).toBe(state);
  for (const text of ["", "IDLE", "NOT INUSE", "toString", "__proto__"]) expect(parseDeviceState(text)).toBeUndefined();
});
