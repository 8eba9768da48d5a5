/**
 * Owns what is left of a request over datagrams once it has its final answer: the answer, to be said again when the request comes again.
 *
 * Theory. RFC 3261 §17.2.2 calls it Completed and has it last for Timer J, as long for one as for another. So the requests form a
 * ring of rows, oldest first, and one deadline is enough, that of the oldest. A thousand phones that subscribe leave no object behind
 * but the bytes of their answers.
 *
 *     rows     |     | oldest | … | newest |     |        each names the next older one of its buckets
 *     buckets  | newest row of all whose key falls here | … |
 *
 * Rows are never taken out of the chains of their buckets. A chain leads from newer to older; where it leads to a row that is gone, or is
 * newer again because it was written anew, it has ended.
 */
import type { Millis } from "../runtime/clock.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { Flow } from "../transport/transport.ts";
import { bytesPaidBy } from "./fit_response.ts";
import type { RequestKey, TransactionKey } from "./key.ts";
import type { ReturnPath } from "./return_path.ts";

/** A request that was answered. */
export interface AnsweredRequest {
  readonly key: TransactionKey;
  /** Key among requests that a proxy may have forked; `undefined` inside a dialog. */
  readonly mergeKey: RequestKey | undefined;
  /** Where its answer went; again, should it come again. */
  readonly path: ReturnPath;
  /** Whether the answer went to the source port even without `rport`. */
  readonly isRportForced: boolean;
  /** Whether the answer may be said again whatever the request weighs. */
  readonly isSenderProven: boolean;
}

/** An answer to be said again, and which way it goes. */
export interface RepeatedAnswer {
  readonly path: ReturnPath;
  readonly isRportForced: boolean;
  /** Not there where the request does not pay for it. */
  readonly response: Uint8Array | undefined;
}

/** The chains that a row is in: of requests with a like key, and with a like merge key. */
const BY_KEY = 0,
  BY_MERGE_KEY = 1;
type Chain = typeof BY_KEY | typeof BY_MERGE_KEY;

/** Numbers of a row, by position: for each chain the two halves of a key and the next older row, then what is left. */
const INDEX = 0,
  CHECK = 1,
  OLDER = 2,
  CHAIN_WIDTH = 3,
  KIND = 6,
  PATH = 7,
  WIDTH = 8;

/** In PATH, above the port of sent-by. */
const HAS_RPORT = 0x10000,
  IS_RPORT_FORCED = 0x20000,
  IS_SENDER_PROVEN = 0x40000;

const NO_ROW = -1;

/** Rows of the smallest ring. */
const LEAST_ROWS = 64;

/** What a row needs besides the response. */
const ROW_BYTES = 64;

/** Room for so many rows, a power of two. */
class Rows {
  readonly mask: number;
  readonly numbers: Int32Array;
  /** Newest row of each bucket, for both chains. */
  readonly buckets: readonly [Int32Array, Int32Array];
  readonly endsAt: Float64Array;
  readonly flows: (Flow | undefined)[];
  readonly responses: (Uint8Array | undefined)[];

  constructor(count: number) {
    this.mask = count - 1;
    this.numbers = new Int32Array(count * WIDTH);
    this.buckets = [new Int32Array(count).fill(NO_ROW), new Int32Array(count).fill(NO_ROW)];
    this.endsAt = new Float64Array(count);
    this.flows = new Array(count).fill(undefined);
    this.responses = new Array(count).fill(undefined);
  }

  /** Makes a row, whose keys are written, the newest of its buckets. */
  link(row: number): void {
    for (const chain of [BY_KEY, BY_MERGE_KEY] as const) {
      const at = row * WIDTH + chain * CHAIN_WIDTH;
      const buckets = this.buckets[chain];
      const bucket = this.numbers[at + INDEX]! & this.mask;
      this.numbers[at + OLDER] = buckets[bucket]!;
      buckets[bucket] = row;
    }
  }
}

/** The requests that are answered and may come again. */
export class AnsweredRequests implements TimerOwner {
  readonly #timers: Timers;
  readonly #due = new TimerEntry(this);
  #rows = new Rows(LEAST_ROWS);
  #oldest = 0;
  #count = 0;
  #heldBytes = 0;

  /** None. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of their answers, and what each needs besides. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Keeps one for `lifetimeMillis`. */
  add(request: AnsweredRequest, response: Uint8Array, lifetimeMillis: number): void {
    if (this.#count > this.#rows.mask) this.#resize(this.#count * 2);
    const { key, path } = request;
    // One inside a dialog is no copy of anything, and found by nothing but its own key.
    const mergeKey = request.mergeKey ?? key;
    const rows = this.#rows;
    const { numbers } = rows;
    const row = (this.#oldest + this.#count++) & rows.mask;
    const at = row * WIDTH;
    numbers[at + INDEX] = key.index;
    numbers[at + CHECK] = key.check;
    numbers[at + CHAIN_WIDTH + INDEX] = mergeKey.index;
    numbers[at + CHAIN_WIDTH + CHECK] = mergeKey.check;
    numbers[at + KIND] = key.kind;
    numbers[at + PATH] = path.sentByPort | (path.hasRport ? HAS_RPORT : 0) |
      (request.isRportForced ? IS_RPORT_FORCED : 0) | (request.isSenderProven ? IS_SENDER_PROVEN : 0);
    rows.link(row);
    rows.flows[row] = path.flow;
    rows.responses[row] = response;
    rows.endsAt[row] = this.#timers.now() + lifetimeMillis;
    this.#heldBytes += ROW_BYTES + response.length;
    if (!this.#due.isArmed) this.#timers.arm(this.#due, lifetimeMillis);
  }

  /**
   * Finds the answer to a request that came before, for it to be said again.
   *
   * @param requestBytes Length of the request as it came now.
   * @returns `undefined` for a request that is not among them; without `response` where its sender is not proven and the request
   * does not pay for so long an answer.
   */
  find(key: TransactionKey, requestBytes: number): RepeatedAnswer | undefined {
    const row = this.#find(BY_KEY, key, key.kind);
    if (row === NO_ROW) return undefined;
    const { numbers, flows, responses } = this.#rows;
    const path = numbers[row * WIDTH + PATH]!;
    const response = responses[row]!;
    return {
      path: { flow: flows[row]!, sentByPort: path & 0xffff, hasRport: (path & HAS_RPORT) !== 0 },
      isRportForced: (path & IS_RPORT_FORCED) !== 0,
      response: (path & IS_SENDER_PROVEN) !== 0 || response.length <= bytesPaidBy(requestBytes) ? response : undefined,
    };
  }

  /** The answer to the request that a CANCEL with this key is meant for. Source: RFC 3261 §9.2. */
  answerOf(key: TransactionKey): Uint8Array | undefined {
    const row = this.#find(BY_KEY, key);
    return row === NO_ROW ? undefined : this.#rows.responses[row];
  }

  /** Whether a request of which one with another branch is a copy is among them. Source: RFC 3261 §8.2.2.2. */
  hasMerged(mergeKey: RequestKey): boolean {
    return this.#find(BY_MERGE_KEY, mergeKey) !== NO_ROW;
  }

  /** Forgets the oldest before its time; false when there is none. */
  forgetOldest(): boolean {
    if (this.#count === 0) return false;
    const { flows, responses, mask } = this.#rows;
    this.#heldBytes -= ROW_BYTES + responses[this.#oldest]!.length;
    flows[this.#oldest] = responses[this.#oldest] = undefined;
    this.#oldest = (this.#oldest + 1) & mask;
    this.#count--;
    return true;
  }

  /** Forgets all. */
  clear(): void {
    this.#timers.cancel(this.#due);
    this.#rows = new Rows(LEAST_ROWS);
    this.#oldest = this.#count = this.#heldBytes = 0;
  }

  /** Forgets those whose time is over. Where Timer J has been made shorter, the younger ones wait for the older. */
  timerFired(_entry: TimerEntry, now: Millis): void {
    while (this.#count > 0 && this.#rows.endsAt[this.#oldest]! <= now) this.forgetOldest();
    let size = this.#rows.mask + 1;
    while (size > LEAST_ROWS && this.#count * 4 < size) size /= 2;
    if (size <= this.#rows.mask) this.#resize(size);
    if (this.#count > 0) this.#timers.arm(this.#due, this.#rows.endsAt[this.#oldest]! - now);
  }

  /** Row of the newest request with this key, and of this kind where one is told. */
  #find(chain: Chain, { index, check }: RequestKey, kind?: number): number {
    const { numbers, buckets, mask } = this.#rows;
    let row = buckets[chain][index & mask]!;
    for (let younger = this.#count; row !== NO_ROW;) {
      const place = (row - this.#oldest) & mask;
      if (place >= younger) return NO_ROW;
      const at = row * WIDTH + chain * CHAIN_WIDTH;
      const isSame = numbers[at + INDEX] === index && numbers[at + CHECK] === check;
      if (isSame && (kind === undefined || numbers[row * WIDTH + KIND] === kind)) return row;
      younger = place;
      row = numbers[at + OLDER]!;
    }
    return NO_ROW;
  }

  #resize(size: number): void {
    const former = this.#rows;
    const rows = this.#rows = new Rows(size);
    for (let row = 0; row < this.#count; row++) {
      const source = (this.#oldest + row) & former.mask;
      rows.numbers.set(former.numbers.subarray(source * WIDTH, (source + 1) * WIDTH), row * WIDTH);
      rows.endsAt[row] = former.endsAt[source]!;
      rows.flows[row] = former.flows[source];
      rows.responses[row] = former.responses[source];
      rows.link(row);
    }
    this.#oldest = 0;
  }
}
