/**
 * Owns the body of application/simple-message-summary.
 */
import { type MailboxCounts, sumOfCounts } from "../state/mailbox_counts.ts";
import { RenderedBody } from "./rendered.ts";
import { holeMark } from "./text.ts";
import type { Profile } from "./variant.ts";

/** Media type of the body. Source: RFC 3842 §5.2. */
export const messageSummaryType = "application/simple-message-summary";

/** What a body tells of; users as a URI spells them. */
export interface MessageSummarySubject {
  readonly counts: MailboxCounts;
  /** Whom the phone calls to hear its messages; empty where that is not known. */
  readonly voicemailUser: string;
  /** Whose messages these are. */
  readonly ownerUser: string;
}

/**
 * Makes the body; accounts are at the host that the watcher has asked.
 *
 * Profile asterisk names the account only where it is known whom to call, and always tells of urgent messages; rfc names the account
 * always, and tells of urgent messages where there are any.
 *
 * Source: RFC 3842 §3.5, §3.8, §5.2.
 */
export function messageSummary(subject: MessageSummarySubject, profile: Profile): RenderedBody {
  const { new: fresh, old, newUrgent, oldUrgent } = sumOfCounts([subject.counts]);
  const account = subject.voicemailUser || (profile === "rfc" ? subject.ownerUser : "");
  const areUrgentTold = profile === "asterisk" || newUrgent > 0 || oldUrgent > 0;
  let text = `Messages-Waiting: ${fresh > 0 ? "yes" : "no"}\r\n`;
  if (account !== "") text += `Message-Account: sip:${account}@${holeMark.entityHost}\r\n`;
  text += `Voice-Message: ${fresh}/${old}${areUrgentTold ? ` (${newUrgent}/${oldUrgent})` : ""}\r\n`;
  return new RenderedBody(messageSummaryType, text);
}
