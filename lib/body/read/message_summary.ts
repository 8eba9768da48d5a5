/**
 * Owns the reading of application/simple-message-summary (RFC 3842).
 */
import { limits } from "../../runtime/limits.ts";
import { type MailboxCounts, messageCountMax } from "../../state/mailbox_counts.ts";
import { DocumentFault, faultOr, utf8Text } from "./document_fault.ts";

/** Counts of one message class. */
export interface MessageCounts {
  readonly new: number;
  readonly old: number;
  /** Urgent ones among the new. */
  readonly newUrgent: number;
  /** Urgent ones among the old. */
  readonly oldUrgent: number;
}

/** A document. */
export interface MessageSummary {
  readonly isWaiting: boolean;
  /** URI of the account; empty where it is not told. */
  readonly account: string;
  /** Counts by message class in lower case, such as `voice-message`. Source: RFC 3458 §6.2. */
  readonly counts: ReadonlyMap<string, MessageCounts>;
}

const STATUS_LINE = /^messages-waiting[ \t]*:[ \t]*(yes|no)[ \t]*$/i;
const HEADER_LINE = /^([a-z-]{1,40})[ \t]*:[ \t]*([^ \t].{0,1000})$/i;

/**
 * Reads a document; the headers of single messages behind the empty line play no part.
 *
 * COMPAT: lines may end in LF alone.
 *
 * @returns The document, or what is wrong with it: no UTF-8, no Messages-Waiting in the first line, a line that is no header, counts
 * that are none or above 2^32-1, more than 64 lines.
 * Source: RFC 3842 §5.2.
 */
export function readMessageSummary(bytes: Uint8Array): MessageSummary | DocumentFault {
  return faultOr(() => {
    const lines = linesOf(utf8Text(bytes));
    const status = STATUS_LINE.exec(lines[0] ?? "");
    if (status === null) throw new DocumentFault(1, "the first line must be Messages-Waiting: yes or no");
    let account = "";
    const counts = new Map<string, MessageCounts>();
    lines.slice(1).forEach((text, i) => {
      const line = i + 2;
      const [, name = "", value = ""] = HEADER_LINE.exec(text) ?? [];
      if (name === "") throw new DocumentFault(line, "the line must be a message class and its counts");
      if (name.toLowerCase() === "message-account") account = value.trim();
      else counts.set(name.toLowerCase(), countsOf(value.trim(), line));
    });
    return { isWaiting: status[1]!.toLowerCase() === "yes", account, counts };
  });
}

/** What a document says of a mailbox: the line Voice-Message counts; without it, `Messages-Waiting: yes` is one new message. */
export function mailboxCountsOf({ isWaiting, counts }: MessageSummary): MailboxCounts {
  const voice = counts.get("voice-message");
  if (voice === undefined) return { new: isWaiting ? 1 : 0, old: 0 };
  const { newUrgent, oldUrgent } = voice;
  return {
    new: voice.new,
    old: voice.old,
    ...(newUrgent > 0 ? { newUrgent } : {}),
    ...(oldUrgent > 0 ? { oldUrgent } : {}),
  };
}

/** Lines up to the first empty one. */
function linesOf(text: string): string[] {
  const lines = text.split("\n", limits.summaryLineCount + 1).map((line) =>
    line.endsWith("\r") ? line.slice(0, -1) : line
  );
  const end = lines.findIndex((line) => line === "");
  const told = end < 0 ? lines : lines.slice(0, end);
  if (told.length > limits.summaryLineCount) {
    throw new DocumentFault(limits.summaryLineCount + 1, "the document has too many lines");
  }
  return told;
}

/** Source: RFC 3842 §5.2: `2/8 (0/2)`, the urgent ones may be left out. */
function countsOf(text: string, line: number): MessageCounts {
  const match = /^(\d{1,10})[ \t]*\/[ \t]*(\d{1,10})(?:[ \t]*\([ \t]*(\d{1,10})[ \t]*\/[ \t]*(\d{1,10})[ \t]*\))?$/
    .exec(text);
  const [added = -1, old = -1, newUrgent = -1, oldUrgent = -1] = (match ?? []).slice(1).map((digits) =>
    Number(digits ?? 0)
  );
  const isWrong = [added, old, newUrgent, oldUrgent].some((count) => count < 0 || count > messageCountMax);
  if (isWrong) throw new DocumentFault(line, "counts must be like 2/8 or 2/8 (0/2)");
  return { new: added, old, newUrgent, oldUrgent };
}
