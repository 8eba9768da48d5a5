/**
 * Owns the reading of application/dialog-info+xml (RFC 4235): what somebody else says of calls.
 */
import type { CallParty } from "../../state/resource.ts";
import type { DocumentFault } from "./document_fault.ts";
import { readXml, type XmlElement } from "./xml_reader.ts";

/** States of a dialog. Source: RFC 4235 §3.7.1. */
export const dialogStates = ["trying", "proceeding", "early", "confirmed", "terminated"] as const;

/** Whether the observed user made the call or received it. Source: RFC 4235 §4.1.1. */
export const directions = ["initiator", "recipient"] as const;

/** What a document says of one end of a dialog; members that it does not mention are absent. */
export interface DialogEnd {
  readonly identity?: CallParty;
  /** URI of the target. */
  readonly target?: string;
  /** False while this end plays nothing, that is while it holds the call. Source: RFC 4235 §5.2. */
  readonly isRendering?: boolean;
}

/** One dialog of a document; texts that it does not mention are empty. Source: RFC 4235 §4.1.1. */
export interface DialogElement {
  readonly id: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly direction: typeof directions[number] | undefined;
  readonly state: typeof dialogStates[number];
  /** What ended it: `cancelled`, `rejected`, `replaced`, `local-bye`, `remote-bye`, `error`, `timeout`. */
  readonly event: string;
  /** Seconds since it began, where told. */
  readonly durationSeconds: number | undefined;
  readonly local: DialogEnd;
  readonly remote: DialogEnd;
}

/** A document. */
export interface DialogInfo {
  readonly version: number;
  /** Whether it tells of all dialogs, or only of those that changed. */
  readonly isFull: boolean;
  /** In the order of the document; of two with one id, which RFC 4235 §6.1 shows, the later one counts. */
  readonly dialogs: readonly DialogElement[];
}

const NAMESPACE = "urn:ietf:params:xml:ns:dialog-info";
const VERSION_MAX = 0xffff_ffff;

/**
 * Reads a document.
 *
 * `entity` plays no part: who is observed follows from the request, and RFC 4235 §4.2 itself leaves it out.
 *
 * @returns The document, or what is wrong with it: anything of `readXml`, another root, a version, document state, id, dialog state,
 * direction or duration that is missing where it must be there or is none.
 * Source: RFC 4235 §4.1, §4.4.
 */
export function readDialogInfo(bytes: Uint8Array): DialogInfo | DocumentFault {
  return readXml(bytes, (root) => {
    if (root.name !== "dialog-info" || root.namespace !== NAMESPACE) {
      root.fail(`the root must be dialog-info of ${NAMESPACE}`);
    }
    return {
      version: versionOf(root),
      isFull: oneOf(root, "state", root.required("state"), ["full", "partial"]) === "full",
      dialogs: root.all("dialog").map(dialogOf),
    };
  });
}

/** Source: RFC 4235 §4.1: a non-negative integer of 32 bits. */
function versionOf(root: XmlElement): number {
  const version = wholeNumber(root.required("version"));
  return version !== undefined && version <= VERSION_MAX ? version : root.fail("version must be a number of 32 bits");
}

function dialogOf(dialog: XmlElement): DialogElement {
  const state = dialog.first("state") ?? dialog.fail("<dialog> needs a <state>");
  const direction = dialog.attribute("direction");
  const duration = dialog.first("duration");
  return {
    id: dialog.required("id"),
    callId: dialog.attribute("call-id") ?? "",
    localTag: dialog.attribute("local-tag") ?? "",
    remoteTag: dialog.attribute("remote-tag") ?? "",
    direction: direction === undefined ? undefined : oneOf(dialog, "direction", direction, directions),
    state: oneOf(state, "state", state.text, dialogStates),
    event: state.attribute("event") ?? "",
    durationSeconds: duration && (wholeNumber(duration.text) ?? duration.fail("<duration> must be whole seconds")),
    local: endOf(dialog.all("local")),
    remote: endOf(dialog.all("remote")),
  };
}

/**
 * What is said of one end. Of several identities the first counts.
 *
 * COMPAT(Asterisk): a held call may come with two `<local>` elements, identity in one and target in the other.
 */
function endOf(elements: readonly XmlElement[]): DialogEnd {
  const identity = elements.flatMap((element) => element.all("identity"))[0];
  const target = elements.flatMap((element) => element.all("target")).at(-1);
  return {
    ...(identity && { identity: partyOf(identity, target) }),
    ...(target && { target: target.attribute("uri") ?? "", isRendering: !target.all("param").some(isNotRendering) }),
  };
}

/**
 * Who is at one end.
 *
 * COMPAT: RFC 4235's schema calls the name `display-name`, its prose and phones `display`; Kamailio puts it on the target.
 */
function partyOf(identity: XmlElement, target: XmlElement | undefined): CallParty {
  const display = identity.attribute("display") ?? identity.attribute("display-name") ?? target?.attribute("display");
  return { uri: identity.text, display: display?.trim() ?? "" };
}

/**
 * Whether a parameter of a target says that nothing is played there.
 *
 * COMPAT(Asterisk, snom): the value stands in `pvalue`; the name comes with and without its plus sign. Source: RFC 4235 §4.1.6.2, §5.2.
 */
function isNotRendering(param: XmlElement): boolean {
  const name = param.attribute("pname")?.toLowerCase();
  const value = param.attribute("pval") ?? param.attribute("pvalue");
  return (name === "+sip.rendering" || name === "sip.rendering") && value?.toLowerCase() === "no";
}

function wholeNumber(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

/** COMPAT(Kamailio): its first state of a call is "Trying". */
function oneOf<Word extends string>(element: XmlElement, what: string, text: string, words: readonly Word[]): Word {
  return words.find((word) => word === text.toLowerCase()) ??
    element.fail(`${what} must be one of ${words.join(", ")}, not "${text}"`);
}
