/**
 * Owns the decisions on PUBLISH: initial, refresh, modify, remove, refuse.
 *
 * Theory: an endpoint's PUBLISH makes a publication, soft state that it keeps alive by naming the entity-tag of the last
 * answer. Body and SIP-If-Match tell what is asked for (RFC 3903 §4.1, table 1):
 *
 *     SIP-If-Match  body  Expires   operation
 *     no            yes   > 0       initial: a publication beside all others
 *     yes           no    > 0       refresh: lives on
 *     yes           yes   > 0       modify: says something else
 *     yes           any   0         remove
 *     no            yes   0         nothing lives: the document is judged, nothing is stored
 *     no            no    any       400
 */
import type { Counters } from "../runtime/counters.ts";
import { limits } from "../runtime/limits.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { type Publication, type PublicationSnapshot, publicationSnapshot } from "./publication.ts";
import { PublicationTable, type PublicationTableParts } from "./publication_table.ts";
import type { PublicationRecord } from "./publications_port.ts";
import type { PublishedPackage } from "./published_package.ts";
import { isReject, refusals } from "./refusals.ts";

/** Who may publish what; asked at every PUBLISH, at the start and after a reload. */
export interface PublicationTargets {
  /**
   * What a Request-URI's user means to a publisher.
   *
   * @param user Unescaped, with its options; of To where the Request-URI has none, the empty string where that has none.
   * @returns The name of the target, or a Reject: 403 not granted, 404 unknown.
   */
  targetOf(publisher: string, event: string, user: string): string | Reject;
  /** Whether he may publish for the device, mailbox or extension of that name, which a document mentions. */
  mayPublish(publisher: string, event: string, name: string): boolean;
}

/** Lifetimes granted. */
export interface PublicationRules {
  /** Shorter ones are refused, 0 excepted. */
  readonly minExpirySeconds: number;
  /** Ceiling, and default where a PUBLISH names no lifetime. */
  readonly maxExpirySeconds: number;
}

/** Counts of the event state compositor. */
export interface PublicationCounters extends Counters {
  /** Initial publications granted. */
  published: number;
  /** Refreshes granted. */
  refreshed: number;
  /** Modifications granted. */
  modified: number;
  /** Publications that their publisher took away. */
  removed: number;
  /** PUBLISHes refused. */
  refused: number;
  /** Publications that were not refreshed in time. */
  expired: number;
  /** Publications whose publisher lost the right to them by a reload. */
  revoked: number;
}

/** Fresh counters. */
export function publicationCounters(): PublicationCounters {
  return { published: 0, refreshed: 0, modified: 0, removed: 0, refused: 0, expired: 0, revoked: 0 };
}

/** What Publications are made of. */
export interface PublicationsParts extends PublicationTableParts {
  /** Incremented in place. */
  readonly counters: PublicationCounters;
  /** Packages that may be published, in the order in which a 489 names them. */
  readonly packages: readonly PublishedPackage[];
  /** Who may publish what. */
  readonly targets: PublicationTargets;
  /** Lifetimes granted, until `replaceRules`. */
  readonly rules: PublicationRules;
  /** A granted PUBLISH asks for everything of that event that this appliance publishes. */
  everythingAsked(event: string): void;
}

/** A granted PUBLISH: what its 200 says. */
export interface PublicationGrant {
  /** The publication's tag from now on; of nothing after a removal. */
  readonly entityTag: string;
  /** Granted lifetime; 0 after a removal. */
  readonly expiresSeconds: number;
}

/** A PUBLISH that has passed the conditions of its headers. */
interface Arrival {
  readonly request: Message;
  readonly publisher: string;
  readonly eventPackage: PublishedPackage;
  readonly user: string;
  readonly target: string;
  /** The publication that SIP-If-Match names. */
  readonly former: Publication | undefined;
  readonly grant: PublicationGrant;
}

/** Characters of an entity-tag: 100 bits that nobody guesses. */
const ENTITY_TAG_CHARS = 20;

/** The event state compositor. Source: RFC 3903 §6. */
export class Publications {
  readonly #parts: PublicationsParts;
  readonly #table: PublicationTable;
  readonly #allowEvents: string;
  #rules: PublicationRules;
  /** The document that is being judged asks for everything. */
  #isEverythingAsked = false;

  /** Knows no publication before `start`. */
  constructor(parts: PublicationsParts) {
    this.#parts = parts;
    this.#table = new PublicationTable(parts);
    this.#allowEvents = parts.packages.map(({ name }) => name).join(", ");
    this.#rules = parts.rules;
  }

  /** Takes up what is stored and still granted, and composes it. */
  start(): void {
    this.#table.restore((record) => this.#isGranted(record), this.#rules.maxExpirySeconds);
  }

  /** Puts other lifetimes in force; living publications keep what they were granted. */
  replaceRules(rules: PublicationRules): void {
    this.#rules = rules;
  }

  /** Withdraws what the configuration in force grants no more, or understands otherwise; call it after a reload. */
  recheck(): void {
    this.#table.revoke((record) => this.#isGranted(record));
  }

  /** Forgets what is published of the calls and the state of a device, until its publishers say it anew. */
  disbelieve(device: string): void {
    this.#table.amend(({ event, target, value }) => {
      const { without } = this.#packageOf(event)!;
      return without === undefined ? value : without(value, target, device);
    });
  }

  /** Living publications on the appliance. */
  get count(): number {
    return this.#table.count;
  }

  /** All living publications, by package and target. */
  snapshot(): PublicationSnapshot[] {
    const now = this.#parts.timers.now();
    const textOf = ({ record: { event, value } }: Publication) => this.#packageOf(event)?.describe(value) ?? "";
    return Array.from(this.#table.all(), (each) => publicationSnapshot(each, textOf(each), now))
      .sort((a, b) => compareTexts(a.event, b.event) || compareTexts(a.target, b.target));
  }

  /**
   * Decides a PUBLISH: initial publication, refresh, modification, removal. What the answer says is stored, and the target
   * composed, before this returns.
   *
   * Keeps no reference to `request` after returning.
   *
   * @param publisher Name of the endpoint that has proven to be the sender.
   * @returns The grant, or a Reject: 416 URI scheme, 489 Event, 403 and 404 target, 412 entity-tag, 423 below the floor,
   * 400 nothing published, 413 and 415 body, 503 full or not storable, or what the package says of the document.
   * @throws ParseFailure for a header that cannot be read, SIP-If-Match with several entity-tags among them.
   * Source: RFC 3903 §6.
   */
  publish(request: Message, publisher: string): PublicationGrant | Reject {
    this.#isEverythingAsked = false;
    const outcome = this.#decide(request, publisher);
    if (isReject(outcome)) this.#parts.counters.refused++;
    else if (this.#isEverythingAsked) this.#parts.everythingAsked(request.event!.name);
    return outcome;
  }

  /** The steps of RFC 3903 §6 in their order, but for Event, which says what a Request-URI means. */
  #decide(request: Message, publisher: string): PublicationGrant | Reject {
    const { targets, timers } = this.#parts;
    const { scheme } = request.requestUri;
    if (scheme !== "sip" && scheme !== "sips") return refusals.requestScheme(scheme);
    // RFC 3903 §6 step 2.
    const name = request.event?.name;
    const eventPackage = this.#packageOf(name);
    if (eventPackage === undefined) return refusals.badEvent(name, this.#allowEvents);
    // RFC 3903 §6 step 1.
    const user = request.requestUri.user ?? request.to.uri.user ?? "";
    const target = targets.targetOf(publisher, eventPackage.name, user);
    if (isReject(target)) return target;
    // RFC 3903 §6 step 3.
    this.#table.expireDue(eventPackage.name, target, timers.now());
    const entityTag = request.sipIfMatch;
    const former = entityTag === undefined ? undefined : this.#find(entityTag, publisher, eventPackage.name, target);
    if (entityTag !== undefined && former === undefined) return refusals.conditionFailed;
    // RFC 3903 §6 step 4.
    const expiresSeconds = this.#lifetimeOf(request);
    if (typeof expiresSeconds !== "number") return expiresSeconds;
    // RFC 3903 §6 steps 5 and 6.
    const grant = { entityTag: this.#parts.entropy.token(ENTITY_TAG_CHARS), expiresSeconds };
    return this.#carryOut({ request, publisher, eventPackage, user, target, former, grant });
  }

  #carryOut(arrival: Arrival): PublicationGrant | Reject {
    const { request, former, grant } = arrival;
    const hasBody = request.bodyEnd > request.bodyStart;
    if (former === undefined) return hasBody ? this.#publishFirst(arrival) : refusals.nothingPublished;
    if (grant.expiresSeconds === 0) return this.#remove(former, grant);
    return hasBody ? this.#modify(arrival, former) : this.#refresh(former, grant);
  }

  /** RFC 3903 §4.2. */
  #publishFirst(arrival: Arrival): PublicationGrant | Reject {
    const { publisher, target, eventPackage, grant } = arrival;
    const mediaType = acceptedTypeOf(arrival);
    if (isReject(mediaType)) return mediaType;
    const refusal = this.#whyNoRoom(publisher, eventPackage.name, target);
    if (refusal !== undefined) return refusal;
    const value = this.#valueOf(arrival, mediaType, undefined);
    if (isReject(value)) return value;
    // RFC 3903 §6 step 5: nothing is stored for a lifetime of 0.
    if (grant.expiresSeconds === 0) return grant;
    if (!this.#store(arrival, undefined, mediaType, value)) return refusals.unstored;
    this.#parts.counters.published++;
    return grant;
  }

  /** RFC 3903 §4.4. */
  #modify(arrival: Arrival, former: Publication): PublicationGrant | Reject {
    const mediaType = acceptedTypeOf(arrival);
    if (isReject(mediaType)) return mediaType;
    const value = this.#valueOf(arrival, mediaType, former.record.value);
    if (isReject(value)) return value;
    if (!this.#store(arrival, former, mediaType, value)) return refusals.unstored;
    this.#parts.counters.modified++;
    return arrival.grant;
  }

  #store(arrival: Arrival, former: Publication | undefined, mediaType: string, value: unknown): boolean {
    const { eventPackage, grant } = arrival;
    const left = (older: unknown) => eventPackage.left === undefined ? older : eventPackage.left(older, value);
    return this.#table.publish(former, contentOf(arrival, mediaType, value), grant.expiresSeconds, left);
  }

  /** RFC 3903 §4.3. */
  #refresh(former: Publication, grant: PublicationGrant): PublicationGrant | Reject {
    if (!this.#table.refresh(former, grant.entityTag, grant.expiresSeconds)) return refusals.unstored;
    this.#parts.counters.refreshed++;
    return grant;
  }

  /** RFC 3903 §4.5; a body, which should not be there, is not read, so that removal never fails for it. */
  #remove(former: Publication, grant: PublicationGrant): PublicationGrant | Reject {
    if (!this.#table.remove(former)) return refusals.unstored;
    this.#parts.counters.removed++;
    return grant;
  }

  #packageOf(name: string | undefined): PublishedPackage | undefined {
    return this.#parts.packages.find((each) => each.name === name);
  }

  #find(entityTag: string, publisher: string, event: string, target: string): Publication | undefined {
    const publication = this.#table.byTag(entityTag);
    if (publication === undefined) return undefined;
    const { record } = publication;
    const isTheirs = record.publisher === publisher && record.event === event && record.target === target;
    return isTheirs ? publication : undefined;
  }

  /** Granted seconds: never more than asked for. Source: RFC 3903 §6 step 4. */
  #lifetimeOf(request: Message): number | Reject {
    const { minExpirySeconds, maxExpirySeconds } = this.#rules;
    const asked = request.expires ?? maxExpirySeconds;
    if (asked > 0 && asked < minExpirySeconds) return refusals.tooBrief(minExpirySeconds);
    return Math.min(asked, maxExpirySeconds);
  }

  #whyNoRoom(publisher: string, event: string, target: string): Reject | undefined {
    if (this.#table.count >= limits.publicationCount) return refusals.full;
    if (this.#table.countOf(publisher) >= limits.publicationCountPerPublisher) return refusals.publisherFull(publisher);
    return this.#table.countFor(publisher, event, target) >= limits.publicationCountPerTarget
      ? refusals.targetFull(publisher, target)
      : undefined;
  }

  /** What the package makes of the body. */
  #valueOf({ request, publisher, eventPackage }: Arrival, mediaType: string, former: unknown): unknown | Reject {
    const value = eventPackage.merge(former, {
      mediaType,
      body: request.body,
      mayPublish: (name) => this.#parts.targets.mayPublish(publisher, eventPackage.name, name),
      askForEverything: () => void (this.#isEverythingAsked = true),
    });
    if (isReject(value)) return value;
    // A document is bounded; what partial ones add up to is not.
    return JSON.stringify(value).length > limits.publicationValueChars
      ? refusals.tooMuch(limits.publicationValueChars)
      : value;
  }

  #isGranted({ publisher, event, user, target }: PublicationRecord): boolean {
    return this.#packageOf(event) !== undefined && this.#parts.targets.targetOf(publisher, event, user) === target;
  }
}

/** The media type of a body that can be read, or the refusal of it. Source: RFC 3261 §8.2.3; RFC 3903 §6 step 5. */
function acceptedTypeOf({ request, eventPackage }: Arrival): string | Reject {
  if (request.isEncoded) return refusals.encoded;
  if (request.bodyEnd - request.bodyStart > limits.publicationBodyBytes) {
    return refusals.tooLarge(limits.publicationBodyBytes);
  }
  const { contentType } = request;
  if (contentType === undefined) return refusals.missingContentType;
  const { mediaTypes } = eventPackage;
  return mediaTypes.includes(contentType.name) ? contentType.name : refusals.mediaType(contentType.name, mediaTypes);
}

function contentOf({ publisher, eventPackage, user, target, grant }: Arrival, mediaType: string, value: unknown) {
  return { entityTag: grant.entityTag, publisher, event: eventPackage.name, user, target, mediaType, value };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
