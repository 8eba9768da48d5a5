/**
 * Owns the message counts of a mailbox, and what several of them make together.
 */

/** Voice messages waiting in a mailbox. Source: RFC 3842 §3.5. */
export interface MailboxCounts {
  /** Messages nobody has heard. */
  readonly new: number;
  /** Messages heard and kept. */
  readonly old: number;
  /** Urgent ones among the new; absent where nobody tells. */
  readonly newUrgent?: number;
  /** Urgent ones among the old; absent where nobody tells. */
  readonly oldUrgent?: number;
}

/** Largest count that may be told. Source: RFC 3842 §3.5. */
export const messageCountMax = 0xffff_ffff;

/** A mailbox without messages. */
export const noMessages: MailboxCounts = { new: 0, old: 0 };

/** Whether two say the same; an urgent count that nobody tells is none. */
export function areEqualCounts(a: MailboxCounts, b: MailboxCounts): boolean {
  return a.new === b.new && a.old === b.old && (a.newUrgent ?? 0) === (b.newUrgent ?? 0) &&
    (a.oldUrgent ?? 0) === (b.oldUrgent ?? 0);
}

/** The counts of several mailboxes together, each at most `messageCountMax`. */
export function sumOfCounts(all: Iterable<MailboxCounts>): Required<MailboxCounts> {
  const sum = { new: 0, old: 0, newUrgent: 0, oldUrgent: 0 };
  for (const counts of all) {
    sum.new = Math.min(sum.new + counts.new, messageCountMax);
    sum.old = Math.min(sum.old + counts.old, messageCountMax);
    sum.newUrgent = Math.min(sum.newUrgent + (counts.newUrgent ?? 0), messageCountMax);
    sum.oldUrgent = Math.min(sum.oldUrgent + (counts.oldUrgent ?? 0), messageCountMax);
  }
  return sum;
}
