/**
 * Owns one UDP socket: datagrams in, with keep-alives and strangers taken out; datagrams out through its outbox.
 *
 * A flow here is a value, made when a datagram comes from a remote that is not in a small direct-mapped memo: the busiest
 * remotes cost no allocation, and the memory is bounded whoever sends.
 */
import { isIPv6 } from "node:net";
import { limits } from "../runtime/limits.ts";
import { type Turn, TurnStep } from "../runtime/turn.ts";
import { Char } from "../sip/chars.ts";
import { isKeepAlive } from "../sip/parse.ts";
import { AdvertisedAddress, type ListenerOptions } from "./listener_options.ts";
import type { LocalAddresses } from "./local_addresses.ts";
import { Outbox } from "./outbox.ts";
import { enlargeReceiveBuffer } from "./receive_buffer.ts";
import type { Recorder } from "./recorder.ts";
import type { Flow, FlowReceiver, HostPort, Listener } from "./transport.ts";
import type { TransportCounters } from "./transport_counters.ts";

/** What every listener is made of. */
export interface ListenerParts {
  /** Gets everything that arrives. */
  readonly receiver: FlowReceiver;
  /** Incremented in place. */
  readonly counters: TransportCounters;
  /** Keeps the recent messages. */
  readonly recorder: Recorder;
  /** What wildcard binds advertise. */
  readonly localAddresses: LocalAddresses;
  /** Gives out the ids of flows. */
  readonly nextFlowId: () => number;
  /** At whose end datagrams leave. */
  readonly turn: Turn;
}

/** uSockets' LIBUS_SOCKET_IPV6_ONLY: `[::]` and `0.0.0.0` may be bound to one port side by side, as for TCP. */
const ipv6OnlyFlag = 8;

/** Remotes whose flow object is remembered; a power of two. */
const memoSize = 4_096;

class UdpFlow implements Flow {
  readonly id: number;
  readonly transport = "udp";
  readonly isReliable = false;
  readonly isSecure = false;
  readonly listener: UdpListener;
  readonly remoteAddress: string;
  readonly remotePort: number;

  constructor(id: number, listener: UdpListener, remoteAddress: string, remotePort: number) {
    this.id = id;
    this.listener = listener;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  get isOpen(): boolean {
    return this.listener.isOpen;
  }

  send(bytes: Uint8Array): boolean {
    return this.listener.send(bytes, this.remotePort, this.remoteAddress);
  }
}

/** A bound UDP socket. */
export class UdpListener implements Listener {
  /** Always UDP. */
  readonly transport = "udp";
  readonly address: string;
  readonly port: number;
  readonly #parts: ListenerParts;
  readonly #socket: Bun.udp.Socket<"buffer">;
  readonly #outbox: Outbox;
  readonly #memo: (UdpFlow | undefined)[] = new Array(memoSize).fill(undefined);
  #options: ListenerOptions;
  #advertised: AdvertisedAddress;
  #isOpen = true;

  private constructor(options: ListenerOptions, parts: ListenerParts, socket: Bun.udp.Socket<"buffer">) {
    this.#options = options;
    this.#parts = parts;
    this.#socket = socket;
    this.address = options.address;
    this.port = socket.port;
    this.#advertised = new AdvertisedAddress(options, socket.port, parts.localAddresses);
    this.#outbox = new Outbox({
      socket,
      counters: parts.counters,
      waitingMax: limits.outboxDatagramCount,
      schedule: (flush) => parts.turn.at(TurnStep.send, flush),
    });
  }

  /**
   * Binds a socket and listens.
   *
   * @throws The host's error: EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  static async open(options: ListenerOptions, parts: ListenerParts): Promise<UdpListener> {
    let listener: UdpListener | undefined = undefined;
    const socketOptions: Bun.udp.SocketOptions<"buffer"> & { flags: number } = {
      hostname: options.address,
      port: options.port,
      flags: isIPv6(options.address) ? ipv6OnlyFlag : 0,
      socket: {
        data: (_socket, data, port, address) => listener?.receive(data, port, address),
        drain: () => listener?.drained(),
        // Without this handler an ICMP error, that is, a phone that went away, would end the process.
        error: () => {
          parts.counters.datagramsUnreachable++;
        },
      },
    };
    const socket = await Bun.udpSocket(socketOptions);
    enlargeReceiveBuffer((socket as unknown as { readonly fd: number }).fd, limits.receiveBufferBytes);
    return listener = new UdpListener(options, parts, socket);
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

  /** Datagrams that wait for the socket. */
  get waitingCount(): number {
    return this.#outbox.waitingCount;
  }

  advertised(remoteAddress: string): HostPort {
    return this.#advertised.towards(remoteAddress);
  }

  /** Takes other options with the same transport, address and port. */
  reconfigure(options: ListenerOptions): void {
    this.#options = options;
    this.#advertised = new AdvertisedAddress(options, this.port, this.#parts.localAddresses);
  }

  /** The flow to a remote by this socket. */
  flowTo(address: string, port: number): Flow {
    const slot = memoSlot(address, port);
    const known = this.#memo[slot];
    if (known !== undefined && known.remotePort === port && known.remoteAddress === address) return known;
    const flow = new UdpFlow(this.#parts.nextFlowId(), this, address, port);
    this.#memo[slot] = flow;
    return flow;
  }

  /** Sends one datagram within this tick; false when it was dropped. */
  send(bytes: Uint8Array, port: number, address: string): boolean {
    if (!this.#isOpen || !this.#outbox.push(bytes, port, address)) return false;
    this.#parts.recorder.record(bytes, 0, bytes.length, true, this, address, port);
    return true;
  }

  /** Takes one datagram from the socket. */
  receive(data: Uint8Array, port: number, address: string): void {
    const { counters, receiver, recorder } = this.#parts;
    counters.datagramsReceived++;
    if (isKeepAlive(data, 0, data.length)) counters.keepAlives++;
    else if (!startsAsText(data[0]!)) counters.strangeDatagrams++;
    // Nothing can be answered to port 0.
    else if (port !== 0) {
      const flow = this.flowTo(address, port);
      // The flow's address, not the datagram's: that one would live as long as the record.
      recorder.record(data, 0, data.length, false, this, flow.remoteAddress, port);
      receiver.receiveMessage(data, 0, data.length, flow);
    }
  }

  /** The socket takes datagrams again. */
  drained(): void {
    this.#outbox.drained();
  }

  /** Sends what waits and closes the socket. */
  close(): void {
    if (!this.#isOpen) return;
    this.#outbox.close();
    this.#isOpen = false;
    this.#socket.close();
  }
}

/** A SIP message begins with a token, maybe after line ends; STUN, DTLS and RTP begin with other bytes. RFC 7983 §7. */
function startsAsText(byte: number): boolean {
  return byte > 0x20 ? byte < 0x7f : byte === Char.cr || byte === Char.lf;
}

/** Place in the memo by the end of the address, where phones of one network differ, and the port. */
function memoSlot(address: string, port: number): number {
  const end = address.length - 1;
  const tail = (address.charCodeAt(end) * 31 + address.charCodeAt(end - 1)) * 31 + address.charCodeAt(end - 2);
  return (tail * 7 + port) & (memoSize - 1);
}
