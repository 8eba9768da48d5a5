/**
 * Owns how the presence that several agents publish becomes one presence state.
 *
 * Rules:
 * 1. The publication modified last that is open, or names an activity, decides alone. Where there is none, a closed one does.
 * 2. An activity means the presence state of `stateOfActivity`; of several the highest counts, as among providers.
 * 3. Words for "do not disturb", as activity `other` or as note, mean dnd; `other` may also be the name of a presence state.
 * 4. Otherwise open means available, closed means unavailable. Activities that leave somebody available do not open what is closed.
 * 5. Subtype is the text of `other`, or else the activity that decided, unless it says no more than the state. Message is the note.
 * 6. All activities are kept beside the state, for bodies that can tell them.
 */
import type { ActivityName, PresenceDocument } from "../body/read/pidf.ts";
import { limits } from "../runtime/limits.ts";
import { parsePresenceName, type PresenceName, type PresenceState, presenceStates } from "../state/presence_state.ts";
import type { PublishedValue } from "./published_package.ts";

/** Presence state that an activity means. Source: RFC 4480 §3.2. */
export const stateOfActivity: Readonly<Record<ActivityName, PresenceName>> = {
  // Does not want to be disturbed.
  busy: "dnd",
  meeting: "dnd",
  performance: "dnd",
  presentation: "dnd",
  worship: "dnd",
  // Gone for long.
  holiday: "xa",
  "permanent-absence": "xa",
  sleeping: "xa",
  travel: "xa",
  vacation: "xa",
  // Not at the phone.
  appointment: "away",
  away: "away",
  breakfast: "away",
  dinner: "away",
  "in-transit": "away",
  lunch: "away",
  meal: "away",
  shopping: "away",
  spectator: "away",
  steering: "away",
  // May be called; that a call goes on shows in the lamp.
  "looking-for-work": "available",
  "on-the-phone": "available",
  playing: "available",
  tv: "available",
  working: "available",
};

/** Activities that say just what their state says. */
const plainActivities: readonly ActivityName[] = ["away", "busy"];

const doNotDisturb: readonly string[] = ["dnd", "do not disturb", "don't disturb", "donotdisturb"];

/**
 * The presence state of a device.
 *
 * @param publications The one modified longest ago first.
 * @returns undefined when none says anything.
 */
export function composePresence(publications: readonly PublishedValue<PresenceDocument>[]): PresenceState | undefined {
  const documents = publications.map(({ value }) => value).toReversed();
  const deciding = documents.find(isTelling) ?? documents.find(({ basic }) => basic === "closed");
  return deciding && presenceOf(deciding);
}

function isTelling({ basic, activities, other }: PresenceDocument): boolean {
  return basic === "open" || activities.length > 0 || other !== "";
}

function presenceOf(document: PresenceDocument): PresenceState {
  const { activities, note } = document;
  const named = stateNamedBy(document.other);
  const other = named === undefined ? document.other : "";
  const decisive = highest(activities);
  const said = isDoNotDisturb(note) ? "dnd" : named;
  const done = decisive && stateOfActivity[decisive];
  const open = higher(said, done) ?? "available";
  const state = document.basic === "closed" && (open === "available" || open === "chat") ? "unavailable" : open;
  const isDecisive = decisive !== undefined && state === done && !plainActivities.includes(decisive);
  return {
    state,
    subtype: shortened(other !== "" ? other : isDecisive ? decisive : ""),
    message: shortened(note),
    activities: other === "" ? activities : [...activities, "other"],
  };
}

/** The presence state that a person's own word is the name of. */
function stateNamedBy(text: string): PresenceName | undefined {
  if (isDoNotDisturb(text)) return "dnd";
  const name = parsePresenceName(text);
  return name === "not_set" ? undefined : name;
}

function isDoNotDisturb(text: string): boolean {
  return doNotDisturb.includes(text.toLowerCase().replace(/[-_\s]+/g, " ").replace("\u2019", "'"));
}

/** The activity that means the highest state; the first of equals. */
function highest(activities: readonly ActivityName[]): ActivityName | undefined {
  const rank = (activity: ActivityName) => presenceStates.indexOf(stateOfActivity[activity]);
  return activities.toSorted((a, b) => rank(b) - rank(a))[0];
}

function higher(a: PresenceName | undefined, b: PresenceName | undefined): PresenceName | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return presenceStates.indexOf(a) > presenceStates.indexOf(b) ? a : b;
}

function shortened(text: string): string {
  return text.length <= limits.stateTextChars ? text : text.slice(0, limits.stateTextChars).toWellFormed();
}
