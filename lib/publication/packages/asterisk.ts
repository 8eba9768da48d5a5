/**
 * Owns what publications of the events `asterisk-devicestate` and `asterisk-mwi` hold: what another Asterisk says of its devices and
 * mailboxes. Each document tells of one; a publication remembers all that were told.
 */
import { type AsteriskDocument, readAsteriskJson } from "../../body/read/asterisk_json.ts";
import { DocumentFault } from "../../body/read/document_fault.ts";
import { limits } from "../../runtime/limits.ts";
import type { Reject } from "../../runtime/result.ts";
import type { DeviceState } from "../../state/device_state.ts";
import { deviceKey, mailboxKey } from "../../state/hint.ts";
import type { MailboxCounts } from "../../state/mailbox_counts.ts";
import type { PublishedDocument, PublishedPackage } from "../published_package.ts";
import { rejectDocument, rejectFault, rejectName } from "./rejects.ts";

/** Value of `asterisk-devicestate`: states by entity identifier and key of the device. */
export type ReportedDevices = Readonly<Record<string, Readonly<Record<string, DeviceState>>>>;

/** Value of `asterisk-mwi`: counts by key of the mailbox. */
export type ReportedMailboxes = Readonly<Record<string, MailboxCounts>>;

/**
 * The event `asterisk-devicestate`. A device that no hint can name is accepted and forgotten; INVALID means that Asterisk has no such
 * device any more. A refresh changes nothing, but asks; what this appliance has said itself, and a peer throws back, is nothing new.
 *
 * @param ownEid Entity identifier of this appliance, in lower case.
 */
export function deviceStatePackage(ownEid: string): PublishedPackage<ReportedDevices> {
  return {
    name: "asterisk-devicestate",
    mediaTypes: ["application/json"],
    merge(former = {}, published) {
      const document = documentOf(published, "devicestate", ownEid);
      if (document === undefined || "status" in document) return document ?? former;
      const key = deviceKey(document.device);
      if (key === undefined) return former;
      if (!published.mayPublish(key)) return rejectName(key);
      const { [key]: _replaced, ...others } = former[document.eid] ?? {};
      const states = document.state === "INVALID" ? others : { ...others, [key]: document.state };
      const value = { ...former, [document.eid]: states };
      return sizeOf(value) > limits.publishedNameCount ? tooManyNames() : value;
    },
    describe: (value) =>
      countText(Object.values(value).reduce((sum, states) => sum + Object.keys(states).length, 0), "device"),
    without(value, _target, device) {
      if (!Object.values(value).some((states) => Object.hasOwn(states, device))) return value;
      return Object.fromEntries(
        Object.entries(value).map(([eid, { [device]: _disbelieved, ...others }]) => [eid, others]),
      );
    },
  };
}

/** The event `asterisk-mwi`; refreshes and echoes as above. */
export function mailboxStatePackage(ownEid: string): PublishedPackage<ReportedMailboxes> {
  return {
    name: "asterisk-mwi",
    mediaTypes: ["application/json"],
    merge(former = {}, published) {
      const document = documentOf(published, "mailboxstate", ownEid);
      if (document === undefined || "status" in document) return document ?? former;
      const key = mailboxKey(document.mailbox);
      if (!published.mayPublish(key)) return rejectName(key);
      const value = { ...former, [key]: { new: document.new, old: document.old } };
      return Object.keys(value).length > limits.publishedNameCount ? tooManyNames() : value;
    },
    describe: (value) => countText(Object.keys(value).length, "mailbox"),
  };
}

/** The document, when it is of that type and another server's; undefined for an echo, and for a refresh, which is heard here. */
function documentOf<Type extends AsteriskDocument["type"]>(
  { body, askForEverything }: PublishedDocument,
  type: Type,
  ownEid: string,
): AsteriskDocument & { type: Type } | Reject | undefined {
  const document = readAsteriskJson(body);
  if (document instanceof DocumentFault) return rejectFault(document);
  if (document.type !== type && document.type !== "refresh") {
    return rejectDocument(`type must be ${type} or refresh in this event`);
  }
  if (document.eid === ownEid) return undefined;
  if (isOfType(document, type)) return document;
  askForEverything();
  return undefined;
}

function isOfType<Type extends AsteriskDocument["type"]>(
  document: AsteriskDocument,
  type: Type,
): document is AsteriskDocument & { type: Type } {
  return document.type === type;
}

function countText(count: number, noun: "device" | "mailbox"): string {
  return `${count} ${noun}${count === 1 ? "" : noun === "device" ? "s" : "es"}`;
}

/** Entities and devices together. */
function sizeOf(value: ReportedDevices): number {
  return Object.values(value).reduce((sum, states) => sum + 1 + Object.keys(states).length, 0);
}

function tooManyNames(): Reject {
  return rejectDocument(`No more than ${limits.publishedNameCount} names can be published at once`);
}
