/**
 * Owns one stream connection: framing, keep-alive, deadlines, and a bounded queue of unsent bytes.
 *
 * Theory. A connection has one deadline at a time: the end of the first or of the present message (slow loris), or the end
 * of a long silence. When no message can be framed, or we close, the connection lingers: what was written still
 * leaves, what comes is thrown away, so that the peer reads our last answer instead of a reset.
 *
 * What is sent in one turn leaves at its end as one piece: a panel of two hundred lamps behind one connection costs a few
 * calls of the kernel, not two hundred. A peer that does not read holds up its own queue only; over the bound it is cut off.
 */
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import { type Turn, TurnStep } from "../runtime/turn.ts";
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
  /** At whose end messages leave. */
  readonly turn: Turn;
  /** Incremented in place. */
  readonly counters: TransportCounters;
  /** Keeps the recent messages. */
  readonly recorder: Recorder;
}

/** A silence longer than the longest subscription, or registration, is the end: the kernel's keep-alive finds the dead. */
const idleMillis = 7_200_000;

/** How long a closing connection may take to send what is left. */
const lingerMillis = 2_000;

/** Where messages are joined to what the kernel is handed next: it has taken it, or not, before more are joined. */
const joint = new Uint8Array(65_536);

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
  readonly #flushNow = () => this.#flush();
  /** Messages that wait for the end of the turn, or for the peer to read, oldest first. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The kernel takes nothing until `drained`. */
  #isBlocked = false;
  #isDue = false;
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

  send(bytes: Uint8Array): boolean {
    if (!this.#queue(bytes)) return false;
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
    this.#isBlocked = false;
    this.#flush();
  }

  /** The socket is closed, by whomever. */
  closed(): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    this.#parts.timers.cancel(this.#deadline);
    this.#framer.close();
    this.#waiting = [];
    this.#waitingBytes = 0;
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
    this.#flush();
  }

  receiveFrame(bytes: Uint8Array, start: number, end: number): void {
    this.#heardCount++;
    this.#record(bytes, start, end, false);
    this.#parts.receiver.receiveMessage(bytes, start, end, this);
  }

  receivePing(): void {
    this.#heardCount++;
    this.#parts.counters.keepAlives++;
    this.#queue(pong);
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

  #queue(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    if (this.#waitingBytes + bytes.length > limits.streamBacklogBytes) {
      this.#flush();
      if (this.#waitingBytes + bytes.length > limits.streamBacklogBytes) return this.#stalled();
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isDue && !this.#isBlocked) {
      this.#isDue = true;
      this.#parts.turn.at(TurnStep.send, this.#flushNow);
    }
    return true;
  }

  #stalled(): false {
    this.#parts.counters.connectionsStalled++;
    this.#parts.socket.terminate();
    this.closed();
    return false;
  }

  /** Hands the kernel as much of what waits as it takes. */
  #flush(): void {
    this.#isDue = false;
    if (this.#isBlocked) return;
    while (this.#waiting.length > 0) {
      const piece = this.#takePiece();
      const written = this.#parts.socket.write(piece);
      if (written < 0) return;
      this.#waitingBytes -= written;
      if (written < piece.length) {
        this.#waiting.unshift(piece.slice(written));
        this.#isBlocked = true;
        return;
      }
    }
    if (this.#state === "lingering") this.#parts.socket.shutdown();
  }

  /** Takes the front of what waits in one piece, which holds until the next: one message is itself, several are joined. */
  #takePiece(): Uint8Array {
    const waiting = this.#waiting;
    if (waiting.length === 1 || waiting[0]!.length > joint.length) return waiting.shift()!;
    let count = 0;
    let length = 0;
    while (count < waiting.length && length + waiting[count]!.length <= joint.length) {
      joint.set(waiting[count]!, length);
      length += waiting[count++]!.length;
    }
    if (count === waiting.length) waiting.length = 0;
    else this.#waiting = waiting.slice(count);
    return joint.subarray(0, length);
  }
}
