/**
 * Owns how the dialogs of several publications become the calls of one device.
 *
 * Rules:
 * 1. The calls of a device are those of all its publications together.
 * 2. The same call counts once, as the publication says that was modified last. It is the same when Call-ID and both tags are, where a
 *    tag that is not told fits any; without a Call-ID, when publisher and id are.
 * 3. A call is held while it is confirmed and the local end plays nothing (RFC 4235 §5.2).
 * 4. A call whose direction nobody told was received: a lamp that blinks for an outgoing call does less harm than one that does not
 *    for an incoming one.
 * 5. There are at most `callsPerDevice`; what was modified last goes first.
 * 6. Calls stand in the order in which they began, so that a refresh, which changes the order of the publications, changes nothing else.
 */
import type { DialogEnd } from "../body/read/dialog_info.ts";
import { limits } from "../runtime/limits.ts";
import type { Call, CallParty } from "../state/resource.ts";
import { areSameCall, type DialogTable, type PublishedDialog } from "./packages/dialog.ts";
import type { PublishedValue } from "./published_package.ts";

interface Candidate {
  readonly publisher: string;
  readonly dialog: PublishedDialog;
}

/**
 * The calls of a device.
 *
 * @param publications The one modified longest ago first.
 * @returns Calls with distinct ids, the oldest first.
 */
export function composeDialogs(publications: readonly PublishedValue<DialogTable>[]): readonly Call[] {
  const counted: Candidate[] = [];
  for (const { publisher, value } of publications.toReversed()) {
    if (counted.length >= limits.callsPerDevice) break;
    // Within one publication every dialog counts: whoever tells two apart knows that they are two.
    const own = value.dialogs.map((dialog) => ({ publisher, dialog }));
    const others = own.filter((candidate) => !counted.some((other) => isSameCall(candidate, other)));
    counted.push(...others.slice(0, limits.callsPerDevice - counted.length));
  }
  return withDistinctIds(counted.map(({ dialog }) => dialog).sort(compareDialogs)).map(callOf);
}

function isSameCall(a: Candidate, b: Candidate): boolean {
  const isByCallId = a.dialog.callId !== "" && b.dialog.callId !== "";
  return (isByCallId || a.publisher === b.publisher) && areSameCall(a.dialog, b.dialog);
}

function compareDialogs(a: PublishedDialog, b: PublishedDialog): number {
  return a.startedAt - b.startedAt || compareTexts(a.id, b.id) || compareTexts(a.callId, b.callId) ||
    compareTexts(a.localTag, b.localTag) || compareTexts(a.remoteTag, b.remoteTag);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function withDistinctIds(dialogs: readonly PublishedDialog[]): readonly PublishedDialog[] {
  const taken = new Set<string>();
  return dialogs.map((dialog) => {
    let id = dialog.id;
    for (let count = 2; taken.has(id); count++) id = `${dialog.id}~${count}`;
    taken.add(id);
    return { ...dialog, id };
  });
}

function callOf(dialog: PublishedDialog): Call {
  return {
    id: dialog.id,
    state: callStateOf(dialog),
    direction: dialog.direction === "" ? "recipient" : dialog.direction,
    callId: dialog.callId,
    localTag: dialog.localTag,
    remoteTag: dialog.remoteTag,
    localIdentity: partyOf(dialog.local),
    remoteIdentity: partyOf(dialog.remote),
    startedAt: dialog.startedAt,
  };
}

/** A dialog that is proceeding got an answer without a tag, such as 100, which rings nowhere yet. Source: RFC 4235 §3.7.1. */
function callStateOf({ state, local }: PublishedDialog): Call["state"] {
  if (state === "proceeding") return "trying";
  return state === "confirmed" && local.isRendering === false ? "held" : state;
}

/** Who is at one end: its identity, or else where it can be reached. */
function partyOf({ identity, target }: DialogEnd): CallParty | undefined {
  if (identity !== undefined && identity.uri !== "") return identity;
  return target === undefined || target === "" ? undefined : { uri: target, display: identity?.display ?? "" };
}
