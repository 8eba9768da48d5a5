/**
 * Owns the reading of application/pidf+xml (RFC 3863) with the data model (RFC 4479) and RPID's activities (RFC 4480).
 */
import { namespaces } from "../pidf.ts";
import type { DocumentFault } from "./document_fault.ts";
import { readXml, type XmlElement } from "./xml_reader.ts";

/** Activities that RPID has an element for, except `other` and `unknown`. Source: RFC 4480 §3.2. */
export const activityNames = [
  "appointment",
  "away",
  "breakfast",
  "busy",
  "dinner",
  "holiday",
  "in-transit",
  "looking-for-work",
  "lunch",
  "meal",
  "meeting",
  "on-the-phone",
  "performance",
  "permanent-absence",
  "playing",
  "presentation",
  "shopping",
  "sleeping",
  "spectator",
  "steering",
  "travel",
  "tv",
  "vacation",
  "working",
  "worship",
] as const;

/** Name of an activity. */
export type ActivityName = typeof activityNames[number];

/** What a document says of somebody's availability. */
export interface PresenceDocument {
  /** Open where any tuple is; empty where none says. Source: RFC 3863 §4.1.4. */
  readonly basic: "open" | "closed" | "";
  /** What the person does, in the order of `activityNames`, each once. */
  readonly activities: readonly ActivityName[];
  /** What the person does that has no name, in their words; empty for nothing. */
  readonly other: string;
  /** What the person says, or else a service of theirs, or else the document; empty for nothing. */
  readonly note: string;
}

/**
 * Reads a document. Notes count in any language, the first one of a place; moods, places and what is unknown play no part.
 *
 * @returns What it says, or what is wrong with it: anything of `readXml`, another root, a root without entity, a basic status that
 * is neither open nor closed.
 * Source: RFC 3863 §4.1, RFC 4479 §3, RFC 4480 §3.2.
 */
export function readPidf(bytes: Uint8Array): PresenceDocument | DocumentFault {
  return readXml(bytes, (root) => {
    if (root.name !== "presence" || root.namespace !== namespaces.pidf) {
      root.fail(`the root must be presence of ${namespaces.pidf}`);
    }
    root.required("entity");
    const tuples = root.all("tuple").filter(isOwn);
    const people = root.all("person", namespaces.dataModel);
    const devices = root.all("device", namespaces.dataModel);
    const doing = activitiesIn([...people, ...devices, ...tuples, ...tuples.flatMap((tuple) => tuple.all("status"))]);
    return {
      basic: basicOf(tuples),
      activities: activityNames.filter((name) => doing.some((each) => each.name === name)),
      other: firstText(doing.filter((each) => each.name === "other")),
      note: firstText([
        ...people.flatMap((person) => person.all("note")),
        ...tuples.flatMap((tuple) => tuple.all("note")),
        ...root.all("note"),
        ...people.flatMap((person) => person.all("activities", namespaces.rpid)).flatMap((each) => each.all("note")),
      ]),
    };
  });
}

/** Whether a tuple is of the person, not of an assistant or a friend who can be reached instead. Source: RFC 4480 §3.9. */
function isOwn(tuple: XmlElement): boolean {
  const relationship = tuple.first("relationship", namespaces.rpid);
  return relationship === undefined || relationship.first("self") !== undefined;
}

/** Elements that name activities, wherever the document has them: RPID puts them into a person, phones into a tuple too. */
function activitiesIn(places: readonly XmlElement[]): readonly XmlElement[] {
  return places.flatMap((place) => place.all("activities", namespaces.rpid))
    .flatMap((activities) => activities.children.filter((child) => child.namespace === namespaces.rpid));
}

function basicOf(tuples: readonly XmlElement[]): PresenceDocument["basic"] {
  const basics = tuples.flatMap((tuple) => tuple.all("status")).flatMap((status) => status.all("basic"));
  const wrong = basics.find(({ text }) => text !== "open" && text !== "closed");
  wrong?.fail(`<basic> must be open or closed, not "${wrong.text}"`);
  if (basics.length === 0) return "";
  return basics.some(({ text }) => text === "open") ? "open" : "closed";
}

function firstText(elements: readonly XmlElement[]): string {
  return elements.find((element) => element.text !== "")?.text ?? "";
}
