/**
 * Owns the reading of application/x-as-feature-event+xml: what somebody has just set on a phone.
 */
import { limits } from "../../runtime/limits.ts";
import type { ForwardingKind } from "../../state/features.ts";
import { featureNamespace, forwardingNames } from "../feature_event.ts";
import type { DocumentFault } from "./document_fault.ts";
import { readXml, type XmlElement } from "./xml_reader.ts";

/** What was set; the device that the document names is the phone's own word for itself and means nothing. */
export type FeatureChange =
  | { readonly feature: "dnd"; readonly isOn: boolean }
  | {
    readonly feature: ForwardingKind;
    readonly isActive: boolean;
    /** Undefined where the document leaves it as it was. */
    readonly to: string | undefined;
    /** Likewise. */
    readonly ringCount: number | undefined;
  };

/**
 * Reads a document: SetDoNotDisturb or SetForwarding.
 *
 * @returns What it sets, or what is wrong: anything of `readXml`, another root, a part that is missing or says what it cannot.
 */
export function readFeatureEvent(bytes: Uint8Array): FeatureChange | DocumentFault {
  return readXml<FeatureChange>(bytes, (root) => {
    if (root.namespace !== featureNamespace) root.fail(`the namespace must be ${featureNamespace}`);
    if (root.name === "SetDoNotDisturb") return { feature: "dnd", isOn: flagIn(root, "doNotDisturbOn") };
    if (root.name === "SetForwarding") return forwardingIn(root);
    return root.fail("the root must be SetDoNotDisturb or SetForwarding");
  });
}

function forwardingIn(root: XmlElement): FeatureChange {
  const type = root.first("forwardingType");
  const known = Object.entries(forwardingNames).find(([, name]) => name === type?.text);
  if (known === undefined) {
    return (type ?? root).fail(`forwardingType must be one of ${Object.values(forwardingNames).join(", ")}`);
  }
  const to = root.first("forwardDN")?.text || undefined;
  if (to !== undefined && to.length > limits.forwardTargetChars) root.fail("forwardDN is too long");
  return {
    feature: known[0] as ForwardingKind,
    isActive: flagIn(root, "activateForward"),
    to,
    ringCount: ringCountIn(root.first("ringCount")),
  };
}

function ringCountIn(element: XmlElement | undefined): number | undefined {
  if (element === undefined || element.text === "") return undefined;
  const count = Number(element.text);
  if (/^\d+$/.test(element.text) && count <= limits.forwardRingCount) return count;
  return element.fail(`ringCount must be a number up to ${limits.forwardRingCount}`);
}

function flagIn(root: XmlElement, name: string): boolean {
  const text = root.first(name)?.text;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  return root.fail(`${name} must be true or false`);
}
