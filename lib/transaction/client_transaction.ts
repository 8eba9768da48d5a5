/**
 * Owns one client transaction: a slot that is used again and again, its machine, its one deadline.
 *
 * Data plane. A slot is made once with everything in it; a use of it allocates nothing. The room for the request is used again, too, but
 * only once an answer proves that the first sending was the only one: then no socket holds its bytes any more.
 */
import type { Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { equalSlices } from "../sip/slice.ts";
import type { Flow } from "../transport/transport.ts";
import { newBranch } from "./branch.ts";
import { type ClientInput, type ClientState, clientTransitions } from "./client_transitions.ts";
import type { ClientTransaction, ClientUser, TransactionTimings } from "./transaction.ts";
import type { TransactionCounters } from "./transaction_counters.ts";

/** What a slot demands of its layer. */
export interface ClientHost {
  /** Where Timers E and F wait. */
  readonly timers: Timers;
  /** Spans of what begins now. */
  readonly timings: TransactionTimings;
  /** The layer's counters. */
  readonly counters: TransactionCounters;
  /** The slot is done; it may be taken again from `reusableAt` on. */
  clientEnded(slot: ClientSlot, reusableAt: Millis): void;
  /** A user of ours threw. */
  userFailed(error: unknown): void;
}

const NO_BYTES = new Uint8Array(0);

/** Rooms are multiples of so many bytes: most requests of a phone fit into the first that was made. */
const ROOM_STEP = 256;

/** A place for one request on its way. */
export class ClientSlot implements ClientTransaction, TimerOwner {
  /** Place in the table of slots. */
  readonly index: number;
  readonly branch: Uint8Array;
  /** Only `step`, `begin` and `abandon` write it. */
  state: ClientState = "terminated";
  /** Method of the request. */
  method: Method = Method.unknown;
  /** End of Timer K, from which on the slot may be taken. Only the table of slots reads and writes it and the link. */
  reusableAt: Millis = 0;
  /** The next free slot after this one. */
  nextFree: ClientSlot | undefined = undefined;
  readonly #host: ClientHost;
  readonly #deadline = new TimerEntry(this);
  #flow: Flow | undefined = undefined;
  #user: ClientUser | undefined = undefined;
  #bytes: Uint8Array = NO_BYTES;
  /** Room for a request, and the part of it that was asked for last. */
  #room: Uint8Array = NO_BYTES;
  #asked: Uint8Array = NO_BYTES;
  /** End of Timer F, and the present span of Timer E. */
  #endsAt: Millis = 0;
  #intervalMillis = 0;

  /** A free slot; made once. */
  constructor(index: number, host: ClientHost) {
    this.index = index;
    this.branch = newBranch(index);
    this.#host = host;
  }

  /** By which the request leaves; there until its user has been told the end. */
  get flow(): Flow {
    return this.#flow!;
  }

  /** Whether a user waits. */
  get isInProgress(): boolean {
    return this.state === "trying" || this.state === "proceeding";
  }

  /** Takes the slot into use; `branch` has been renewed. */
  begin(flow: Flow, method: Method, user: ClientUser): void {
    this.state = "trying";
    this.#flow = flow;
    this.method = method;
    this.#user = user;
  }

  room(length: number): Uint8Array {
    if (this.#asked.length === length) return this.#asked;
    if (this.#room.length < length) this.#room = new Uint8Array(Math.ceil(length / ROOM_STEP) * ROOM_STEP);
    return this.#asked = this.#room.subarray(0, length);
  }

  send(bytes: Uint8Array): void {
    const { counters, timings, timers } = this.#host;
    const flow = this.#flow!;
    this.#bytes = bytes;
    counters.requestsSent++;
    const isGone = !flow.send(bytes) && !flow.isOpen;
    this.#endsAt = timers.now() + timings.timerBMillis;
    this.#intervalMillis = timings.t1Millis;
    // Nobody is called back inside `send`: a broken flow is found at the next tick.
    if (isGone) timers.arm(this.#deadline, 0);
    else if (flow.isReliable) timers.arm(this.#deadline, timings.timerBMillis);
    else timers.arm(this.#deadline, Math.min(timings.t1Millis, timings.timerBMillis));
  }

  abandon(): void {
    if (!this.isInProgress) return;
    this.state = "completed";
    this.#leaveRoom();
    this.#stop();
    this.#release();
  }

  /** Whether a response is to this request. Source: RFC 3261 §17.1.3. */
  matches(response: Message): boolean {
    return this.state !== "terminated" && response.cseqMethod === this.method &&
      equalSlices(response.bytes, response.branchStart, response.branchEnd, this.branch, 0, this.branch.length);
  }

  /** Takes a response that `matches`. */
  receive(response: Message): void {
    this.step(response.status < 200 ? "provisional" : "final", response);
  }

  /** The flow broke: its user is told at the next tick. */
  flowClosed(flow: Flow): void {
    if (this.#flow === flow && this.isInProgress) this.#host.timers.arm(this.#deadline, 0);
  }

  timerFired(_entry: TimerEntry, now: Millis): void {
    if (!this.#flow!.isOpen) this.step("failure");
    else this.step(now >= this.#endsAt ? "expiry" : "repeat");
  }

  /** Applies one input of `clientTransitions`. */
  step(input: ClientInput, response?: Message): void {
    const cell = clientTransitions[this.state][input];
    if (cell === undefined) return;
    this.state = cell[0];
    const { counters } = this.#host;
    switch (cell[1]) {
      case "handUp":
        counters.responsesReceived++;
        return this.#handUp(response!);
      case "resend":
        counters.requestsResent++;
        this.#leaveRoom();
        this.#flow!.send(this.#bytes);
        return this.#armRepeat();
      case "absorb":
        counters.responsesAbsorbed++;
        return;
      case "reportTimeout":
        counters.timeouts++;
        return this.#report(false);
      case "reportFailure":
        counters.failures++;
        return this.#report(true);
      case "forget":
        return;
    }
  }

  #handUp(response: Message): void {
    const user = this.#user!;
    const isLast = this.state === "completed";
    if (isLast) this.#stop();
    try {
      user.receiveResponse(response, this);
    } catch (error) {
      this.#host.userFailed(error);
    }
    if (isLast) this.#release();
  }

  #report(isFailure: boolean): void {
    const user = this.#user!;
    this.#leaveRoom();
    this.#stop();
    try {
      if (isFailure) user.transactionFailed(this);
      else user.transactionTimedOut(this);
    } catch (error) {
      this.#host.userFailed(error);
    }
    this.#release();
  }

  /** RFC 3261 §17.1.2.2: Timer E doubles up to T2; in `proceeding` it is T2. */
  #armRepeat(): void {
    const { timers, timings } = this.#host;
    const doubled = this.state === "proceeding" ? timings.t2Millis : this.#intervalMillis * 2;
    this.#intervalMillis = Math.min(doubled, timings.t2Millis);
    timers.arm(this.#deadline, Math.min(this.#intervalMillis, this.#endsAt - timers.now()));
  }

  /** Somebody else may hold the request's bytes for longer than this transaction. */
  #leaveRoom(): void {
    this.#room = this.#asked = NO_BYTES;
  }

  /** No more retransmissions, and nobody to tell. */
  #stop(): void {
    this.#host.timers.cancel(this.#deadline);
    this.#user = undefined;
    this.#bytes = NO_BYTES;
  }

  /** Gives the slot back: at once, or after Timer K, which is T4 over datagrams. Source: RFC 3261 §17.1.2.2. */
  #release(): void {
    const { timers, timings } = this.#host;
    if (this.index >= limits.roomySlotCount || this.#room.length > limits.keptRoomBytes) this.#leaveRoom();
    const isWaiting = this.state === "completed" && !this.#flow!.isReliable;
    this.#flow = undefined;
    this.#host.clientEnded(this, timers.now() + (isWaiting ? timings.t4Millis : 0));
  }
}
