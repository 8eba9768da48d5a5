/**
 * Owns the states of devices, how several become one, and what an extension makes of them.
 */

/** States of a device, by Asterisk's names. */
export const deviceStates = [
  "UNKNOWN",
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "INVALID",
  "UNAVAILABLE",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
] as const;

/** State of one device. */
export type DeviceState = (typeof deviceStates)[number];

/** State of an extension: what a lamp shows. REMOVED only in the last document about a hint that is gone. */
export type ExtensionState =
  | "NOT_INUSE"
  | "INUSE"
  | "BUSY"
  | "UNAVAILABLE"
  | "RINGING"
  | "RINGINUSE"
  | "ONHOLD"
  | "REMOVED";

/** The device state of that name in any case, or undefined. */
export function parseDeviceState(text: string): DeviceState | undefined {
  const upper = text.toUpperCase();
  return deviceStates.find((state) => state === upper);
}

/** A device may raise the aggregate only to a higher rank. */
const rank: Readonly<Record<DeviceState, number>> = {
  INVALID: 0,
  UNKNOWN: 1,
  UNAVAILABLE: 2,
  NOT_INUSE: 3,
  ONHOLD: 4,
  RINGING: 5,
  INUSE: 6,
  BUSY: 7,
  RINGINUSE: 8,
};

/**
 * The one state of several devices: the highest in rank; but one that rings beside one that is used is RINGINUSE.
 *
 * No device at all is INVALID. Order plays no part.
 */
export function aggregateDeviceStates(states: Iterable<DeviceState>): DeviceState {
  let highest: DeviceState = "INVALID";
  let isRinging = false;
  let isUsed = false;
  for (const state of states) {
    if (rank[state] > rank[highest]) highest = state;
    if (state === "RINGING") isRinging = true;
    else if (state === "INUSE" || state === "ONHOLD" || state === "BUSY") isUsed = true;
  }
  return isRinging && isUsed ? "RINGINUSE" : highest;
}

/** What an extension shows for the aggregate of its devices: unknown ones are idle, invalid ones unavailable. */
export function extensionStateOf(aggregate: DeviceState): ExtensionState {
  switch (aggregate) {
    case "UNKNOWN":
      return "NOT_INUSE";
    case "INVALID":
      return "UNAVAILABLE";
    default:
      return aggregate;
  }
}

/** Whether somebody rings there. */
export function isRinging(state: DeviceState | ExtensionState): boolean {
  return state === "RINGING" || state === "RINGINUSE";
}
