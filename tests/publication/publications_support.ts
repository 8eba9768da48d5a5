/** Builds what the tests of the compositor's mechanics share: a package of plain text, a disk that may be full, PUBLISHes. */
import type {
  PublicationRecord,
  PublicationsChange,
  PublicationsPort,
} from "../../lib/publication/publications_port.ts";
import {
  publicationCounters,
  type PublicationGrant,
  type PublicationRules,
  Publications,
  type PublicationTargets,
} from "../../lib/publication/publications.ts";
import type { Compositor, PublishedPackage } from "../../lib/publication/published_package.ts";
import type { Entropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { Reject } from "../../lib/runtime/result.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { scriptedEntropy } from "../registrar/support.ts";
import { ManualClock } from "../support/manual_clock.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A package whose documents are plain text: `text/plain` replaces what was said, `text/x-more` is added to it. A document
 * that begins with "@name " speaks for that name; "?" is no document; "!" asks for everything.
 */
export function textPackage(name: string): PublishedPackage<string[]> {
  return {
    name,
    mediaTypes: ["text/plain", "text/x-more"],
    merge(former, { mediaType, body, mayPublish, askForEverything }) {
      const text = decoder.decode(body);
      if (text === "?") return { status: 400, reason: "Bad Text", why: "document is ?" };
      if (text === "!") askForEverything();
      const named = text.startsWith("@") ? text.slice(1).split(" ")[0]! : undefined;
      if (named !== undefined && !mayPublish(named)) return { status: 403, why: `"${named}" is somebody else's` };
      return mediaType === "text/plain" ? [text] : [...former ?? [], text];
    },
    describe: (words) => words.join(" "),
    // "-a" takes "a" out of what else is said.
    left: (older, newer) => {
      const rest = older.filter((word) => !newer.includes(`-${word}`));
      return rest.length === older.length ? older : rest;
    },
  };
}

/** A disk in memory that can be told to refuse; keeps what JSON keeps. */
export class MemoryPublications implements PublicationsPort {
  /** What is stored, as JSON by id. */
  readonly rows = new Map<string, string>();
  /** Every change so far. */
  readonly changes: PublicationsChange[] = [];
  isFull = false;

  /** What is stored. */
  get records(): PublicationRecord[] {
    return [...this.rows.values()].map((row) => JSON.parse(row));
  }

  load(): Iterable<PublicationRecord> {
    return this.records.reverse();
  }

  commit(change: PublicationsChange): void {
    if (this.isFull) throw new Error("disk is full");
    this.changes.push(change);
    for (const record of change.saved) this.rows.set(record.id, JSON.stringify(record));
    for (const id of change.removed) this.rows.delete(id);
  }
}

/** Who may publish for whom, by the book of a test. */
export class Grants implements PublicationTargets {
  /** Extensions that there are. */
  readonly known = new Set(["presentity", "1000", "1001"]);
  /** Endpoints and what they may publish for. */
  readonly granted = new Map<string, readonly string[]>([
    ["alice", ["presentity", "1000", "1001"]],
    ["bob", ["presentity", "1000"]],
  ]);

  targetOf(publisher: string, _event: string, user: string): string | Reject {
    const target = user.split(";")[0]!;
    if (!this.known.has(target)) return { status: 404, why: `no "${target}"` };
    return this.mayPublish(publisher, "", target) ? target : { status: 403, why: "not granted" };
  }

  mayPublish(publisher: string, _event: string, name: string): boolean {
    return this.granted.get(publisher)?.includes(name) ?? false;
  }
}

/** What a PUBLISH says. */
export interface PublishParts {
  readonly uri?: string;
  readonly to?: string;
  readonly toTag?: string;
  readonly event?: string | null;
  /** Value of SIP-If-Match. */
  readonly ifMatch?: string;
  readonly expires?: number | string;
  readonly body?: string;
  /** Content-Type; text/plain unless told, where there is a body. */
  readonly type?: string | null;
  /** More header lines. */
  readonly headers?: readonly string[];
}

/** The text of a PUBLISH. */
export function publishText(parts: PublishParts = {}): string {
  const { uri = "sip:1000@example.org", to = "sip:1000@example.org", event = "mood", body = "", type = "text/plain" } =
    parts;
  return [
    `PUBLISH ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1;rport",
    "Max-Forwards: 70",
    "From: <sip:alice@example.org>;tag=a1",
    `To: <${to}>${parts.toTag === undefined ? "" : `;tag=${parts.toTag}`}`,
    "Call-ID: c1",
    "CSeq: 1 PUBLISH",
    ...(event === null ? [] : [`Event: ${event}`]),
    ...(parts.ifMatch === undefined ? [] : [`SIP-If-Match: ${parts.ifMatch}`]),
    ...(parts.expires === undefined ? [] : [`Expires: ${parts.expires}`]),
    ...(body === "" || type === null ? [] : [`Content-Type: ${type}`]),
    ...(parts.headers ?? []),
    `Content-Length: ${encoder.encode(body).length}`,
    "",
    body,
  ].join("\r\n");
}

/** Parses a request. */
export function requestOf(text: string): Message {
  const message = new Message();
  const bytes = encoder.encode(text);
  const failure = parseMessage(bytes, 0, bytes.length, message);
  if (failure) throw failure;
  return message;
}

/** A compositor's mechanics with all its surroundings; lifetimes from 60 to 3600 s unless told. */
export function bench(
  options: {
    rules?: PublicationRules;
    port?: MemoryPublications;
    clock?: ManualClock;
    grants?: Grants;
    entropy?: Entropy;
    packages?: readonly PublishedPackage[];
  } = {},
) {
  const clock = options.clock ?? new ManualClock();
  const timers = clock.timers();
  const port = options.port ?? new MemoryPublications();
  const grants = options.grants ?? new Grants();
  const counters = publicationCounters();
  /** What was composed, as lines: `mood 1000: alice=a b, bob=c`. */
  const composed: string[] = [];
  /** Events of which everything was asked for. */
  const asked: string[] = [];
  const compositor: Compositor = {
    compose(event, target, publications) {
      const said = publications.map(({ publisher, value }) => `${publisher}=${(value as string[]).join(" ")}`);
      composed.push(`${event} ${target}: ${said.join(", ")}`);
    },
  };
  const publications = new Publications({
    clock,
    timers,
    entropy: options.entropy ?? scriptedEntropy(),
    log: silentLog,
    counters,
    port,
    packages: options.packages ?? [textPackage("mood"), textPackage("note")],
    compositor,
    targets: grants,
    everythingAsked: (event) => void asked.push(event),
    rules: options.rules ?? { minExpirySeconds: 60, maxExpirySeconds: 3600 },
  });
  publications.start();

  /** Sends a PUBLISH, as alice unless told. */
  const publish = (parts: PublishParts = {}, publisher = "alice") =>
    publications.publish(requestOf(publishText(parts)), publisher);
  /** Sends one that must be granted; returns the entity-tag. */
  function granted(parts: PublishParts = {}, publisher = "alice"): string {
    const outcome = publish(parts, publisher);
    if (!("entityTag" in outcome)) throw new Error(`Refused with ${outcome.status}: ${outcome.why}`);
    return outcome.entityTag;
  }
  return { publications, clock, timers, port, grants, counters, composed, asked, publish, granted };
}

/** An outcome in one line: seconds granted, or the refusal with its reason and headers. */
export function told(outcome: PublicationGrant | Reject): string {
  if ("entityTag" in outcome) return `granted ${outcome.expiresSeconds} s`;
  const first = outcome.reason === undefined ? String(outcome.status) : `${outcome.status} ${outcome.reason}`;
  return [first, ...(outcome.headers ?? []).map(([name, value]) => `${name}: ${value}`)].join(" | ");
}
