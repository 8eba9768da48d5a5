/**
 * Owns the form in which publications outlive a restart.
 */
import type { EpochMillis } from "../runtime/clock.ts";

/** Everything of a publication that is kept on disk; plain values, replaced as a whole. */
export interface PublicationRecord {
  /** Unique; stays the same for the life of the publication. Tells nothing of the entity-tag. */
  readonly id: string;
  /** What the publisher knows it by; a new one after every PUBLISH. A secret of the publisher. */
  readonly entityTag: string;
  /** Name of the endpoint that published it. */
  readonly publisher: string;
  /** Token of the event package. */
  readonly event: string;
  /** User of the Request-URI, of which `target` was made. */
  readonly user: string;
  /** What is published for, as `PublicationTargets` spells it. */
  readonly target: string;
  /** Media type of the document that was published last, `type/subtype` in lower case. */
  readonly mediaType: string;
  /** What the event package read from its documents; JSON keeps it unchanged. */
  readonly value: unknown;
  /** Place among all publications in order of last modification: greater is later; a refresh leaves it. */
  readonly modification: number;
  /** When it was first published. */
  readonly publishedAt: EpochMillis;
  /** When it ends. */
  readonly expiresAt: EpochMillis;
}

/** Changes that belong together. */
export interface PublicationsChange {
  /** New and changed records. */
  readonly saved: readonly PublicationRecord[];
  /** Ids of records that go. */
  readonly removed: readonly string[];
}

/** Where publications are kept over a restart. */
export interface PublicationsPort {
  /** Everything that was kept, in any order. */
  load(): Iterable<PublicationRecord>;
  /**
   * Makes a change durable, all of it or nothing.
   *
   * @throws Any Error when it cannot; the PUBLISH is refused then.
   */
  commit(change: PublicationsChange): void;
}
