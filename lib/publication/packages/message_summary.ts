/**
 * Owns what a publication of event package `message-summary` holds: the counts of one mailbox.
 */
import { DocumentFault } from "../../body/read/document_fault.ts";
import { mailboxCountsOf, readMessageSummary } from "../../body/read/message_summary.ts";
import type { MailboxCounts } from "../../state/mailbox_counts.ts";
import type { PublishedPackage } from "../published_package.ts";
import { rejectFault } from "./rejects.ts";

/**
 * The package `message-summary`: every document is whole.
 *
 * Source: RFC 3842 §3.5, §5.2.
 */
export const messageSummaryPackage: PublishedPackage<MailboxCounts> = {
  name: "message-summary",
  mediaTypes: ["application/simple-message-summary"],
  merge(_former, { body }) {
    const summary = readMessageSummary(body);
    return summary instanceof DocumentFault ? rejectFault(summary) : mailboxCountsOf(summary);
  },
  describe: ({ new: fresh, old }) => `${fresh} new messages, ${old} old`,
};
