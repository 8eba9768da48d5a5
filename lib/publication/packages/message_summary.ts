/**
 * Owns what a publication of event package `message-summary` holds: the counts of one mailbox.
 */
import { DocumentFault } from "../../body/read/document_fault.ts";
import { readMessageSummary } from "../../body/read/message_summary.ts";
import type { MailboxCounts } from "../../state/states_port.ts";
import type { PublishedPackage } from "../published_package.ts";
import { rejectFault } from "./rejects.ts";

/**
 * The package `message-summary`: every document is whole. The line Voice-Message counts; without it, one new message stands for
 * `Messages-Waiting: yes`.
 *
 * Source: RFC 3842 §3.5, §5.2.
 */
export const messageSummaryPackage: PublishedPackage<MailboxCounts> = {
  name: "message-summary",
  mediaTypes: ["application/simple-message-summary"],
  merge(_former, { body }) {
    const summary = readMessageSummary(body);
    if (summary instanceof DocumentFault) return rejectFault(summary);
    const voice = summary.counts.get("voice-message");
    return voice === undefined ? { new: summary.isWaiting ? 1 : 0, old: 0 } : { new: voice.new, old: voice.old };
  },
};
