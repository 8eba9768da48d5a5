/**
 * Owns one binding: what ties an address-of-record to a place where it is reached, for how long, and by which way.
 */
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import { TimerEntry, type TimerOwner } from "../runtime/timers.ts";
import type { Param } from "../sip/params.ts";
import { parseUri, type Uri, writeUri } from "../sip/uri.ts";
import type { Aor } from "./aor.ts";

/** The path by which a REGISTER came, as far as the registrar looks at it; a Flow of the transports is one. */
export interface ContactFlow {
  /** Unique among the flows of the process; never used again. */
  readonly id: number;
  /** Name as in `config.toml`: udp, tcp, tls, ws, wss. */
  readonly transport: string;
  /** True for streams, which die with their connection. */
  readonly isReliable: boolean;
  /** Our end. */
  readonly listener: {
    readonly name: string;
    /** Where the peer at `remoteAddress` reaches us. */
    advertised(remoteAddress: string): { readonly host: string; readonly port: number };
  };
  /** The peer's address, IPv6 without brackets. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /** False once nothing can be sent any more. */
  readonly isOpen: boolean;
}

/** Where a REGISTER came from, in a form that outlives the flow. */
export interface ContactSource {
  /** Name of the listener that received it. */
  readonly listener: string;
  /** Name as in `config.toml`. */
  readonly transport: string;
  /** IPv6 without brackets. */
  readonly address: string;
  /** 1–65535. */
  readonly port: number;
}

/** Everything of a binding that is kept on disk; plain values, replaced as a whole. */
export interface BindingRecord {
  /** Unique and unguessable; stays the same over refreshes. */
  readonly id: string;
  /** Name of the address-of-record. */
  readonly aor: string;
  /** Name of the endpoint that registered it; empty for a permanent contact. */
  readonly endpoint: string;
  /** Contact URI as the phone wrote it. */
  readonly uri: string;
  /** Display name of the Contact; empty when there is none. */
  readonly display: string;
  /** Contact parameters as registered, without `expires`. Source: RFC 5626 §6. */
  readonly params: readonly Param[];
  /** Preference, 0 to 1. */
  readonly q: number;
  /** `+sip.instance` in lower case; empty when there is none. */
  readonly instance: string;
  /** `reg-id` of an outbound registration; 0 when the binding is known by its URI. Source: RFC 5626 §6. */
  readonly regId: number;
  /** Call-ID of the REGISTER that last wrote it. */
  readonly callId: string;
  /** CSeq number of that REGISTER. */
  readonly sequence: number;
  /** Path values of that REGISTER, in order. Source: RFC 3327 §5.3. */
  readonly path: readonly string[];
  /** User-Agent of that REGISTER, cut to `limits.userAgentChars`. */
  readonly userAgent: string;
  /** Where that REGISTER came from; undefined for a permanent contact. */
  readonly source: ContactSource | undefined;
  /** Requests go back to `source` and not to the URI: `rewrite_contact`, a WebSocket, an outbound flow. */
  readonly isSourceBound: boolean;
  /** When it was first registered. */
  readonly registeredAt: EpochMillis;
  /** When it ends; Infinity for a permanent contact. */
  readonly expiresAt: EpochMillis;
}

/** What is known of a contact's reachability; `unknown` until the first probe ends, `unqualified` when none is sent. */
export type ContactStatus = "reachable" | "unreachable" | "unknown" | "unqualified";

/** What brought a contact into its present state. Source: RFC 3680 §5.1. */
export type ContactEvent =
  | "registered"
  | "created"
  | "refreshed"
  | "shortened"
  | "expired"
  | "deactivated"
  | "probation"
  | "unregistered"
  | "rejected";

/** Who acts on the end of a binding. */
export interface BindingOwner {
  /** Its lifetime is over. */
  bindingExpired(binding: Binding): void;
}

/** One contact of an address-of-record, registered or permanent. Source: RFC 3261 §10.3. */
export class Binding implements TimerOwner {
  /** To what it is bound. */
  readonly aor: Aor;
  /** From config.toml rather than from a REGISTER. */
  readonly isPermanent: boolean;
  /** Its one deadline. */
  readonly expiry = new TimerEntry(this);
  /** Monotonic end of its life; Infinity for a permanent contact. */
  expiresAt: Millis = Infinity;
  /** The way back; undefined when requests go by the URI or the path. */
  flow: ContactFlow | undefined = undefined;
  /** What probing has found. */
  status: ContactStatus = "unqualified";
  /** Round trip of the last probe that was answered. */
  roundTripMillis: number | undefined = undefined;
  /** What brought it into its present state. */
  event: ContactEvent;
  readonly #owner: BindingOwner;
  #record: BindingRecord;
  #uri: Uri;

  /** A binding that does not end by itself yet. `record.uri` has been parsed before. */
  constructor(aor: Aor, record: BindingRecord, owner: BindingOwner) {
    this.aor = aor;
    this.isPermanent = record.source === undefined;
    this.event = this.isPermanent ? "created" : "registered";
    this.#owner = owner;
    this.#record = record;
    this.#uri = parseUri(record.uri);
  }

  /** What is kept of it; replaced by every REGISTER that writes it. */
  get record(): BindingRecord {
    return this.#record;
  }

  set record(record: BindingRecord) {
    if (record.uri !== this.#record.uri) this.#uri = parseUri(record.uri);
    this.#record = record;
  }

  /** The contact URI. */
  get uri(): Uri {
    return this.#uri;
  }

  /**
   * Whether it counts for the availability of its address-of-record. A phone that has just registered has proven to be
   * there, so it counts until a probe fails; a permanent contact has proven nothing, so it counts once a probe succeeds.
   */
  get isReachable(): boolean {
    switch (this.status) {
      case "unknown":
        return !this.isPermanent;
      case "unreachable":
        return false;
      default:
        return true;
    }
  }

  /** Whole seconds left, rounded up; Infinity for a permanent contact. */
  secondsLeft(now: Millis): number {
    return Math.max(0, Math.ceil((this.expiresAt - now) / 1_000));
  }

  timerFired(): void {
    this.#owner.bindingExpired(this);
  }
}

/** How to reach a contact when its flow is gone or never was. */
export interface ContactTarget {
  /** Request-URI of a request to it. */
  readonly requestUri: string;
  /** Route values, in order. */
  readonly routes: readonly string[];
  /** Where to go instead of asking the URI or the first route: the source of the REGISTER. */
  readonly source: ContactSource | undefined;
}

/** The way to a contact. Source: RFC 3327 §5.4, RFC 3261 §19.1.1 for the headers that a Request-URI may not have. */
export function targetOf(binding: Binding): ContactTarget {
  const { record, uri } = binding;
  return {
    requestUri: uri.headers.length === 0 ? record.uri : writeUri({ ...uri, headers: [] }),
    routes: record.path,
    source: record.isSourceBound ? record.source : undefined,
  };
}
