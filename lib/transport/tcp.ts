/**
 * Owns one listening TCP socket and the connections opened in its name.
 */
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { AdvertisedAddress, type ListenerOptions } from "./listener_options.ts";
import type { Flow, HostPort, Listener } from "./transport.ts";
import type { ListenerParts } from "./udp.ts";

/** What a listener for streams is made of. */
export interface StreamListenerParts extends ListenerParts {
  /** Where connections' deadlines wait. */
  readonly timers: Timers;
  /** All connections of the appliance. */
  readonly connections: Connections;
}

/** Bun's socket, which carries its connection; none before `open` and for those turned away. */
type TcpSocket = Bun.Socket<Connection | undefined>;

/** How long a peer may take to accept a connection of ours. */
const connectMillis = 4_000;

/** Silence after which the kernel asks whether the peer still lives. */
const kernelKeepAliveMillis = 60_000;

/** A listening TCP socket. */
export class TcpListener implements Listener {
  /** Always TCP. */
  readonly transport = "tcp";
  readonly address: string;
  readonly port: number;
  readonly #parts: StreamListenerParts;
  readonly #socket: Bun.TCPSocketListener<Connection | undefined>;
  /** Connections being opened, by address and port. */
  readonly #opening = new Map<string, Promise<Flow | undefined>>();
  #options: ListenerOptions;
  #advertised: AdvertisedAddress;
  #isOpen = true;

  /**
   * Binds a socket and listens.
   *
   * @throws The host's error: EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  constructor(options: ListenerOptions, parts: StreamListenerParts) {
    this.#options = options;
    this.#parts = parts;
    this.address = options.address;
    const listenOptions: Bun.TCPSocketListenOptions<Connection | undefined> & { ipv6Only: boolean } = {
      hostname: options.address,
      port: options.port,
      ipv6Only: true,
      data: undefined,
      socket: this.#handlers((socket) => this.#accept(socket)),
    };
    this.#socket = Bun.listen(listenOptions);
    this.port = this.#socket.port;
    this.#advertised = new AdvertisedAddress(options, this.port, parts.localAddresses);
  }

  get name(): string {
    return this.#options.name;
  }

  get isSymmetric(): boolean {
    return this.#options.isSymmetric;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The options it runs with. */
  get options(): ListenerOptions {
    return this.#options;
  }

  advertised(remoteAddress: string): HostPort {
    return this.#advertised.towards(remoteAddress);
  }

  /** Takes other options with the same transport, address and port. */
  reconfigure(options: ListenerOptions): void {
    this.#options = options;
    this.#advertised = new AdvertisedAddress(options, this.port, this.#parts.localAddresses);
  }

  /** Accepts no more; open connections stay. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.stop(false);
  }

  /**
   * Opens a connection; calls for the same peer share it.
   *
   * @returns `undefined` when the peer refuses, does not answer within four seconds, or too many are open. Never rejects.
   */
  connect(address: string, port: number): Promise<Flow | undefined> {
    const key = `${address} ${port}`;
    const opening = this.#opening.get(key);
    if (opening !== undefined) return opening;
    const attempt = this.#open(address, port).then((flow) => {
      this.#opening.delete(key);
      return flow;
    });
    this.#opening.set(key, attempt);
    return attempt;
  }

  #open(address: string, port: number): Promise<Flow | undefined> {
    const { counters, connections, timers } = this.#parts;
    if (!connections.mayAdd(address)) {
      counters.connectionsRefused++;
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      let isWaiting = true;
      const settle = (flow: Flow | undefined) => {
        if (!isWaiting) return;
        isWaiting = false;
        timers.cancel(deadline);
        if (flow === undefined) counters.connectionsFailed++;
        else counters.connectionsOpened++;
        resolve(flow);
      };
      const deadline = new TimerEntry({ timerFired: () => settle(undefined) });
      timers.arm(deadline, connectMillis);
      const opened = (socket: TcpSocket) => {
        if (isWaiting) settle(this.#adopt(socket, address, port));
        else socket.terminate();
      };
      Bun.connect<Connection | undefined>({
        hostname: address,
        port,
        data: undefined,
        socket: this.#handlers(opened),
      }).catch(() => settle(undefined));
    });
  }

  #accept(socket: TcpSocket): void {
    const { counters, connections } = this.#parts;
    if (!this.#isOpen || !connections.mayAdd(socket.remoteAddress)) {
      counters.connectionsRefused++;
      socket.terminate();
      return;
    }
    counters.connectionsAccepted++;
    this.#adopt(socket, socket.remoteAddress, socket.remotePort);
  }

  #adopt(socket: TcpSocket, remoteAddress: string, remotePort: number): Connection {
    const { receiver, recorder, timers, turn, counters, connections, nextFlowId } = this.#parts;
    const connection = new Connection({
      id: nextFlowId(),
      transport: this.transport,
      isSecure: false,
      listener: this,
      remoteAddress,
      remotePort,
      socket,
      receiver,
      timers,
      turn,
      counters,
      recorder,
    });
    socket.data = connection;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, kernelKeepAliveMillis);
    connections.add(connection);
    return connection;
  }

  #handlers(opened: (socket: TcpSocket) => void): Bun.SocketHandler<Connection | undefined> {
    const closed = (socket: TcpSocket) => {
      const connection = socket.data;
      if (connection === undefined) return;
      this.#parts.connections.remove(connection);
      connection.closed();
    };
    return {
      open: opened,
      data: (socket, chunk) => socket.data?.receive(chunk),
      drain: (socket) => socket.data?.drained(),
      close: closed,
      end: (socket) => {
        socket.end();
      },
      error: (socket) => {
        socket.terminate();
      },
      connectError: () => {},
    };
  }
}
