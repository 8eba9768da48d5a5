/**
 * Owns our own Contact: where a peer of a flow reaches us.
 */
import type { Flow } from "../transport/transport.ts";

/** host:port that the peer of `flow` sees; IPv6 in brackets. */
export function sentByOf(flow: Flow): string {
  const { host, port } = flow.listener.advertised(flow.remoteAddress);
  return `${host}:${port}`;
}

/** Our Contact URI towards the peer of `flow`, as short as can be: some phones cut long ones. Source: RFC 3261 §8.1.1.8. */
export function contactUriOf(flow: Flow): string {
  return `sip:${sentByOf(flow)}${flow.transport === "udp" ? "" : `;transport=${flow.transport}`}`;
}
