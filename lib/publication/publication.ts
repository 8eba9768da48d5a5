/**
 * Owns one publication: what an endpoint said of a target, until when it holds, and how it is described.
 */
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import { TimerEntry, type TimerOwner } from "../runtime/timers.ts";
import type { PublicationRecord } from "./publications_port.ts";

/** Who acts on the end of a publication. */
export interface PublicationOwner {
  /** Its lifetime is over. */
  publicationExpired(publication: Publication): void;
}

/** One living publication. Source: RFC 3903 §4.1. */
export class Publication implements TimerOwner {
  /** Its one deadline. */
  readonly expiry = new TimerEntry(this);
  /** Monotonic end of its life. */
  expiresAt: Millis = Infinity;
  /** What is kept of it; replaced by every PUBLISH that names it. */
  record: PublicationRecord;
  readonly #owner: PublicationOwner;

  /** A publication that does not end by itself yet. */
  constructor(record: PublicationRecord, owner: PublicationOwner) {
    this.record = record;
    this.#owner = owner;
  }

  timerFired(): void {
    this.#owner.publicationExpired(this);
  }
}

/** One publication as it is now, for page and API; the entity-tag is left out, since who knows it may change it. */
export interface PublicationSnapshot {
  /** Unique; the same over refreshes. */
  readonly id: string;
  /** Name of the endpoint. */
  readonly publisher: string;
  /** Token of the event package. */
  readonly event: string;
  /** What is published for. */
  readonly target: string;
  /** `type/subtype` of the document that was published last. */
  readonly mediaType: string;
  /** What it says, in words: at most 120 characters. */
  readonly description: string;
  /** When it was first published. */
  readonly publishedAt: EpochMillis;
  /** Whole seconds left, rounded up. */
  readonly expiresSeconds: number;
}

const DESCRIPTION_CHARS = 120;

/** Describes a publication whose value says that `text`. */
export function publicationSnapshot(
  { record, expiresAt }: Publication,
  text: string,
  now: Millis,
): PublicationSnapshot {
  return {
    id: record.id,
    publisher: record.publisher,
    event: record.event,
    target: record.target,
    mediaType: record.mediaType,
    description: text.length > DESCRIPTION_CHARS ? `${text.slice(0, DESCRIPTION_CHARS - 1)}…` : text,
    publishedAt: record.publishedAt,
    expiresSeconds: Math.max(0, Math.ceil((expiresAt - now) / 1_000)),
  };
}
