/**
 * Owns the requests that wait because a turn of the event loop was long enough.
 *
 * Theory. The runtime reads a socket until it is empty and hands everything up in one turn. What a thousand phones say after a power cut,
 * or a flood, would be one turn of a second, in which no timer fires and no page is served. So once a turn has taken
 * `limits.turnMillis`, the requests that follow wait for the next turns, in their order. Responses never wait: they cost little,
 * and the fan-out lives by them. Over the bound a datagram is dropped, as the kernel would have, and its sender repeats it; a
 * message of a stream is not, since nobody would.
 */
import type { Clock } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { ParseFailure } from "../sip/parse_failure.ts";
import type { Flow, FlowReceiver } from "./transport.ts";
import type { TransportCounters } from "./transport_counters.ts";

/** What an inbox is made of. */
export interface InboxParts {
  /** Gets everything in the end. */
  readonly receiver: FlowReceiver;
  /** The present instant. */
  readonly clock: Clock;
  /** The instant at which the present turn began. */
  readonly turnClock: Clock;
  /** Incremented in place. */
  readonly counters: TransportCounters;
  /** Calls back once, in the next turn; the host's unless told. */
  readonly schedule?: (next: () => void) => void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly flow: Flow;
}

/** Hands up what arrives, a turn's worth at a time. */
export class Inbox implements FlowReceiver {
  readonly #parts: InboxParts;
  readonly #schedule: (next: () => void) => void;
  readonly #handUpNow = () => this.#handUp();
  /** Oldest first. */
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  /** An empty inbox. */
  constructor(parts: InboxParts) {
    this.#parts = parts;
    this.#schedule = parts.schedule ?? setImmediate;
  }

  /** Requests that wait. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const { receiver, counters } = this.#parts;
    if (isResponse(bytes, start, end) || (this.waitingCount === 0 && !this.#isTurnLong())) {
      return receiver.receiveMessage(bytes, start, end, flow);
    }
    const isFull = this.waitingCount >= limits.waitingRequestCount ||
      this.#waitingBytes + end - start > limits.waitingRequestBytes;
    if (isFull && flow.isReliable) return receiver.receiveMessage(bytes, start, end, flow);
    if (isFull) {
      counters.requestsOverrun++;
      return;
    }
    counters.requestsDelayed++;
    if (this.waitingCount === 0) this.#schedule(this.#handUpNow);
    // A Buffer's own `slice` would be a view of what is overwritten soon.
    this.#waiting.push({ bytes: new Uint8Array(bytes.subarray(start, end)), flow });
    this.#waitingBytes += end - start;
  }

  receiveUnframed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.#parts.receiver.receiveUnframed(failure, bytes, start, end, flow);
  }

  flowClosed(flow: Flow): void {
    this.#parts.receiver.flowClosed(flow);
  }

  /** Hands up what waits for as long as a turn may take, whatever else was done in it: requests get their share of every turn. */
  #handUp(): void {
    const { receiver, clock } = this.#parts;
    const startedAt = clock.now();
    let taken = 0;
    do {
      const { bytes, flow } = this.#waiting[taken++]!;
      this.#waitingBytes -= bytes.length;
      receiver.receiveMessage(bytes, 0, bytes.length, flow);
    } while (taken < this.#waiting.length && clock.now() - startedAt < limits.turnMillis);
    this.#waiting = this.#waiting.slice(taken);
    if (this.#waiting.length > 0) this.#schedule(this.#handUpNow);
  }

  #isTurnLong(): boolean {
    return this.#parts.clock.now() - this.#parts.turnClock.now() >= limits.turnMillis;
  }
}

/** `SIP/2.0 …`, and no method that is served. */
function isResponse(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 3 && bytes[start] === 0x53 && bytes[start + 1] === 0x49 && bytes[start + 2] === 0x50 &&
    bytes[start + 3] === 0x2f;
}
