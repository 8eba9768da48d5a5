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
import { Extension, type Source, SourceIndex } from "./extension.ts";
import { deviceKey, fillHint, mailboxKey, parseHint, providerKey } from "./hint.ts";
import { areEqualCounts, type MailboxCounts } from "./mailbox_counts.ts";
import { aggregatePresence, aggregatePublishedPresence, equalPresence, type PresenceState } from "./presence_state.ts";
import { areEqualCalls, type Call, type Resource, type ResourceChange, type ResourceState } from "./resource.ts";
import type { StatesPort } from "./states_port.ts";

/** Told of every change of a resource, after all that belongs to it is in force. */
export type ResourceListener = (resource: Resource, change: ResourceChange) => void;

/** Told of every change of a device's own state, a provider's or a mailbox's. */
export interface SourceListener {
  /** It is in another state, or what is known of it here says another one; `device` is its key. */
  deviceChanged(device: string): void;
  /** It says something else; `provider` is its key. */
  presenceChanged(provider: string): void;
  /** Its counts are others; its device is told of besides. */
  mailboxChanged(mailbox: string): void;
}

/** What a new configuration did to the hints; counts of resources. */
export interface HintChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** States and hints of the appliance. */
export class StateEngine {
  readonly #clock: Clock;
  readonly #devices: Devices;
  readonly #extensions = new Map<string, Extension>();
  readonly #byDevice = new SourceIndex();
  readonly #byProvider = new SourceIndex();
  /** Those made on demand that nobody watches, the longest unwatched first. */
  readonly #unwatched = new Set<Extension>();
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
  get devices(): Omit<Devices, Extract<keyof Devices, `set${string}`>> {
    return this.#devices;
  }

  /** Calls `listener` at each change of a resource. */
  onChange(listener: ResourceListener): void {
    this.#listeners.push(listener);
  }

  /** Calls `listener` at each change of a device, provider or mailbox, whether a hint shows it or not. */
  onSource(listener: SourceListener): void {
    this.#sourceListeners.push(listener);
  }

  /** Every resource: those of the configuration in its order, then those made on demand. */
  resources(): IterableIterator<Resource> {
    return this.#extensions.values();
  }

  /** Resources that show a device or a presence provider. */
  showing(device: string): Iterable<Resource> {
    const provider = providerKey(device);
    return provider === undefined ? this.#byDevice.of(deviceKey(device) ?? device) : this.#byProvider.of(provider);
  }

  /**
   * The resource that `exten` means in `context`: includes are followed; patterns and autohints make one on demand.
   *
   * @returns undefined when there is no hint, or when too many were made on demand and all are watched.
   */
  lookup(context: string, exten: string): Resource | undefined {
    const direct = this.#extensions.get(keyOf(context, exten));
    if (direct !== undefined && direct.rule !== AUTOHINTS) return direct;
    const found = this.#contexts.find(context, exten);
    if (found === undefined) return direct ?? this.#autohint(context, exten);
    return this.#extensions.get(keyOf(found.context, exten)) ??
      this.#derive(found.context, exten, sourceOf(found, exten));
  }

  /** What stands for an extension that has no hint any more: as if it had just been removed. */
  absent(context: string, exten: string): Resource {
    const extension = new Extension(this.#nextId++, context, exten);
    this.#remove(extension);
    return extension;
  }

  /** Keeps a resource that was made on demand for as long as somebody watches it. */
  retain(resource: Resource): void {
    const extension = resource as Extension;
    extension.watcherCount++;
    this.#unwatched.delete(extension);
  }

  /** Ends one `retain`. */
  release(resource: Resource): void {
    const extension = resource as Extension;
    extension.watcherCount--;
    if (extension.watcherCount === 0 && extension.isDerived && !extension.isRemoved) this.#unwatched.add(extension);
  }

  /**
   * Stores the state of a `Custom:` device, or deletes it for undefined, and tells whom it concerns.
   *
   * @param key As `deviceKey` spells it.
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setCustomState(key: string, state: DeviceState | undefined): void {
    const before = this.#devices.stateOf(key);
    if (!this.#devices.setCustom(key, state)) return;
    if (this.#devices.stateOf(key) !== before) this.#deviceChanged(key);
    else this.#tellOfDevice(key);
  }

  /**
   * Stores the state of a presence provider, or deletes it for undefined, and tells whom it concerns.
   *
   * @param key As `providerKey` spells it.
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setPresenceState(key: string, state: PresenceState | undefined): void {
    if (!this.#devices.setPresence(key, state)) return;
    for (const listener of this.#sourceListeners) listener.presenceChanged(key);
    this.#tell([...this.#byProvider.of(key)].filter((each) => this.#evaluatePresence(each)), "presence");
  }

  /**
   * Stores the message counts of a mailbox, or deletes them for undefined, and tells whom it concerns.
   *
   * @throws StoreError, StateTableFull: nothing was changed.
   */
  setMailbox(mailbox: string, counts: MailboxCounts | undefined): void {
    this.#changeMailbox(mailboxKey(mailbox), (key) => this.#devices.setMailbox(key, counts));
  }

  /** Sets what is known of an endpoint; undefined when it is gone. */
  setEndpoint(name: string, state: EndpointState | undefined): void {
    const key = `PJSIP/${name}`;
    const ownBefore = this.#devices.ownStateOf(key);
    if (this.#devices.setEndpoint(name, state)) this.#deviceChanged(key);
    else if (this.#devices.ownStateOf(key) !== ownBefore) this.#tellOfDevice(key);
  }

  /** Sets the calls of an endpoint's or a `Custom:` device; the whole list each time. */
  setCalls(device: string, calls: readonly Call[]): void {
    const key = deviceKey(device) ?? device;
    if (this.#devices.setCalls(key, calls)) this.#deviceChanged(key, true);
  }

  /** Sets what other servers report of a device, one state for each; the whole list each time. */
  setReportedStates(device: string, states: readonly DeviceState[]): void {
    const key = deviceKey(device) ?? device;
    if (this.#devices.setReportedStates(key, states)) this.#deviceChanged(key);
  }

  /** Sets the counts published for a mailbox, which go before those that were set; undefined when none are any more. */
  setPublishedMailbox(mailbox: string, counts: MailboxCounts | undefined): void {
    this.#changeMailbox(mailboxKey(mailbox), (key) => this.#devices.setPublishedMailbox(key, counts));
  }

  /**
   * Sets the presence published for a device, undefined when none is any more. A hint shows it where none of its own providers is
   * set.
   */
  setPublishedPresence(device: string, presence: PresenceState | undefined): void {
    const key = deviceKey(device) ?? device;
    if (!this.#devices.setPublishedPresence(key, presence)) return;
    this.#tell([...this.#byDevice.of(key)].filter((each) => this.#evaluatePresence(each)), "presence");
  }

  /** Puts the contexts of a configuration in force; what did not change is not touched. */
  applyHints(contexts: Readonly<Record<string, ContextOptions>>): HintChanges {
    this.#contexts = new Contexts(contexts);
    const former = new Map(this.#extensions);
    this.#extensions.clear();
    const added: Extension[] = [], changed: Extension[] = [], removed: Extension[] = [];
    const before = new Map<Extension, ResourceState>();
    const keep = (key: string, extension: Extension, source: Source) => {
      this.#extensions.set(key, extension);
      if (extension.isFrom(source)) return;
      before.set(extension, extension.state);
      this.#setSource(extension, source);
      changed.push(extension);
    };

    for (const found of this.#contexts.explicit()) {
      const key = keyOf(found.context, found.exten);
      const source = sourceOf(found, found.exten);
      const known = former.get(key);
      former.delete(key);
      if (known === undefined) added.push(this.#create(found.context, found.exten, source, false));
      else {
        this.#setDerived(known, false);
        keep(key, known, source);
      }
    }
    for (const [key, extension] of former) {
      const isWanted = extension.isDerived || extension.watcherCount > 0;
      const source = isWanted ? this.#derivedSource(extension) : undefined;
      if (source === undefined) removed.push(extension);
      else {
        this.#setDerived(extension, true);
        keep(key, extension, source);
      }
    }

    for (const extension of removed) this.#remove(extension);
    this.#tell(added, "added");
    this.#tell(changed.filter((each) => showsOtherDevices(before.get(each)!, each.state)), "device");
    this.#tell(changed.filter((each) => !equalPresence(before.get(each)!.presence, each.state.presence)), "presence");
    this.#tell(removed, "removed");
    for (const key of this.#devices.deviceKeys()) this.#addAutohints(key);
    return { added: added.length, changed: changed.length, removed: removed.length };
  }

  /** What a resource that the configuration does not name lives on from now on; undefined when nothing makes it any more. */
  #derivedSource(extension: Extension): Source | undefined {
    const { context, exten } = extension;
    const found = this.#contexts.findIn(context, exten);
    if (found !== undefined) return sourceOf(found, exten);
    if (!this.#contexts.withAutohints.has(context)) return undefined;
    const device = extension.rule === AUTOHINTS ? extension.devices[0] : this.#devices.named(exten);
    return device === undefined ? undefined : autohintOf(device);
  }

  /** The autohint that `exten` means in `context`, or in what it includes; made when there is a device of that name. */
  #autohint(context: string, exten: string): Extension | undefined {
    if (this.#contexts.withAutohints.size === 0) return undefined;
    const reachable = [...this.#contexts.reachable(context)];
    for (const each of reachable) {
      const known = this.#extensions.get(keyOf(each, exten));
      if (known !== undefined) return known;
    }
    const home = reachable.find((each) => this.#contexts.withAutohints.has(each));
    const device = this.#devices.named(exten);
    return home === undefined || device === undefined ? undefined : this.#derive(home, exten, autohintOf(device));
  }

  /** Makes the autohints of a device, in every context with autohints that has no hint of that name. */
  #addAutohints(key: string): void {
    const exten = key.slice(key.search(/[/:]/) + 1);
    for (const context of this.#contexts.withAutohints) {
      if (this.#contexts.find(context, exten) === undefined) this.#autohint(context, exten);
    }
  }

  /** Makes a resource on demand, in the context that holds its rule. */
  #derive(context: string, exten: string, source: Source): Extension | undefined {
    if (this.#derivedCount >= limits.derivedHintCount && !this.#evictDerived()) return undefined;
    const extension = this.#create(context, exten, source, true);
    this.#tell([extension], "added");
    return extension;
  }

  /** Removes a resource made on demand that nobody watches; false when all are watched. */
  #evictDerived(): boolean {
    const [idle] = this.#unwatched;
    if (idle === undefined) return false;
    this.#extensions.delete(keyOf(idle.context, idle.exten));
    this.#remove(idle);
    this.#tell([idle], "removed");
    return true;
  }

  #create(context: string, exten: string, source: Source, isDerived: boolean): Extension {
    const extension = new Extension(this.#nextId++, context, exten);
    this.#setDerived(extension, isDerived);
    this.#extensions.set(keyOf(context, exten), extension);
    extension.setSource(source);
    this.#index(extension);
    extension.state = this.#stateOf(extension);
    extension.changedAt = this.#latest(extension.deviceKeys.map((key) => this.#devices.changedAt(key)));
    extension.presenceChangedAt = this.#latest([
      ...extension.providerKeys.map((key) => this.#devices.presenceChangedAt(key)),
      ...extension.deviceKeys.map((key) => this.#devices.publishedPresenceOf(key)?.changedAt),
    ]);
    return extension;
  }

  /** Notes whether the configuration names an extension, or somebody's asking made it. */
  #setDerived(extension: Extension, isDerived: boolean): void {
    if (extension.isDerived !== isDerived) this.#derivedCount += isDerived ? 1 : -1;
    extension.isDerived = isDerived;
    if (isDerived && extension.watcherCount === 0) this.#unwatched.add(extension);
    else this.#unwatched.delete(extension);
  }

  /** Ends an extension whose hint is gone. */
  #remove(extension: Extension): void {
    this.#unindex(extension);
    this.#setDerived(extension, false);
    extension.isRemoved = true;
    extension.state = { ...extension.state, extension: "REMOVED", calls: [] };
    extension.changedAt = this.#clock.wall();
  }

  /** Gives a known extension another source. */
  #setSource(extension: Extension, source: Source): void {
    this.#unindex(extension);
    extension.setSource(source);
    this.#index(extension);
    const before = extension.state;
    extension.state = this.#stateOf(extension);
    const now = this.#clock.wall();
    if (before.extension !== extension.state.extension) extension.changedAt = now;
    if (!equalPresence(before.presence, extension.state.presence)) extension.presenceChangedAt = now;
  }

  #index(extension: Extension): void {
    this.#byDevice.add(extension.deviceKeys, extension);
    this.#byProvider.add(extension.providerKeys, extension);
  }

  #unindex(extension: Extension): void {
    this.#byDevice.remove(extension.deviceKeys, extension);
    this.#byProvider.remove(extension.providerKeys, extension);
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
      presence: this.#presenceOf(extension),
      calls: [...new Set(extension.deviceKeys)].flatMap((key) => this.#devices.callsOf(key)),
    };
  }

  /** What its providers say, or else what is published for its devices. */
  #presenceOf(extension: Extension): PresenceState {
    const set = aggregatePresence(extension.providerKeys.map((key) => this.#devices.presenceOf(key)));
    if (set.state !== "not_set") return set;
    const published = extension.deviceKeys.flatMap((key) => this.#devices.publishedPresenceOf(key)?.value ?? []);
    return aggregatePublishedPresence(published) ?? set;
  }

  /** Works out what a changed device concerns; `areCallsNew` wakes even where no state is another one. */
  #deviceChanged(key: string, areCallsNew = false): void {
    this.#tellOfDevice(key);
    const woken: Extension[] = [];
    for (const extension of this.#byDevice.of(key)) {
      const before = extension.state;
      extension.state = this.#stateOf(extension);
      const isOther = extension.state.extension !== before.extension;
      if (isOther) extension.changedAt = this.#clock.wall();
      if (isOther || areCallsNew || isRinging(extension.state.extension)) woken.push(extension);
    }
    this.#tell(woken, "device");
    this.#addAutohints(key);
  }

  /** Does what changes a mailbox, and tells whom it concerns; `change` says whether its device has another state. */
  #changeMailbox(key: string, change: (key: string) => boolean): void {
    const before = this.#devices.mailboxOf(key);
    const isDeviceChanged = change(key);
    const after = this.#devices.mailboxOf(key);
    const isSame = before === undefined || after === undefined ? before === after : areEqualCounts(before, after);
    if (!isSame) {
      for (const listener of this.#sourceListeners) listener.mailboxChanged(key);
    }
    if (isDeviceChanged) this.#deviceChanged(`MWI:${key}`);
  }

  /** Works out what a changed provider concerns; false when that stays as it was. */
  #evaluatePresence(extension: Extension): boolean {
    const after = this.#stateOf(extension);
    if (equalPresence(extension.state.presence, after.presence)) return false;
    extension.state = after;
    extension.presenceChangedAt = this.#clock.wall();
    return true;
  }

  /** The last of several instants; now when none is known. */
  #latest(instants: readonly (EpochMillis | undefined)[]): EpochMillis {
    const known = instants.filter((instant) => instant !== undefined);
    return known.length === 0 ? this.#clock.wall() : Math.max(...known);
  }

  #tellOfDevice(key: string): void {
    for (const listener of this.#sourceListeners) listener.deviceChanged(key);
  }

  #tell(extensions: readonly Extension[], change: ResourceChange): void {
    for (const extension of extensions) {
      for (const listener of this.#listeners) listener(extension, change);
    }
  }
}

/** Rule of a resource that autohints made. */
const AUTOHINTS = "autohints";

/** Contexts come from the configuration and have no line ends, so that no extension can pass for one of another context. */
function keyOf(context: string, exten: string): string {
  return `${context}\n${exten}`;
}

function sourceOf({ context, rule, text }: FoundHint, exten: string): Source {
  return { rule, hint: fillHint(parseHint(text), exten, context) };
}

function autohintOf(device: string): Source {
  return { rule: AUTOHINTS, hint: { devices: [device], providers: [], name: "" } };
}

function showsOtherDevices(before: ResourceState, after: ResourceState): boolean {
  return before.extension !== after.extension || !areEqualCalls(before.calls, after.calls);
}
