/**
 * Owns the registry of listeners: opening, replacing and closing them, and finding the flow to a destination.
 */
import { isIPv6 } from "node:net";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { Timers } from "../runtime/timers.ts";
import type { Turn } from "../runtime/turn.ts";
import { Connections } from "./connections.ts";
import { bracketed, isWildcard, type ListenerOptions } from "./listener_options.ts";
import { type HostNetwork, LocalAddresses, systemNetwork } from "./local_addresses.ts";
import { TcpListener } from "./tcp.ts";
import type { Recorder } from "./recorder.ts";
import type { Destination, Flow, FlowReceiver, Listener, TransportName } from "./transport.ts";
import type { TransportCounters } from "./transport_counters.ts";
import { UdpListener } from "./udp.ts";

/** Why a listener is not there. */
export interface ListenerProblem {
  /** Name of the listener. */
  readonly listener: string;
  /** One line for the operator; names listener, transport, address and port. */
  readonly message: string;
}

/** One listener, for the status page. */
export interface ListenerSnapshot {
  /** As `config.toml` names it. */
  readonly name: string;
  /** Transport of the socket. */
  readonly transport: TransportName;
  /** As bound, IPv6 in brackets. */
  readonly bind: string;
  /** Datagrams that wait for the socket. */
  readonly waitingCount: number;
}

/** The transports, for the status page. */
export interface TransportsSnapshot {
  /** In the order of the configuration. */
  readonly listeners: readonly ListenerSnapshot[];
  /** Open connections. */
  readonly connectionCount: number;
  /** A copy. */
  readonly counters: TransportCounters;
}

/** What the registry is made of. */
export interface TransportsParts {
  /** Gets everything that arrives; the transaction layer. */
  readonly receiver: FlowReceiver;
  /** At whose end datagrams leave. */
  readonly turn: Turn;
  /** Where connections' deadlines wait. */
  readonly timers: Timers;
  /** Against which the memory of interfaces ages. */
  readonly clock: Clock;
  /** Told of listeners opened. */
  readonly log: Log;
  /** Incremented in place. */
  readonly counters: TransportCounters;
  /** Keeps the recent messages. */
  readonly recorder: Recorder;
  /** Where addresses are looked up; the machine itself unless told. */
  readonly network?: HostNetwork;
}

type OpenListener = UdpListener | TcpListener;

/** All listeners and connections of the appliance. */
export class Transports {
  readonly #parts: TransportsParts;
  readonly #localAddresses: LocalAddresses;
  readonly #connections = new Connections();
  #listeners: OpenListener[] = [];
  #nextFlowId = 1;

  /** A registry without listeners; `start` follows. */
  constructor(parts: TransportsParts) {
    this.#parts = parts;
    this.#localAddresses = new LocalAddresses(parts.network ?? systemNetwork, parts.clock);
  }

  /** The open listeners, in the order of the configuration. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** Transports that can be used, in the order of the configuration. */
  get transportNames(): readonly TransportName[] {
    return [...new Set(this.#listeners.map((listener) => listener.transport))];
  }

  /** The listener called `name`. */
  listenerNamed(name: string): Listener | undefined {
    return this.#listeners.find((listener) => listener.name === name);
  }

  /**
   * Makes the open listeners those of `options`. One whose transport, address and port stay is not closed.
   *
   * @returns All problems. If there is one, the listeners are as they were before.
   */
  async replace(options: readonly ListenerOptions[]): Promise<ListenerProblem[]> {
    const kept = this.#listeners.filter((listener) => options.some((option) => isSameSocket(option, listener.options)));
    const removed = this.#listeners.filter((listener) => !kept.includes(listener));
    // A removed socket may hold the very port that an added one wants.
    for (const listener of removed) listener.close();
    const { opened, problems } = await this.#openAll(
      options.filter((option) => !kept.some((listener) => isSameSocket(option, listener.options))),
    );
    if (problems.length > 0) {
      for (const listener of opened) listener.close();
      const restored = await this.#openAll(removed.map((listener) => listener.options));
      this.#listeners = [...kept, ...restored.opened];
      return [...problems, ...restored.problems];
    }
    for (const listener of removed) this.#connections.close(listener);
    for (const listener of kept) {
      listener.reconfigure(options.find((option) => isSameSocket(option, listener.options))!);
    }
    for (const { name, options, port } of opened) {
      this.#parts.log.info("transport", `Listening on ${describe(options, port)}`, { listener: name });
    }
    const all = [...kept, ...opened];
    this.#listeners = options.map((option) => all.find((listener) => listener.options === option)!);
    return [];
  }

  /** Opens the listeners; as `replace`. */
  start(options: readonly ListenerOptions[]): Promise<ListenerProblem[]> {
    return this.replace(options);
  }

  /** Sends what waits and closes everything. */
  stop(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    this.#connections.close();
  }

  /**
   * The flow to a destination: an open connection, a datagram flow at once, or a connection to be opened.
   *
   * @param from The listener to leave by, where it fits; otherwise the one whose address the peer sees.
   * @returns `undefined` when there is no listener of that transport and family, or the peer cannot be reached.
   * Source: RFC 3261 §18.1.1.
   */
  flowTo(destination: Destination, from?: Listener): Flow | undefined | Promise<Flow | undefined> {
    const connection = this.#connections.find(destination);
    if (connection !== undefined) return connection;
    const listener = this.#listenerFor(destination, from);
    if (listener === undefined) return undefined;
    return listener.transport === "udp"
      ? listener.flowTo(destination.address, destination.port)
      : listener.connect(destination.address, destination.port);
  }

  /**
   * The first flow that can be had to one of several destinations, in their order.
   *
   * @param failed Told of each destination that could not be reached.
   * Source: RFC 3263 §4.3.
   */
  async flowToAny(
    destinations: readonly Destination[],
    from?: Listener,
    failed?: (destination: Destination) => void,
  ): Promise<Flow | undefined> {
    for (const destination of destinations) {
      const flow = await this.flowTo(destination, from);
      if (flow !== undefined) return flow;
      failed?.(destination);
    }
    return undefined;
  }

  /**
   * The flow for a response.
   *
   * Datagrams go to the source address: to the source port when the request has `rport` or it is forced, else to the port
   * of sent-by. Streams go back by their connection, or, when it is gone, by a new one to the source address and the
   * port of sent-by. `maddr` is not followed: it would let anybody point our answers at anybody.
   *
   * @param sentByPort Port of the top Via's sent-by, or the transport's default.
   * Source: RFC 3261 §18.2.2, RFC 3581 §4.
   */
  responseFlow(flow: Flow, sentByPort: number, isToSource: boolean): Flow | undefined | Promise<Flow | undefined> {
    const isOwn = flow.isReliable ? flow.isOpen : isToSource || sentByPort === flow.remotePort;
    if (isOwn) return flow;
    const { transport, remoteAddress: address } = flow;
    return this.flowTo({ transport, address, port: sentByPort }, flow.listener);
  }

  /** Describes the transports. */
  snapshot(): TransportsSnapshot {
    return {
      listeners: this.#listeners.map((listener) => ({
        name: listener.name,
        transport: listener.transport,
        bind: `${bracketed(listener.address)}:${listener.port}`,
        waitingCount: listener.transport === "udp" ? listener.waitingCount : 0,
      })),
      connectionCount: this.#connections.count,
      counters: { ...this.#parts.counters },
    };
  }

  #listenerFor({ transport, address }: Destination, from: Listener | undefined): OpenListener | undefined {
    const fitting = this.#listeners.filter((listener) =>
      listener.transport === transport && isIPv6(listener.address) === isIPv6(address)
    );
    const local = this.#localAddresses.towards(address);
    return fitting.find((listener) => listener === from) ??
      fitting.find((listener) => listener.address === local) ??
      fitting.find((listener) => isWildcard(listener.address)) ??
      fitting[0];
  }

  async #openAll(
    options: readonly ListenerOptions[],
  ): Promise<{ opened: OpenListener[]; problems: ListenerProblem[] }> {
    const opened: OpenListener[] = [];
    const problems: ListenerProblem[] = [];
    for (const option of options) {
      try {
        opened.push(await this.#open(option));
      } catch (error) {
        problems.push({ listener: option.name, message: `Listener "${option.name}": ${reasonOf(option, error)}` });
      }
    }
    return { opened, problems };
  }

  #open(options: ListenerOptions): OpenListener | Promise<OpenListener> {
    const { receiver, recorder, counters, timers } = this.#parts;
    const parts = {
      receiver,
      recorder,
      counters,
      timers,
      turn: this.#parts.turn,
      localAddresses: this.#localAddresses,
      connections: this.#connections,
      nextFlowId: () => this.#nextFlowId++,
    };
    switch (options.transport) {
      case "udp":
        return UdpListener.open(options, parts);
      case "tcp":
        return new TcpListener(options, parts);
      default:
        throw new Error(`transport ${options.transport} is not available yet`);
    }
  }
}

/** Port 0 is another port each time, so there the name decides. */
function isSameSocket(a: ListenerOptions, b: ListenerOptions): boolean {
  return a.transport === b.transport && a.address === b.address && a.port === b.port &&
    (a.port !== 0 || a.name === b.name);
}

function describe({ transport, address }: ListenerOptions, port: number): string {
  return `${transport} ${bracketed(address)}:${port}`;
}

function reasonOf(options: ListenerOptions, error: unknown): string {
  const where = describe(options, options.port);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return `${where} is taken by another program`;
    case "EADDRNOTAVAIL":
      return `${where} is not an address of this machine`;
    case "EACCES":
      return `${where} may not be bound by this user`;
    default:
      return `${where}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
