/**
 * Owns application/pidf+xml.
 *
 * Profile asterisk: note before tuple, the watcher as contact, the extension as tuple id. Profile rfc: RFC 3863's order, the presentity as
 * contact, a timestamp, and the person's activities (RFC 4479, RFC 4480) from devices and presence.
 */
import { secondText } from "../runtime/instant.ts";
import type { ExtensionState } from "../state/device_state.ts";
import type { PresenceState } from "../state/presence_state.ts";
import { append, appendText, createDocument, type Element, safeId } from "./document.ts";
import type { Generator } from "./generator.ts";
import { type Lamp, lampOf, shownState, shownStateVariesOn } from "./lamp.ts";
import type { Subject } from "./subject.ts";
import { documentText, holeMark } from "./text.ts";

/** Namespaces of the formats that meet in a PIDF document. */
export const namespaces = {
  pidf: "urn:ietf:params:xml:ns:pidf",
  dataModel: "urn:ietf:params:xml:ns:pidf:data-model",
  rpid: "urn:ietf:params:xml:ns:pidf:rpid",
} as const;

/** The generator of application/pidf+xml. */
export const pidf: Generator = {
  mediaType: "application/pidf+xml",
  eventPackages: ["presence"],
  alsoFor: ["dialog"],
  variesOn: ["profile", ...shownStateVariesOn],
  generate(subject, variant) {
    const shown = shownState(subject.state, variant);
    return variant.profile === "rfc" ? rfcDocument(subject, shown) : asteriskDocument(subject, lampOf(shown));
  },
};

function asteriskDocument(subject: Subject, lamp: Lamp): Element {
  const root = createDocument("presence", { entity: holeMark.entity, xmlns: namespaces.pidf });
  appendText(root, "note", lamp.note);
  const tuple = append(root, "tuple", { id: documentText(subject.exten) });
  appendText(append(tuple, "status"), "basic", lamp.basic);
  appendText(tuple, "contact", holeMark.remote, { priority: "1" });
  return root;
}

function rfcDocument(subject: Subject, shown: ExtensionState): Element {
  const { presence } = subject.state;
  const lamp = lampOf(isOutOfReach(shown, presence) ? "UNAVAILABLE" : shown);
  const root = createDocument("presence", {
    entity: holeMark.entity,
    xmlns: namespaces.pidf,
    "xmlns:dm": namespaces.dataModel,
    "xmlns:rpid": namespaces.rpid,
  });
  // RFC 3863 §4.1.1: tuples before notes; §4.1.2: contact and timestamp behind the status.
  const tuple = append(root, "tuple", { id: safeId("t", subject.exten) });
  appendText(append(tuple, "status"), "basic", lamp.basic);
  appendText(tuple, "contact", holeMark.entity, { priority: "1" });
  appendText(tuple, "timestamp", secondText(subject.changedAt));
  appendText(root, "note", lamp.note);
  appendPerson(root, subject, activitiesOf(shown, lamp, presence));
  return root;
}

/**
 * Nobody can be reached through a hint that is gone, only profile asterisk calls it ready; nor where somebody published that they
 * are closed, unless a call shows otherwise.
 */
function isOutOfReach(shown: ExtensionState, presence: PresenceState): boolean {
  const isClosed = presence.activities !== undefined && presence.state === "unavailable";
  return shown === "REMOVED" || (isClosed && !lampOf(shown).isOnThePhone);
}

/**
 * What the person does, as names of RPID elements: what was published, or else what the presence state means; and what the devices
 * show. Source: RFC 4480 §3.2.
 */
function activitiesOf(shown: ExtensionState, lamp: Lamp, presence: PresenceState): ReadonlySet<string> {
  const { state, activities: published, subtype } = presence;
  const activities = new Set<string>();
  if (lamp.isOnThePhone) activities.add("on-the-phone");
  // A published "closed" is told by the tuple's status.
  const isAway = state === "away" || state === "xa" || (state === "unavailable" && published === undefined);
  if (published !== undefined && published.length > 0) { for (const activity of published) activities.add(activity); }
  else if (isAway) activities.add("away");
  else if (state === "dnd") activities.add("busy");
  if (shown === "BUSY") activities.add("busy");
  if (published === undefined && subtype !== "") activities.add("other");
  return activities;
}

/** The person behind the extension: what they do, and what they say about it. Source: RFC 4479 §3.2, §5.1.2. */
function appendPerson(root: Element, subject: Subject, activities: ReadonlySet<string>): void {
  const { subtype, message } = subject.state.presence;
  const person = append(root, "dm:person", { id: safeId("p", subject.exten) });
  if (activities.size > 0) {
    const parent = append(person, "rpid:activities");
    for (const activity of activities) appendActivity(parent, activity, subtype);
  }
  if (message !== "") appendText(person, "dm:note", documentText(message));
  appendText(person, "dm:timestamp", secondText(Math.max(subject.changedAt, subject.presenceChangedAt)));
}

/** RFC 4480 §3.2 names lunch, its schema does not: the meal stands in its place, with the word beside it. */
function appendActivity(activities: Element, activity: string, subtype: string): void {
  if (activity === "other") appendText(activities, "rpid:other", documentText(subtype));
  else append(activities, activity === "lunch" ? "rpid:meal" : `rpid:${activity}`);
  if (activity === "lunch") appendText(activities, "rpid:other", activity);
}
