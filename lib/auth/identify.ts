/**
 * Owns the question which endpoint a request speaks for; by its source address, its From user or its Authorization user.
 *
 * Theory. Three identifiers are asked in the order `ip`, `username`, `auth_username`; the first that knows an endpoint decides.
 * Each considers only endpoints whose `identify_by` names it, so that list permits and does not order, as in pjsip.conf. All
 * answers come from maps built at load; only `match` networks wider than one address are searched, longest prefix first.
 */
import { type HashAlgorithm, keyedHash } from "../runtime/hash.ts";
import type { Uri } from "../sip/uri.ts";
import { type Acl, compileAcl } from "./acl.ts";
import { type Account, type AuthOptions, resolveAccount } from "./credentials.ts";
import { DIGEST_ALGORITHMS } from "./digest.ts";
import { type AddressBytes, addressKey, isInNetwork, type Network, parseNetwork } from "./networks.ts";

/** How an endpoint may be identified. */
export type IdentifyMethod = "ip" | "username" | "auth_username";

/** The options of an endpoint that concern its identity, as config.toml names them. */
export interface EndpointOptions {
  /** Credentials; absent: believed without. */
  readonly auth?: AuthOptions | undefined;
  /** By what the endpoint may be identified; the order does not matter. */
  readonly identify_by: readonly IdentifyMethod[];
  /** Addresses and networks of the endpoint. */
  readonly match: readonly string[];
  /** Networks let in although denied. */
  readonly permit: readonly string[];
  /** Networks shut out. */
  readonly deny: readonly string[];
}

/** An endpoint as far as identity goes. */
export interface Endpoint {
  /** Name in the configuration. */
  readonly name: string;
  /** Undefined: believed without proof. */
  readonly account: Account | undefined;
  /** Which sources may speak for it. */
  readonly acl: Acl;
}

/** What a request says of its sender. */
export interface Claim {
  /** Where the request came from. */
  readonly source: AddressBytes;
  /** URI of From. */
  readonly from: Uri;
  /** User name of the digest credentials for our realm; undefined without. */
  readonly authUser: string | undefined;
}

/** All endpoints, indexed; immutable, a reload makes a new one. */
export class Endpoints {
  readonly #byName = new Map<string, Endpoint>();
  readonly #byUser = new Map<string, Endpoint>();
  readonly #byAuthUser = new Map<string, Endpoint>();
  readonly #byAddress = new Map<string, Endpoint>();
  readonly #byNetwork: { readonly network: Network; readonly endpoint: Endpoint }[] = [];
  /** Endpoints may be named user@domain only when one is; otherwise that step of the ladder is skipped. */
  readonly #hasDomainNames: boolean;
  readonly #ignoresUserOptions: boolean;
  /** What strangers are offered: one entry per endpoint with an account, or one for all when they cannot differ. */
  readonly #offers: readonly (readonly HashAlgorithm[])[];
  readonly #secret: Uint8Array;

  /** Some endpoint is known by its Authorization user only, so a first request without one is nothing unusual. */
  readonly mayComeWithoutName: boolean;
  /** Some user name or realm is not ASCII, so clients must be told how to encode it. */
  readonly hasUnicodeNames: boolean;

  /**
   * Resolves passwords, rules and indexes of all endpoints.
   *
   * @param options.endpoints Endpoint options by name, in the order of the configuration; the earlier one wins a tie.
   * @param options.secret Decides which offer an unknown name gets.
   */
  constructor(options: {
    readonly endpoints: Readonly<Record<string, EndpointOptions>>;
    readonly realm: string;
    readonly ignoreUriUserOptions: boolean;
    readonly secret: Uint8Array;
  }) {
    const { realm } = options;
    for (const [name, settings] of Object.entries(options.endpoints)) this.#add(name, settings, realm);
    this.#addAuthUsernames(options.endpoints);
    this.#byNetwork.sort((a, b) => b.network.prefixBits - a.network.prefixBits);
    this.#hasDomainNames = [...this.#byUser.keys(), ...this.#byAuthUser.keys()].some((name) => name.includes("@"));
    this.#ignoresUserOptions = options.ignoreUriUserOptions;
    this.#secret = options.secret;
    this.mayComeWithoutName = this.#byAuthUser.size > 0;
    this.#offers = this.#strangerOffers();
    const names = [realm, ...Array.from(this.#byName.values(), (endpoint) => endpoint.account?.username ?? "")];
    this.hasUnicodeNames = names.some((name) => /[^ -~]/.test(name));
  }

  /** How many endpoints there are. */
  get size(): number {
    return this.#byName.size;
  }

  /** The endpoint of that name; undefined when a reload removed it. */
  named(name: string): Endpoint | undefined {
    return this.#byName.get(name);
  }

  /** The endpoint that a request speaks for; undefined for strangers. Its ACL is not asked. */
  identify(claim: Claim): Endpoint | undefined {
    return this.#atAddress(claim.source) ?? this.#onLadder(this.#byUser, this.userOf(claim.from), claim.from.host) ??
      this.#onLadder(this.#byAuthUser, claim.authUser, claim.from.host);
  }

  /** The user part of a URI as endpoints are named: without `;options` where the configuration ignores them. */
  userOf(uri: Uri): string | undefined {
    const { user } = uri;
    if (user === undefined || !this.#ignoresUserOptions) return user;
    const semicolon = user.indexOf(";");
    return semicolon < 0 ? user : user.slice(0, semicolon);
  }

  /**
   * The algorithms offered to a name that is no endpoint: those of some configured endpoint, always the same one for the same
   * name, so that the offer does not tell who exists.
   */
  strangerAlgorithms(name: string): readonly HashAlgorithm[] {
    const { length } = this.#offers;
    if (length === 1) return this.#offers[0]!;
    const [high, low] = keyedHash(this.#secret, `stranger ${name}`);
    return this.#offers[(high! * 256 + low!) % length]!;
  }

  #add(name: string, settings: EndpointOptions, realm: string): void {
    const endpoint: Endpoint = {
      name,
      account: settings.auth && resolveAccount(settings.auth, realm),
      acl: compileAcl(settings),
    };
    this.#byName.set(name, endpoint);
    if (settings.identify_by.includes("username")) this.#byUser.set(name, endpoint);
    if (settings.identify_by.includes("auth_username")) this.#byAuthUser.set(name, endpoint);
    if (!settings.identify_by.includes("ip")) return;
    for (const text of settings.match) {
      const network = parseNetwork(text);
      if (!network) continue;
      if (network.prefixBits < network.base.length * 8) this.#byNetwork.push({ network, endpoint });
      else setIfAbsent(this.#byAddress, addressKey(network.base), endpoint);
    }
  }

  /** Beside the endpoint's name, its `auth` user name identifies it; names come first, as they are what pjsip.conf knows. */
  #addAuthUsernames(endpoints: Readonly<Record<string, EndpointOptions>>): void {
    for (const [name, { identify_by: methods }] of Object.entries(endpoints)) {
      const endpoint = this.#byName.get(name)!;
      if (methods.includes("auth_username") && endpoint.account) {
        setIfAbsent(this.#byAuthUser, endpoint.account.username, endpoint);
      }
    }
  }

  #atAddress(source: AddressBytes): Endpoint | undefined {
    if (this.#byAddress.size === 0 && this.#byNetwork.length === 0) return undefined;
    return this.#byAddress.get(addressKey(source)) ??
      this.#byNetwork.find(({ network }) => isInNetwork(source, network))?.endpoint;
  }

  #onLadder(index: ReadonlyMap<string, Endpoint>, user: string | undefined, host: string): Endpoint | undefined {
    if (user === undefined) return undefined;
    const withDomain = this.#hasDomainNames ? index.get(`${user}@${host.toLowerCase()}`) : undefined;
    return withDomain ?? index.get(user);
  }

  #strangerOffers(): readonly (readonly HashAlgorithm[])[] {
    // Whoever is known by Authorization only is a stranger at first: it must be offered nothing that it cannot use.
    const late = Array.from(new Set(this.#byAuthUser.values()), offerOf).filter((offer) => offer.length > 0);
    const common = DIGEST_ALGORITHMS.filter((algorithm) => late.every((offer) => offer.includes(algorithm)));
    if (late.length > 0 && common.length > 0) return [common];
    const offers = Array.from(this.#byName.values(), offerOf).filter((offer) => offer.length > 0);
    if (offers.length === 0) return [DIGEST_ALGORITHMS];
    const isUniform = offers.every((offer) => offer.join() === offers[0]!.join());
    return isUniform ? [offers[0]!] : offers;
  }
}

function offerOf(endpoint: Endpoint): readonly HashAlgorithm[] {
  return endpoint.account?.algorithms ?? [];
}

function setIfAbsent<V>(map: Map<string, V>, key: string, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
