/**
 * Owns the bytes of the OPTIONS by which a contact is probed.
 */
import { ByteWriter } from "../sip/writer.ts";
import type { ContactFlow, ContactTarget } from "./binding.ts";

/** What one probe says. */
export interface ProbeRequestParts {
  /** Request-URI and route. */
  readonly target: ContactTarget;
  /** By which it leaves. */
  readonly flow: ContactFlow;
  /** Value of the branch parameter. */
  readonly branch: Uint8Array;
  /** The same in all probes of one contact. */
  readonly callId: string;
  /** Likewise. */
  readonly fromTag: string;
  /** CSeq number. */
  readonly sequence: number;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: string;
}

const scratch = new ByteWriter(1_024);

/**
 * Writes an OPTIONS outside any dialog.
 *
 * @returns Bytes of the caller's own.
 * Source: RFC 3261 §8.1.1, §11.1; RFC 3581 §3 (rport).
 */
export function writeProbe(parts: ProbeRequestParts): Uint8Array {
  const { target, flow } = parts;
  const { host, port } = flow.listener.advertised(flow.remoteAddress);
  const sentBy = `${host}:${port}`;
  const transport = flow.transport === "udp" ? "" : `;transport=${flow.transport}`;
  scratch.reset().text("OPTIONS ").lineText(target.requestUri).text(" SIP/2.0\r\n")
    .text(`Via: SIP/2.0/${flow.transport.toUpperCase()} ${sentBy};rport;branch=`).bytes(parts.branch)
    .text("\r\nMax-Forwards: 70\r\n");
  for (const route of target.routes) scratch.header("Route", route);
  scratch.header("From", `<sip:${sentBy}>;tag=${parts.fromTag}`)
    .header("To", `<${target.requestUri}>`)
    .header("Call-ID", parts.callId)
    .text("CSeq: ").number(parts.sequence).text(" OPTIONS\r\n")
    .header("Contact", `<sip:${sentBy}${transport}>`)
    .header("Accept", "application/sdp");
  if (parts.userAgent !== "") scratch.header("User-Agent", parts.userAgent);
  return scratch.text("Content-Length: 0\r\n\r\n").copy();
}
