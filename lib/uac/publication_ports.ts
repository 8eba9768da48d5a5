/**
 * Owns what a publication demands of its surroundings.
 */
import type { DigestClient } from "../auth/client.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import type { Timers } from "../runtime/timers.ts";
import type { Method } from "../sip/method.ts";
import type { ClientTransaction, ClientUser } from "../transaction/transaction.ts";
import type { Flow } from "../transport/transport.ts";
import type { PublicationContent } from "./content.ts";
import type { PublishAddresses } from "./publish_config.ts";

/** What is demanded of the transaction layer. */
export interface PublishSender {
  /** Opens a client transaction, or undefined when all are taken. */
  begin(flow: Flow, method: Method, user: ClientUser): ClientTransaction | undefined;
}

/** What is demanded of the transports. */
export interface ServerFlows {
  /**
   * Finds or opens a flow to the server of a URI; undefined when there is none. Never rejects.
   *
   * @param isReliableWanted The request is too large for a datagram: a stream, or undefined. Source: RFC 3261 §18.1.1.
   */
  flowFor(uri: string, isReliableWanted: boolean): Promise<Flow | undefined>;
  /** Nobody answered by this flow: another destination of the server comes first from now on. Source: RFC 3263 §4.3. */
  noteFailure(flow: Flow): void;
}

/** Counts of all publications. */
export interface PublisherCounters extends Counters {
  /** PUBLISH sent with a document. */
  documentsSent: number;
  /** PUBLISH sent to refresh. */
  refreshesSent: number;
  /** PUBLISH sent with Expires 0. */
  removalsSent: number;
  /** Answered with 2xx. */
  granted: number;
  /** Challenges answered. */
  challengesAnswered: number;
  /** Entity-tags that the server no longer knew. */
  tagsForgotten: number;
  /** Ended with any other answer. */
  refused: number;
  /** Not answered, or not sent for want of a flow. */
  unanswered: number;
}

/** Fresh counters. */
export function publisherCounters(): PublisherCounters {
  return {
    documentsSent: 0,
    refreshesSent: 0,
    removalsSent: 0,
    granted: 0,
    challengesAnswered: 0,
    tagsForgotten: 0,
    refused: 0,
    unanswered: 0,
  };
}

/** What the publications of one section have in common. */
export interface PublicationParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly entropy: Entropy;
  readonly transactions: PublishSender;
  readonly flows: ServerFlows;
  /** Incremented in place. */
  readonly counters: PublisherCounters;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: () => string;
}

/** What a publication is about. */
export interface PublicationSubject {
  /** Extension; empty where it stands for more than one. */
  readonly extension: string;
  readonly addresses: PublishAddresses;
  readonly content: PublicationContent;
  /** Its credentials. */
  readonly digest: DigestClient;
}
