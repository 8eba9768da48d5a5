/**
 * Owns what a publication of event package `dialog` holds: a table of dialogs.
 *
 * Rules, for what RFC 4235 §4.3 asks of a subscriber's table:
 * 1. A full document replaces the table, whatever its version: the entity-tag already says which document came before (RFC 3903 §6),
 *    and some servers write version 0 into every one.
 * 2. A partial document changes the rows that it names. Its version must be higher than that of the document before, in one publication;
 *    an older or equal one is refused with 400. RFC 4235 has a subscriber discard it without a word, but a 200 would tell the publisher
 *    that its calls are known. Gaps are allowed: what was missed shows at the next full document.
 * 3. A partial document that begins a publication fills an empty table.
 * 4. In a partial document, ends and ids of a known dialog that it leaves out stay as they were (RFC 4235 §4.1.6.1, §4.1.6.2).
 * 5. Terminated dialogs leave the table.
 * 6. A dialog began when it was first told of, less its duration; later durations change nothing.
 */
import { type DialogElement, type DialogEnd, readDialogInfo } from "../../body/read/dialog_info.ts";
import { DocumentFault } from "../../body/read/document_fault.ts";
import type { Clock, EpochMillis } from "../../runtime/clock.ts";
import { limits } from "../../runtime/limits.ts";
import type { PublishedPackage } from "../published_package.ts";
import { rejectDocument, rejectFault } from "./rejects.ts";

/** One row of the table; plain data. */
export interface PublishedDialog {
  readonly id: string;
  readonly state: Exclude<DialogElement["state"], "terminated">;
  /** Empty where nobody told. */
  readonly direction: "initiator" | "recipient" | "";
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly local: DialogEnd;
  readonly remote: DialogEnd;
  readonly startedAt: EpochMillis;
}

/** Value of a publication. */
export interface DialogTable {
  /** Of the last document. */
  readonly version: number;
  readonly dialogs: readonly PublishedDialog[];
}

/**
 * The package `dialog`.
 *
 * @param clock Tells when a dialog began.
 * Source: RFC 4235 §3.1, §4.3.
 */
export function dialogPackage(clock: Clock): PublishedPackage<DialogTable> {
  return {
    name: "dialog",
    mediaTypes: ["application/dialog-info+xml"],
    merge(former, { body }) {
      const info = readDialogInfo(body);
      if (info instanceof DocumentFault) return rejectFault(info);
      if (!info.isFull && former !== undefined && info.version <= former.version) {
        return rejectDocument(`Version ${info.version} of partial dialog-info is not above ${former.version}`);
      }
      const known = new Map(former?.dialogs.map((dialog) => [dialog.id, dialog]));
      const table = info.isFull ? new Map<string, PublishedDialog>() : new Map(known);
      for (const element of info.dialogs) {
        const before = known.get(element.id);
        const startedAt = before?.startedAt ?? clock.wall() - (element.durationSeconds ?? 0) * 1_000;
        const dialog = rowOf(element, info.isFull ? undefined : before, startedAt);
        if (dialog === undefined) table.delete(element.id);
        else table.set(element.id, dialog);
      }
      if (table.size > limits.publishedDialogCount) {
        return rejectDocument(`No more than ${limits.publishedDialogCount} dialogs can be published at once`);
      }
      return { version: info.version, dialogs: [...table.values()] };
    },
  };
}

/** The row of a dialog; undefined when it is over. */
function rowOf(
  element: DialogElement,
  before: PublishedDialog | undefined,
  startedAt: EpochMillis,
): PublishedDialog | undefined {
  if (element.state === "terminated") return undefined;
  return {
    id: element.id,
    state: element.state,
    direction: element.direction ?? before?.direction ?? "",
    callId: element.callId || (before?.callId ?? ""),
    localTag: element.localTag || (before?.localTag ?? ""),
    remoteTag: element.remoteTag || (before?.remoteTag ?? ""),
    local: { ...before?.local, ...element.local },
    remote: { ...before?.remote, ...element.remote },
    startedAt,
  };
}
