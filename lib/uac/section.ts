/**
 * Owns the publications of one `[outbound_publish.NAME]`: their lane, their removal, what the log hears of them.
 */
import { DigestClient } from "../auth/client.ts";
import type { EpochMillis } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { PublicationContent } from "./content.ts";
import { Lane } from "./lane.ts";
import { Publication, type PublicationOwner } from "./publication.ts";
import type { PublicationParts } from "./publication_ports.ts";
import type { OutboundPublishConfig, PublishAddresses } from "./publish_config.ts";

/** One publication, for people. */
export interface PublicationRow {
  /** NAME of the section. */
  readonly section: string;
  readonly event: string;
  /** Extension; empty where the publication stands for more than one. */
  readonly extension: string;
  /** Request-URI. */
  readonly uri: string;
  readonly state: "published" | "pending" | "failing";
  /** Status of the last answer; 0 when there was none. */
  readonly lastStatus: number;
  /** Why it fails; empty when it does not. */
  readonly why: string;
  /** Lifetime granted; 0 while the server holds nothing. */
  readonly expiresSeconds: number;
  /** Since when it fails; undefined while it does not. */
  readonly failingSince: EpochMillis | undefined;
}

/**
 * Where entity-tags outlive a crash, so that a later run modifies its old publications instead of adding to them; there is one
 * for each section and Request-URI.
 */
export interface TagMemory {
  /** The tag that is remembered, unless it has expired. */
  recall(section: string, uri: string): string | undefined;
  /** Replaces what was remembered. */
  remember(section: string, uri: string, tag: string, expiresAt: EpochMillis): void;
  /** Forgets a tag; another one that was remembered since stays. */
  forget(section: string, uri: string, tag: string): void;
}

/** Remembers nothing. */
export const noTagMemory: TagMemory = { recall: () => undefined, remember() {}, forget() {} };

/** What a section is made of. */
export interface SectionParts extends PublicationParts {
  readonly log: Log;
  readonly tags: TagMemory;
}

const AREA = "publish";

/** The publications of one section; which there are, its publisher knows. */
export class Section implements PublicationOwner {
  readonly name: string;
  readonly config: OutboundPublishConfig;
  readonly lane: Lane;
  expiresSeconds: number;
  readonly #parts: SectionParts;
  readonly #publications = new Map<string, Publication>();
  /** Those that are being removed. */
  readonly #leaving = new Set<Publication>();
  readonly #refused = new Set<Publication>();
  /** Refusals that the log has heard of. */
  readonly #toldRefusals = new Set<string>();
  readonly #gone = Promise.withResolvers<void>();
  #isEnding = false;

  readonly #isFirst: boolean;

  /**
   * One without publications.
   *
   * @param isFirst It begins with hintd, so that tags of the run before may still be good.
   */
  constructor(name: string, config: OutboundPublishConfig, parts: SectionParts, isFirst: boolean) {
    this.name = name;
    this.#isFirst = isFirst;
    this.config = config;
    this.expiresSeconds = config.expiration;
    this.#parts = parts;
    const { log, clock, timers, entropy } = parts;
    const fields = { section: name, server: config.server_uri };
    this.lane = new Lane({
      clock,
      timers,
      entropy,
      serverFailed: (why) => {
        log.warn(AREA, "A server does not take publications; trying again until it does", { ...fields, why });
        // What is not removed expires by itself.
        if (this.#isEnding) this.abandon();
      },
      serverRecovered: () => log.info(AREA, "A server answers again", fields),
    });
  }

  get event(): string {
    return this.config.event;
  }

  /** Begins a publication under a key of the publisher's. */
  open(
    key: string,
    subject: {
      readonly extension: string;
      readonly addresses: PublishAddresses;
      readonly content: PublicationContent;
    },
  ): void {
    const digest = new DigestClient(this.config.auth, this.#parts.entropy);
    const tag = this.#isFirst ? this.#parts.tags.recall(this.name, subject.addresses.requestUri) : undefined;
    const publication = new Publication({ ...subject, digest }, this, this.#parts, tag ?? "");
    this.#publications.set(key, publication);
    publication.wake();
  }

  /** Tells what is new in one publication. */
  wake(key: string): void {
    this.#publications.get(key)?.wake();
  }

  /** Tells what is new in all of them. */
  wakeAll(): void {
    for (const publication of this.#publications.values()) publication.wake();
  }

  /** Removes one publication from the server. */
  remove(key: string): void {
    const publication = this.#publications.get(key);
    if (publication === undefined) return;
    this.#publications.delete(key);
    this.#leaving.add(publication);
    publication.remove();
  }

  /** Removes all publications from the server; resolves when they are gone, or given up. */
  end(): Promise<void> {
    this.#isEnding = true;
    for (const key of [...this.#publications.keys()]) this.remove(key);
    this.#checkGone();
    return this.#gone.promise;
  }

  /** Forgets all publications, telling no server. */
  abandon(): void {
    this.lane.stop();
    for (const publication of [...this.#publications.values(), ...this.#leaving]) publication.abandon();
    this.#publications.clear();
  }

  /** Describes every publication that is not being removed. */
  rows(): PublicationRow[] {
    return [...this.#publications.values()].map((publication) => this.#rowOf(publication));
  }

  publicationGranted(publication: Publication): void {
    if (!this.#refused.delete(publication) || this.#refused.size > 0) return;
    this.#toldRefusals.clear();
    this.#parts.log.info(AREA, "A server accepts all publications again", { section: this.name });
  }

  publicationRefused(publication: Publication, why: string): void {
    this.#refused.add(publication);
    if (this.#toldRefusals.has(why)) return;
    this.#toldRefusals.add(why);
    const { extension, addresses: { requestUri: uri } } = publication.subject;
    this.#parts.log.warn(AREA, "A server refuses a publication; trying again now and then", {
      section: this.name,
      extension,
      uri,
      why,
    });
  }

  publicationTagged(publication: Publication, former: string, tag: string, expiresSeconds: number): void {
    const { tags, clock } = this.#parts;
    const { requestUri } = publication.subject.addresses;
    if (tag === "") tags.forget(this.name, requestUri, former);
    else tags.remember(this.name, requestUri, tag, clock.wall() + expiresSeconds * 1_000);
  }

  publicationEnded(publication: Publication): void {
    this.#refused.delete(publication);
    this.#leaving.delete(publication);
    this.#checkGone();
  }

  #checkGone(): void {
    if (!this.#isEnding || this.#leaving.size > 0) return;
    this.lane.stop();
    this.#gone.resolve();
  }

  #rowOf(publication: Publication): PublicationRow {
    const { extension, addresses } = publication.subject;
    const isWaiting = !publication.isSettled;
    const failingSince = publication.failingSince ?? (isWaiting ? this.lane.failingSince : undefined);
    return {
      section: this.name,
      event: this.event,
      extension,
      uri: addresses.requestUri,
      state: failingSince !== undefined ? "failing" : isWaiting ? "pending" : "published",
      lastStatus: publication.lastStatus,
      why: publication.why,
      expiresSeconds: publication.grantedSeconds,
      failingSince,
    };
  }
}
