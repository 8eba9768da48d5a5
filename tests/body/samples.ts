/**
 * Subjects and variants for tests: every state a resource can be in, in every combination that a document may depend on.
 */
import { activityNames } from "../../lib/body/read/pidf.ts";
import type { Subject } from "../../lib/body/subject.ts";
import { defaultVariant, type Profile, type Variant } from "../../lib/body/variant.ts";
import type { ExtensionState } from "../../lib/state/device_state.ts";
import type { PresenceState } from "../../lib/state/presence_state.ts";
import type { Call, ResourceState } from "../../lib/state/resource.ts";

/** Every extension state, a removed hint included. */
export const extensionStates = [
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "UNAVAILABLE",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
  "REMOVED",
] as const satisfies readonly ExtensionState[];

/** Presence as publications make it: without activities, with each of them, with words of the person's own. */
export const publishedPresences: readonly PresenceState[] = [
  { state: "unavailable", subtype: "", message: "", activities: [] },
  { state: "dnd", subtype: "", message: "", activities: [] },
  { state: "dnd", subtype: "meeting", message: "", activities: activityNames },
  { state: "away", subtype: "walking <the> dog", message: "back at two", activities: ["lunch", "other"] },
];

/** Every presence state, with and without texts, set and published. */
export const presences: readonly PresenceState[] = [
  ...(["not_set", "unavailable", "available", "away", "xa", "chat", "dnd"] as const).flatMap((state) => [
    { state, subtype: "", message: "" },
    { state, subtype: "lunch", message: 'back at <two> & "later"' },
  ]),
  ...publishedPresences,
];

/** An incoming call; `overrides` replaces what a test is about. */
export function sampleCall(overrides: Partial<Call> = {}): Call {
  return {
    id: "call-1",
    state: "early",
    direction: "recipient",
    callId: "a84b4c76e66710@pc33.example.org",
    localTag: "local-1",
    remoteTag: "remote-1",
    localIdentity: { uri: "sip:600@example.org", display: "" },
    remoteIdentity: { uri: "sip:2000@example.org", display: 'Bob "B" <Builder>' },
    startedAt: 1000,
    ...overrides,
  };
}

/** No calls, one in each state and direction, several. */
export const callSets: readonly (readonly Call[])[] = [
  [],
  ...(["trying", "early", "confirmed", "held", "terminated"] as const).flatMap((state) => [
    [sampleCall({ state })],
    [sampleCall({ state, direction: "initiator", callId: "", localTag: "", remoteTag: "", remoteIdentity: undefined })],
  ]),
  [
    sampleCall({ id: "1", state: "confirmed", startedAt: 500 }),
    sampleCall({ id: "2", state: "early", startedAt: 900 }),
    sampleCall({
      id: "3",
      state: "early",
      startedAt: 800,
      remoteIdentity: { uri: "sip:3000@example.org", display: "" },
    }),
  ],
];

/** A subject; `state` replaces what a test is about. */
export function sampleSubject(state: Partial<ResourceState> = {}, exten = "1000"): Subject {
  return {
    exten,
    changedAt: Date.UTC(2026, 10, 23, 8, 24, 58, 700),
    presenceChangedAt: Date.UTC(2026, 10, 23, 8, 20, 0),
    state: {
      extension: "NOT_INUSE",
      devices: [],
      presence: { state: "not_set", subtype: "", message: "" },
      calls: [],
      ...state,
    },
  };
}

/** A variant of the profile with one option after another changed. */
export function variantsOf(profile: Profile): readonly Variant[] {
  const changes: Partial<Variant>[] = [
    {},
    { isDigium: true },
    { notifyEarlyInuseRinging: true },
    { remoteParty: "always", dialogIds: true },
    { remoteParty: "never", maxDialogs: 1 },
    { pickupPrefix: "**" },
    { dndAs: "busy" },
    { unavailableAs: "busy" },
    { unavailableAs: "idle" },
  ];
  return changes.map((change) => ({ ...defaultVariant, profile, ...change }));
}
