/**
 * Owns addresses-of-record: which there are, whose they are, by which rules they take contacts, and which one a REGISTER means.
 */
import type { Reject } from "../runtime/result.ts";
import type { Uri } from "../sip/uri.ts";
import type { Binding } from "./binding.ts";
import { refusals } from "./refusals.ts";

/** Options of an address-of-record as config.toml names them. */
export interface AorOptions {
  /** Contacts that may be registered at once; 0: no REGISTER is taken. */
  readonly max_contacts: number;
  /** A new contact pushes out those that expire soonest instead of being refused. */
  readonly remove_existing: boolean;
  /** A new contact pushes out unreachable ones first. */
  readonly remove_unavailable: boolean;
  /** Shorter lifetimes are raised to this, seconds. */
  readonly minimum_expiration: number;
  /** Lifetime where a REGISTER names none, seconds. */
  readonly default_expiration: number;
  /** Longer lifetimes are cut to this, seconds. */
  readonly maximum_expiration: number;
  /** Seconds between two OPTIONS to a contact; 0: none are sent. */
  readonly qualify_frequency: number;
  /** Seconds to wait for the answer; 0: as long as the transaction lasts. */
  readonly qualify_timeout: number;
  /** Only a 2xx proves a contact reachable. */
  readonly qualify_2xx_only: boolean;
  /** Permanent contacts: URIs. */
  readonly contact: readonly string[];
  /** Path is stored and followed; without, a REGISTER with Path is refused. */
  readonly support_path?: boolean | undefined;
}

/** Options of an endpoint that concern its registrations, as config.toml names them. */
export type RegistrantOptions = AorOptions & {
  /** Names of its addresses-of-record; empty: one of its own name, whose options stand in its section. */
  readonly aors: readonly string[];
  /** By what the endpoint may be identified. */
  readonly identify_by: readonly string[];
  /** Credentials. */
  readonly auth?: { readonly username: string } | undefined;
  /** Requests go back to where a REGISTER came from, whatever its Contact says. */
  readonly rewrite_contact: boolean;
};

/** The parts of the configuration that the registrar needs. */
export interface RegistrarConfig {
  /** Options of the whole appliance. */
  readonly server: {
    /** The user part of a URI ends at its first `;`. */
    readonly ignore_uri_user_options: boolean;
    /** Seconds over which the first probes after a start are spread. */
    readonly max_initial_qualify_time: number;
  };
  /** Endpoint options by name. */
  readonly endpoints: Readonly<Record<string, RegistrantOptions>>;
  /** Options of shared addresses-of-record by name. */
  readonly aors: Readonly<Record<string, AorOptions>>;
}

/** An address-of-record and the contacts bound to it. Source: RFC 3261 §10.1. */
export class Aor {
  /** Its name in config.toml. */
  readonly name: string;
  /** Rules in force; replaced by a reload. */
  options: AorOptions;
  /** Endpoints that are reached by it. */
  endpoints: string[] = [];
  /** Permanent and registered contacts, oldest first; only `Bindings` writes it. */
  readonly bindings: Binding[] = [];
  /** Whether calls would reach somebody; see `Binding.isReachable`. */
  isAvailable = false;

  /** One without contacts. */
  constructor(name: string, options: AorOptions) {
    this.name = name;
    this.options = options;
  }

  /** The contacts made by REGISTER. */
  get registered(): Binding[] {
    return this.bindings.filter((binding) => !binding.isPermanent);
  }
}

/** An endpoint as far as its registrations go. */
export interface Registrant {
  /** Its name in config.toml. */
  readonly endpoint: string;
  /** Requests go back to where its REGISTERs come from (`rewrite_contact`). */
  readonly isContactRewritten: boolean;
  /** Its addresses-of-record; those that are not configured are missing. */
  readonly aors: readonly Aor[];
  /** The one that the user name of its credentials means, where `identify_by` has auth_username. */
  readonly accountAor: Aor | undefined;
}

/** All addresses-of-record and the endpoints behind them. */
export class AorDirectory {
  #aors = new Map<string, Aor>();
  #registrants = new Map<string, Registrant>();
  #areUserOptionsIgnored = false;

  /** Puts a configuration in force. An address-of-record that stays keeps its contacts. Returns those that are gone. */
  replace(config: RegistrarConfig): Aor[] {
    const former = this.#aors;
    this.#areUserOptionsIgnored = config.server.ignore_uri_user_options;
    this.#aors = new Map();
    for (const [name, options] of Object.entries(config.aors)) this.#put(former, name, options);
    for (const [name, options] of Object.entries(config.endpoints)) {
      if (options.aors.length === 0) this.#put(former, name, options);
    }
    this.#registrants = new Map(
      Object.entries(config.endpoints).map(([name, options]) => [name, this.#registrantOf(name, options)]),
    );
    return [...former.values()].filter((aor) => !this.#aors.has(aor.name));
  }

  /** All of them, in the order of the configuration. */
  all(): Iterable<Aor> {
    return this.#aors.values();
  }

  /** The one of that name. */
  named(name: string): Aor | undefined {
    return this.#aors.get(name);
  }

  /** The endpoint of that name. */
  registrant(endpoint: string): Registrant | undefined {
    return this.#registrants.get(endpoint);
  }

  /**
   * The address-of-record that a REGISTER of an endpoint means: its To as user@domain, then as user, then the user name of
   * the endpoint's credentials.
   *
   * @returns A Reject: 416 for another scheme than sip and sips, 404 when To names none of the endpoint's, 403 when it takes
   * no contacts.
   * Source: RFC 3261 §10.3 steps 4 and 5.
   */
  choose(registrant: Registrant, to: Uri): Aor | Reject {
    if (to.scheme !== "sip" && to.scheme !== "sips") return refusals.toScheme(to.scheme);
    const user = this.#userOf(to);
    const { aors, accountAor } = registrant;
    const aor = aors.find(({ name }) => name === `${user}@${to.host.toLowerCase()}`) ??
      aors.find(({ name }) => name === user) ?? accountAor;
    if (aor === undefined) return refusals.unknownAor(user);
    return aor.options.max_contacts === 0 ? refusals.closedAor(aor.name) : aor;
  }

  #put(former: ReadonlyMap<string, Aor>, name: string, options: AorOptions): void {
    const aor = former.get(name) ?? new Aor(name, options);
    aor.options = options;
    aor.endpoints = [];
    this.#aors.set(name, aor);
  }

  #registrantOf(endpoint: string, options: RegistrantOptions): Registrant {
    const isOwn = options.aors.length === 0;
    const names = isOwn ? [endpoint] : options.aors;
    const aors = names.map((name) => this.#aors.get(name)).filter((aor) => aor !== undefined);
    for (const aor of aors) aor.endpoints.push(endpoint);
    const authUser = options.identify_by.includes("auth_username") ? options.auth?.username : undefined;
    return {
      endpoint,
      isContactRewritten: options.rewrite_contact,
      aors,
      // An endpoint's own one answers to the user name of its credentials: that is all such a phone knows.
      accountAor: authUser === undefined ? undefined : aors.find(({ name }) => isOwn || name === authUser),
    };
  }

  /** The user part, unescaped; without `;options` where the configuration ignores them. */
  #userOf(uri: Uri): string {
    const user = uri.user ?? "";
    const semicolon = this.#areUserOptionsIgnored ? user.indexOf(";") : -1;
    return semicolon < 0 ? user : user.slice(0, semicolon);
  }
}
