/**
 * Owns the contract between a publication and what it tells.
 */
import type { PublishDocument } from "./publish_request.ts";

/** What one publication tells; knows what the server holds of it, so that nothing is sent twice for no reason. */
export interface PublicationContent {
  /** The server holds something else than what is true now. */
  readonly hasNews: boolean;
  /**
   * What the server may hold is over for good, so that it need not take a change of it: the next document begins a new
   * publication, and this one is removed first. Source: RFC 4235 §3.7.1.
   */
  readonly isEnded: boolean;
  /** What to tell now; one of the next three follows, or nothing when the server certainly did not take it. */
  take(): PublishDocument;
  /** The server has what was taken last. */
  delivered(): void;
  /** The server may have it, or not. */
  lost(): void;
  /** The server has nothing any more, or wants to hear all of it again. */
  forgotten(): void;
}
