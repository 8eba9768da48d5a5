/**
 * Owns chosen availability: its states, and which of several counts.
 */

/** Presence states from least to most telling: the highest of several counts. */
export const presenceStates = ["not_set", "available", "unavailable", "chat", "away", "xa", "dnd"] as const;

/** Name of a presence state. */
export type PresenceName = (typeof presenceStates)[number];

/** Chosen availability of one provider; a plain value. */
export interface PresenceState {
  readonly state: PresenceName;
  /** A word of the user's own beside the state; empty for none. */
  readonly subtype: string;
  /** A sentence for people; empty for none. */
  readonly message: string;
  /**
   * What the person does, as RPID names it, where the presence was published; `other` stands for what `subtype` says. Absent where
   * the state was set by its name.
   */
  readonly activities?: readonly string[];
}

/** What a provider that was never set says. */
export const presenceNotSet: PresenceState = { state: "not_set", subtype: "", message: "" };

/** The presence state of that name in any case, or undefined. */
export function parsePresenceName(text: string): PresenceName | undefined {
  const lower = text.toLowerCase();
  return presenceStates.find((state) => state === lower);
}

/**
 * The highest of several; the first of equals, with its subtype and message: not_set may have these too. None at all is not set.
 */
export function aggregatePresence(states: Iterable<PresenceState>): PresenceState {
  let highest: PresenceState | undefined;
  for (const each of states) {
    if (highest === undefined || presenceStates.indexOf(each.state) > presenceStates.indexOf(highest.state)) {
      highest = each;
    }
  }
  return highest ?? presenceNotSet;
}

/** The one presence of several published ones: the highest, but unavailable only where all are; undefined for none. */
export function aggregatePublishedPresence(states: readonly PresenceState[]): PresenceState | undefined {
  if (states.length === 0) return undefined;
  const reachable = states.filter(({ state }) => state !== "unavailable");
  return aggregatePresence(reachable.length > 0 ? reachable : states);
}

/** Whether two say the same. */
export function equalPresence(a: PresenceState, b: PresenceState): boolean {
  return a.state === b.state && a.subtype === b.subtype && a.message === b.message &&
    a.activities?.length === b.activities?.length &&
    (a.activities ?? []).every((each, i) => each === b.activities?.[i]);
}
