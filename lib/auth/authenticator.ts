/**
 * Owns the decision whether a request is from the endpoint it claims: identify, ask the ACL, then accept or challenge.
 */
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import type { HashAlgorithm } from "../runtime/hash.ts";
import { limits } from "../runtime/limits.ts";
import type { DigestCredentials } from "../sip/authorization.ts";
import type { Message } from "../sip/message.ts";
import { isPermitted } from "./acl.ts";
import { type HeaderPair, writeChallenges } from "./challenge.ts";
import { DIGEST_ALGORITHMS } from "./digest.ts";
import type { FailureLog, FailureReason } from "./failures.ts";
import { type Endpoint, type EndpointOptions, Endpoints } from "./identify.ts";
import { Memo } from "./memo.ts";
import { type AddressBytes, addressKey, parseAddress } from "./networks.ts";
import { Nonces, type NonceSnapshot, type NonceVerdict } from "./nonces.ts";
import { examineCredentials } from "./proof.ts";

/** Where a request came from; a Flow is one. */
export interface Peer {
  /** IPv4 or IPv6 address of the sender, without brackets. */
  readonly remoteAddress: string;
}

/** Who set up a dialog; a subscription is one. */
export interface DialogBinding {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Address from which the dialog was set up. */
  readonly sourceAddress: string;
}

/** The outcome of authentication. */
export type Verdict =
  | {
    readonly outcome: "accepted";
    readonly endpoint: string;
    /** False where the endpoint has no `auth` and is believed on its word. */
    readonly credentialsProven: boolean;
  }
  | {
    readonly outcome: "challenge";
    /** WWW-Authenticate of the 401, strongest algorithm first; send them through `fitChallenges`. */
    readonly headers: readonly HeaderPair[];
    /** Nobody is at fault: the nonce was spent. */
    readonly stale: boolean;
    /** Why, for log and page; never for the wire. */
    readonly reason: ChallengeReason;
  };

/** The credentials are right, their nonce is spent: the client repeats the request with a fresh one by itself. */
export type SpentNonce = `${Exclude<NonceVerdict, "accepted">} nonce`;

/** Why a request is challenged. */
export type ChallengeReason = FailureReason | SpentNonce | "no credentials";

/** The parts of the configuration that authentication needs, as config.toml names them. */
export interface AuthConfig {
  /** Realm of all challenges; whether user parts end at their first semicolon. */
  readonly server: { readonly realm: string; readonly ignore_uri_user_options: boolean };
  /** Endpoint options by name. */
  readonly endpoints: Readonly<Record<string, EndpointOptions>>;
}

/** Counts of authentication. */
export interface AuthCounters extends Counters {
  /** Accepted with right credentials. */
  proven: number;
  /** Accepted on their word. */
  believed: number;
  /** Challenged for want of credentials: the normal first round. */
  challenged: number;
  /** Challenged again with `stale=true`. */
  stale: number;
  /** Challenged though the credentials were wrong or the sender unknown. */
  refused: number;
}

/** Fresh counters. */
export function authCounters(): AuthCounters {
  return { proven: 0, believed: 0, challenged: 0, stale: 0, refused: 0 };
}

interface Attempt {
  readonly request: Message;
  /** As the flow names it, for people. */
  readonly remoteAddress: string;
  /** Its one spelling; undefined when it is no address. */
  readonly source: string | undefined;
  /** Credentials for our realm. */
  readonly credentials: readonly DigestCredentials[];
  readonly fromUser: string | undefined;
}

/** An address to compare networks with, and its one spelling. */
interface Source {
  readonly bytes: AddressBytes;
  readonly key: string;
}

const sources = new Memo<Source>();

/** The source of that address; undefined when it is none. */
function sourceOf(address: string): Source | undefined {
  const known = sources.get(address);
  if (known !== undefined) return known;
  const bytes = parseAddress(address);
  return bytes && sources.add(address, { bytes, key: addressKey(bytes) });
}

/** Authenticates requests. */
export class Authenticator {
  readonly #clock: Clock;
  readonly #secret: Uint8Array;
  readonly #nonces: Nonces;
  readonly #failures: FailureLog;
  readonly #counters: AuthCounters;
  readonly #acceptsMissingQop: boolean;
  #realm: string;
  #endpoints: Endpoints;

  /**
   * Resolves the configuration; challenges can be issued at once.
   *
   * @param options.secret 32 random bytes, made once per installation and kept beside the database.
   * @param options.resumedNonces From `snapshotNonces` of the run before, where that ended in order.
   * @param options.acceptsMissingQop Whether clients of RFC 2069 are served, see `examineCredentials`.
   */
  constructor(options: {
    readonly config: AuthConfig;
    readonly secret: Uint8Array;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly failures: FailureLog;
    readonly counters?: AuthCounters;
    readonly resumedNonces?: NonceSnapshot | undefined;
    readonly acceptsMissingQop?: boolean;
  }) {
    const { config, secret, clock, entropy } = options;
    this.#clock = clock;
    this.#secret = secret;
    this.#failures = options.failures;
    this.#counters = options.counters ?? authCounters();
    this.#acceptsMissingQop = options.acceptsMissingQop ?? true;
    this.#realm = config.server.realm;
    this.#nonces = new Nonces({ secret, clock, entropy, resumed: options.resumedNonces });
    this.#endpoints = this.#index(config);
  }

  /** Takes over the realm and the endpoints of a reloaded configuration; nonces of the same realm and their counts go on. */
  replaceEndpoints(config: AuthConfig): void {
    this.#realm = config.server.realm;
    this.#endpoints = this.#index(config);
  }

  /** What the next run resumes, see `Nonces`. */
  snapshotNonces(): NonceSnapshot {
    return this.#nonces.snapshot();
  }

  /**
   * Authenticates a request outside any dialog. Never call it for ACK and CANCEL, which cannot be repeated.
   *
   * Strangers, and endpoints whose ACL denies the source, are challenged for ever with what an endpoint would get.
   *
   * @throws ParseFailure when From or Authorization cannot be read.
   * Source: RFC 3261 §22.1, §22.2.
   */
  authenticate(request: Message, peer: Peer): Verdict {
    const source = sourceOf(peer.remoteAddress);
    const attempt = this.#attempt(request, peer, source?.key);
    const authUser = attempt.credentials[0]?.username;
    const endpoint = source && this.#endpoints.identify({ source: source.bytes, from: request.from.uri, authUser });
    if (!endpoint) return this.#challengeStranger(attempt, "unknown endpoint");
    if (!isPermitted(endpoint.acl, source.bytes)) return this.#challengeStranger(attempt, "source denied");
    return endpoint.account ? this.#prove(attempt, endpoint) : this.#believe(attempt, endpoint);
  }

  /**
   * Authenticates a request inside a dialog: it must come from the endpoint that set it up, proven by credentials, or for an
   * endpoint without `auth` by its source address.
   *
   * @throws ParseFailure when From or Authorization cannot be read.
   */
  authenticateInDialog(request: Message, peer: Peer, binding: DialogBinding): Verdict {
    const source = sourceOf(peer.remoteAddress);
    const attempt = this.#attempt(request, peer, source?.key);
    const endpoint = this.#endpoints.named(binding.endpoint);
    if (!endpoint || !source) return this.#challengeStranger(attempt, "unknown endpoint");
    if (!isPermitted(endpoint.acl, source.bytes)) return this.#challengeStranger(attempt, "source denied");
    if (endpoint.account) return this.#prove(attempt, endpoint);
    return sourceOf(binding.sourceAddress)?.key === source.key
      ? this.#believe(attempt, endpoint)
      : this.#challengeStranger(attempt, "other source");
  }

  #index(config: AuthConfig): Endpoints {
    return new Endpoints({
      endpoints: config.endpoints,
      realm: this.#realm,
      ignoreUriUserOptions: config.server.ignore_uri_user_options,
      secret: this.#secret,
    });
  }

  #attempt(request: Message, peer: Peer, source: string | undefined): Attempt {
    const { remoteAddress } = peer;
    const credentials = this.#ownCredentials(request.authorizations);
    return { request, remoteAddress, source, credentials, fromUser: this.#endpoints.userOf(request.from.uri) };
  }

  /** Those for our realm. RFC 8760 §2.7: before the first challenge a client may send credentials with empty values. */
  #ownCredentials(all: readonly DigestCredentials[]): readonly DigestCredentials[] {
    return all.length === 0 ? all : all.filter((each) => each.realm === this.#realm && each.response !== "");
  }

  #believe(attempt: Attempt, endpoint: Endpoint): Verdict {
    this.#counters.believed++;
    this.#failures.forgive(attempt.remoteAddress, attempt.fromUser);
    return { outcome: "accepted", endpoint: endpoint.name, credentialsProven: false };
  }

  /** Accepts the endpoint if any of the credentials prove it; a spent nonce weighs more than a wrong password. */
  #prove(attempt: Attempt, endpoint: Endpoint): Verdict {
    const { request, credentials } = attempt;
    let reason: ChallengeReason = missingReason(request);
    for (const each of credentials.slice(0, limits.credentialsPerRequest)) {
      const proof = examineCredentials(each, endpoint.account, request, this.#acceptsMissingQop);
      if (typeof proof === "string") {
        if (!isSpentNonce(reason)) reason = proof;
        continue;
      }
      const verdict = this.#nonces.accept(each.nonce, this.#holderOf(attempt), proof.count, this.#clock.now());
      if (verdict === "accepted") {
        this.#counters.proven++;
        this.#failures.forgive(attempt.remoteAddress, attempt.fromUser, each.username);
        return { outcome: "accepted", endpoint: endpoint.name, credentialsProven: true };
      }
      reason = `${verdict} nonce`;
    }
    const { algorithms } = endpoint.account!;
    return this.#challenge(attempt, algorithms.length > 0 ? algorithms : DIGEST_ALGORITHMS, reason);
  }

  /** Does for a stranger what is done for an endpoint with a wrong password. */
  #challengeStranger(attempt: Attempt, reason: FailureReason): Verdict {
    const { request, credentials, fromUser = "" } = attempt;
    for (const each of credentials.slice(0, limits.credentialsPerRequest)) {
      examineCredentials(each, undefined, request, this.#acceptsMissingQop);
    }
    const mayBeFirst = reason === "unknown endpoint" && credentials.length === 0 && this.#endpoints.mayComeWithoutName;
    const algorithms = this.#endpoints.strangerAlgorithms(fromUser);
    return this.#challenge(attempt, algorithms, mayBeFirst ? "no credentials" : reason);
  }

  #challenge(attempt: Attempt, algorithms: readonly HashAlgorithm[], reason: ChallengeReason): Verdict {
    const isStale = isSpentNonce(reason);
    if (isStale) this.#counters.stale++;
    else if (reason === "no credentials") this.#counters.challenged++;
    else {
      this.#counters.refused++;
      const user = attempt.credentials[0]?.username ?? attempt.fromUser ?? "";
      this.#failures.record({ source: attempt.remoteAddress, user, reason, transaction: attempt.request.branch });
    }
    const headers = writeChallenges({
      realm: this.#realm,
      nonce: this.#nonces.issue(this.#holderOf(attempt), this.#clock.now()),
      algorithms,
      isStale,
      hasCharset: this.#endpoints.hasUnicodeNames,
    });
    return { outcome: "challenge", headers, stale: isStale, reason };
  }

  /** Whom a nonce serves: this source in this realm. */
  #holderOf(attempt: Attempt): string {
    return `${attempt.source} ${this.#realm}`;
  }
}

function isSpentNonce(reason: ChallengeReason): reason is SpentNonce {
  return reason.endsWith(" nonce");
}

/** Credentials for another realm are a mistake in the phone; none at all are its normal first request. */
function missingReason(request: Message): ChallengeReason {
  return request.authorizations.some((each) => each.response !== "") ? "wrong realm" : "no credentials";
}
