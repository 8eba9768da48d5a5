/**
 * Owns credentials: objects of `type = auth` as the `auth` of an endpoint, and the realm for which digests hold.
 */
import { listOf, type PjsipObject } from "./options.ts";
import type { PjsipObjects } from "./pjsip.ts";
import { placeText } from "./report.ts";
import type { TomlValue } from "./toml.ts";

/** Realm of an Asterisk that names none. */
const ASTERISK_REALM = "asterisk";

const algorithms = ["SHA-512-256", "SHA-256", "MD5"];

/** What becomes of an endpoint's `auth`. */
export interface Credentials {
  /** Undefined when no password can be carried over. */
  readonly auth: TomlValue | undefined;
  readonly username: string;
  /** Where they come from. */
  readonly source: PjsipObject | undefined;
  readonly notes: readonly string[];
}

/** The credentials of one configuration. */
export class CredentialBook {
  /** `[server].realm`: the one for which the digests were made, if they agree. */
  readonly realm: string;
  readonly #auths: ReadonlyMap<string, PjsipObject>;
  readonly #used = new Set<PjsipObject>();
  readonly #defaultRealm: string;
  readonly #defaultAlgorithms: readonly string[];

  /** `global` is the object of `type = global`. */
  constructor(objects: PjsipObjects, global: PjsipObject | undefined) {
    this.#auths = objects.of("auth");
    this.#defaultRealm = global?.text("default_realm") || ASTERISK_REALM;
    this.#defaultAlgorithms = global?.list("default_auth_algorithms_uas") ?? [];
    const inbound = [...objects.of("endpoint").values()].flatMap((endpoint) => endpoint.list("auth"));
    const realms = new Set(
      inbound.map((name) => this.#auths.get(name))
        .filter((auth) => auth !== undefined && auth.text("password") === "" && digestsOf(auth).length > 0)
        .map((auth) => this.#realmOf(auth!)),
    );
    const [only] = realms;
    this.realm = realms.size === 1 ? only! : this.#defaultRealm;
  }

  /** Auth objects that nobody has asked for. */
  get unused(): readonly PjsipObject[] {
    return [...this.#auths.values()].filter((auth) => !this.#used.has(auth));
  }

  /** Credentials that an endpoint must prove, from the first of `names` that can be carried over. */
  inbound(names: readonly string[], endpoint: string): Credentials {
    const notes: string[] = [];
    for (const [i, name] of names.entries()) {
      const auth = this.#auths.get(name);
      if (auth === undefined) {
        notes.push(`auth = ${name}: there is no such section.`);
        continue;
      }
      this.#used.add(auth);
      const username = auth.text("username") || endpoint;
      const secret = this.#secretOf(auth, notes);
      if (secret === undefined) continue;
      if (auth.text("username") === "") notes.push(`[${name}] (${placeText(auth.place)}) has no username.`);
      const rest = names.slice(i + 1);
      if (rest.length > 0) notes.push(`auth = ${rest.join(",")}: an endpoint has one user name and password here.`);
      return { auth: { username, ...secret, ...this.#offer(auth, notes) }, username, source: auth, notes };
    }
    return { auth: undefined, username: "", source: undefined, notes };
  }

  /** Credentials for a challenge by others; undefined when there is no password. */
  outbound(names: readonly string[], notes: string[]): TomlValue | undefined {
    for (const name of names) {
      const auth = this.#auths.get(name);
      if (auth === undefined) {
        notes.push(`outbound_auth = ${name}: there is no such section.`);
        continue;
      }
      this.#used.add(auth);
      const [username, password] = [auth.text("username"), auth.text("password")];
      if (username !== "" && password !== "") return { username, password };
      notes.push(`outbound_auth = ${name} (${placeText(auth.place)}) has no username or no password.`);
    }
    return undefined;
  }

  /** The password or digests of an auth object. */
  #secretOf(auth: PjsipObject, notes: string[]): { [key: string]: TomlValue } | undefined {
    const where = `[${auth.name}] (${placeText(auth.place)})`;
    const type = auth.text("auth_type").toLowerCase();
    if (!["", "userpass", "md5", "digest"].includes(type)) {
      notes.push(`${where} has auth_type = ${type}, which a phone cannot prove here.`);
      return undefined;
    }
    const password = auth.text("password");
    const digests = digestsOf(auth);
    // The older name of digests by MD5 says which of the two counts.
    if (password !== "" && !(type === "md5" && digests.length > 0)) {
      if (digests.length > 0) notes.push(`${where}: its password stands here; the digests beside it do not.`);
      return { password };
    }
    if (digests.length === 0) {
      notes.push(`${where} has no password that can be carried over.`);
      return undefined;
    }
    const realm = this.#realmOf(auth);
    if (realm !== this.realm) {
      notes.push(`${where}: these digests were made for realm "${realm}", not "${this.realm}": set the password.`);
    }
    return { password_digest: digests };
  }

  /** The algorithms that Asterisk offered, which the phone is known to get along with. */
  #offer(auth: PjsipObject, notes: string[]): { [key: string]: TomlValue } {
    const own = auth.list("supported_algorithms_uas");
    const offered = own.length > 0 ? own : this.#defaultAlgorithms.length > 0 ? this.#defaultAlgorithms : ["MD5"];
    const known = algorithms.filter((name) => offered.some((each) => each.toUpperCase() === name));
    const unknown = offered.filter((each) => !algorithms.includes(each.toUpperCase()));
    if (unknown.length > 0) notes.push(`[${auth.name}] offers ${unknown.join(", ")}, which nobody knows.`);
    return known.length === 0 || known.length === algorithms.length ? {} : { supported_algorithms_uas: known };
  }

  #realmOf(auth: PjsipObject): string {
    return auth.text("realm") || this.#defaultRealm;
  }
}

/** The digests of an auth object as hintd writes them. */
function digestsOf(auth: PjsipObject): string[] {
  const cred = auth.text("md5_cred");
  return [
    ...auth.all("password_digest").flatMap((entry) => listOf(entry.value)),
    ...(cred === "" ? [] : [`MD5:${cred}`]),
  ]
    .filter((digest) => /^(MD5:[0-9a-f]{32}|SHA-256:[0-9a-f]{64}|SHA-512-256:[0-9a-f]{64})$/i.test(digest))
    .map((digest) => {
      const colon = digest.lastIndexOf(":");
      return `${digest.slice(0, colon).toUpperCase()}:${digest.slice(colon + 1).toLowerCase()}`;
    })
    .filter((digest, i, all) => all.indexOf(digest) === i);
}
