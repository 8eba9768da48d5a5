/**
 * Owns what is true of every extension: hints over devices and presence, and whom a change concerns.
 *
 * Theory. Two indexes lead from a device or provider to the resources that show it, so a change costs only those. A resource's
 * state is an immutable value, replaced at each change; whoever holds an old one can compare. A hint made from a pattern, or by
 * autohints, is a resource like any other once somebody asks for it; those that nobody watches give way when there are too many.
 *
 * Whom a change wakes: watchers learn of a device change when the extension's state becomes another, when its calls change, and
 * at every real change of a member device while the extension rings; of a presence change when state, subtype or message do.
 */
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { type ContextOptions, Contexts, type FoundHint } from "./contexts.ts";
import { aggregateDeviceStates, type DeviceState, extensionStateOf, isRinging } from "./device_state.ts";
import { Devices, type EndpointState } from "./devices.ts";
import { deviceKey, fillHint, mailboxKey, parseHint, providerKey } from "./hint.ts";
import { aggregatePresence, equalPresence, presenceNotSet, type PresenceState } from "./presence_state.ts";
import type { Call, Resource, ResourceChange, ResourceState } from "./resource.ts";
import type { MailboxCounts, StatesPort } from "./states_port.ts";

/** Told of every change of a resource, after it is in force. */
export type ResourceListener = (resource: Resource, change: ResourceChange) => void;

/** Told of every change of a device's own state or a provider's. */
export interface SourceListener {
  deviceChanged(device: string): void;
  presenceChanged(provider: string): void;
}

/** What a new configuration did to the hints; counts of resources. */
export interface HintChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

const UNSET: ResourceState = { extension: "UNAVAILABLE", devices: [], presence: presenceNotSet, calls: [] };

/** A resource as the engine works on it. */
class Extension implements Resource {
  readonly id: number;
  readonly context: string;
  readonly exten: string;
  rule = "";
  hint = "";
  name = "";
  devices: readonly string[] = [];
  providers: readonly string[] = [];
  deviceKeys: readonly string[] = [];
  providerKeys: readonly string[] = [];
  state: ResourceState = UNSET;
  changedAt: EpochMillis;
  presenceChangedAt: EpochMillis;
  isRemoved = false;
  /** Made because somebody asked, not because the configuration names it. */
  isDerived: boolean;
  watcherCount = 0;

  constructor(id: number, context: string, exten: string, isDerived: boolean, now: EpochMillis) {
    this.id = id;
    this.context = context;
    this.exten = exten;
    this.isDerived = isDerived;
    this.changedAt = now;
    this.presenceChangedAt = now;
  }
}

/** States and hints of the appliance. */
export class StateEngine {
  readonly #clock: Clock;
  readonly #devices: Devices;
  readonly #extensions = new Map<string, Extension>();
  readonly #byDevice = new Map<string, Set<Extension>>();
  readonly #byProvider = new Map<string, Set<Extension>>();
  readonly #listeners: ResourceListener[] = [];
  readonly #sourceListeners: SourceListener[] = [];
  #contexts = new Contexts({});
  #derivedCount = 0;
  #nextId = 0;
  /** Resources whose state was worked out; tests hold it against the number that a change concerns. */
  evaluationCount = 0;

  constructor(clock: Clock, port: StatesPort) {
    this.#clock = clock;
    this.#devices = new Devices(clock, port);
  }

  /** States of single devices, providers and mailboxes, for reading. */
  get devices(): Omit<
    Devices,
    "setCustom" | "setPresence" | "setMailbox" | "setEndpoint" | "setCalls" | "noteDerived"
  > {
    return this.#devices;
  }

  /** Calls `listener` at each change of a resource. */
  onChange(listener: ResourceListener): void {
    this.#listeners.push(listener);
  }

  /** Calls `listener` at each change of a device or provider, whether a hint shows it or not. */
  onSource(listener: SourceListener): void {
    this.#sourceListeners.push(listener);
  }

  /** Every resource: those of the configuration in its order, then those made on demand. */
  resources(): IterableIterator<Resource> {
    return this.#extensions.values();
  }

  /** Resources that show a device. */
  showing(device: string): Iterable<Resource> {
    return this.#byDevice.get(deviceKey(device) ?? "") ?? this.#byProvider.get(providerKey(device) ?? "") ?? [];
  }

  /**
   * The resource that `exten` means in `context`: includes are followed, patterns make one on demand.
   *
   * @returns undefined when there is no hint, or when too many were made on demand and all are watched.
   */
  lookup(context: string, exten: string): Resource | undefined {
    const direct = this.#extensions.get(keyOf(context, exten));
    if (direct !== undefined && !this.#isAutohint(direct)) return direct;
    const found = this.#contexts.find(context, exten);
    if (found === undefined) return direct ?? this.#includedAutohint(context, exten);
    return this.#extensions.get(keyOf(found.context, exten)) ?? this.#derive(found, exten);
  }

  /** Keeps a resource that was made on demand for as long as somebody watches it. */
  retain(resource: Resource): void {
    (resource as Extension).watcherCount++;
  }

  /** Ends one `retain`. */
  release(resource: Resource): void {
    (resource as Extension).watcherCount--;
  }

  /**
   * Stores the state of a `Custom:` device, or deletes it for undefined, and tells whom it concerns.
   *
   * @param key As `deviceKey` spells it.
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setCustomState(key: string, state: DeviceState | undefined): void {
    const isChanged = this.#devices.setCustom(key, state);
    if (isChanged) this.#deviceChanged(key);
    else for (const listener of this.#sourceListeners) listener.deviceChanged(key);
  }

  /**
   * Stores the state of a presence provider, or deletes it for undefined, and tells whom it concerns.
   *
   * @param key As `providerKey` spells it.
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setPresenceState(key: string, state: PresenceState | undefined): void {
    this.#devices.setPresence(key, state);
    for (const listener of this.#sourceListeners) listener.presenceChanged(key);
    for (const extension of this.#byProvider.get(key) ?? []) this.#evaluatePresence(extension);
  }

  /**
   * Stores the message counts of a mailbox, or deletes them for undefined, and tells whom it concerns.
   *
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setMailbox(mailbox: string, counts: MailboxCounts | undefined): void {
    const key = mailboxKey(mailbox);
    this.#devices.setMailbox(key, counts);
    this.#deriveAgain(`MWI:${key}`, false);
  }

  /** Sets what is known of an endpoint; undefined when it is gone. */
  setEndpoint(name: string, state: EndpointState | undefined): void {
    this.#devices.setEndpoint(name, state);
    this.#deriveAgain(`PJSIP/${name}`, false);
  }

  /** Sets the calls of an endpoint's device; the whole list each time. */
  setCalls(device: string, calls: readonly Call[]): void {
    const key = deviceKey(device) ?? device;
    this.#devices.setCalls(key, calls);
    this.#deriveAgain(key, true);
  }

  /** Puts the contexts of a configuration in force; what did not change is not touched. */
  applyHints(contexts: Readonly<Record<string, ContextOptions>>): HintChanges {
    const former = [...this.#extensions.values()];
    this.#contexts = new Contexts(contexts);
    const counts = { added: 0, changed: 0, removed: 0 };
    this.#extensions.clear();
    const formerByKey = new Map(former.map((extension) => [keyOf(extension.context, extension.exten), extension]));
    for (const found of this.#contexts.explicit()) {
      const key = keyOf(found.context, found.exten);
      const known = formerByKey.get(key);
      formerByKey.delete(key);
      const extension = known ?? this.#create(found.context, found.exten, false);
      if (known?.isDerived) this.#derivedCount--;
      extension.isDerived = false;
      this.#extensions.set(key, extension);
      if (known === undefined) {
        this.#setSources(extension, found);
        counts.added++;
        this.#tell(extension, "added");
      } else if (this.#resource(known, found)) counts.changed++;
    }
    for (const [key, extension] of formerByKey) {
      const found = extension.isDerived ? this.#foundFor(extension) : undefined;
      if (found === undefined) {
        counts.removed++;
        this.#remove(extension);
      } else {
        this.#extensions.set(key, extension);
        if (this.#resource(extension, found)) counts.changed++;
      }
    }
    return counts;
  }

  /** The hint that a resource made on demand would be made from today. */
  #foundFor(extension: Extension): FoundHint | undefined {
    if (!this.#isAutohint(extension)) return this.#contexts.findIn(extension.context, extension.exten);
    const hasAutohints = this.#contexts.withAutohints.includes(extension.context);
    return hasAutohints ? { context: extension.context, rule: AUTOHINTS, text: extension.hint } : undefined;
  }

  #includedAutohint(context: string, exten: string): Extension | undefined {
    for (const included of this.#contexts.reachable(context)) {
      const extension = this.#extensions.get(keyOf(included, exten));
      if (extension !== undefined) return extension;
    }
    return undefined;
  }

  #isAutohint(extension: Extension): boolean {
    return extension.rule === AUTOHINTS;
  }

  /** Makes a resource on demand, in the context that holds its rule. */
  #derive(found: FoundHint, exten: string): Extension | undefined {
    if (this.#derivedCount >= limits.derivedHintCount && !this.#evictDerived()) return undefined;
    const extension = this.#create(found.context, exten, true);
    this.#derivedCount++;
    this.#extensions.set(keyOf(found.context, exten), extension);
    this.#setSources(extension, found);
    this.#tell(extension, "added");
    return extension;
  }

  /** Removes the oldest resource made on demand that nobody watches. */
  #evictDerived(): boolean {
    for (const [key, extension] of this.#extensions) {
      if (!extension.isDerived || extension.watcherCount > 0) continue;
      this.#extensions.delete(key);
      this.#remove(extension);
      return true;
    }
    return false;
  }

  #create(context: string, exten: string, isDerived: boolean): Extension {
    return new Extension(this.#nextId++, context, exten, isDerived, this.#clock.wall());
  }

  /** Ends an extension whose hint is gone. */
  #remove(extension: Extension): void {
    this.#unindex(extension);
    if (extension.isDerived) this.#derivedCount--;
    extension.isRemoved = true;
    extension.state = { ...extension.state, extension: "REMOVED", calls: [] };
    extension.changedAt = this.#clock.wall();
    this.#tell(extension, "removed");
  }

  /** Gives a known extension its hint anew; true when it reads differently. */
  #resource(extension: Extension, found: FoundHint): boolean {
    const { devices, providers, name } = fillHint(parseHint(found.text), extension.exten, found.context);
    const isSame = extension.rule === found.rule && extension.name === name &&
      devices.join("&") === extension.devices.join("&") && providers.join("&") === extension.providers.join("&");
    if (isSame) return false;
    const before = extension.state;
    this.#unindex(extension);
    this.#setSources(extension, found);
    if (extension.state.extension !== before.extension) this.#tell(extension, "device");
    if (!equalPresence(extension.state.presence, before.presence)) this.#tell(extension, "presence");
    return true;
  }

  #setSources(extension: Extension, found: FoundHint): void {
    const { devices, providers, name } = fillHint(parseHint(found.text), extension.exten, found.context);
    extension.rule = found.rule;
    extension.hint = hintText(devices, providers, name);
    extension.name = name;
    extension.devices = devices;
    extension.providers = providers;
    extension.deviceKeys = devices.map((device) => deviceKey(device) ?? device);
    extension.providerKeys = providers.map((provider) => providerKey(provider) ?? provider);
    for (const key of extension.deviceKeys) addTo(this.#byDevice, key, extension);
    for (const key of extension.providerKeys) addTo(this.#byProvider, key, extension);
    const before = extension.state;
    extension.state = this.#stateOf(extension);
    if (before.extension !== extension.state.extension) extension.changedAt = this.#clock.wall();
  }

  #unindex(extension: Extension): void {
    for (const key of extension.deviceKeys) removeFrom(this.#byDevice, key, extension);
    for (const key of extension.providerKeys) removeFrom(this.#byProvider, key, extension);
  }

  #stateOf(extension: Extension): ResourceState {
    this.evaluationCount++;
    const devices = extension.devices.map((device, i) => ({
      device,
      state: this.#devices.stateOf(extension.deviceKeys[i]!),
    }));
    return {
      extension: extensionStateOf(aggregateDeviceStates(devices.map((share) => share.state))),
      devices,
      presence: aggregatePresence(extension.providerKeys.map((key) => this.#devices.presenceOf(key))),
      calls: extension.deviceKeys.flatMap((key) => this.#devices.callsOf(key)),
    };
  }

  /** Works out a device whose state follows from other things; `areCallsNew` even where its state stays. */
  #deriveAgain(key: string, areCallsNew: boolean): void {
    const isChanged = this.#devices.noteDerived(key);
    if (isChanged || areCallsNew) this.#deviceChanged(key, areCallsNew);
  }

  #deviceChanged(key: string, areCallsNew = false): void {
    for (const listener of this.#sourceListeners) listener.deviceChanged(key);
    this.#addAutohints(key);
    for (const extension of this.#byDevice.get(key) ?? []) {
      const before = extension.state;
      const after = this.#stateOf(extension);
      extension.state = after;
      if (after.extension !== before.extension) extension.changedAt = this.#clock.wall();
      else if (!areCallsNew && !isRinging(after.extension)) continue;
      this.#tell(extension, "device");
    }
  }

  #evaluatePresence(extension: Extension): void {
    const before = extension.state;
    const after = this.#stateOf(extension);
    if (equalPresence(before.presence, after.presence)) return;
    extension.state = after;
    extension.presenceChangedAt = this.#clock.wall();
    this.#tell(extension, "presence");
  }

  /** Makes the hint of a device that changed, in every context with autohints that has none of that name. */
  #addAutohints(key: string): void {
    const exten = key.slice(key.search(/[/:]/) + 1);
    for (const context of this.#contexts.withAutohints) {
      if (this.lookup(context, exten) !== undefined) continue;
      this.#derive({ context, rule: AUTOHINTS, text: key }, exten);
    }
  }

  #tell(extension: Extension, change: ResourceChange): void {
    for (const listener of this.#listeners) listener(extension, change);
  }
}

/** Rule of a resource that autohints made. */
const AUTOHINTS = "autohints";

function keyOf(context: string, exten: string): string {
  return `${exten}@${context}`;
}

function hintText(devices: readonly string[], providers: readonly string[], name: string): string {
  return devices.join("&") + (providers.length > 0 ? `,${providers.join("&")}` : "") + (name === "" ? "" : `(${name})`);
}

function addTo(index: Map<string, Set<Extension>>, key: string, extension: Extension): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([extension]));
  else known.add(extension);
}

function removeFrom(index: Map<string, Set<Extension>>, key: string, extension: Extension): void {
  const known = index.get(key);
  known?.delete(extension);
  if (known?.size === 0) index.delete(key);
}
