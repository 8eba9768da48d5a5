/**
 * Owns the bytes of a NOTIFY outside any dialog.
 */
import type { HoleFill, RenderedBody } from "../../body/rendered.ts";
import { ByteWriter } from "../../sip/writer.ts";
import type { Flow } from "../../transport/transport.ts";
import { ownAddressOf } from "../contact.ts";
import { allowEvents } from "../event_package.ts";

/** What one NOTIFY says. */
export interface UnsolicitedParts {
  /** URI of the contact. */
  readonly requestUri: string;
  /** Route values, in order. */
  readonly routes: readonly string[];
  /** By which it leaves. */
  readonly flow: Flow;
  /** Value of the branch parameter. */
  readonly branch: Uint8Array;
  /** User of From, as a URI spells it. */
  readonly fromUser: string;
  readonly callId: string;
  readonly fromTag: string;
  readonly body: RenderedBody;
  readonly fill: HoleFill;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: string;
}

const scratch = new ByteWriter(1_024);

/**
 * Writes the NOTIFY. Its state is `terminated` without a reason, as phones know it from Asterisk: every reason would ask the phone to
 * subscribe, or tell it not to.
 *
 * @returns Bytes of the caller's own.
 * Source: RFC 3261 §8.1.1; RFC 6665 §4.1.3; RFC 3581 §3 (rport).
 */
export function writeUnsolicited(parts: UnsolicitedParts): Uint8Array {
  const { flow, body, fill } = parts;
  const { viaTransport, sentBy, contact } = ownAddressOf(flow);
  const content = new Uint8Array(body.byteLength(fill));
  body.write(content, 0, fill);
  scratch.reset().text("NOTIFY ").lineText(parts.requestUri).text(" SIP/2.0\r\n")
    .text(`Via: SIP/2.0/${viaTransport} ${sentBy};rport;branch=`).bytes(parts.branch)
    .text("\r\nMax-Forwards: 70\r\n");
  for (const route of parts.routes) scratch.header("Route", route);
  scratch.header("From", `<sip:${parts.fromUser}@${sentBy}>;tag=${parts.fromTag}`)
    .header("To", `<${parts.requestUri}>`)
    .header("Call-ID", parts.callId)
    .text("CSeq: 1 NOTIFY\r\n")
    .header(...contact)
    .header("Event", "message-summary")
    .header("Subscription-State", "terminated")
    .header("Allow-Events", allowEvents);
  if (parts.userAgent !== "") scratch.header("User-Agent", parts.userAgent);
  return scratch.header("Content-Type", body.mediaType)
    .text("Content-Length: ").number(content.length).text("\r\n\r\n").bytes(content).copy();
}
