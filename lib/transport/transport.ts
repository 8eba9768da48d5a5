/**
 * Owns what the layers above may assume of any transport: listeners, flows, and who is told of what arrives.
 *
 * A flow is one (transport, local, remote) path. A stream flow is its connection and dies with it; a datagram flow is a
 * value that says "this remote by this socket" and lives as long as the socket.
 */
import type { ParseFailure } from "../sip/parse_failure.ts";

/** Transports by the name they have in `config.toml` and in a URI's `transport` parameter. */
export type TransportName = "udp" | "tcp" | "tls" | "ws" | "wss";

/** A host and port as they are written into Via and Contact. */
export interface HostPort {
  /** Name or address; IPv6 in brackets. */
  readonly host: string;
  /** 1–65535. */
  readonly port: number;
}

/** One bound address of ours. */
export interface Listener {
  /** As `config.toml` names it; unique. */
  readonly name: string;
  /** Transport of the socket. */
  readonly transport: TransportName;
  /** The bound address, IPv6 without brackets; `0.0.0.0` or `::` for all. */
  readonly address: string;
  /** The bound port; never 0. */
  readonly port: number;
  /** In-dialog requests leave by the listener on which the peer's last request came. */
  readonly isSymmetric: boolean;
  /** False once it is closed. */
  readonly isOpen: boolean;
  /** Where the peer at `remoteAddress` reaches us: for Via and Contact. */
  advertised(remoteAddress: string): HostPort;
}

/** One path to one peer. */
export interface Flow {
  /** Unique among the flows of the process; never used again. */
  readonly id: number;
  /** Transport by which it runs. */
  readonly transport: TransportName;
  /** True for streams: no retransmission. */
  readonly isReliable: boolean;
  /** True under TLS. */
  readonly isSecure: boolean;
  /** By which it came or leaves. */
  readonly listener: Listener;
  /** The peer's address, IPv6 without brackets. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /** False once nothing can be sent any more. */
  readonly isOpen: boolean;
  /**
   * Sends one whole message. The bytes are not copied: they must not change any more.
   *
   * @returns False when they will not leave: the flow is closed, or too much waits already.
   */
  send(bytes: Uint8Array): boolean;
}

/** Who gets what arrives; the transaction layer. */
export interface FlowReceiver {
  /** One datagram, or one framed message of a stream, in [start, end); valid during the call only. */
  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void;
  /**
   * A stream's message that cannot be framed; [start, end) holds what there is of it. The connection is closed after the
   * call, and what is sent inside it still leaves.
   */
  receiveUnframed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number, flow: Flow): void;
  /** A stream flow is gone. */
  flowClosed(flow: Flow): void;
}

/** Where a request shall go: one address, no names. */
export interface Destination {
  /** Transport to use. */
  readonly transport: TransportName;
  /** IPv6 without brackets. */
  readonly address: string;
  /** 1–65535. */
  readonly port: number;
}

/** Largest request that leaves in a datagram when the peer also takes streams. Source: RFC 3261 §18.1.1. */
export const datagramRequestBytes = 1_300;

/** Default port of a transport. Source: RFC 3261 §19.1.2, RFC 7118 §4.2. */
export function defaultPort(transport: TransportName): number {
  switch (transport) {
    case "udp":
    case "tcp":
      return 5060;
    case "tls":
      return 5061;
    case "ws":
      return 80;
    case "wss":
      return 443;
  }
}
