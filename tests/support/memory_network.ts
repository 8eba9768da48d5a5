/** A network inside a test: datagrams and streams between any number of parties, with loss, delay and repetition by script. */
import type { ResponseRoutes } from "../../lib/transaction/transaction.ts";
import { bracketed } from "../../lib/transport/listener_options.ts";
import type {
  Destination,
  Flow,
  FlowReceiver,
  HostPort,
  Listener,
  TransportName,
} from "../../lib/transport/transport.ts";
import type { ManualClock } from "./manual_clock.ts";

const decoder = new TextDecoder();

/** One message on its way. */
export interface Sent {
  /** Counts from 0 over the whole network. */
  readonly index: number;
  readonly at: number;
  readonly transport: TransportName;
  /** address:port of both ends. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/**
 * What becomes of a datagram: one arrival for each delay in milliseconds; `[]` is lost, `[0]` arrives at once, `[0, 0]`
 * twice, `[80]` behind later ones.
 */
export type Fate = readonly number[];

/** What a test's party binds. */
export interface MemoryBind {
  readonly name?: string;
  readonly transport?: TransportName;
  readonly address: string;
  readonly port?: number;
  readonly isSymmetric?: boolean;
}

/** A bound address of one party. */
export class MemoryListener implements Listener {
  readonly name: string;
  readonly transport: TransportName;
  readonly address: string;
  readonly port: number;
  readonly isSymmetric: boolean;
  readonly receiver: FlowReceiver;
  isOpen = true;
  readonly #network: MemoryNetwork;

  constructor(network: MemoryNetwork, bind: MemoryBind, receiver: FlowReceiver) {
    this.transport = bind.transport ?? "udp";
    this.name = bind.name ?? this.transport;
    this.address = bind.address;
    this.port = bind.port ?? 5060;
    this.isSymmetric = bind.isSymmetric ?? false;
    this.receiver = receiver;
    this.#network = network;
  }

  advertised(_remoteAddress: string): HostPort {
    return { host: bracketed(this.address), port: this.port };
  }

  /** A flow from here: the datagram flow, or a connection, new unless one is open. */
  flowTo(address: string, port = 5060): Flow | undefined {
    return this.#network.flow(this, address, port);
  }
}

export class MemoryFlow implements Flow {
  readonly id: number;
  readonly transport: TransportName;
  readonly isReliable: boolean;
  readonly isSecure: boolean;
  readonly listener: MemoryListener;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The local end; that of a stream opened by us is not the listener's port. */
  readonly localPort: number;
  /** The other end of a stream. */
  peer: MemoryFlow | undefined = undefined;
  readonly #network: MemoryNetwork;
  #isOpen = true;

  constructor(network: MemoryNetwork, listener: MemoryListener, address: string, port: number, localPort: number) {
    this.id = network.nextId();
    this.transport = listener.transport;
    this.isReliable = listener.transport !== "udp";
    this.isSecure = listener.transport === "tls" || listener.transport === "wss";
    this.listener = listener;
    this.remoteAddress = address;
    this.remotePort = port;
    this.localPort = localPort;
    this.#network = network;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.listener.isOpen;
  }

  send(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.#network.carry(this, bytes);
    return true;
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.listener.receiver.flowClosed(this);
  }
}

/** All parties of a test, and every message that was sent. */
export class MemoryNetwork implements ResponseRoutes {
  /** Every message in the order of sending, lost ones included. */
  readonly sent: Sent[] = [];
  /** Decides over each datagram; streams lose nothing. */
  fate: (sent: Sent) => Fate = () => [0];
  readonly #clock: ManualClock;
  readonly #listeners: MemoryListener[] = [];
  readonly #streams: MemoryFlow[] = [];
  #ids = 0;
  #ephemeralPort = 49_152;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** Binds an address for a party. */
  bind(bind: MemoryBind, receiver: FlowReceiver): MemoryListener {
    const listener = new MemoryListener(this, bind, receiver);
    this.#listeners.push(listener);
    return listener;
  }

  /** The flow from a listener to a remote; `undefined` when a stream finds nobody there. */
  flow(from: MemoryListener, address: string, port: number): Flow | undefined {
    if (from.transport === "udp") return new MemoryFlow(this, from, address, port, from.port);
    const open = this.#streams.find((flow) =>
      flow.isOpen && flow.listener === from && flow.remoteAddress === address && flow.remotePort === port
    );
    return open ?? this.#connect(from, address, port);
  }

  /** As `Transports.flowTo`, from the first listener of the transport. */
  flowTo({ transport, address, port }: Destination, from?: Listener): Flow | undefined {
    const listener = this.#listeners.find((one) => one === from) ??
      this.#listeners.find((one) => one.transport === transport);
    return listener === undefined ? undefined : this.flow(listener, address, port);
  }

  responseFlow(flow: Flow, sentByPort: number, isToSource: boolean): Flow | undefined {
    if (flow.isReliable ? flow.isOpen : isToSource || flow.remotePort === sentByPort) return flow;
    const { transport, remoteAddress: address, listener } = flow;
    return this.flowTo({ transport, address, port: sentByPort }, listener);
  }

  /** Cuts a connection; both ends are told. */
  cut(flow: Flow): void {
    const end = this.#streams.find((one) => one === flow);
    end?.end();
    end?.peer?.end();
  }

  /** The ladder of everything sent, one line each, for a failing test's message. */
  ladder(): string {
    return this.sent.map(({ at, from, to, text }) => `${at} ms  ${from} → ${to}  ${text.slice(0, text.indexOf("\r"))}`)
      .join("\n");
  }

  nextId(): number {
    return ++this.#ids;
  }

  carry(flow: MemoryFlow, bytes: Uint8Array): void {
    const { transport, listener, remoteAddress, remotePort, localPort } = flow;
    const sent: Sent = {
      index: this.sent.length,
      at: this.#clock.now(),
      transport,
      from: `${bracketed(listener.address)}:${localPort}`,
      to: `${bracketed(remoteAddress)}:${remotePort}`,
      text: decoder.decode(bytes),
    };
    this.sent.push(sent);
    const copy = bytes.slice();
    const { peer } = flow;
    if (flow.isReliable) {
      this.#clock.after(0, () => {
        if (peer?.isOpen) peer.listener.receiver.receiveMessage(copy, 0, copy.length, peer);
      });
      return;
    }
    for (const delay of this.fate(sent)) {
      this.#clock.after(delay, () => this.#arrive(listener, remoteAddress, remotePort, copy));
    }
  }

  #arrive(from: MemoryListener, address: string, port: number, bytes: Uint8Array): void {
    const to = this.#listenerAt("udp", address, port);
    if (to === undefined) return;
    to.receiver.receiveMessage(bytes, 0, bytes.length, new MemoryFlow(this, to, from.address, from.port, to.port));
  }

  #listenerAt(transport: TransportName, address: string, port: number): MemoryListener | undefined {
    return this.#listeners.find((one) =>
      one.isOpen && one.transport === transport && one.address === address && one.port === port
    );
  }

  #connect(from: MemoryListener, address: string, port: number): MemoryFlow | undefined {
    const to = this.#listenerAt(from.transport, address, port);
    if (to === undefined) return undefined;
    const localPort = this.#ephemeralPort++;
    const near = new MemoryFlow(this, from, address, port, localPort);
    const far = new MemoryFlow(this, to, from.address, localPort, port);
    near.peer = far;
    far.peer = near;
    this.#streams.push(near, far);
    return near;
  }
}
