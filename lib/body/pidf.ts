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
  // Nobody can be reached through a hint that is gone; only profile asterisk calls it ready.
  const lamp = lampOf(shown === "REMOVED" ? "UNAVAILABLE" : shown);
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
  appendPerson(root, subject, activitiesOf(shown, lamp, subject.state.presence));
  return root;
}

/** What the person does, as RPID element names. Source: RFC 4480 §3.2. */
function activitiesOf(shown: ExtensionState, lamp: Lamp, presence: PresenceState): string[] {
  const isAway = presence.state === "away" || presence.state === "xa" || presence.state === "unavailable";
  const activities: string[] = [];
  if (lamp.isOnThePhone) activities.push("rpid:on-the-phone");
  if (isAway) activities.push("rpid:away");
  if (shown === "BUSY" || presence.state === "dnd") activities.push("rpid:busy");
  return activities;
}

/** The person behind the extension: what they do, and what they say about it. Source: RFC 4479 §3.2, §5.1.2. */
function appendPerson(root: Element, subject: Subject, activities: readonly string[]): void {
  const { subtype, message } = subject.state.presence;
  const person = append(root, "dm:person", { id: safeId("p", subject.exten) });
  if (activities.length > 0 || subtype !== "") {
    const parent = append(person, "rpid:activities");
    for (const activity of activities) append(parent, activity);
    if (subtype !== "") appendText(parent, "rpid:other", documentText(subtype));
  }
  if (message !== "") appendText(person, "dm:note", documentText(message));
  appendText(person, "dm:timestamp", secondText(Math.max(subject.changedAt, subject.presenceChangedAt)));
}
