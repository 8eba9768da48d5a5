/** A state engine on a manual clock and a disk that can refuse, with everything that it tells written down. */
import type { ContextOptions } from "../../lib/state/contexts.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import { StateEngine } from "../../lib/state/engine.ts";
import { deviceKey, providerKey } from "../../lib/state/hint.ts";
import type { MailboxCounts } from "../../lib/state/mailbox_counts.ts";
import type { PresenceName, PresenceState } from "../../lib/state/presence_state.ts";
import type { Call, Resource } from "../../lib/state/resource.ts";
import { type StatesPort, type Stored, type StoredStates, StoreError } from "../../lib/state/states_port.ts";
import { ManualClock } from "../support/manual_clock.ts";

/** A disk in memory: rows outlive the engine, and `isFull` makes it refuse. */
export class MemoryDisk implements StatesPort {
  readonly devices = new Map<string, Stored<DeviceState>>();
  readonly presences = new Map<string, Stored<PresenceState>>();
  readonly mailboxes = new Map<string, Stored<MailboxCounts>>();
  writeCount = 0;
  isFull = false;

  load(): StoredStates {
    return { devices: this.devices, presences: this.presences, mailboxes: this.mailboxes };
  }
  saveDevice(key: string, stored: Stored<DeviceState> | undefined): void {
    this.#save(this.devices, key, stored);
  }
  savePresence(key: string, stored: Stored<PresenceState> | undefined): void {
    this.#save(this.presences, key, stored);
  }
  saveMailbox(key: string, stored: Stored<MailboxCounts> | undefined): void {
    this.#save(this.mailboxes, key, stored);
  }

  #save<T>(table: Map<string, Stored<T>>, key: string, stored: Stored<T> | undefined): void {
    if (this.isFull) throw new StoreError("The disk is full");
    this.writeCount++;
    if (stored === undefined) table.delete(key);
    else table.set(key, stored);
  }
}

/** Contexts as in config.toml; what is left out has its default. */
export type ContextsText = Readonly<Record<string, Partial<ContextOptions>>>;

/** A whole context. */
export function contextOf(options: Partial<ContextOptions>): ContextOptions {
  return { include: [], autohints: false, hints: {}, ...options };
}

/** Every option of every context. */
export function contextsOf(contexts: ContextsText): Record<string, ContextOptions> {
  return Object.fromEntries(Object.entries(contexts).map(([name, options]) => [name, contextOf(options)]));
}

/** A call, answered and incoming unless said otherwise. */
export function callOf(call: Partial<Call> = {}): Call {
  return {
    id: "1",
    state: "confirmed",
    direction: "recipient",
    callId: "",
    localTag: "",
    remoteTag: "",
    localIdentity: undefined,
    remoteIdentity: undefined,
    startedAt: 0,
    ...call,
  };
}

/** A presence state. */
export function presenceOf(state: PresenceName, subtype = "", message = ""): PresenceState {
  return { state, subtype, message };
}

/** An engine and what it told. */
export class Office {
  readonly clock = new ManualClock();
  readonly disk: MemoryDisk;
  readonly engine: StateEngine;
  #told: string[] = [];
  #sources: string[] = [];
  #mailboxes: string[] = [];

  /** @param hints Hints of context `default`, or whole contexts. */
  constructor(contexts: ContextsText, disk: MemoryDisk = new MemoryDisk()) {
    this.disk = disk;
    this.engine = new StateEngine(this.clock, disk);
    this.engine.onChange((resource, change) => {
      this.#told.push(`${resource.exten}@${resource.context} ${change} ${resource.state.extension}`);
    });
    this.engine.onSource({
      deviceChanged: (device) => void this.#sources.push(device),
      presenceChanged: (provider) => void this.#sources.push(provider),
      mailboxChanged: (mailbox) => void this.#mailboxes.push(mailbox),
    });
    this.apply(contexts);
    this.told();
    this.sources();
  }

  /** Puts other contexts in force. */
  apply(contexts: ContextsText) {
    return this.engine.applyHints(contextsOf(contexts));
  }

  /** What was told since last asked: `exten@context change state`. */
  told(): string[] {
    return this.#told.splice(0);
  }

  /** Devices and providers told of since last asked. */
  sources(): string[] {
    return this.#sources.splice(0);
  }

  /** Mailboxes told of since last asked. */
  mailboxes(): string[] {
    return this.#mailboxes.splice(0);
  }

  /** Sets a device whose name is written as a person would. */
  device(device: string, state: DeviceState | undefined): void {
    this.engine.setCustomState(deviceKey(device)!, state);
  }

  /** Sets a presence provider. */
  presence(provider: string, state: PresenceState | undefined): void {
    this.engine.setPresenceState(providerKey(provider)!, state);
  }

  /** The resource that must be there. */
  at(exten: string, context = "default"): Resource {
    const resource = this.engine.lookup(context, exten);
    if (resource === undefined) throw new Error(`No hint for ${exten}@${context}`);
    return resource;
  }

  /** What the lamp of an extension shows; undefined when there is no hint. */
  lamp(exten: string, context = "default"): string | undefined {
    return this.engine.lookup(context, exten)?.state.extension;
  }
}

/** An office with one context, `default`. */
export function officeOf(hints: Readonly<Record<string, string>>, disk?: MemoryDisk): Office {
  return new Office({ default: { hints } }, disk);
}
