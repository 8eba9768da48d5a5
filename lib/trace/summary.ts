/**
 * Owns what is told of a recorded message at a glance.
 */
import { Header } from "../sip/header_names.ts";
import { Message } from "../sip/message.ts";
import { parseMessage } from "../sip/parse.ts";
import type { RecordedMessage, SocketAddress } from "../transport/recorder.ts";
import type { TransportName } from "../transport/transport.ts";

/** One message at a glance; what is not known is "" or `undefined`. */
export interface MessageSummary {
  /** Of the recorder. */
  readonly id: number;
  /** Microseconds since 1970-01-01T00:00:00Z. */
  readonly atMicros: number;
  /** True for what hintd sent. */
  readonly isSent: boolean;
  /** Transport by which it went. */
  readonly transport: TransportName;
  /** Our side. */
  readonly local: SocketAddress;
  /** The peer. */
  readonly remote: SocketAddress;
  /** Bytes on the wire. */
  readonly wireLength: number;
  /** False where the end was too long to be kept. */
  readonly isWhole: boolean;
  /** The rule of SIP that it breaks; `undefined` when it breaks none. */
  readonly fault: string | undefined;
  /** Of the dialog; "" where none can be read. */
  readonly callId: string;
  /** Of a request, or of the request that a response answers. */
  readonly method: string;
  /** Of a response; 0 for a request. */
  readonly status: number;
  /** Reason phrase of a response. */
  readonly reason: string;
  /** Sequence number of CSeq; −1 where none can be read. */
  readonly cseq: number;
  /** Of the top Via: the same in a request, its repetitions and its responses. */
  readonly branch: string;
  /** User part of the Request-URI; "" for a response. */
  readonly requestUser: string;
  /** User part of From; the host where there is none. */
  readonly fromUser: string;
  /** User part of To; the host where there is none. */
  readonly toUser: string;
  /** Value of Event. */
  readonly event: string;
  /** Value of Subscription-State. */
  readonly subscriptionState: string;
  /** Value of Expires. */
  readonly expires: string;
  /** Value of Content-Type. */
  readonly contentType: string;
  /** How the sender calls itself: User-Agent or Server. */
  readonly agent: string;
}

/** Longest text taken over from a header: a glance needs no more, and thousands of summaries are kept. */
const textChars = 256;

const message = new Message();

/** Reads what a glance needs. */
export function summarise(recorded: RecordedMessage): MessageSummary {
  const { id, atMicros, isSent, transport, local, remote, bytes, wireLength } = recorded;
  const isWhole = bytes.length === wireLength;
  const failure = parseMessage(bytes, 0, bytes.length, message);
  const text = (header: Header) => (message.text(header) ?? "").slice(0, textChars);
  // What is cut off here misses the end of its body only.
  const isFaulty = failure !== undefined && (isWhole || failure.header !== "Content-Length");
  return {
    id,
    atMicros,
    isSent,
    transport,
    local,
    remote,
    wireLength,
    isWhole,
    fault: isFaulty ? `${failure.header}: ${failure.rule}` : undefined,
    callId: text(Header.callId),
    method: message.methodText.slice(0, textChars),
    status: message.status,
    reason: message.isRequest ? "" : message.reasonText.slice(0, textChars),
    cseq: message.cseqNumber,
    branch: message.branch.slice(0, textChars),
    requestUser: message.isRequest ? userOf(message.requestUriText) : "",
    fromUser: userOf(text(Header.from)),
    toUser: userOf(text(Header.to)),
    event: text(Header.event),
    subscriptionState: text(Header.subscriptionState),
    expires: text(Header.expires),
    contentType: text(Header.contentType),
    agent: text(Header.userAgent) || text(Header.server),
  };
}

/** The user part of the first URI in a text, its escapes resolved; the host where it has none. */
function userOf(text: string): string {
  const [, user, host = ""] = /\bsips?:(?:([^@>;\s]*)@)?([^>;:\s]*)/i.exec(text) ?? [];
  const [name = ""] = (user ?? host).split(":");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
