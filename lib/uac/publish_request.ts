/**
 * Owns the bytes of a PUBLISH.
 */
import type { HeaderPair } from "../auth/challenge.ts";
import { ByteWriter } from "../sip/writer.ts";
import type { Flow } from "../transport/transport.ts";
import type { PublishAddresses } from "./publish_config.ts";

/** A document to publish. */
export interface PublishDocument {
  /** Value of Content-Type. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What one PUBLISH says. */
export interface PublishRequestParts {
  readonly addresses: PublishAddresses;
  /** By which it leaves. */
  readonly flow: Flow;
  /** Value of the branch parameter. */
  readonly branch: Uint8Array;
  /** The same in all requests of one publication, as `fromTag`. */
  readonly callId: string;
  readonly fromTag: string;
  /** CSeq number. */
  readonly sequence: number;
  /** Name of the event package. */
  readonly event: string;
  /** Entity-tag of what is refreshed, modified or removed; empty for an initial publication. */
  readonly tag: string;
  /** Lifetime that is asked for; 0 removes. */
  readonly expiresSeconds: number;
  /** None to refresh or remove. */
  readonly document: PublishDocument | undefined;
  readonly authorization: readonly HeaderPair[];
  /** Value of User-Agent; empty for none. */
  readonly userAgent: string;
}

const scratch = new ByteWriter(2_048);

/**
 * Writes a PUBLISH. It has no Contact: nothing is sent back to it.
 *
 * @returns Bytes of the caller's own.
 * Source: RFC 3903 §4, §11.1.1; RFC 3261 §8.1.1; RFC 3581 §3 (rport).
 */
export function writePublish(parts: PublishRequestParts): Uint8Array {
  const { addresses, flow, document } = parts;
  const { host, port } = flow.listener.advertised(flow.remoteAddress);
  scratch.reset().text("PUBLISH ").lineText(addresses.requestUri).text(" SIP/2.0\r\n")
    .text(`Via: SIP/2.0/${flow.transport.toUpperCase()} ${host}:${port};rport;branch=`).bytes(parts.branch)
    .text("\r\nMax-Forwards: 70\r\n")
    .header("From", `<${addresses.from}>;tag=${parts.fromTag}`)
    .header("To", `<${addresses.to}>`)
    .header("Call-ID", parts.callId)
    .text("CSeq: ").number(parts.sequence).text(" PUBLISH\r\n")
    .header("Event", parts.event)
    .text("Expires: ").number(parts.expiresSeconds).crlf();
  if (parts.tag !== "") scratch.header("SIP-If-Match", parts.tag);
  for (const [name, value] of parts.authorization) scratch.header(name, value);
  if (parts.userAgent !== "") scratch.header("User-Agent", parts.userAgent);
  if (document === undefined) return scratch.text("Content-Length: 0\r\n\r\n").copy();
  return scratch.header("Content-Type", document.contentType)
    .text("Content-Length: ").number(document.bytes.length).text("\r\n\r\n").bytes(document.bytes).copy();
}
