/**
 * Owns what can be watched: one extension with a hint, and its state at one instant.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import type { DeviceState, ExtensionState } from "./device_state.ts";
import type { PresenceState } from "./presence_state.ts";

/** Who is at one end of a call. */
export interface CallParty {
  readonly uri: string;
  /** Name for people; empty for none. */
  readonly display: string;
}

/** One call of a device, as a dialog of it was published. Source: RFC 4235 §3. */
export interface Call {
  /** Stable while the call lasts; unique among the calls of its device. */
  readonly id: string;
  /** Held: the device itself holds it. */
  readonly state: "trying" | "early" | "confirmed" | "held" | "terminated";
  /** Whether the device made the call or received it. */
  readonly direction: "initiator" | "recipient";
  /** Empty where the source does not tell. */
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localIdentity: CallParty | undefined;
  readonly remoteIdentity: CallParty | undefined;
  readonly startedAt: EpochMillis;
}

/** Whether two lists of calls say the same. */
export function areEqualCalls(a: readonly Call[], b: readonly Call[]): boolean {
  return a === b || (a.length === b.length && a.every((call, i) => isEqualCall(call, b[i]!)));
}

function isEqualCall(a: Call, b: Call): boolean {
  return a.id === b.id && a.state === b.state && a.direction === b.direction && a.callId === b.callId &&
    a.localTag === b.localTag && a.remoteTag === b.remoteTag && a.startedAt === b.startedAt &&
    isEqualParty(a.localIdentity, b.localIdentity) && isEqualParty(a.remoteIdentity, b.remoteIdentity);
}

function isEqualParty(a: CallParty | undefined, b: CallParty | undefined): boolean {
  return a?.uri === b?.uri && a?.display === b?.display;
}

/** One device of a hint. */
export interface DeviceShare {
  /** As the hint names it. */
  readonly device: string;
  readonly state: DeviceState;
}

/** What is true of a resource; immutable, replaced by each change. */
export interface ResourceState {
  readonly extension: ExtensionState;
  /** The hint's devices in its order. */
  readonly devices: readonly DeviceShare[];
  readonly presence: PresenceState;
  /** Calls of all devices. */
  readonly calls: readonly Call[];
}

/** What kind of change woke somebody. */
export type ResourceChange = "device" | "presence" | "added" | "removed";

/** One extension with a hint. */
export interface Resource {
  /** Dense number, never used again. */
  readonly id: number;
  /** Context in which the hint was found. */
  readonly context: string;
  readonly exten: string;
  /** Key of the hint in the configuration: the extension, the pattern that made it, or `autohints`. */
  readonly rule: string;
  /** The hint with variables filled in. */
  readonly hint: string;
  /** Display name; empty for none. */
  readonly name: string;
  /** Devices of the hint as it names them. */
  readonly devices: readonly string[];
  /** The same as `deviceKey` spells them; as they are where nobody provides them. */
  readonly deviceKeys: readonly string[];
  /** Presence providers of the hint as it names them. */
  readonly providers: readonly string[];
  /** The same as `providerKey` spells them. */
  readonly providerKeys: readonly string[];
  readonly state: ResourceState;
  /** Since when `state.extension` holds. */
  readonly changedAt: EpochMillis;
  /** Since when `state.presence` holds. */
  readonly presenceChangedAt: EpochMillis;
  /** Its hint is gone; it only serves its watchers' last NOTIFY. */
  readonly isRemoved: boolean;
}
