/**
 * Owns the package `as-feature-event`: the keys for do-not-disturb and forwarding, the same on all phones of an endpoint.
 *
 * Theory. A phone subscribes to its own name and is told what is set; a key that is pressed comes as the body of a SUBSCRIBE, its first or
 * a refresh. Do-not-disturb is no state of its own: it is the presence `dnd` of `CustomPresence:NAME`, whoever sets that, so that key,
 * page, API and the lamps of all who watch cannot differ. Forwardings are kept for the endpoint and told to its phones.
 *
 * Source: BroadWorks Device Feature Key Synchronization; ECMA-323 (CSTA).
 */
import { chooseByAccept } from "../body/accept.ts";
import { featureContentType, featureEvent, featureEventType } from "../body/feature_event.ts";
import { DocumentFault } from "../body/read/document_fault.ts";
import { type FeatureChange, readFeatureEvent } from "../body/read/feature_event.ts";
import type { RenderedBody } from "../body/rendered.ts";
import type { Reject } from "../runtime/result.ts";
import { StoreError } from "../runtime/store_error.ts";
import type { MediaRange } from "../sip/media_type.ts";
import type { StateEngine } from "../state/engine.ts";
import type { Features } from "../state/features.ts";
import { StateTableFull } from "../state/states_port.ts";
import type { DocumentKind, EventPackage, Watched, WatchQuery } from "./event_package.ts";
import type { Refusals } from "./refusals.ts";

/** What the package is made of. */
export interface FeaturePackageParts {
  readonly features: Features;
  readonly engine: StateEngine;
  /** Names of the addresses-of-record by which an endpoint is reached. */
  aorsOf(endpoint: string): readonly string[];
  /** The refusals of the profile in force. */
  refusals(): Refusals;
  /** The media type may be offered. */
  isOffered(mediaType: string): boolean;
  /** Tells the watchers of `watched` that it changed; `isReshaped`: their documents are of another kind from now on. */
  wake(watched: Watched, isReshaped: boolean): void;
}

const PROVIDER = "CustomPresence:";

/** What is set on the phones of an endpoint: what a subscription watches, and the kind of its documents. */
class FeatureSet implements Watched, DocumentKind {
  readonly context = "";
  /** Name of the endpoint. */
  readonly exten: string;
  mediaType: string;
  /** The last document, where nothing has changed since. */
  body: RenderedBody | undefined;

  constructor(endpoint: string, mediaType: string) {
    this.exten = endpoint;
    this.mediaType = mediaType;
  }
}

/** The package `as-feature-event`. */
export class FeaturePackage implements EventPackage {
  readonly name = "as-feature-event";
  readonly #parts: FeaturePackageParts;
  /** Those that somebody has asked for. */
  readonly #sets = new Map<string, FeatureSet>();

  constructor(parts: FeaturePackageParts) {
    this.#parts = parts;
    parts.engine.onSource({
      deviceChanged() {},
      presenceChanged: (provider) => this.#changed(provider.slice(PROVIDER.length)),
      mailboxChanged() {},
    });
  }

  /** An endpoint's own, by its name or that of one of its addresses-of-record; phones that name nobody mean themselves. */
  find({ endpoint, exten }: WatchQuery): Watched | Reject {
    const names = [endpoint, ...this.#parts.aorsOf(endpoint)];
    const isOwn = exten === "" || names.some((name) => name === exten || name.startsWith(`${exten}@`));
    return isOwn ? this.#setOf(endpoint) : this.#parts.refusals().noFeatures(exten);
  }

  /** Takes what a key has set. What it says is stored, and everybody told, when this returns nothing. */
  take(watched: Watched, mediaType: string | undefined, body: Uint8Array): Reject | undefined {
    if (mediaType !== featureEventType) {
      return {
        status: 415,
        headers: [["Accept", featureEventType]],
        why: `${mediaType ?? "no type"} is no feature event`,
      };
    }
    const change = readFeatureEvent(body);
    if (change instanceof DocumentFault) {
      return { status: 400, reason: "Bad Feature Event", why: change.message };
    }
    try {
      this.#apply(watched.exten, change);
      return undefined;
    } catch (error) {
      if (error instanceof StoreError || error instanceof StateTableFull) {
        return { status: 503, headers: [["Retry-After", "60"]], why: error.message };
      }
      throw error;
    }
  }

  absent({ endpoint }: WatchQuery): Watched {
    return this.#setOf(endpoint);
  }

  choose(accepts: readonly MediaRange[]): string | undefined {
    return chooseByAccept(accepts, { own: this.offered(), others: [] });
  }

  offered(): readonly string[] {
    return this.#parts.isOffered(featureEventType) ? [featureEventType] : [];
  }

  kindFor(_mediaType: string, endpoint: string): DocumentKind {
    return this.#setOf(endpoint);
  }

  bodyOf(watched: Watched): RenderedBody {
    // What comes back as watched is what `find` gave.
    const set = watched as FeatureSet;
    const { engine, features } = this.#parts;
    return set.body ??= featureEvent({
      endpoint: set.exten,
      isDoNotDisturb: engine.devices.presenceOf(PROVIDER + set.exten).state === "dnd",
      forwardings: features.forwardingsOf(set.exten),
    });
  }

  nameOf(): string {
    return "";
  }

  wakesOn(): boolean {
    return true;
  }

  retain(): void {}

  release(): void {}

  #apply(endpoint: string, change: FeatureChange): void {
    const { engine, features } = this.#parts;
    if (change.feature === "dnd") {
      const isOn = engine.devices.presenceOf(PROVIDER + endpoint).state === "dnd";
      // A phone that starts says what its key shows; only a key that was on puts an end to what somebody chose.
      if (isOn === change.isOn) return;
      return engine.setPresenceState(PROVIDER + endpoint, {
        state: change.isOn ? "dnd" : "available",
        subtype: "",
        message: "",
      });
    }
    const { feature, isActive } = change;
    const former = features.forwardingsOf(endpoint)[feature];
    const to = change.to ?? former?.to ?? "";
    const ringCount = change.ringCount ?? former?.ringCount ?? 0;
    if (features.setForwarding(endpoint, feature, { isActive, to, ringCount })) this.#changed(endpoint);
  }

  #changed(endpoint: string): void {
    const set = this.#sets.get(endpoint);
    if (set === undefined) return;
    set.body = undefined;
    const mediaType = featureContentType(this.#parts.features.forwardingsOf(endpoint));
    const isReshaped = mediaType !== set.mediaType;
    set.mediaType = mediaType;
    this.#parts.wake(set, isReshaped);
  }

  #setOf(endpoint: string): FeatureSet {
    let set = this.#sets.get(endpoint);
    if (set === undefined) {
      set = new FeatureSet(endpoint, featureContentType(this.#parts.features.forwardingsOf(endpoint)));
      this.#sets.set(endpoint, set);
    }
    return set;
  }
}
