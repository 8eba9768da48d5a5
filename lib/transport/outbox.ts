/**
 * Owns the datagrams of one UDP socket from `send` to the kernel: one `sendMany` for all of a tick.
 *
 * Theory. Datagrams wait in flat `[data, port, address, …]` arrays, as Bun's `sendMany` takes them, and leave once per turn
 * of the event loop, at its end. A microtask would not do: Bun drains microtasks after every datagram it receives,
 * and the fan-out sends one NOTIFY per answer received, so that every batch would be one datagram long. The trade-off is
 * up to one loop turn of delay against a quarter of the time: 4 instead of 5.3 µs per datagram, most of it the kernel's.
 * Only `batchMax` leave per turn, so that receiving goes on. A full socket keeps the rest until `drained`; over the bound
 * datagrams are dropped and counted: a transaction repeats them.
 *
 * Budget: 0.1 µs per datagram without the system call, no allocation but the arrays' growth
 * (tests/transport/outbox_bench.ts).
 */
import { limits } from "../runtime/limits.ts";
import type { TransportCounters } from "./transport_counters.ts";

/** Datagrams as `sendMany` takes them: data, port, address, and again. */
export type DatagramBatch = (Uint8Array | number | string)[];

/** What the outbox demands of a socket. */
export interface DatagramSocket {
  /**
   * Hands datagrams to the kernel.
   *
   * @returns How many it took; 0 when it is full, and then `Outbox.drained` is called once it is not.
   * @throws When the first one is refused: ICMP errors of earlier ones come this way too.
   */
  sendMany(batch: DatagramBatch): number;
}

/** Datagrams handed to the kernel in one turn of the event loop. */
const batchMax = limits.datagramBatchCount;

const FIELDS = 3;

/** The waiting datagrams of one socket. */
export class Outbox {
  readonly #socket: DatagramSocket;
  readonly #counters: TransportCounters;
  readonly #waitingMax: number;
  readonly #schedule: (flush: () => void) => void;
  readonly #flushNow = () => this.flush();
  /** Full batches in order, then the one being filled. */
  readonly #full: DatagramBatch[] = [];
  #filling: DatagramBatch = [];
  #waiting = 0;
  #isDue = false;
  #isBlocked = false;

  /**
   * An empty outbox.
   *
   * @param parts.waitingMax Datagrams that may wait.
   * @param parts.schedule Calls back once, at the end of the turn.
   */
  constructor(
    parts: {
      socket: DatagramSocket;
      counters: TransportCounters;
      waitingMax: number;
      schedule: (flush: () => void) => void;
    },
  ) {
    this.#socket = parts.socket;
    this.#counters = parts.counters;
    this.#waitingMax = parts.waitingMax;
    this.#schedule = parts.schedule;
  }

  /** Datagrams that wait. */
  get waitingCount(): number {
    return this.#waiting;
  }

  /**
   * Takes one datagram; the bytes are not copied.
   *
   * @returns False when it was dropped.
   */
  push(bytes: Uint8Array, port: number, address: string): boolean {
    if (this.#waiting >= this.#waitingMax) {
      this.#counters.datagramsDropped++;
      return false;
    }
    this.#waiting++;
    const batch = this.#filling;
    batch.push(bytes, port, address);
    if (batch.length === batchMax * FIELDS) {
      this.#full.push(batch);
      this.#filling = [];
    }
    if (!this.#isDue && !this.#isBlocked) this.#flushLater();
    return true;
  }

  /** The socket takes datagrams again. */
  drained(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    if (this.#waiting > 0 && !this.#isDue) this.#flushLater();
  }

  /** Sends one batch now and the others in the next turns. */
  flush(): void {
    this.#isDue = false;
    if (this.#waiting === 0 || this.#isBlocked) return;
    const batch = this.#full[0] ?? this.#filling;
    this.#sendBatch(batch);
    if (batch.length === 0 && this.#full.length > 0) this.#full.shift();
    if (this.#waiting > 0 && !this.#isBlocked) this.#flushLater();
  }

  /** Sends whatever the socket takes at once, for a last time. */
  close(): void {
    while (this.#waiting > 0 && !this.#isBlocked) this.flush();
    this.#counters.datagramsDropped += this.#waiting;
    this.#waiting = 0;
    this.#full.length = 0;
    this.#filling = [];
    this.#isBlocked = true;
  }

  /** Sends from the front of `batch` and takes out what is sent or hopeless. */
  #sendBatch(batch: DatagramBatch): void {
    let failures = 0;
    while (batch.length > 0) {
      let taken = 1;
      try {
        taken = this.#socket.sendMany(batch);
        failures = 0;
        if (taken === 0) {
          this.#isBlocked = true;
          return;
        }
        this.#counters.datagramsSent += taken;
      } catch {
        // The first error may be an ICMP answer to some earlier datagram; the second is the datagram's own.
        if (++failures < 2) continue;
        failures = 0;
        this.#counters.datagramsFailed++;
      }
      this.#waiting -= taken;
      if (taken * FIELDS === batch.length) batch.length = 0;
      else batch.splice(0, taken * FIELDS);
    }
  }

  #flushLater(): void {
    this.#isDue = true;
    this.#schedule(this.#flushNow);
  }
}
