/**
 * A whole appliance without host: the real core on a manual clock, a memory network and scripted entropy.
 */
import { Core } from "../../lib/app/core.ts";
import { hintChecks } from "../../lib/app.ts";
import type { Config } from "../../lib/config/config.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { entropyFrom } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { parseUri } from "../../lib/sip/uri.ts";
import { BindingsStore } from "../../lib/store/bindings_store.ts";
import { type Database, forgetfulDatabase } from "../../lib/store/database.ts";
import { FeaturesStore } from "../../lib/store/features_store.ts";
import { Journal } from "../../lib/store/journal.ts";
import { PublicationsStore } from "../../lib/store/publications_store.ts";
import { StatesStore } from "../../lib/store/states_store.ts";
import { SubscriptionsStore } from "../../lib/store/subscriptions_store.ts";
import { TagsStore } from "../../lib/store/tags_store.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import type { StatesPort, StoredStates } from "../../lib/state/states_port.ts";
import type { Timers } from "../../lib/runtime/timers.ts";
import { Turn } from "../../lib/runtime/turn.ts";
import type { Destination, Flow, TransportName } from "../../lib/transport/transport.ts";
import { ManualClock } from "./manual_clock.ts";
import { type MemoryListener, MemoryNetwork } from "./memory_network.ts";
import { Phone } from "./phone.ts";

/** A configuration that most tests need: two endpoints known by their addresses, two hints. */
export const plainConfig = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]

[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]

[contexts.default.hints]
1000 = "Custom:one"
1001 = "Custom:two,CustomPresence:two(Two)"
`;

/** A disk that remembers for as long as the test lasts. */
export function memoryStates(): StatesPort & { readonly saved: string[] } {
  const stored: StoredStates = { devices: new Map(), presences: new Map(), mailboxes: new Map() };
  const saved: string[] = [];
  return {
    saved,
    load: () => stored,
    saveDevice: (key) => void saved.push(key),
    savePresence: (key) => void saved.push(key),
    saveMailbox: (key) => void saved.push(key),
  };
}

/** The real database, without a file. */
export function memoryDatabase(): Database {
  return forgetfulDatabase({ log: silentLog, clock: systemClock });
}

/** Loads a configuration that has no errors. */
export async function configOf(toml: string): Promise<Config> {
  const loaded = await loadConfig(toml, "config.toml", hintChecks);
  if ("errors" in loaded) throw new Error(loaded.errors.map((error) => error.text).join("\n"));
  return loaded.config;
}

/** Random bytes that are the same in every run. */
export function scriptedEntropy(seed = 1) {
  let state = seed;
  return entropyFrom((target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      target[i] = state >>> 24;
    }
  });
}

/** A running appliance at 192.0.2.1:5060 and the means to test it. */
export class Site {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly database = memoryDatabase();
  core: Core;
  /** Large messages and closed flows find this one. */
  streamFlow: Flow | undefined;
  readonly #transports: readonly TransportName[];
  #timers = this.clock.timers();
  #listeners: MemoryListener[] = [];
  #starts = 0;

  private constructor(config: Config, transports: readonly TransportName[]) {
    this.#transports = transports;
    this.core = this.#open(config);
  }

  /** Starts an appliance. */
  static async start(toml = plainConfig, transports: readonly TransportName[] = ["udp"]): Promise<Site> {
    return new Site(await configOf(toml), transports);
  }

  /** Pulls the plug, and starts again from what is on the disk. */
  async restart(toml?: string, downMillis = 0): Promise<void> {
    const config = toml === undefined ? this.core.config : await configOf(toml);
    this.#starts++;
    this.#timers.stop();
    for (const listener of this.#listeners) listener.isOpen = false;
    await this.clock.settle(downMillis);
    this.#timers = this.clock.timers();
    this.core = this.#open(config);
  }

  #open(config: Config): Core {
    const { clock, network, database } = this;
    const timers = this.#timers;
    // What a pulled plug has interrupted does not go on.
    const start = this.#starts;
    const turn = new Turn((end) => queueMicrotask(() => start === this.#starts && end()));
    const journal = new Journal({ database, turn, timers });
    const core = new Core({
      config,
      clock,
      timers,
      turn,
      entropy: scriptedEntropy(start + 1),
      log: silentLog,
      states: new StatesStore(database),
      features: new FeaturesStore(database),
      bindings: new BindingsStore(database, journal),
      subscriptions: new SubscriptionsStore(database, journal),
      publications: new PublicationsStore(database, journal),
      tags: new TagsStore(database, journal, clock),
      durability: journal,
      nonceSecret: new Uint8Array(32).fill(7),
      flows: {
        flowFor: ({ source, dialog }, isReliableWanted) => {
          if (isReliableWanted) return Promise.resolve(this.streamFlow);
          const { host, port } = parseUri(dialog.remoteTarget);
          return Promise.resolve(this.#flowTo(source ?? { transport: "udp", address: host, port: port ?? 5060 }));
        },
      },
      contactFlows: {
        flowFor: ({ source, requestUri }) => {
          if (source !== undefined) {
            return Promise.resolve(this.#flowTo({ ...source, transport: source.transport as TransportName }));
          }
          const { host, port } = parseUri(requestUri);
          return Promise.resolve(this.#flowTo({ transport: "udp", address: host, port: port ?? 5060 }));
        },
      },
      serverFlows: {
        flowFor: (uri) => {
          const { host, port } = parseUri(uri);
          return Promise.resolve(this.#flowTo({ transport: "udp", address: host, port: port ?? 5060 }));
        },
        noteFailure() {},
      },
      routes: network,
    });
    this.#listeners = this.#transports.map((transport) =>
      network.bind({ name: transport, transport, address: "192.0.2.1" }, core)
    );
    core.begin();
    return core;
  }

  #flowTo({ transport, address, port }: Destination): Flow | undefined {
    return this.#listeners.find((listener) => listener.transport === transport)?.flowTo(address, port);
  }

  /** The appliance's timers, those of its present start. */
  get timers(): Timers {
    return this.#timers;
  }

  /** A phone at an address of its own. */
  phone(address: string, transport: TransportName = "udp"): Phone {
    return new Phone(this.network, this.clock, address, transport);
  }

  /** The appliance's own way to an address. */
  flowTo(address: string, transport: TransportName): Flow | undefined {
    return this.#flowTo({ transport, address, port: 5060 });
  }

  /** Sets a `Custom:` device. */
  setDevice(name: string, state: DeviceState): void {
    this.core.engine.setCustomState(`Custom:${name}`, state);
  }

  /** Puts another configuration in force. */
  async reload(toml: string): Promise<void> {
    this.core.apply(await configOf(toml));
  }

  /** Lets `millis` pass; everything that is due happens. */
  async pass(millis = 0): Promise<void> {
    await this.clock.settle(millis);
  }
}
