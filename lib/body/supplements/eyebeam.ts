/**
 * Owns the person that eyeBeam and its descendants look for: RPID's on-the-phone while a call occupies the extension.
 */
import { addAttributes, append } from "../document.ts";
import { lampOf, shownState, shownStateVariesOn } from "../lamp.ts";
import { namespaces } from "../pidf.ts";
import type { Supplement } from "../supplement.ts";

/** The supplement "eyebeam"; profile rfc says the same and more by itself. */
export const eyebeam: Supplement = {
  name: "eyebeam",
  mediaTypes: ["application/pidf+xml"],
  variesOn: ["profile", ...shownStateVariesOn],
  supplement(root, subject, variant) {
    if (variant.profile === "rfc") return;
    addAttributes(root, { "xmlns:dm": namespaces.dataModel, "xmlns:rpid": namespaces.rpid });
    const person = append(root, "dm:person");
    if (lampOf(shownState(subject.state, variant)).isOnThePhone) {
      append(append(person, "rpid:activities"), "rpid:on-the-phone");
    }
  },
};
