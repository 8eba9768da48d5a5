/**
 * Owns the JSON messages of the event packages asterisk-devicestate and asterisk-mwi.
 */
import { hashHex } from "../runtime/hash.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MailboxCounts } from "../state/mailbox_counts.ts";

/** The state of one device; any may be kept by whoever is told. */
export function deviceStateMessage(device: string, state: DeviceState, eid: string): string {
  return JSON.stringify({ type: "devicestate", device, state, cachable: 1, eid });
}

/** The message counts of one mailbox, `box@context`. */
export function mailboxStateMessage(mailbox: string, counts: MailboxCounts, eid: string): string {
  return JSON.stringify({ type: "mailboxstate", uniqueid: mailbox, old: counts.old, new: counts.new, eid });
}

/** Asks the peer to tell everything it has. */
export function refreshMessage(eid: string): string {
  return JSON.stringify({ type: "refresh", eid });
}

/**
 * An entity id from a text that is this appliance's own: six octets as of a locally administered address, so that no network
 * card has it.
 */
export function entityIdOf(text: string): string {
  const hex = hashHex("SHA-256", text);
  const first = ((parseInt(hex.slice(0, 2), 16) & 0xfc) | 0x02).toString(16).padStart(2, "0");
  return [first, ...[2, 4, 6, 8, 10].map((at) => hex.slice(at, at + 2))].join(":");
}
