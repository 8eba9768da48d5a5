/**
 * Owns registration information as plain values: what a body of the `reg` event package is rendered from.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import type { Param } from "../sip/params.ts";
import type { Aor } from "./aor.ts";
import type { Binding, ContactEvent } from "./binding.ts";

/** One contact. Source: RFC 3680 §5.1. */
export interface RegContact {
  /** Unique; the same over refreshes. */
  readonly id: string;
  /** Whether it is bound. */
  readonly state: "active" | "terminated";
  /** What brought it there. */
  readonly event: ContactEvent;
  /** Contact URI as registered. */
  readonly uri: string;
  /** Empty when there is none. */
  readonly displayName: string;
  /** Seconds left; undefined for a permanent contact and one that is gone. */
  readonly expiresSeconds: number | undefined;
  /** Seconds since it was first bound. */
  readonly durationRegisteredSeconds: number;
  /** Preference, 0 to 1. */
  readonly q: number;
  /** Undefined for a permanent contact. */
  readonly callId: string | undefined;
  /** Undefined for a permanent contact. */
  readonly cseq: number | undefined;
  /** Contact parameters that RFC 3261 does not know. */
  readonly unknownParams: readonly Param[];
}

/** One address-of-record. Source: RFC 3680 §5.1. */
export interface RegInfo {
  /** Name of the address-of-record; whoever renders it makes the URI. */
  readonly aor: string;
  /** `init` while nothing is bound, `terminated` in the document that tells of the last contact's end. */
  readonly state: "init" | "active" | "terminated";
  /** All of them, or the one that changed. */
  readonly contacts: readonly RegContact[];
}

/** Contact parameters of RFC 3261 that have a place of their own. */
const KNOWN_PARAMS = ["q", "expires"];

/** Everything bound to an address-of-record. */
export function regInfoOf(aor: Aor, clock: Clock): RegInfo {
  return {
    aor: aor.name,
    state: aor.bindings.length === 0 ? "init" : "active",
    contacts: aor.bindings.map((binding) => regContactOf(binding, false, clock)),
  };
}

/**
 * Only the contact that changed: a partial document.
 *
 * @param isGone It is bound no more.
 * Source: RFC 3680 §4.7.2.
 */
export function regChangeOf(binding: Binding, isGone: boolean, clock: Clock): RegInfo {
  const { aor } = binding;
  return {
    aor: aor.name,
    state: isGone && aor.bindings.length === 0 ? "terminated" : "active",
    contacts: [regContactOf(binding, isGone, clock)],
  };
}

function regContactOf(binding: Binding, isGone: boolean, clock: Clock): RegContact {
  const { record, isPermanent } = binding;
  return {
    id: record.id,
    state: isGone ? "terminated" : "active",
    event: binding.event,
    uri: record.uri,
    displayName: record.display,
    expiresSeconds: isGone || isPermanent ? undefined : binding.secondsLeft(clock.now()),
    durationRegisteredSeconds: secondsSince(record.registeredAt, clock.wall()),
    q: record.q,
    callId: isPermanent ? undefined : record.callId,
    cseq: isPermanent ? undefined : record.sequence,
    unknownParams: record.params.filter(({ name }) => !KNOWN_PARAMS.includes(name)),
  };
}

function secondsSince(then: EpochMillis, now: EpochMillis): number {
  return Math.max(0, Math.floor((now - then) / 1_000));
}
