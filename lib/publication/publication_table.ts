/**
 * Owns all publications: they are stored first, then changed, then composed; they end by their deadline, by their
 * publisher, or when he may not publish any more.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import type { Timers } from "../runtime/timers.ts";
import { Publication, type PublicationOwner } from "./publication.ts";
import type { PublicationRecord, PublicationsChange, PublicationsPort } from "./publications_port.ts";
import type { Compositor } from "./published_package.ts";

/** What the table is made of. */
export interface PublicationTableParts {
  /** Wall instants for records. */
  readonly clock: Clock;
  /** Where deadlines wait. */
  readonly timers: Timers;
  /** Source of ids. */
  readonly entropy: Entropy;
  /** Told when the disk refuses. */
  readonly log: Log;
  /** Its `expired` and `revoked` are incremented. */
  readonly counters: Counters & { expired: number; revoked: number };
  /** Where publications are kept. */
  readonly port: PublicationsPort;
  /** Who is told when what is published for a target has changed; must not call back. */
  readonly compositor: Compositor;
}

/** What a PUBLISH with a body makes of a publication; the rest of its record is the table's. */
export type PublicationContent = Pick<
  PublicationRecord,
  "entityTag" | "publisher" | "event" | "user" | "target" | "mediaType" | "value"
>;

/** All that is published of one package for one target. */
interface EventState {
  readonly event: string;
  readonly target: string;
  /** The one modified longest ago first; never empty while the table has it. */
  readonly publications: Publication[];
}

/** All publications, by entity-tag and by what they are published for. */
export class PublicationTable implements PublicationOwner {
  readonly #parts: PublicationTableParts;
  readonly #byTag = new Map<string, Publication>();
  /** Keyed by event and target with a space between: an event is a token and has none. */
  readonly #states = new Map<string, EventState>();
  readonly #countsByPublisher = new Map<string, number>();
  #lastModification = 0;

  /** Empty; see `restore`. */
  constructor(parts: PublicationTableParts) {
    this.#parts = parts;
  }

  /** Living publications on the appliance. */
  get count(): number {
    return this.#byTag.size;
  }

  /** Living publications of an endpoint. */
  countOf(publisher: string): number {
    return this.#countsByPublisher.get(publisher) ?? 0;
  }

  /** Living publications of an endpoint for one target. */
  countFor(publisher: string, event: string, target: string): number {
    const publications = this.#states.get(keyOf(event, target))?.publications ?? [];
    return publications.filter(({ record }) => record.publisher === publisher).length;
  }

  /** The publication that has this entity-tag now. */
  byTag(entityTag: string): Publication | undefined {
    return this.#byTag.get(entityTag);
  }

  /** All living publications. */
  all(): Iterable<Publication> {
    return this.#byTag.values();
  }

  /**
   * Makes a publication, or replaces the content of `former`, and composes.
   *
   * @param left What this leaves of the value of another publication for the same target by the same publisher.
   * @returns False when it could not be stored: nothing has changed then.
   */
  publish(
    former: Publication | undefined,
    content: PublicationContent,
    expiresSeconds: number,
    left: (value: unknown) => unknown = (value) => value,
  ): boolean {
    const { clock, entropy } = this.#parts;
    const wall = clock.wall();
    const record = {
      ...content,
      id: former?.record.id ?? entropy.token(16),
      modification: this.#lastModification + 1,
      publishedAt: former?.record.publishedAt ?? wall,
      expiresAt: wall + expiresSeconds * 1_000,
    };
    const reduced: [Publication, PublicationRecord][] = [];
    for (const other of this.#states.get(keyOf(record.event, record.target))?.publications ?? []) {
      if (other === former || other.record.publisher !== record.publisher) continue;
      const value = left(other.record.value);
      if (value !== other.record.value) reduced.push([other, { ...other.record, value }]);
    }
    if (!this.#commit({ saved: [record, ...reduced.map(([, each]) => each)], removed: [] })) return false;
    for (const [other, each] of reduced) other.record = each;
    if (former === undefined) this.#add(record, expiresSeconds);
    else {
      this.#write(former, record, expiresSeconds);
      this.#moveToEnd(former);
    }
    this.#lastModification = record.modification;
    this.#compose(this.#stateOf(record));
    return true;
  }

  /**
   * Prolongs a publication under a new entity-tag; nothing is composed, since nothing else changes.
   *
   * @returns False when it could not be stored: nothing has changed then.
   * Source: RFC 3903 §4.3.
   */
  refresh(publication: Publication, entityTag: string, expiresSeconds: number): boolean {
    const expiresAt = this.#parts.clock.wall() + expiresSeconds * 1_000;
    const record = { ...publication.record, entityTag, expiresAt };
    if (!this.#commit({ saved: [record], removed: [] })) return false;
    this.#write(publication, record, expiresSeconds);
    return true;
  }

  /** Takes a publication away at its publisher's wish; false when that could not be stored: it stays then. */
  remove(publication: Publication): boolean {
    if (!this.#commit({ saved: [], removed: [publication.record.id] })) return false;
    this.#drop([publication]);
    return true;
  }

  /** Ends what is due by now for a target although its timer has not fired yet, so that nobody builds on it any more. */
  expireDue(event: string, target: string, now: Millis): void {
    const due = this.#states.get(keyOf(event, target))?.publications.filter(({ expiresAt }) => expiresAt <= now) ?? [];
    if (due.length > 0) this.#expire(due);
  }

  publicationExpired(publication: Publication): void {
    this.#expire([publication]);
  }

  /**
   * Puts stored publications back at a start, and composes each target once. Those that ended meanwhile, and those that are
   * not granted any more, are forgotten.
   *
   * @param secondsMax Bound of the remaining lifetimes, should the wall clock have been set back.
   */
  restore(isGranted: (record: PublicationRecord) => boolean, secondsMax: number): void {
    const { clock, port } = this.#parts;
    const wall = clock.wall();
    const removed: string[] = [];
    for (const record of Array.from(port.load()).sort((a, b) => a.modification - b.modification)) {
      this.#lastModification = record.modification;
      const isKept = record.expiresAt > wall && this.count < limits.publicationCount && isGranted(record);
      if (isKept) this.#add(record, Math.min((record.expiresAt - wall) / 1_000, secondsMax));
      else removed.push(record.id);
    }
    this.#commit({ saved: [], removed });
    for (const state of this.#states.values()) this.#compose(state);
  }

  /** Gives publications another value than their publishers did; a disk that refuses keeps the former one. */
  amend(amended: (record: PublicationRecord) => unknown): void {
    const changed = new Set<EventState>();
    const saved: PublicationRecord[] = [];
    for (const publication of this.all()) {
      const { record } = publication;
      const value = amended(record);
      if (value === record.value) continue;
      publication.record = { ...record, value };
      saved.push(publication.record);
      changed.add(this.#stateOf(record));
    }
    this.#commit({ saved, removed: [] });
    for (const state of changed) this.#compose(state);
  }

  /** Takes away what is not granted any more. */
  revoke(isGranted: (record: PublicationRecord) => boolean): void {
    const revoked = Array.from(this.all()).filter(({ record }) => !isGranted(record));
    this.#parts.counters.revoked += revoked.length;
    this.#withdraw(revoked);
  }

  #add(record: PublicationRecord, expiresSeconds: number): void {
    const publication = new Publication(record, this);
    this.#stateOf(record).publications.push(publication);
    this.#countsByPublisher.set(record.publisher, this.countOf(record.publisher) + 1);
    this.#write(publication, record, expiresSeconds);
  }

  #write(publication: Publication, record: PublicationRecord, expiresSeconds: number): void {
    const { timers } = this.#parts;
    this.#byTag.delete(publication.record.entityTag);
    this.#byTag.set(record.entityTag, publication);
    publication.record = record;
    publication.expiresAt = timers.now() + expiresSeconds * 1_000;
    timers.arm(publication.expiry, expiresSeconds * 1_000);
  }

  #moveToEnd(publication: Publication): void {
    const { publications } = this.#stateOf(publication.record);
    publications.splice(publications.indexOf(publication), 1);
    publications.push(publication);
  }

  #expire(publications: readonly Publication[]): void {
    this.#parts.counters.expired += publications.length;
    this.#withdraw(publications);
  }

  /** Takes away what is over whatever the disk says; `restore` forgets it if it refuses. */
  #withdraw(publications: readonly Publication[]): void {
    this.#commit({ saved: [], removed: publications.map(({ record }) => record.id) });
    this.#drop(publications);
  }

  /** Forgets publications, and composes each of their targets once. */
  #drop(publications: readonly Publication[]): void {
    const changed = new Set<EventState>();
    for (const publication of publications) {
      const { record } = publication;
      const state = this.#stateOf(record);
      state.publications.splice(state.publications.indexOf(publication), 1);
      if (state.publications.length === 0) this.#states.delete(keyOf(record.event, record.target));
      this.#byTag.delete(record.entityTag);
      const countLeft = this.countOf(record.publisher) - 1;
      if (countLeft === 0) this.#countsByPublisher.delete(record.publisher);
      else this.#countsByPublisher.set(record.publisher, countLeft);
      this.#parts.timers.cancel(publication.expiry);
      changed.add(state);
    }
    for (const state of changed) this.#compose(state);
  }

  #stateOf({ event, target }: PublicationRecord): EventState {
    const key = keyOf(event, target);
    let state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, state = { event, target, publications: [] });
    return state;
  }

  #compose({ event, target, publications }: EventState): void {
    const values = publications.map(({ record: { publisher, value } }) => ({ publisher, value }));
    this.#parts.compositor.compose(event, target, values);
  }

  #commit(change: PublicationsChange): boolean {
    if (change.saved.length === 0 && change.removed.length === 0) return true;
    try {
      this.#parts.port.commit(change);
      return true;
    } catch (error) {
      this.#parts.log.error("publication", "Publications could not be stored", { error: String(error) });
      return false;
    }
  }
}

function keyOf(event: string, target: string): string {
  return `${event} ${target}`;
}
