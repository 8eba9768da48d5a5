/**
 * Owns what an event package must define for the notifier and the fan-out.
 */
import type { RenderedBody } from "../body/rendered.ts";
import type { Reject } from "../runtime/result.ts";
import type { MediaRange } from "../sip/media_type.ts";
import type { ResourceChange } from "../state/resource.ts";

/** The packages served, in the order in which Allow-Events names them; case counts. Source: RFC 6665 §8.2.1. */
export const eventPackageNames = ["presence", "dialog", "message-summary", "reg", "as-feature-event"] as const;

/** Value of Allow-Events. Source: RFC 6665 §8.2.2. */
export const allowEvents = eventPackageNames.join(", ");

/** What can be watched; one object for as long as it is the same thing. */
export interface Watched {
  /** Context in which it was found; empty where contexts mean nothing. */
  readonly context: string;
  /** What the Request-URI's user names. */
  readonly exten: string;
  /** Tells apart what goes by the same name; absent where nothing does. */
  readonly variety?: string;
}

/** What a SUBSCRIBE asks for. */
export interface WatchQuery {
  /** Endpoint that asks. */
  readonly endpoint: string;
  /** Context in which its hints are looked up. */
  readonly context: string;
  readonly exten: string;
}

/** The kind of document that a subscription gets. */
export interface DocumentKind {
  /** Value of Content-Type. */
  readonly mediaType: string;
}

/**
 * One event package.
 *
 * Source: RFC 6665 §5.4.
 */
export interface EventPackage {
  /** Token of the Event header. */
  readonly name: string;
  /** What `query` means, or the refusal of it. */
  find(query: WatchQuery): Watched | Reject;
  /**
   * Takes what a SUBSCRIBE carries in its body. Absent where that means nothing, and is passed over.
   *
   * @param mediaType `type/subtype` in lower case; undefined where the request does not say.
   * @param body Not empty; valid only during the call.
   * @returns Why it is refused, and with it the SUBSCRIBE: nothing was changed then.
   */
  take?(watched: Watched, mediaType: string | undefined, body: Uint8Array): Reject | undefined;
  /** What stands for something that is gone, in its watchers' last NOTIFY. */
  absent(query: WatchQuery): Watched;
  /** The media type to send, or undefined when none of `accepts` can be made; empty accepts mean the package's default. */
  choose(accepts: readonly MediaRange[]): string | undefined;
  /** Media types that can be made, the default first. */
  offered(): readonly string[];
  /** The kind of document that `endpoint` gets with this User-Agent. */
  kindFor(mediaType: string, endpoint: string, userAgent: string): DocumentKind;
  /** The document of something watched as it is now; the same object for as long as its bytes are the same. */
  bodyOf(watched: Watched, kind: DocumentKind): RenderedBody;
  /** The name for people of something watched; empty for none. */
  nameOf(watched: Watched): string;
  /** Whether watchers are told of such a change. */
  wakesOn(change: ResourceChange): boolean;
  /** A subscription to `watched` begins; one `release` follows. */
  retain(watched: Watched): void;
  /** A subscription to `watched` is over. */
  release(watched: Watched): void;
}
