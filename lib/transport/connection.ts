/**
 * Owns one stream connection: framing, keep-alive, deadlines, and a bounded backlog of unsent bytes.
 *
 * Theory. A connection has one deadline at a time: the end of the first or of the present message (slow loris), or the end
 * of a long silence. When no message can be framed, or we close, the connection lingers: what was written still
 * leaves, what comes is thrown away, so that the peer reads our last answer instead of a reset.
 */
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { ParseFailure } from "../sip/parse_failure.ts";
import { type FrameReceiver, StreamFramer } from "../sip/stream_framer.ts";
import type { Recorder } from "./recorder.ts";
import type { Flow, FlowReceiver, Listener, TransportName } from "./transport.ts";
import type { TransportCounters } from "./transport_counters.ts";

/** What a connection demands of its socket; Bun's TCP and TLS sockets have it. */
export interface StreamSocket {
  /** Hands bytes to the kernel; returns how many it took, negative when the socket is closed. */
  write(bytes: Uint8Array): number;
  /** Ends our direction once all is sent. */
  shutdown(): void;
  /** Closes at once. */
  terminate(): void;
  /** Lets the process end while the socket is open. */
  unref(): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  /** Id of the flow. */
  readonly id: number;
  /** Transport by which it runs. */
  readonly transport: TransportName;
  /** True under TLS. */
  readonly isSecure: boolean;
  /** By which it came, or in whose name it was opened. */
  readonly listener: Listener;
  /** The peer's address, IPv6 without brackets. */
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  /** The socket, which tells its events to the connection. */
  readonly socket: StreamSocket;
  /** Gets messages, and is told of the end. */
  readonly receiver: FlowReceiver;
  /** Where the deadline waits. */
  readonly timers: Timers;
  /** Incremented in place. */
  readonly counters: TransportCounters;
  /** Keeps the recent messages. */
  readonly recorder: Recorder;
}

/** A silence longer than the longest subscription, or registration, is the end: the kernel's keep-alive finds the dead. */
const idleMillis = 7_200_000;

/** How long a closing connection may take to send what is left. */
const lingerMillis = 2_000;

/** Answer to a ping. Source: RFC 5626 §3.5.1. */
const pong = new Uint8Array([0x0d, 0x0a]);

/** A flow over one connection. */
export class Connection implements Flow, FrameReceiver, TimerOwner {
  readonly id: number;
  /** Transport by which it runs. */
  readonly transport: TransportName;
  readonly isReliable = true;
  readonly isSecure: boolean;
  readonly listener: Listener;
  readonly remoteAddress: string;
  /** The peer's port. */
  readonly remotePort: number;
  readonly #parts: ConnectionParts;
  readonly #framer = new StreamFramer(this);
  readonly #deadline = new TimerEntry(this);
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  /** Messages and pings received. */
  #heardCount = 0;
  #state: "open" | "lingering" | "closed" = "open";

  /** An open connection, whose first message is awaited. */
  constructor(parts: ConnectionParts) {
    this.id = parts.id;
    this.transport = parts.transport;
    this.isSecure = parts.isSecure;
    this.listener = parts.listener;
    this.remoteAddress = parts.remoteAddress;
    this.remotePort = parts.remotePort;
    this.#parts = parts;
    parts.timers.arm(this.#deadline, limits.streamMessageMillis);
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Bytes that wait for the peer to read. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  send(bytes: Uint8Array): boolean {
    if (!this.#write(bytes)) return false;
    this.#record(bytes, 0, bytes.length, true);
    return true;
  }

  /** Takes bytes from the socket. */
  receive(chunk: Uint8Array): void {
    this.#parts.counters.streamBytesReceived += chunk.length;
    if (this.#state !== "open") return;
    const wasInside = this.#framer.isInsideMessage;
    const heardBefore = this.#heardCount;
    this.#framer.receive(chunk);
    if (this.#state !== "open") return;
    // Bytes that only continue a message do not move its deadline: a slow loris gets no reprieve.
    if (!this.#framer.isInsideMessage) {
      if (this.#heardCount > 0) this.#parts.timers.arm(this.#deadline, idleMillis);
    } else if (!wasInside || this.#heardCount > heardBefore) {
      this.#parts.timers.arm(this.#deadline, limits.streamMessageMillis);
    }
  }

  /** The socket takes bytes again. */
  drained(): void {
    while (this.#backlog.length > 0) {
      const bytes = this.#backlog[0]!;
      const written = this.#parts.socket.write(bytes);
      if (written < 0) return;
      this.#backlogBytes -= written;
      if (written < bytes.length) {
        this.#backlog[0] = bytes.subarray(written);
        return;
      }
      this.#backlog.shift();
    }
    if (this.#state === "lingering") this.#parts.socket.shutdown();
  }

  /** The socket is closed, by whomever. */
  closed(): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    this.#parts.timers.cancel(this.#deadline);
    this.#framer.close();
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#parts.counters.connectionsClosed++;
    if (wasOpen) this.#parts.receiver.flowClosed(this);
  }

  /** Closes once what was sent has left. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "lingering";
    this.#framer.close();
    this.#parts.timers.arm(this.#deadline, lingerMillis);
    this.#parts.receiver.flowClosed(this);
    // A peer that never closes its side must not hold up our end.
    this.#parts.socket.unref();
    if (this.#backlog.length === 0) this.#parts.socket.shutdown();
  }

  receiveFrame(bytes: Uint8Array, start: number, end: number): void {
    this.#heardCount++;
    this.#record(bytes, start, end, false);
    this.#parts.receiver.receiveMessage(bytes, start, end, this);
  }

  receivePing(): void {
    this.#heardCount++;
    this.#parts.counters.keepAlives++;
    this.#write(pong);
  }

  frameFailed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number): void {
    this.#parts.counters.connectionsGarbled++;
    this.#record(bytes, start, end, false);
    this.#parts.receiver.receiveUnframed(failure, bytes, start, end, this);
    this.close();
  }

  timerFired(): void {
    if (this.#state === "open") this.#parts.counters.connectionsTimedOut++;
    this.#parts.socket.terminate();
    this.closed();
  }

  #record(bytes: Uint8Array, start: number, end: number, isSent: boolean): void {
    this.#parts.recorder.record(bytes, start, end, isSent, this.listener, this.remoteAddress, this.remotePort);
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    if (this.#backlog.length > 0) return this.#queue(bytes);
    const written = this.#parts.socket.write(bytes);
    if (written === bytes.length) return true;
    return written >= 0 && this.#queue(bytes.subarray(written));
  }

  #queue(bytes: Uint8Array): boolean {
    if (this.#backlogBytes + bytes.length > limits.streamBacklogBytes) {
      this.#parts.counters.connectionsStalled++;
      this.#parts.socket.terminate();
      this.closed();
      return false;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    return true;
  }
}
