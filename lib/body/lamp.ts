/**
 * Owns what an extension state looks like to a watcher: one row of words for all document types.
 */
import type { ExtensionState } from "../state/device_state.ts";
import type { ResourceState } from "../state/resource.ts";
import type { Variant } from "./variant.ts";

/** Words for one extension state. */
export interface Lamp {
  /** State of the one dialog in dialog-info. Source: RFC 4235 §3.7.1. */
  readonly dialog: "terminated" | "early" | "confirmed";
  /** PIDF basic status. Source: RFC 3863 §4.1.4. */
  readonly basic: "open" | "closed";
  /** XPIDF status. */
  readonly status: "open" | "inuse" | "closed";
  /** XPIDF substatus. */
  readonly substatus: "online" | "onthephone" | "offline";
  /** Words for people. */
  readonly note: string;
  /** A call occupies the extension, an alerting one included. */
  readonly isOnThePhone: boolean;
}

type Row = readonly [Lamp["dialog"], Lamp["basic"], Lamp["status"], Lamp["substatus"], string, boolean];

// deno-fmt-ignore
const rows = {
  idle:        ["terminated", "open",   "open",   "online",     "Ready",        false],
  talking:     ["confirmed",  "open",   "inuse",  "onthephone", "On the phone", true],
  unavailable: ["terminated", "closed", "closed", "offline",    "Unavailable",  false],
  ringing:     ["early",      "open",   "inuse",  "onthephone", "Ringing",      true],
  ringInUse:   ["confirmed",  "open",   "inuse",  "onthephone", "Ringing",      true],
  held:        ["confirmed",  "open",   "inuse",  "onthephone", "On hold",      true],
} as const satisfies Record<string, Row>;

const rowOf: Partial<Record<ExtensionState, keyof typeof rows>> = {
  INUSE: "talking",
  BUSY: "talking",
  UNAVAILABLE: "unavailable",
  RINGING: "ringing",
  RINGINUSE: "ringInUse",
  ONHOLD: "held",
};

/** Members of the variant that `shownState` reads. */
export const shownStateVariesOn = ["dndAs", "unavailableAs"] as const satisfies readonly (keyof Variant)[];

/**
 * The extension state that a watcher is shown: the real one unless the phone's options bend it.
 *
 * An unavailable extension may be shown as busy or idle; dnd may be shown as busy where no call says more than that.
 */
export function shownState(state: ResourceState, variant: Pick<Variant, "dndAs" | "unavailableAs">): ExtensionState {
  const isQuiet = state.extension === "NOT_INUSE" || state.extension === "UNAVAILABLE";
  if (isQuiet && variant.dndAs === "busy" && state.presence.state === "dnd") return "BUSY";
  if (state.extension !== "UNAVAILABLE" || variant.unavailableAs === "") return state.extension;
  return variant.unavailableAs === "busy" ? "BUSY" : "NOT_INUSE";
}

/** The words for an extension state; states without a row of their own, a removed hint among them, look idle. */
export function lampOf(extension: ExtensionState): Lamp {
  const [dialog, basic, status, substatus, note, isOnThePhone] = rows[rowOf[extension] ?? "idle"];
  return { dialog, basic, status, substatus, note, isOnThePhone };
}
