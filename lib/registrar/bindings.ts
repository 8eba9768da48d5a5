/**
 * Owns all bindings: they are stored first, then changed, then told of; they end by their deadline or with their flow.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import type { Timers } from "../runtime/timers.ts";
import { parseUri } from "../sip/uri.ts";
import type { Aor } from "./aor.ts";
import { Binding, type BindingOwner, type BindingRecord, type ContactEvent, type ContactFlow } from "./binding.ts";

/** Changes that belong together. */
export interface BindingsChange {
  /** New and changed records. */
  readonly saved: readonly BindingRecord[];
  /** Ids of records that go. */
  readonly removed: readonly string[];
}

/** Where bindings are kept over a restart. */
export interface BindingsPort {
  /** Everything that was kept. */
  load(): Iterable<BindingRecord>;
  /**
   * Makes a change durable, all of it or nothing.
   *
   * @throws Any Error when it cannot; the REGISTER is refused then.
   */
  commit(change: BindingsChange): void;
}

/** Who is told of contacts. */
export interface BindingsListener {
  /**
   * A contact was added, changed or, where `isGone`, taken away; `binding.event` says why.
   */
  contactChanged(binding: Binding, isGone: boolean): void;
}

/** What Bindings are made of. */
export interface BindingsParts {
  /** Wall instants for records. */
  readonly clock: Clock;
  /** Where deadlines wait. */
  readonly timers: Timers;
  /** Told when the disk refuses. */
  readonly log: Log;
  /** Where bindings are kept. */
  readonly port: BindingsPort;
  /** Who is told of every change. */
  readonly listener: BindingsListener;
}

/** One contact to be written: the binding that it refreshes, if any, and what shall be kept of it. */
export interface BindingUpdate {
  /** The one refreshed; undefined: a new one. */
  readonly binding: Binding | undefined;
  /** What is kept. */
  readonly record: BindingRecord;
  /** Lifetime from now. */
  readonly expiresSeconds: number;
}

/** All bindings, by address-of-record and by flow. */
export class Bindings implements BindingOwner {
  readonly #parts: BindingsParts;
  readonly #byFlow = new Map<number, Set<Binding>>();
  #registeredCount = 0;

  /** None yet; see `restore` and `setPermanent`. */
  constructor(parts: BindingsParts) {
    this.#parts = parts;
  }

  /** Registered contacts; permanent ones are not counted. */
  get count(): number {
    return this.#registeredCount;
  }

  /** Whether `extra` more contacts may be registered. */
  hasRoomFor(extra: number): boolean {
    return this.#registeredCount + extra <= limits.bindingCount;
  }

  /**
   * Applies the changes of one REGISTER.
   *
   * @param flow The way back for those written; undefined when requests go by their URI.
   * @returns False when they could not be stored: nothing has changed then.
   */
  apply(
    aor: Aor,
    updates: readonly BindingUpdate[],
    removals: readonly Binding[],
    flow: ContactFlow | undefined,
  ): boolean {
    const removed = removals.map(({ record }) => record.id);
    if (!this.#commit({ saved: updates.map(({ record }) => record), removed })) return false;
    // What comes before what goes: a phone that replaces its contact is available all the time.
    for (const update of updates) this.#write(aor, update, flow);
    for (const binding of removals) this.#drop(binding, "unregistered");
    return true;
  }

  /**
   * Puts stored bindings back at a start. Those that ended meanwhile, whose connection is gone, or whose address-of-record
   * or endpoint is not configured any more, are forgotten.
   */
  restore(aorOf: (record: BindingRecord) => Aor | undefined): void {
    const { clock, port } = this.#parts;
    const removed: string[] = [];
    const wall = clock.wall();
    for (const record of port.load()) {
      const aor = aorOf(record);
      const isLost = record.isSourceBound && record.source?.transport !== "udp";
      if (aor === undefined || record.expiresAt <= wall || isLost || !this.hasRoomFor(1)) removed.push(record.id);
      else {this.#write(
          aor,
          { binding: undefined, record, expiresSeconds: (record.expiresAt - wall) / 1_000 },
          undefined,
        );}
    }
    if (removed.length > 0) this.#commit({ saved: [], removed });
  }

  /** Makes the permanent contacts of an address-of-record what its options say. */
  setPermanent(aor: Aor, endpoint: string, newId: () => string): void {
    const wanted = aor.options.contact.filter(isUri);
    for (const binding of aor.bindings.filter(({ isPermanent }) => isPermanent)) {
      if (!wanted.includes(binding.record.uri)) this.#drop(binding, "rejected");
    }
    for (const uri of new Set(wanted)) {
      if (aor.bindings.some(({ isPermanent, record }) => isPermanent && record.uri === uri)) continue;
      const record = permanentRecord({
        id: newId(),
        aor: aor.name,
        endpoint,
        uri,
        registeredAt: this.#parts.clock.wall(),
      });
      const binding = new Binding(aor, record, this);
      aor.bindings.push(binding);
      this.#parts.listener.contactChanged(binding, false);
    }
  }

  /** Takes a contact away at the operator's wish; false when that cannot be stored: it stays then. */
  withdraw(binding: Binding, event: ContactEvent): boolean {
    if (!this.#commit({ saved: [], removed: [binding.record.id] })) return false;
    this.#drop(binding, event);
    return true;
  }

  /** Takes contacts away that are gone whatever the disk says; `restore` forgets them if it refuses. */
  remove(bindings: readonly Binding[], event: ContactEvent): void {
    if (bindings.length === 0) return;
    const stored = bindings.filter(({ isPermanent }) => !isPermanent);
    if (stored.length > 0) this.#commit({ saved: [], removed: stored.map(({ record }) => record.id) });
    for (const binding of bindings) this.#drop(binding, event);
  }

  /** Ends what is due by now although its timer has not fired yet, so that nobody is told of it any more. */
  expireDue(aor: Aor, now: Millis): void {
    this.remove(aor.bindings.filter(({ expiresAt }) => expiresAt <= now), "expired");
  }

  bindingExpired(binding: Binding): void {
    this.remove([binding], "expired");
  }

  /** A connection is gone: contacts that are reached by it only go with it. Returns how many. */
  flowClosed(flow: { readonly id: number }): number {
    const bindings = [...this.#byFlow.get(flow.id) ?? []];
    for (const binding of bindings) this.#setFlow(binding, undefined);
    const lost = bindings.filter(({ record }) => record.isSourceBound);
    this.remove(lost, "deactivated");
    return lost.length;
  }

  #write(aor: Aor, { binding: former, record, expiresSeconds }: BindingUpdate, flow: ContactFlow | undefined): void {
    const { timers, listener } = this.#parts;
    const binding = former ?? new Binding(aor, record, this);
    if (former === undefined) {
      aor.bindings.push(binding);
      this.#registeredCount++;
    } else {
      binding.record = record;
      binding.event = "refreshed";
    }
    this.#setFlow(binding, flow);
    binding.expiresAt = timers.now() + expiresSeconds * 1_000;
    timers.arm(binding.expiry, expiresSeconds * 1_000);
    listener.contactChanged(binding, false);
  }

  #drop(binding: Binding, event: ContactEvent): void {
    const { bindings } = binding.aor;
    const at = bindings.indexOf(binding);
    if (at < 0) return;
    bindings.splice(at, 1);
    if (!binding.isPermanent) this.#registeredCount--;
    this.#parts.timers.cancel(binding.expiry);
    this.#setFlow(binding, undefined);
    binding.event = event;
    this.#parts.listener.contactChanged(binding, true);
  }

  #setFlow(binding: Binding, flow: ContactFlow | undefined): void {
    const former = binding.flow;
    if (former === flow) return;
    if (former?.isReliable) {
      const bindings = this.#byFlow.get(former.id);
      bindings?.delete(binding);
      if (bindings?.size === 0) this.#byFlow.delete(former.id);
    }
    binding.flow = flow;
    if (!flow?.isReliable) return;
    const bindings = this.#byFlow.get(flow.id);
    if (bindings === undefined) this.#byFlow.set(flow.id, new Set([binding]));
    else bindings.add(binding);
  }

  #commit(change: BindingsChange): boolean {
    if (change.saved.length === 0 && change.removed.length === 0) return true;
    try {
      this.#parts.port.commit(change);
      return true;
    } catch (error) {
      this.#parts.log.error("registrar", "Bindings could not be stored", { error: String(error) });
      return false;
    }
  }
}

function permanentRecord(
  known: Pick<BindingRecord, "id" | "aor" | "endpoint" | "uri" | "registeredAt">,
): BindingRecord {
  return {
    ...known,
    display: "",
    params: [],
    q: 1,
    instance: "",
    regId: 0,
    callId: "",
    sequence: 0,
    path: [],
    userAgent: "",
    source: undefined,
    isSourceBound: false,
    expiresAt: Infinity,
  };
}

function isUri(text: string): boolean {
  try {
    const { scheme } = parseUri(text);
    return scheme === "sip" || scheme === "sips";
  } catch {
    return false;
  }
}
