/**
 * Owns the other side of digest authentication: what hintd answers when a server challenges one of its own requests.
 *
 * Theory. Each realm that challenged has one session: its nonce, how often that was used, and the algorithm. Sessions outlive
 * the request, so that the next one carries credentials at once and the server need not ask again. A server asks again rightly
 * when a nonce is spent; asking again about a nonce that it gave out for this very request means that the password is wrong.
 */
import type { Entropy } from "../runtime/entropy.ts";
import type { HashAlgorithm } from "../runtime/hash.ts";
import { limits } from "../runtime/limits.ts";
import { type DigestChallenge, parseChallenge, writeCredentials } from "../sip/authorization.ts";
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { ParseFailure } from "../sip/parse_failure.ts";
import type { HeaderPair } from "./challenge.ts";
import { DIGEST_ALGORITHMS, digestResponse, hashPassword } from "./digest.ts";

/** What hintd proves itself with. */
export interface ClientCredentials {
  /** In every realm the same. */
  readonly username: string;
  /** Clear: the realm is the server's to name. */
  readonly password: string;
}

/**
 * What became of a challenge: `answerable` if the request is to be repeated with `headers`; else why that is of no use.
 */
export type ChallengeOutcome = "answerable" | "no credentials" | "wrong password" | "no usable challenge";

interface Session {
  readonly header: "Authorization" | "Proxy-Authorization";
  readonly challenge: DigestChallenge;
  readonly algorithm: HashAlgorithm;
  readonly passwordHash: string;
  /** Requests that carried this nonce. */
  count: number;
  /** The nonce was given out for the present request. */
  isFresh: boolean;
}

/** The digest sessions of whoever sends to one target, one request at a time. */
export class DigestClient {
  readonly #credentials: ClientCredentials | undefined;
  readonly #entropy: Entropy;
  /** By header and realm, the longest known first. */
  readonly #sessions = new Map<string, Session>();

  /** @param credentials Undefined: no challenge can be answered. */
  constructor(credentials: ClientCredentials | undefined, entropy: Entropy) {
    this.#credentials = credentials;
    this.#entropy = entropy;
  }

  /** Begins a request that is not the repetition of another one. */
  begin(): void {
    for (const session of this.#sessions.values()) session.isFresh = false;
  }

  /**
   * Takes the challenges of a 401 or 407; of several for one realm the strongest counts.
   *
   * Left aside are other schemes, `-sess` algorithms, qop without `auth`, and challenges that cannot be read.
   *
   * @returns Whether the request is to be repeated.
   * Source: RFC 3261 §22.2, §22.3; RFC 7616 §3.3, §3.7; RFC 8760 §2.4.
   */
  receiveChallenge(response: Message): ChallengeOutcome {
    if (this.#credentials === undefined) return "no credentials";
    const isProxy = response.status === 407;
    const header = isProxy ? "Proxy-Authorization" : "Authorization";
    const strongest = new Map<string, Usable>();
    for (const usable of usableChallenges(response.all(isProxy ? Header.proxyAuthenticate : Header.wwwAuthenticate))) {
      const best = strongest.get(usable.challenge.realm);
      if (best === undefined || isStronger(usable, best)) strongest.set(usable.challenge.realm, usable);
    }
    if (strongest.size === 0) return "no usable challenge";
    for (const usable of strongest.values()) {
      // RFC 7616 §3.3: stale tells that name and password were right, and only the nonce was not.
      const former = this.#sessions.get(`${header} ${usable.challenge.realm}`);
      if (former?.isFresh === true && former.count > 0 && !usable.challenge.isStale) return "wrong password";
    }
    for (const usable of strongest.values()) this.#keep(header, usable, this.#credentials);
    return "answerable";
  }

  /**
   * The credentials for the next request, all sessions', each counted.
   *
   * @param request.uri The Request-URI as written.
   * Source: RFC 7616 §3.4; RFC 3261 §22.4.
   */
  headers(request: { readonly method: string; readonly uri: string }): HeaderPair[] {
    return [...this.#sessions.values()].map((session) => [session.header, this.#answer(session, request)]);
  }

  #keep(header: Session["header"], { challenge, algorithm }: Usable, credentials: ClientCredentials): void {
    const key = `${header} ${challenge.realm}`;
    const former = this.#sessions.get(key);
    const isSameHash = former?.algorithm === algorithm;
    this.#sessions.delete(key);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size < limits.challengesPerTarget) break;
      this.#sessions.delete(oldest);
    }
    this.#sessions.set(key, {
      header,
      challenge,
      algorithm,
      passwordHash: isSameHash
        ? former!.passwordHash
        : hashPassword(algorithm, { ...credentials, realm: challenge.realm }),
      count: 0,
      isFresh: true,
    });
  }

  #answer(session: Session, { method, uri }: { readonly method: string; readonly uri: string }): string {
    const { challenge, algorithm, passwordHash } = session;
    const { realm, nonce, opaque } = challenge;
    session.count++;
    // RFC 7616 §3.4: exactly eight hexadecimal digits. Without qop, the form of RFC 2069.
    const nonceCount = session.count.toString(16).padStart(8, "0");
    const cnonce = this.#entropy.token(20);
    const protection = challenge.qop.length === 0 ? undefined : { qop: "auth", count: nonceCount, cnonce };
    return writeCredentials({
      username: this.#credentials!.username.normalize("NFC"),
      isUserHashed: false,
      realm,
      nonce,
      uri,
      response: digestResponse({ algorithm, passwordHash, method, uri, nonce, protection }),
      algorithm: challenge.algorithm,
      cnonce: protection?.cnonce ?? "",
      opaque,
      qop: protection?.qop ?? "",
      nonceCount: protection?.count ?? "",
    });
  }
}

/** A challenge that can be answered. */
interface Usable {
  readonly challenge: DigestChallenge;
  readonly algorithm: HashAlgorithm;
}

function isStronger(one: Usable, other: Usable): boolean {
  return DIGEST_ALGORITHMS.indexOf(one.algorithm) < DIGEST_ALGORITHMS.indexOf(other.algorithm);
}

function usableChallenges(values: readonly string[]): Usable[] {
  return values.flatMap((value) => {
    const challenge = readChallenge(value);
    if (challenge === undefined) return [];
    const name = challenge.algorithm.toUpperCase();
    const algorithm = name === "" ? "MD5" : DIGEST_ALGORITHMS.find((known) => known === name);
    const isProtected = challenge.qop.length === 0 || challenge.qop.includes("auth");
    return algorithm === undefined || !isProtected ? [] : [{ challenge, algorithm }];
  });
}

/** One that cannot be read is as good as none. */
function readChallenge(value: string): DigestChallenge | undefined {
  try {
    return parseChallenge(value);
  } catch (failure) {
    if (failure instanceof ParseFailure) return undefined;
    throw failure;
  }
}
