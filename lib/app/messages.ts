/**
 * Owns the recent SIP messages in the words of page and API.
 */
import type { DialogRow, MessageQuery, MessageRow, Messages } from "../http/messages.ts";
import { instantText } from "../runtime/instant.ts";
import type { MessageSummary } from "../trace/summary.ts";
import { hostPort, type TracedDialog, type TraceQuery, type Traces } from "../trace/traces.ts";

/** Makes the port of the recent messages. */
export function createMessages(traces: Traces): Messages {
  return {
    get lastId() {
      return traces.lastId;
    },
    async dialogs(query) {
      return (await traces.dialogs(traceQuery(query))).map(dialogRow);
    },
    async messages(query, max) {
      const rows: { summary: MessageSummary; dialog: string; isRepeated: boolean }[] = [];
      for (const { key, messages } of await traces.dialogs(traceQuery(query))) {
        const repeated = repetitionsIn(messages);
        for (const summary of messages) rows.push({ summary, dialog: key, isRepeated: repeated.has(summary) });
      }
      return rows.sort((a, b) => a.summary.id - b.summary.id).slice(-max).map(({ summary, dialog, isRepeated }) =>
        messageRow(summary, dialog, isRepeated, traces.text(summary.id) ?? "")
      );
    },
    pcap: (query) => traces.pcap(traceQuery(query)),
  };
}

function traceQuery({ dialog, call_id: callId, extension, address, method }: MessageQuery): TraceQuery {
  return { dialog, callId, extension, address, method };
}

function messageRow(summary: MessageSummary, dialog: string, isRepeated: boolean, text: string): MessageRow {
  const { isWhole, fault } = summary;
  return {
    id: summary.id,
    at: microsText(summary.atMicros),
    is_sent: summary.isSent,
    transport: summary.transport,
    local: hostPort(summary.local),
    remote: hostPort(summary.remote),
    dialog,
    method: summary.method,
    status: summary.status === 0 ? null : summary.status,
    reason: summary.reason,
    cseq: summary.cseq < 0 ? null : summary.cseq,
    request_user: summary.requestUser,
    from: summary.fromUser,
    to: summary.toUser,
    event: summary.event,
    subscription_state: summary.subscriptionState,
    expires: summary.expires,
    content_type: summary.contentType,
    user_agent: summary.agent,
    is_repeated: isRepeated,
    fault: fault ?? null,
    wire_bytes: summary.wireLength,
    is_whole: isWhole,
    text,
  };
}

function dialogRow({ key, messages }: TracedDialog): DialogRow {
  const first = messages[0]!;
  const finals = messages.filter(({ status }) => status >= 200);
  return {
    dialog: key,
    first_at: microsText(first.atMicros),
    last_at: microsText(messages.at(-1)!.atMicros),
    message_count: messages.length,
    remotes: [...new Set(messages.map(({ remote }) => hostPort(remote)))],
    method: first.method,
    event: messages.find(({ event }) => event !== "")?.event ?? "",
    from: first.fromUser,
    to: !first.isSent && first.requestUser !== "" && first.method !== "REGISTER" ? first.requestUser : first.toUser,
    user_agent: messages.find(({ isSent, agent }) => !isSent && agent !== "")?.agent ?? "",
    status: finals.at(-1)?.status ?? 0,
    trouble: troubleIn(messages),
  };
}

function troubleIn(messages: readonly MessageSummary[]): DialogRow["trouble"] {
  if (messages.some(({ fault }) => fault !== undefined)) return "no SIP";
  if (messages.some(({ status }) => status >= 300 && status !== 401 && status !== 407)) return "refused";
  return repetitionsIn(messages).size > 0 ? "sent again" : "";
}

/** Those that say again what was said before: the same direction, transaction and status. Source: RFC 3261 §17. */
function repetitionsIn(messages: readonly MessageSummary[]): Set<MessageSummary> {
  const said = new Set<string>();
  return new Set(messages.filter(({ isSent, branch, method, cseq, status }) => {
    const key = `${isSent} ${branch} ${method} ${cseq} ${status}`;
    if (branch === "" || said.has(key)) return branch !== "";
    said.add(key);
    return false;
  }));
}

/** RFC 3339 in UTC with microseconds. Source: RFC 3339 §5.6. */
function microsText(atMicros: number): string {
  const micros = String(atMicros % 1_000).padStart(3, "0");
  return instantText(Math.floor(atMicros / 1_000)).replace("Z", `${micros}Z`);
}
