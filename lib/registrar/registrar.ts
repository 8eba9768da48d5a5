/**
 * Owns the decisions on REGISTER, and what the rest of the appliance may know of registrations.
 */
import type { Clock } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import type { Reject } from "../runtime/result.ts";
import type { Timers } from "../runtime/timers.ts";
import type { Message } from "../sip/message.ts";
import type { ResponseOptions } from "../sip/response.ts";
import { type Aor, AorDirectory, type Registrant, type RegistrarConfig } from "./aor.ts";
import type { Binding, BindingRecord, ContactFlow } from "./binding.ts";
import { Bindings, type BindingsListener, type BindingsPort, type BindingUpdate } from "./bindings.ts";
import { isKeepable, readContact, type RequestedContact, writeContacts } from "./contact.ts";
import { sipDate } from "./date.ts";
import { judgeFlows, mayRegisterFlow, readPath, speaksOutbound } from "./outbound.ts";
import { type Plan, planClearing, planContacts, type PlannedUpdate } from "./plan.ts";
import { type ContactFlows, type ProbeSender, Qualifier, type QualifyCounters } from "./qualify.ts";
import { isReject, refusals } from "./refusals.ts";
import { regChangeOf, type RegInfo, regInfoOf } from "./reg_info.ts";
import { type ContactSnapshot, contactSnapshot } from "./snapshot.ts";

/** Who sent a REGISTER, proven, and by which flow. */
export interface RegisterContext {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** By which the REGISTER came. */
  readonly flow: ContactFlow;
}

/** Who is told of contacts. Called in the middle of a REGISTER's work: must not call the registrar back. */
export interface ContactListener {
  /** A contact was added, changed in anything a row shows, or removed. */
  contactChanged(contact: ContactSnapshot, change: "added" | "changed" | "removed"): void;
  /** A contact was bound, refreshed or ended; the value holds that contact only. Source: RFC 3680 §4.7.2. */
  registrationChanged(change: RegInfo): void;
  /** An address-of-record became available or unavailable; ask `isOnline` for the endpoints behind it. */
  reachabilityChanged(aor: string, isAvailable: boolean): void;
}

/** Counts of the registrar. */
export interface RegistrarCounters extends Counters {
  /** REGISTERs granted, queries included. */
  granted: number;
  /** REGISTERs refused. */
  refused: number;
  /** Contacts that were not refreshed in time. */
  expired: number;
  /** Contacts that went with their connection. */
  disconnected: number;
}

/** Fresh counters. */
export function registrarCounters(): RegistrarCounters {
  return { granted: 0, refused: 0, expired: 0, disconnected: 0 };
}

/** What a Registrar is made of. */
export interface RegistrarParts {
  /** Wall instants of records and Date. */
  readonly clock: Clock;
  /** Where deadlines wait. */
  readonly timers: Timers;
  /** Source of ids, Call-IDs, tags and jitter. */
  readonly entropy: Entropy;
  /** Told of changed reachability, and of a disk that refuses. */
  readonly log: Log;
  /** Incremented in place. */
  readonly counters: RegistrarCounters;
  /** Likewise, by probing. */
  readonly qualifyCounters: QualifyCounters;
  /** Where bindings are kept over a restart. */
  readonly port: BindingsPort;
  /** How an OPTIONS is sent. */
  readonly transactions: ProbeSender;
  /** How a contact without a flow of its own is reached. */
  readonly flows: ContactFlows;
  /** Who is told of every change. */
  readonly listener: ContactListener;
  /** Whether `contact_permit` and `contact_deny` of an endpoint let a Contact's host pass; it may be a name. */
  isContactPermitted(endpoint: string, host: string): boolean;
  /** Value of User-Agent in probes; empty for none. */
  readonly userAgent: () => string;
}

/** Spread of the first probes to phones that register: after a power cut they all do at once. */
const FIRST_PROBE_MILLIS = 1_000;

/** Wait between the first probes after a start where the configuration asks for no spread: 200 a second. */
const START_PROBE_GAP_MILLIS = 5;

/** Decides REGISTERs and keeps the location service. Source: RFC 3261 §10. */
export class Registrar implements BindingsListener {
  readonly #parts: RegistrarParts;
  readonly #directory = new AorDirectory();
  readonly #bindings: Bindings;
  readonly #qualifier: Qualifier;
  #initialQualifySeconds = 0;
  /** Contacts put in place by the start so far; undefined before and after it. */
  #startIndex: number | undefined = undefined;

  /** Knows no endpoint before `start`. */
  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    const { clock, timers, log, port } = parts;
    this.#bindings = new Bindings({ clock, timers, log, port, listener: this });
    this.#qualifier = new Qualifier({
      timers,
      entropy: parts.entropy,
      transactions: parts.transactions,
      flows: parts.flows,
      counters: parts.qualifyCounters,
      userAgent: parts.userAgent,
      probeEnded: (binding, former) => this.#probeEnded(binding, former !== binding.status),
    });
  }

  /** Puts the configuration in force and restores what is stored, telling the listener; nothing is sent before a timer fires. */
  start(config: RegistrarConfig): void {
    this.#startIndex = 0;
    this.replaceConfig(config);
    this.#bindings.restore((record) => this.#aorOfRecord(record));
    this.#startIndex = undefined;
  }

  /** Registered contacts on the appliance. */
  get contactCount(): number {
    return this.#bindings.count;
  }

  /**
   * Puts another configuration in force. Contacts stay unless their address-of-record is gone, or their endpoint has it no
   * more; new rules hold from the next REGISTER, new probing at once. Which endpoints are online may change without a word
   * to the listener, since endpoints may have got other addresses-of-record: ask `isOnline` for all.
   */
  replaceConfig(config: RegistrarConfig): void {
    this.#initialQualifySeconds = config.server.max_initial_qualify_time;
    for (const aor of this.#directory.replace(config)) this.#bindings.remove([...aor.bindings], "rejected");
    for (const aor of this.#directory.all()) this.#applyOptions(aor);
  }

  /** Probes nothing any more; contacts stay stored. */
  stop(): void {
    this.#qualifier.stop();
  }

  /**
   * Decides a REGISTER: query, registration, refresh, removal.
   *
   * Keeps no reference to `request` after returning. What the answer says is stored before it is returned.
   *
   * @returns The 200 with all contacts and their remaining lifetimes, or a Reject: 400 Contact, 403 no right or no room,
   * 404 another's address-of-record, 416 URI scheme, 420 Path, 439 outbound, 500 old CSeq, 503 full or not storable.
   * @throws ParseFailure for a header that cannot be read.
   * Source: RFC 3261 §10.3.
   */
  register(request: Message, context: RegisterContext): ResponseOptions | Reject {
    const outcome = this.#decide(request, context);
    if (isReject(outcome)) this.#parts.counters.refused++;
    else this.#parts.counters.granted++;
    return outcome;
  }

  /** A connection is gone, and with it the contacts that are reached by it only. */
  flowClosed(flow: { readonly id: number }): void {
    this.#parts.counters.disconnected += this.#bindings.flowClosed(flow);
  }

  /**
   * Takes a contact away at the operator's wish.
   *
   * @param event `deactivated` lets the phone come back, `rejected` tells it to stay away. Source: RFC 3680 §4.7.1.
   * @returns `absent` when there is no such contact, `unstored` when the disk refused: it stays then.
   */
  removeContact(aor: string, id: string, event: "deactivated" | "rejected"): "removed" | "absent" | "unstored" {
    const binding = this.#directory.named(aor)?.registered.find(({ record }) => record.id === id);
    if (binding === undefined) return "absent";
    return this.#bindings.withdraw(binding, event) ? "removed" : "unstored";
  }

  /** Whether any address-of-record of an endpoint is available: the base of `PJSIP/name`. */
  isOnline(endpoint: string): boolean {
    return this.#directory.registrant(endpoint)?.aors.some(({ isAvailable }) => isAvailable) ?? false;
  }

  /** Endpoints that are reached by an address-of-record. */
  endpointsOf(aor: string): readonly string[] {
    return this.#directory.named(aor)?.endpoints ?? [];
  }

  /** Names of the addresses-of-record by which an endpoint is reached; those that are not configured are missing. */
  aorsOf(endpoint: string): readonly string[] {
    return this.#directory.registrant(endpoint)?.aors.map(({ name }) => name) ?? [];
  }

  /** Contacts by which an endpoint is reached, best first: by preference, reachable ones before others. */
  contactsOf(endpoint: string): readonly Binding[] {
    const bindings = this.#directory.registrant(endpoint)?.aors.flatMap((aor) => aor.bindings) ?? [];
    return bindings.toSorted((a, b) =>
      Number(b.isReachable) - Number(a.isReachable) || b.record.q - a.record.q ||
      b.record.registeredAt - a.record.registeredAt
    );
  }

  /** All contacts, by address-of-record. */
  snapshot(): ContactSnapshot[] {
    const now = this.#parts.timers.now();
    return Array.from(this.#directory.all()).flatMap((aor) =>
      aor.bindings.map((binding) => contactSnapshot(binding, now))
    );
  }

  /** What a watcher of the `reg` package is told first; undefined when there is no such address-of-record. RFC 3680 §5. */
  regInfo(aor: string): RegInfo | undefined {
    const found = this.#directory.named(aor);
    return found && regInfoOf(found, this.#parts.clock);
  }

  contactChanged(binding: Binding, isGone: boolean): void {
    const { counters, listener, timers, clock } = this.#parts;
    const { aor, event } = binding;
    const isNew = event === "registered" || event === "created";
    if (isGone) this.#qualifier.forget(binding);
    else this.#qualifier.watch(binding, this.#firstDelayMillis());
    if (event === "expired") counters.expired++;
    listener.contactChanged(contactSnapshot(binding, timers.now()), isGone ? "removed" : isNew ? "added" : "changed");
    listener.registrationChanged(regChangeOf(binding, isGone, clock));
    this.#judge(aor);
  }

  #decide(request: Message, { endpoint, flow }: RegisterContext): ResponseOptions | Reject {
    const { scheme } = request.requestUri;
    if (scheme !== "sip" && scheme !== "sips") return refusals.requestScheme(scheme);
    const registrant = this.#directory.registrant(endpoint);
    if (registrant === undefined) return refusals.unknownEndpoint;
    const aor = this.#directory.choose(registrant, request.to.uri);
    if (isReject(aor)) return aor;
    const path = readPath(request, aor);
    if (isReject(path)) return path;
    this.#bindings.expireDue(aor, this.#parts.timers.now());
    const isFlowRegistrable = mayRegisterFlow(request, path, flow);
    const contacts = this.#readContacts(request, aor, registrant, path, isFlowRegistrable);
    if (isReject(contacts)) return contacts;
    const arrival = { request, registrant, aor, path, flow };
    const plan = this.#plan(arrival, contacts);
    if (isReject(plan)) return plan;
    const refusal = this.#carryOut(arrival, plan);
    if (refusal !== undefined) return refusal;
    const isFlowRegistered = plan.updates.some(({ contact }) => contact.regId !== 0);
    return this.#answer(arrival, contacts, isFlowRegistered && speaksOutbound(request));
  }

  #readContacts(
    request: Message,
    aor: Aor,
    { endpoint }: Registrant,
    path: readonly string[],
    isFlowRegistrable: boolean,
  ): readonly RequestedContact[] | "*" | Reject {
    const { contacts, expires } = request;
    if (contacts === "*") return expires === 0 ? contacts : refusals.starWithLifetime;
    if (contacts.length > limits.contactsPerRegister) return refusals.crowdedRequest(limits.contactsPerRegister);
    const read: RequestedContact[] = [];
    for (const address of contacts) {
      const contact = readContact(address, expires, aor.options);
      if (isReject(contact)) return contact;
      const { host } = contact.uri;
      if (!this.#parts.isContactPermitted(endpoint, host)) return refusals.contactDenied(host);
      if (!isKeepable(contact, request.callId, path)) return refusals.contactTooLong;
      read.push(contact);
    }
    return judgeFlows(request, read, isFlowRegistrable);
  }

  #plan({ request, registrant, aor, flow }: Arrival, contacts: readonly RequestedContact[] | "*"): Plan | Reject {
    const origin = {
      callId: request.callId,
      sequence: request.cseq.sequence,
      rewrittenTo: registrant.isContactRewritten ? flow.remoteAddress : undefined,
    };
    return contacts === "*" ? planClearing(aor, origin) : planContacts(aor, contacts, origin);
  }

  /** Stores and applies a plan; returns why not. */
  #carryOut(arrival: Arrival, plan: Plan): Reject | undefined {
    const { aor, path, flow } = arrival;
    const newCount = plan.updates.filter(({ binding }) => binding === undefined).length;
    if (newCount > 0 && !this.#bindings.hasRoomFor(newCount - plan.removals.length)) return refusals.full;
    const updates = plan.updates.map((update) => this.#updateOf(arrival, update));
    const isWayBack = updates.some(({ record }) => record.isSourceBound) || (flow.isReliable && path.length === 0);
    const isStored = this.#bindings.apply(aor, updates, plan.removals, isWayBack ? flow : undefined);
    return isStored ? undefined : refusals.unstored;
  }

  #updateOf({ request, registrant, aor, path, flow }: Arrival, { binding, contact }: PlannedUpdate): BindingUpdate {
    const { clock, entropy } = this.#parts;
    const wall = clock.wall();
    const isWebSocket = flow.transport === "ws" || flow.transport === "wss";
    const record: BindingRecord = {
      id: binding?.record.id ?? entropy.token(16),
      aor: aor.name,
      endpoint: registrant.endpoint,
      uri: contact.uriText,
      display: contact.display,
      params: contact.params,
      q: contact.q,
      instance: contact.instance,
      regId: contact.regId,
      callId: request.callId,
      sequence: request.cseq.sequence,
      path,
      userAgent: request.userAgent.slice(0, limits.userAgentChars),
      source: {
        listener: flow.listener.name,
        transport: flow.transport,
        address: flow.remoteAddress,
        port: flow.remotePort,
      },
      // A path says better than the source how to get back: through the proxy that added it.
      isSourceBound: path.length === 0 && (registrant.isContactRewritten || isWebSocket || contact.regId !== 0),
      registeredAt: binding?.record.registeredAt ?? wall,
      expiresAt: wall + contact.expiresSeconds * 1_000,
    };
    return { binding, record, expiresSeconds: contact.expiresSeconds };
  }

  /** RFC 3261 §10.3 step 8, RFC 3327 §5.3, RFC 5626 §6. */
  #answer({ aor, path }: Arrival, contacts: readonly RequestedContact[] | "*", isOutbound: boolean): ResponseOptions {
    const { timers, clock } = this.#parts;
    const headers: [string, string][] = writeContacts(aor.registered, timers.now()).map((value) => ["Contact", value]);
    // COMPAT(phones that read only the Expires header): what their one contact was granted.
    if (contacts !== "*" && contacts.length === 1) headers.push(["Expires", String(contacts[0]!.expiresSeconds)]);
    for (const value of path) headers.push(["Path", value]);
    if (isOutbound) headers.push(["Require", "outbound"]);
    if (aor.options.support_path === true) headers.push(["Supported", "path, outbound"]);
    headers.push(["Date", sipDate(clock.wall())]);
    return { status: 200, headers };
  }

  #applyOptions(aor: Aor): void {
    const { entropy, listener, timers } = this.#parts;
    this.#bindings.setPermanent(aor, aor.endpoints[0] ?? "", () => entropy.token(16));
    const strangers = aor.registered.filter(({ record }) => !aor.endpoints.includes(record.endpoint));
    this.#bindings.remove(strangers, "rejected");
    for (const binding of aor.bindings) {
      const former = binding.status;
      this.#qualifier.watch(binding, this.#firstDelayMillis());
      if (binding.status !== former) listener.contactChanged(contactSnapshot(binding, timers.now()), "changed");
    }
    this.#judge(aor);
  }

  #aorOfRecord(record: BindingRecord): Aor | undefined {
    const aor = this.#directory.named(record.aor);
    return aor?.endpoints.includes(record.endpoint) ? aor : undefined;
  }

  /** Wait before a contact's first probe: spread over the configured span at a start, short for a phone that registers. */
  #firstDelayMillis(): number {
    const share = this.#parts.entropy.uint32() / 2 ** 32;
    if (this.#startIndex === undefined) return share * FIRST_PROBE_MILLIS;
    const index = this.#startIndex++;
    return this.#initialQualifySeconds > 0
      ? share * this.#initialQualifySeconds * 1_000
      : index * START_PROBE_GAP_MILLIS;
  }

  #probeEnded(binding: Binding, isOther: boolean): void {
    const { listener, timers, log } = this.#parts;
    listener.contactChanged(contactSnapshot(binding, timers.now()), "changed");
    if (!isOther) return;
    log.info("registrar", `Contact is ${binding.status}`, { aor: binding.aor.name, contact: binding.record.uri });
    this.#judge(binding.aor);
  }

  /** An address-of-record is available with one contact that is reachable or not probed. */
  #judge(aor: Aor): void {
    const isAvailable = aor.bindings.some((binding) => binding.isReachable);
    if (isAvailable === aor.isAvailable) return;
    aor.isAvailable = isAvailable;
    this.#parts.listener.reachabilityChanged(aor.name, isAvailable);
  }
}

/** A REGISTER with what is known of it. */
interface Arrival {
  readonly request: Message;
  readonly registrant: Registrant;
  readonly aor: Aor;
  readonly path: readonly string[];
  readonly flow: ContactFlow;
}
