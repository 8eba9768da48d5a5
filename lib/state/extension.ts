/**
 * Owns the state engine's own view of a resource, and the indexes that lead from what it shows to it.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import { deviceKey, type Hint, hintText, providerKey } from "./hint.ts";
import { presenceNotSet } from "./presence_state.ts";
import type { Resource, ResourceState } from "./resource.ts";

/** What a resource shows, and which rule says so. */
export interface Source {
  /** The extension, the pattern, or `autohints`. */
  readonly rule: string;
  /** With variables filled in. */
  readonly hint: Hint;
}

const UNSET: ResourceState = { extension: "UNAVAILABLE", devices: [], presence: presenceNotSet, calls: [] };

/** A resource as the engine works on it. */
export class Extension implements Resource {
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
  changedAt: EpochMillis = 0;
  presenceChangedAt: EpochMillis = 0;
  isRemoved = false;
  /** Made because somebody asked, not because the configuration names it. */
  isDerived = false;
  watcherCount = 0;

  constructor(id: number, context: string, exten: string) {
    this.id = id;
    this.context = context;
    this.exten = exten;
  }

  /** Takes over what `source` says; its state is another's to work out. */
  setSource({ rule, hint }: Source): void {
    this.rule = rule;
    this.hint = hintText(hint);
    this.name = hint.name;
    this.devices = hint.devices;
    this.providers = hint.providers;
    this.deviceKeys = hint.devices.map((device) => deviceKey(device) ?? device);
    this.providerKeys = hint.providers.map((provider) => providerKey(provider) ?? provider);
  }

  /** Whether it was made from just that. */
  isFrom({ rule, hint }: Source): boolean {
    return this.rule === rule && this.name === hint.name && areEqual(this.devices, hint.devices) &&
      areEqual(this.providers, hint.providers);
  }
}

/** From the key of a device or provider to the extensions that show it. */
export class SourceIndex {
  readonly #byKey = new Map<string, Set<Extension>>();

  /** Extensions that show `key`. */
  of(key: string): ReadonlySet<Extension> {
    return this.#byKey.get(key) ?? NOBODY;
  }

  /** Notes that `extension` shows `keys`. */
  add(keys: readonly string[], extension: Extension): void {
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, new Set([extension]));
      else known.add(extension);
    }
  }

  /** Undoes `add`. */
  remove(keys: readonly string[], extension: Extension): void {
    for (const key of keys) {
      const known = this.#byKey.get(key);
      known?.delete(extension);
      if (known?.size === 0) this.#byKey.delete(key);
    }
  }
}

const NOBODY: ReadonlySet<Extension> = new Set();

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
