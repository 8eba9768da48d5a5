/**
 * Owns the way from a URI's host to addresses: SRV, A and AAAA records, cached, in the order to try them.
 *
 * NAPTR is not asked: a small office's names have none, and without one RFC 3263 §4.1 goes on with SRV anyway.
 */
import { lookup, Resolver as HostResolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import { defaultPort, type Destination, type TransportName } from "./transport.ts";

/** One SRV record. Source: RFC 2782. */
export interface ServiceRecord {
  /** Name of the host. */
  readonly name: string;
  /** Port of the service. */
  readonly port: number;
  /** Lower ones are tried first. */
  readonly priority: number;
  /** Share among records of one priority. */
  readonly weight: number;
}

/** One address record. */
export interface AddressRecord {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** How long it may be kept, in seconds. */
  readonly ttlSeconds: number;
}

/** How names are asked for; an empty list for a name without such records. */
export interface DnsPort {
  /** Rejects when no server answers. */
  services(name: string): Promise<readonly ServiceRecord[]>;
  /** Rejects when no server answers. */
  addresses(name: string, family: 4 | 6): Promise<readonly AddressRecord[]>;
}

/** What a URI, or a Via, says of a next hop. */
export interface ResolverTarget {
  /** Name, IPv4, or IPv6 with or without brackets. */
  readonly host: string;
  /** Port in the URI. */
  readonly port?: number | undefined;
  /** The URI's `transport` parameter, where it names one of ours. */
  readonly transport?: TransportName | undefined;
  /** A `sips:` URI: nothing but TLS. */
  readonly isSecure?: boolean | undefined;
}

/** SRV answers come without their lifetime. */
const serviceTtlMillis = 60_000;
/** A name that does not exist, or whose servers are silent, is asked for again after this. */
const negativeTtlMillis = 30_000;
const ttlMaxMillis = 3_600_000;
/** How long a destination that failed stands behind the others. */
const failureMillis = 60_000;
interface CacheEntry {
  readonly destinations: readonly Destination[];
  readonly until: Millis;
}

/** What a resolver is made of. */
export interface ResolverParts {
  /** Who knows names. */
  readonly dns: DnsPort;
  /** Against which lifetimes run. */
  readonly clock: Clock;
  /** Dice for SRV weights. */
  readonly entropy: Entropy;
  /** Transports that may be used, best first; asked anew each time, since listeners change. */
  readonly transports: () => readonly TransportName[];
}

/** Finds destinations. */
export class Resolver {
  readonly #parts: ResolverParts;
  readonly #services = new Map<string, { records: readonly ServiceRecord[]; until: Millis }>();
  readonly #addresses = new Map<string, { addresses: readonly string[]; until: Millis }>();
  readonly #failed = new Map<string, Millis>();

  /** A resolver with an empty cache. */
  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /**
   * The destinations of a target, in the order to try them; empty when there is none.
   *
   * Source: RFC 3263 §4.1, §4.2.
   */
  async resolve(target: ResolverTarget): Promise<readonly Destination[]> {
    const host = target.host.startsWith("[") ? target.host.slice(1, -1) : target.host;
    const allowed = this.#parts.transports();
    const transport = transportOf(target);
    if (isIP(host) !== 0) {
      return allowed.includes(transport)
        ? [{ transport, address: host, port: target.port ?? defaultPort(transport) }]
        : [];
    }
    // RFC 3263 §4.2: a port in the URI rules out SRV.
    if (target.port !== undefined) return this.#order(await this.#hosts(host, transport, target.port));
    const candidates = target.transport !== undefined || target.isSecure ? [transport] : allowed.filter(hasService);
    const found: Destination[] = [];
    for (const candidate of candidates) found.push(...await this.#serviceHosts(host, candidate));
    if (found.length > 0) return this.#order(found);
    return allowed.includes(transport) ? this.#order(await this.#hosts(host, transport, defaultPort(transport))) : [];
  }

  /** Puts a destination behind the others for a minute. Source: RFC 3263 §4.3. */
  noteFailure(destination: Destination): void {
    makeRoom(this.#failed);
    this.#failed.set(failureKey(destination), this.#parts.clock.now() + failureMillis);
  }

  /** Names in the cache. */
  get cachedCount(): number {
    return this.#services.size + this.#addresses.size;
  }

  async #serviceHosts(host: string, transport: TransportName): Promise<Destination[]> {
    const found: Destination[] = [];
    for (const { name, port } of this.#arrange(await this.#serviceRecords(serviceName(host, transport)))) {
      if (found.length < limits.addressesPerName) found.push(...await this.#hosts(name, transport, port));
    }
    return found.slice(0, limits.addressesPerName);
  }

  async #serviceRecords(name: string): Promise<readonly ServiceRecord[]> {
    const now = this.#parts.clock.now();
    const cached = this.#services.get(name);
    if (cached !== undefined && cached.until > now) return cached.records;
    let records: readonly ServiceRecord[] = [];
    try {
      records = (await this.#parts.dns.services(name)).slice(0, limits.addressesPerName);
    } catch {
      // A silent server is treated as a missing record: the A record may still be known.
    }
    makeRoom(this.#services);
    this.#services.set(name, { records, until: now + (records.length > 0 ? serviceTtlMillis : negativeTtlMillis) });
    return records;
  }

  async #hosts(name: string, transport: TransportName, port: number): Promise<Destination[]> {
    return (await this.#addressesOf(name)).map((address) => ({ transport, address, port }));
  }

  async #addressesOf(name: string): Promise<readonly string[]> {
    if (isIP(name) !== 0) return [name];
    const now = this.#parts.clock.now();
    const cached = this.#addresses.get(name);
    if (cached !== undefined && cached.until > now) return cached.addresses;
    const { dns } = this.#parts;
    const answers = await Promise.allSettled([dns.addresses(name, 4), dns.addresses(name, 6)]);
    const records = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []).slice(
      0,
      limits.addressesPerName,
    );
    const addresses = records.map((record) => record.address);
    const ttlMillis = records.reduce((least, record) => Math.min(least, record.ttlSeconds * 1_000), ttlMaxMillis);
    makeRoom(this.#addresses);
    this.#addresses.set(name, { addresses, until: now + (addresses.length > 0 ? ttlMillis : negativeTtlMillis) });
    return addresses;
  }

  /** By priority; within one priority by chance in proportion to weight. Source: RFC 2782. */
  #arrange(records: readonly ServiceRecord[]): ServiceRecord[] {
    const arranged: ServiceRecord[] = [];
    // RFC 2782: weight 0 comes first, so that it has a small chance.
    const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
    while (left.length > 0) {
      const priority = left[0]!.priority;
      const count = left.findLastIndex((record) => record.priority === priority) + 1;
      const total = left.slice(0, count).reduce((sum, record) => sum + record.weight, 0);
      let chosen = this.#parts.entropy.uint32() % (total + 1);
      let at = 0;
      while (at < count - 1 && chosen > left[at]!.weight) chosen -= left[at++]!.weight;
      arranged.push(...left.splice(at, 1));
    }
    return arranged;
  }

  /** Those that failed lately go last. Source: RFC 3263 §4.3. */
  #order(destinations: Destination[]): Destination[] {
    if (this.#failed.size === 0) return destinations;
    const now = this.#parts.clock.now();
    const hasFailed = (destination: Destination) => (this.#failed.get(failureKey(destination)) ?? 0) > now;
    return [
      ...destinations.filter((destination) => !hasFailed(destination)),
      ...destinations.filter(hasFailed),
    ];
  }
}

/** RFC 3263 §4.1: the parameter rules; `sips:` is TLS; everything else, numeric or with port, is UDP. */
function transportOf(target: ResolverTarget): TransportName {
  if (!target.isSecure) return target.transport ?? "udp";
  return target.transport === "ws" || target.transport === "wss" ? "wss" : "tls";
}

/** RFC 7118 §6: WebSocket has no SRV service. */
function hasService(transport: TransportName): boolean {
  return transport !== "ws" && transport !== "wss";
}

function serviceName(host: string, transport: TransportName): string {
  return transport === "tls" ? `_sips._tcp.${host}` : `_sip._${transport}.${host}`;
}

function failureKey({ transport, address, port }: Destination): string {
  return `${transport} ${address} ${port}`;
}

/** Forgets the oldest entry of a full cache. */
function makeRoom(cache: Map<string, unknown>): void {
  if (cache.size < limits.resolvedNameCount) return;
  for (const oldest of cache.keys()) {
    cache.delete(oldest);
    return;
  }
}

/** The machine's resolver: its DNS servers, then its hosts file for names that they do not know. */
export function systemDns(): DnsPort {
  const resolver = new HostResolver({ timeout: 2_000, tries: 2 });
  return {
    async services(name) {
      return (await knownOrEmpty(resolver.resolveSrv(name))).map(({ name, port, priority, weight }) => ({
        name,
        port,
        priority,
        weight,
      }));
    },
    async addresses(name, family) {
      const records = await knownOrEmpty(
        family === 4 ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }),
      ).catch(() => []);
      if (records.length > 0) return records.map(({ address, ttl }) => ({ address, ttlSeconds: Math.max(1, ttl) }));
      const found = await knownOrEmpty(lookup(name, { family, all: true }));
      return found.map(({ address }) => ({ address, ttlSeconds: serviceTtlMillis / 1_000 }));
    },
  };
}

/** Records, or none when the name is unknown or has no such records. */
async function knownOrEmpty<Record>(answer: Promise<Record[]>): Promise<Record[]> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.endsWith("ENOTFOUND") || code.endsWith("ENODATA") || code.endsWith("ENONAME")) return [];
    throw error;
  }
}
