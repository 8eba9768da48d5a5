/**
 * Owns our own Contact: where a peer of a flow reaches us.
 */
import type { Flow } from "../transport/transport.ts";

/** How peers reach us, in the words of their messages. */
export interface OwnAddress {
  /** Transport token of Via: `UDP`, `TCP`, … */
  readonly viaTransport: string;
  /** host:port that the peer sees; IPv6 in brackets. */
  readonly sentBy: string;
  /** Our Contact URI, as short as can be: some phones cut long ones. Source: RFC 3261 §8.1.1.8. */
  readonly contactUri: string;
  /** The Contact header. */
  readonly contact: readonly [name: "Contact", value: string];
}

/** Nearly all phones see us alike: the words of the last one do for the next. */
let last: { readonly host: string; readonly port: number; readonly transport: string; readonly own: OwnAddress } = {
  host: "",
  port: 0,
  transport: "",
  own: ownAddress("", 0, ""),
};

/** How the peer of `flow` reaches us. */
export function ownAddressOf({ listener, remoteAddress, transport }: Flow): OwnAddress {
  const { host, port } = listener.advertised(remoteAddress);
  if (last.host !== host || last.port !== port || last.transport !== transport) {
    last = { host, port, transport, own: ownAddress(host, port, transport) };
  }
  return last.own;
}

function ownAddress(host: string, port: number, transport: string): OwnAddress {
  const sentBy = `${host}:${port}`;
  const contactUri = `sip:${sentBy}${transport === "udp" ? "" : `;transport=${transport}`}`;
  return { viaTransport: transport.toUpperCase(), sentBy, contactUri, contact: ["Contact", `<${contactUri}>`] };
}
