/**
 * Owns the tuple that shows presence state, subtype and message on Digium and Sangoma phones.
 */
import { append, appendText, moveBefore } from "../document.ts";
import type { Supplement } from "../supplement.ts";
import { documentText } from "../text.ts";

/**
 * Namespace of the element in profile rfc, where RFC 3863 §4.2.4 wants a status extension to have one of its own; the phones know the
 * element by its name alone.
 */
const DIGIUM_NAMESPACE = "urn:x-hintd:digium-presence";

/** The supplement "digium", for phones whose User-Agent names either maker. */
export const digium: Supplement = {
  name: "digium",
  mediaTypes: ["application/pidf+xml"],
  variesOn: ["profile", "isDigium"],
  supplement(root, subject, variant) {
    if (!variant.isDigium) return;
    const { state, subtype, message } = subject.state.presence;
    const tuple = append(root, "tuple", { id: "digium-presence" });
    appendText(append(tuple, "status"), "digium_presence", documentText(message), {
      xmlns: variant.profile === "rfc" ? DIGIUM_NAMESPACE : undefined,
      type: state,
      subtype: subtype === "" ? undefined : documentText(subtype),
    });
    // RFC 3863 §4.1.1: tuples come before notes.
    if (variant.profile === "rfc") moveBefore(tuple, "note");
  },
};
