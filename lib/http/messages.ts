/**
 * Owns the seam to the recent SIP messages: what may be asked for, and what is told of them. `lib/app` implements it.
 */
import type { ApiValue } from "./api_schemas.ts";

/** One message. */
export type MessageRow = ApiValue<"Message">;

/** Which dialogs are asked for; "" asks for any. One message of a dialog must fit all of it; the dialog is told whole. */
export interface MessageQuery {
  /** Exactly this dialog: its Call-ID, or the name that it has without one. */
  readonly dialog: string;
  /** A part of the Call-ID. */
  readonly call_id: string;
  /** User part of From, To or the Request-URI. */
  readonly extension: string;
  /** A part of the peer's address and port. */
  readonly address: string;
  /** Method of a request. */
  readonly method: string;
}

/** One dialog at a glance. */
export interface DialogRow {
  /** Its Call-ID, or a name where the messages have none that can be read. */
  readonly dialog: string;
  /** Of its first message. */
  readonly first_at: string;
  /** Of its last message. */
  readonly last_at: string;
  /** Messages kept of it. */
  readonly message_count: number;
  /** Peers, in the order in which they first spoke: `192.168.1.20:5060`. */
  readonly remotes: readonly string[];
  /** Method of its first message. */
  readonly method: string;
  /** Value of Event; "" where there is none. */
  readonly event: string;
  /** User part of its first message's From. */
  readonly from: string;
  /** User part of what it is about: the Request-URI of a phone's request, else To. */
  readonly to: string;
  /** How the phone calls itself. */
  readonly user_agent: string;
  /** Final status of the last request that has one; 0 for none. */
  readonly status: number;
  /** What did not go as it should: something broke SIP's rules, was refused otherwise than by a challenge, was sent again. */
  readonly trouble: "" | "no SIP" | "refused" | "sent again";
}

/** The recent SIP messages; reading many of them takes turns with other work, hence the promises. */
export interface Messages {
  /** Id of the newest one; it grows with each. */
  readonly lastId: number;
  /** The dialogs asked for, the one that spoke last first. */
  dialogs(query: MessageQuery): Promise<readonly DialogRow[]>;
  /** Their messages, oldest first; at most `max`, the newest. */
  messages(query: MessageQuery, max: number): Promise<readonly MessageRow[]>;
  /** Their messages as a capture file. */
  pcap(query: MessageQuery): Promise<Uint8Array<ArrayBuffer>>;
}

/** The address of the page, or with another `path` of the capture, that shows what is asked for. */
export function messagesPath(query: Partial<MessageQuery>, path = "/messages"): string {
  const asked = Object.entries(query).filter(([, value]) => value !== "");
  return asked.length === 0 ? path : `${path}?${new URLSearchParams(asked)}`;
}

/** Content type of a capture file. Source: IANA media types. */
export const captureType = "application/vnd.tcpdump.pcap";

/** A capture file that a browser stores under a name of its own. */
export function captureResponse(bytes: Uint8Array<ArrayBuffer>): Response {
  return new Response(bytes, {
    headers: { "content-type": captureType, "content-disposition": 'attachment; filename="hintd.pcap"' },
  });
}
