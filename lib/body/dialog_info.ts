/**
 * Owns application/dialog-info+xml (RFC 4235).
 *
 * Profile asterisk: exactly one dialog, named after the extension, with its aggregated state; the ringing party while it rings. Profile
 * rfc: one dialog per call, and one in their place where devices are busy without a call being known; none when idle.
 */
import type { ExtensionState } from "../state/device_state.ts";
import type { Call, CallParty } from "../state/resource.ts";
import { append, appendText, type Attributes, createDocument, type Element } from "./document.ts";
import type { Generator } from "./generator.ts";
import { lampOf, shownState, shownStateVariesOn } from "./lamp.ts";
import type { Subject } from "./subject.ts";
import { documentText, holeMark } from "./text.ts";
import type { Variant } from "./variant.ts";

/** The generator of application/dialog-info+xml. */
export const dialogInfo: Generator = {
  mediaType: "application/dialog-info+xml",
  eventPackages: ["dialog"],
  alsoFor: ["presence"],
  variesOn: [
    "profile",
    "notifyEarlyInuseRinging",
    "remoteParty",
    "dialogIds",
    "pickupPrefix",
    "maxDialogs",
    ...shownStateVariesOn,
  ],
  generate(subject, variant) {
    const root = createDocument("dialog-info", {
      xmlns: "urn:ietf:params:xml:ns:dialog-info",
      version: holeMark.version,
      state: "full",
      entity: holeMark.entity,
    });
    const write = variant.profile === "rfc" ? appendRfcDialogs : appendAsteriskDialog;
    write(root, subject, variant);
    return root;
  },
};

/** State of the one dialog that stands for the extension. */
function dialogStateOf(extension: ExtensionState, variant: Variant): "terminated" | "early" | "confirmed" {
  return extension === "RINGINUSE" && variant.notifyEarlyInuseRinging ? "early" : lampOf(extension).dialog;
}

function appendAsteriskDialog(root: Element, subject: Subject, variant: Variant): void {
  const extension = shownState(subject.state, variant);
  const state = dialogStateOf(extension, variant);
  const isEarly = state === "early";
  const call = shownCall(subject.state.calls, state);
  const isRemoteShown = variant.remoteParty === "always" || (variant.remoteParty === "early" && isEarly);
  const dialog = append(root, "dialog", {
    id: documentText(subject.exten),
    ...(call && variant.dialogIds ? dialogIds(call) : {}),
    direction: isEarly ? "recipient" : undefined,
  });
  appendRemote(dialog, { party: isRemoteShown ? call?.remoteIdentity : undefined, isEarly, variant });
  if (isEarly) {
    const local = append(dialog, "local");
    appendIdentity(local, call?.localIdentity, "display");
    append(local, "target", { uri: holeMark.entity });
  }
  appendText(dialog, "state", state);
  // Phones disagree about the name of the value: RFC 4235 §4.1.6.2 says pval, much software pvalue; two attributes please both.
  if (extension === "ONHOLD") appendHeldTarget(append(dialog, "local"), { pval: "no", pvalue: "no" });
}

function appendRfcDialogs(root: Element, subject: Subject, variant: Variant): void {
  const calls = mostUrgent(subject.state.calls.filter((call) => call.state !== "terminated"), variant.maxDialogs);
  const ids = distinctIds(calls);
  calls.forEach((call, i) => appendCall(root, { call, id: ids[i] ?? call.id }, variant));
  if (calls.length === 0) appendStandIn(root, subject, variant);
}

/** Ids of the calls; those of different devices may be the same, in one document they must not. Source: RFC 4235 §4.1.1. */
function distinctIds(calls: readonly Call[]): readonly string[] {
  const taken = new Set<string>();
  return calls.map((call) => {
    let id = call.id;
    for (let count = 2; taken.has(id); count++) id = `${call.id}~${count}`;
    taken.add(id);
    return id;
  });
}

function appendCall(root: Element, named: { call: Call; id: string }, variant: Variant): void {
  const { call, id } = named;
  const isEarly = call.state === "early" || call.state === "trying";
  const isRemoteShown = variant.remoteParty === "always" || (variant.remoteParty === "early" && isEarly);
  const dialog = append(root, "dialog", {
    id: documentText(id),
    ...(variant.dialogIds ? dialogIds(call) : {}),
    direction: call.direction,
  });
  // RFC 4235 §4.4: state, then local, then remote.
  appendText(dialog, "state", call.state === "held" ? "confirmed" : call.state);
  const local = append(dialog, "local");
  appendIdentity(local, call.localIdentity, "display-name");
  if (call.state === "held") appendHeldTarget(local, { pval: "no" });
  else append(local, "target", { uri: holeMark.entity });
  const party = isRemoteShown ? call.remoteIdentity : undefined;
  appendRemote(dialog, { party, isEarly: isEarly && call.direction === "recipient", variant });
}

/** The dialog in place of calls that nobody told about; none when idle. */
function appendStandIn(root: Element, subject: Subject, variant: Variant): void {
  const extension = shownState(subject.state, variant);
  const state = dialogStateOf(extension, variant);
  if (state === "terminated") return;
  const isEarly = state === "early";
  const dialog = append(root, "dialog", {
    id: documentText(subject.exten),
    direction: isEarly ? "recipient" : undefined,
  });
  appendText(dialog, "state", state);
  const local = append(dialog, "local");
  if (extension === "ONHOLD") appendHeldTarget(local, { pval: "no" });
  else append(local, "target", { uri: holeMark.entity });
  appendRemote(dialog, { party: undefined, isEarly, variant });
}

/** The call behind an aggregated state: the oldest incoming one that rings, or the oldest that is up. */
function shownCall(calls: readonly Call[], state: "terminated" | "early" | "confirmed"): Call | undefined {
  const isWanted = (call: Call) =>
    state === "early"
      ? (call.state === "early" || call.state === "trying") && call.direction === "recipient"
      : state === "confirmed" && (call.state === "confirmed" || call.state === "held");
  return calls.filter(isWanted).sort((a, b) => a.startedAt - b.startedAt)[0];
}

const urgency = { early: 0, confirmed: 1, held: 2, trying: 3, terminated: 4 } as const satisfies Record<
  Call["state"],
  number
>;

/** At most `count` calls, all on 0: ringing ones before others when not all fit, else in their own order. */
function mostUrgent(calls: readonly Call[], count: number): readonly Call[] {
  if (count === 0 || calls.length <= count) return calls;
  return calls.toSorted((a, b) => urgency[a.state] - urgency[b.state]).slice(0, count);
}

/** Source: RFC 4235 §4.1.1: Call-ID and tags name the SIP dialog, for Replaces (RFC 3891). */
function dialogIds(call: Call): Attributes {
  return {
    "call-id": call.callId === "" ? undefined : documentText(call.callId),
    "local-tag": call.localTag === "" ? undefined : documentText(call.localTag),
    "remote-tag": call.remoteTag === "" ? undefined : documentText(call.remoteTag),
  };
}

/** The other end: its identity where known and shown, and the URI to dial, which picks a ringing call up where a prefix is set. */
function appendRemote(
  dialog: Element,
  options: { party: CallParty | undefined; isEarly: boolean; variant: Variant },
): void {
  const { party, isEarly, variant } = options;
  const isPickup = isEarly && variant.pickupPrefix !== "";
  if (!party && !isPickup) return;
  const remote = append(dialog, "remote");
  if (party) appendIdentity(remote, party, variant.profile === "rfc" ? "display-name" : "display");
  const pickup = `${holeMark.entityScheme}${documentText(variant.pickupPrefix)}${holeMark.entityAddress}`;
  append(remote, "target", { uri: isPickup ? pickup : documentText(party?.uri ?? "") });
}

/**
 * Who is at one end; the watched URI when nobody told.
 *
 * @param displayName Name of the attribute: RFC 4235's schema says display-name, its prose and every phone display.
 */
function appendIdentity(end: Element, party: CallParty | undefined, displayName: "display" | "display-name"): void {
  const display = party && party.display !== "" ? { [displayName]: documentText(party.display) } : {};
  appendText(end, "identity", party ? documentText(party.uri) : holeMark.entity, display);
}

/** Marks the local end as on hold. Source: RFC 4235 §4.1.6.2, §5.2. */
function appendHeldTarget(local: Element, value: Attributes): void {
  append(append(local, "target", { uri: holeMark.entity }), "param", { pname: "+sip.rendering", ...value });
}
