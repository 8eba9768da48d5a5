/**
 * Owns what others tell of messages that wait with them: a NOTIFY that nobody here has subscribed to.
 */
import { messageSummaryType } from "../../body/message_summary.ts";
import { DocumentFault } from "../../body/read/document_fault.ts";
import { mailboxCountsOf, readMessageSummary } from "../../body/read/message_summary.ts";
import type { Reject } from "../../runtime/result.ts";
import { StoreError } from "../../runtime/store_error.ts";
import type { Message } from "../../sip/message.ts";
import type { MailboxCounts } from "../../state/mailbox_counts.ts";
import { StateTableFull } from "../../state/states_port.ts";

/** Where counts are kept. */
export interface MailboxKeeper {
  /** @throws StoreError, StateTableFull: nothing was changed. */
  setMailbox(mailbox: string, counts: MailboxCounts): void;
}

/**
 * Takes a NOTIFY of package message-summary: its counts are those of `mailbox` from now on.
 *
 * @param mailbox Empty where the sender may tell of none.
 * @returns Undefined once the counts are kept; or a Reject: 489 event package, 404 no mailbox, 415 body type, 400 body, 503 not storable.
 * @throws ParseFailure for a header that cannot be read.
 * Source: RFC 3842 §3.9; RFC 6665 §4.1.3.
 */
export function keepMessages(request: Message, mailbox: string, keeper: MailboxKeeper): Reject | undefined {
  if (request.event?.name !== "message-summary") {
    return {
      status: 489,
      headers: [["Allow-Events", "message-summary"]],
      why: "NOTIFY of something else than messages",
    };
  }
  if (mailbox === "") return { status: 404, why: "the endpoint has no incoming_mwi_mailbox" };
  const { contentType } = request;
  if (contentType?.name !== messageSummaryType) {
    return { status: 415, headers: [["Accept", messageSummaryType]], why: "the body is no simple-message-summary" };
  }
  const summary = readMessageSummary(request.body);
  if (summary instanceof DocumentFault) return { status: 400, reason: summary.message, why: summary.message };
  try {
    keeper.setMailbox(mailbox, mailboxCountsOf(summary));
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof StateTableFull)) throw error;
    return { status: 503, headers: [["Retry-After", "60"]], why: error.message };
  }
  return undefined;
}
