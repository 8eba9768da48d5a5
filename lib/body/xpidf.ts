/**
 * Owns application/xpidf+xml, the format of the first SIMPLE drafts that Polycom phones and old Microsoft clients read; it has no RFC, so
 * both profiles write the same document.
 */
import { append, createDocument, type Element } from "./document.ts";
import type { Generator } from "./generator.ts";
import { lampOf, shownState, shownStateVariesOn } from "./lamp.ts";
import type { Subject } from "./subject.ts";
import { documentText, holeMark } from "./text.ts";
import type { Variant } from "./variant.ts";

/** Builds the document; the address is the watcher's own, as these phones expect. */
export function xpidfDocument(subject: Subject, variant: Variant): Element {
  const lamp = lampOf(shownState(subject.state, variant));
  const root = createDocument("presence");
  append(root, "presentity", { uri: `${holeMark.entity};method=SUBSCRIBE` });
  const atom = append(root, "atom", { atomid: holeMark.guid, id: documentText(subject.exten) });
  const address = append(atom, "address", { uri: `${holeMark.remote};user=ip`, priority: "0.80000" });
  append(address, "status", { status: lamp.status });
  append(address, "msnsubstatus", { substatus: lamp.substatus });
  return root;
}

/** The generator of application/xpidf+xml. */
export const xpidf: Generator = {
  mediaType: "application/xpidf+xml",
  eventPackages: ["presence"],
  alsoFor: ["dialog"],
  variesOn: shownStateVariesOn,
  generate: xpidfDocument,
};
