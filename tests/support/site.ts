/**
 * A whole appliance without host: the real core on a manual clock, a memory network and scripted entropy.
 */
import { Core } from "../../lib/app/core.ts";
import { hintChecks } from "../../lib/app.ts";
import type { Config } from "../../lib/config/config.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { Subscription } from "../../lib/event/subscription.ts";
import { entropyFrom } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import type { StatesPort, StoredStates } from "../../lib/state/states_port.ts";
import type { SubscriptionRecord, SubscriptionsPort } from "../../lib/event/subscription_record.ts";
import { Turn } from "../../lib/runtime/turn.ts";
import type { Flow, TransportName } from "../../lib/transport/transport.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryNetwork } from "./memory_network.ts";
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

/** What a disk keeps of subscriptions, as text, as long as the test lasts. */
export class MemorySubscriptions implements SubscriptionsPort {
  readonly rows = new Map<string, string>();
  start = 1;

  *load(): Iterable<SubscriptionRecord> {
    for (const row of [...this.rows.values()]) yield JSON.parse(row);
  }

  save(record: SubscriptionRecord): void {
    this.rows.set(record.dialog.localTag, JSON.stringify(record));
  }

  remove(localTag: string): void {
    this.rows.delete(localTag);
  }
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
  readonly core: Core;
  /** Large messages and closed flows find this one. */
  streamFlow: Flow | undefined;

  private constructor(config: Config, transports: readonly TransportName[]) {
    this.core = new Core({
      config,
      clock: this.clock,
      timers: this.clock.timers(),
      entropy: scriptedEntropy(),
      log: silentLog,
      states: memoryStates(),
      turn: new Turn(queueMicrotask),
      bindings: { load: () => [], commit() {} },
      subscriptions: new MemorySubscriptions(),
      durability: { isDue: false, whenSettled() {} },
      nonceSecret: new Uint8Array(32).fill(7),
      flows: {
        flowFor: (_subscription: Subscription, isReliableWanted: boolean) =>
          Promise.resolve(isReliableWanted ? this.streamFlow : undefined),
      },
      contactFlows: {
        flowFor: ({ source }) =>
          Promise.resolve(
            source && this.network.flowTo({ ...source, transport: source.transport as TransportName }),
          ),
      },
      routes: this.network,
    });
    for (const transport of transports) {
      this.network.bind({ name: transport, transport, address: "192.0.2.1" }, this.core);
    }
  }

  /** Starts an appliance. */
  static async start(toml = plainConfig, transports: readonly TransportName[] = ["udp"]): Promise<Site> {
    return new Site(await configOf(toml), transports);
  }

  /** A phone at an address of its own. */
  phone(address: string, transport: TransportName = "udp"): Phone {
    return new Phone(this.network, this.clock, address, transport);
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
