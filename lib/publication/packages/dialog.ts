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
 * 6. A dialog that is over in one publication is over in all of its publisher for the same target. A server that publishes the next
 *    state before the last one was answered makes two publications of one call, and ends but one of them: Kamailio does.
 * 7. A dialog began when it was first told of, less its duration; later durations change nothing.
 */
import { type DialogElement, type DialogEnd, readDialogInfo } from "../../body/read/dialog_info.ts";
import { DocumentFault } from "../../body/read/document_fault.ts";
import type { Clock, EpochMillis } from "../../runtime/clock.ts";
import { limits } from "../../runtime/limits.ts";
import { deviceKey } from "../../state/hint.ts";
import type { PublishedPackage } from "../published_package.ts";
import { rejectDocument, rejectFault } from "./rejects.ts";

/** What tells dialogs apart. */
export interface DialogIds {
  readonly id: string;
  /** Empty where nobody told; tags likewise. */
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

/** Whether one publisher means the same call: Call-ID and both tags decide, where a tag that is not told fits any; else the id. */
export function areSameCall(one: DialogIds, other: DialogIds): boolean {
  if (one.callId === "" || other.callId === "") return one.id === other.id;
  return one.callId === other.callId && fits(one.localTag, other.localTag) && fits(one.remoteTag, other.remoteTag);
}

function fits(tag: string, other: string): boolean {
  return tag === other || tag === "" || other === "";
}

/** One row of the table; plain data. */
export interface PublishedDialog extends DialogIds {
  readonly state: Exclude<DialogElement["state"], "terminated">;
  /** Empty where nobody told. */
  readonly direction: "initiator" | "recipient" | "";
  readonly local: DialogEnd;
  readonly remote: DialogEnd;
  readonly startedAt: EpochMillis;
}

/** Value of a publication. */
export interface DialogTable {
  /** Of the last document. */
  readonly version: number;
  readonly dialogs: readonly PublishedDialog[];
  /** Those that the last document says are over; absent without any. */
  readonly ended?: readonly DialogIds[];
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
      const ended: DialogIds[] = [];
      const table = info.isFull ? new Map<string, PublishedDialog>() : new Map(known);
      for (const element of info.dialogs) {
        const before = known.get(element.id);
        const startedAt = before?.startedAt ?? clock.wall() - (element.durationSeconds ?? 0) * 1_000;
        const dialog = rowOf(element, info.isFull ? undefined : before, startedAt);
        if (dialog !== undefined) table.set(element.id, dialog);
        else {
          table.delete(element.id);
          ended.push(idsOf(element, before));
        }
      }
      if (Math.max(table.size, ended.length) > limits.publishedDialogCount) {
        return rejectDocument(`No more than ${limits.publishedDialogCount} dialogs can be published at once`);
      }
      const dialogs = [...table.values()];
      return ended.length === 0 ? { version: info.version, dialogs } : { version: info.version, dialogs, ended };
    },
    describe({ dialogs }) {
      if (dialogs.length === 0) return "no call";
      return dialogs.map(({ state, remote }) => {
        const { display = "", uri = "" } = remote.identity ?? {};
        const who = display || uri;
        return who === "" ? `a call ${state}` : `a call ${state}, with ${who}`;
      }).join("; ");
    },
    left(older, { ended = [] }) {
      const dialogs = older.dialogs.filter((dialog) => !ended.some((over) => areSameCall(dialog, over)));
      return dialogs.length === older.dialogs.length ? older : { ...older, dialogs };
    },
    without(value, target, device) {
      return deviceKey(target) !== device || value.dialogs.length === 0 ? value : { ...value, dialogs: [] };
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
    ...idsOf(element, before),
    state: element.state,
    direction: element.direction ?? before?.direction ?? "",
    local: { ...before?.local, ...element.local },
    remote: { ...before?.remote, ...element.remote },
    startedAt,
  };
}

/** Ids of a dialog; those that the document leaves out are as they were. */
function idsOf(element: DialogElement, before: PublishedDialog | undefined): DialogIds {
  return {
    id: element.id,
    callId: element.callId || (before?.callId ?? ""),
    localTag: element.localTag || (before?.localTag ?? ""),
    remoteTag: element.remoteTag || (before?.remoteTag ?? ""),
  };
}
