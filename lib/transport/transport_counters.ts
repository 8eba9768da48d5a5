/** Owns the counters of the transports. */
import type { Counters } from "../runtime/counters.ts";

/** Counts since start. */
export interface TransportCounters extends Counters {
  /** All that arrived, keep-alives and strangers included. */
  datagramsReceived: number;
  /** All that the kernel took. */
  datagramsSent: number;
  /** Not sent because too many waited. */
  datagramsDropped: number;
  /** Refused by the kernel: too long, no route. */
  datagramsFailed: number;
  /** ICMP errors for datagrams of ours; the host does not tell whose. */
  datagramsUnreachable: number;
  /** Requests that waited for a later turn. */
  requestsDelayed: number;
  /** Requests thrown away because too many waited. */
  requestsOverrun: number;
  /** CRLFs and empty datagrams. */
  keepAlives: number;
  /** STUN and its kin. */
  strangeDatagrams: number;
  /** Bytes received by connections. */
  streamBytesReceived: number;
  /** Connections that peers opened. */
  connectionsAccepted: number;
  /** Connections that we opened. */
  connectionsOpened: number;
  /** Turned away because too many were open. */
  connectionsRefused: number;
  /** We could not connect. */
  connectionsFailed: number;
  /** Connections that ended, whoever closed them. */
  connectionsClosed: number;
  /** Closed because a message never ended, or nothing was heard for long. */
  connectionsTimedOut: number;
  /** Closed because the peer did not read. */
  connectionsStalled: number;
  /** Closed because no message could be framed. */
  connectionsGarbled: number;
}

/** Fresh counters. */
export function transportCounters(): TransportCounters {
  return {
    datagramsReceived: 0,
    datagramsSent: 0,
    datagramsDropped: 0,
    datagramsFailed: 0,
    datagramsUnreachable: 0,
    requestsDelayed: 0,
    requestsOverrun: 0,
    keepAlives: 0,
    strangeDatagrams: 0,
    streamBytesReceived: 0,
    connectionsAccepted: 0,
    connectionsOpened: 0,
    connectionsRefused: 0,
    connectionsFailed: 0,
    connectionsClosed: 0,
    connectionsTimedOut: 0,
    connectionsStalled: 0,
    connectionsGarbled: 0,
  };
}
