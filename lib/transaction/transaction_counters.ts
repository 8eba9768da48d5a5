/** Owns the counters of the transaction layer. */
import type { Counters } from "../runtime/counters.ts";

/** Counts since start. */
export interface TransactionCounters extends Counters {
  /** New requests that were handed up. */
  requestsReceived: number;
  /** Retransmitted requests that got the stored answer, or none yet. */
  requestsRepeated: number;
  /** Answered 482. */
  requestsMerged: number;
  /** Answered 503, because too many await their answers. */
  requestsRefused: number;
  /** Answered requests forgotten before their time, to make room. */
  requestsForgotten: number;
  /** ACKs of refused INVITEs. */
  acksAbsorbed: number;
  /** ACKs of no transaction. */
  acksStray: number;
  /** CANCELs, whatever they met. */
  cancelsReceived: number;
  /** Responses sent for the first time. */
  responsesSent: number;
  /** Responses sent again, asked or unasked. */
  responsesRepeated: number;
  /** Responses that no rule lets out: 408, early or late ones. */
  responsesSuppressed: number;
  /** Messages that broke the grammar, and got a response naming the header. */
  garbageAnswered: number;
  /** Messages that broke the grammar, and could not be answered. */
  garbageIgnored: number;
  /** Requests of ours, each counted once. */
  requestsSent: number;
  /** Requests of ours sent again. */
  requestsResent: number;
  /** Responses handed up. */
  responsesReceived: number;
  /** Responses to what is answered already. */
  responsesAbsorbed: number;
  /** Responses to nothing of ours. */
  responsesStray: number;
  /** Requests of ours that Timer F ended. */
  timeouts: number;
  /** Requests of ours whose flow broke. */
  failures: number;
  /** Requests that could not begin, because too many were on their way. */
  clientsRefused: number;
  /** Errors of our own, caught here. */
  faults: number;
}

/** Fresh counters. */
export function transactionCounters(): TransactionCounters {
  return {
    requestsReceived: 0,
    requestsRepeated: 0,
    requestsMerged: 0,
    requestsRefused: 0,
    requestsForgotten: 0,
    acksAbsorbed: 0,
    acksStray: 0,
    cancelsReceived: 0,
    responsesSent: 0,
    responsesRepeated: 0,
    responsesSuppressed: 0,
    garbageAnswered: 0,
    garbageIgnored: 0,
    requestsSent: 0,
    requestsResent: 0,
    responsesReceived: 0,
    responsesAbsorbed: 0,
    responsesStray: 0,
    timeouts: 0,
    failures: 0,
    clientsRefused: 0,
    faults: 0,
  };
}
