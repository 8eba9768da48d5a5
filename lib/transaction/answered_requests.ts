/**
 * Owns what is left of a request over datagrams once it has its final answer: the answer, to be said again when the request comes again.
 *
 * Theory. RFC 3261 §17.2.2 calls it Completed and has it last for Timer J, as long for one as for another. So the requests form a
 * ring of rows, oldest first, and one deadline is enough, that of the oldest. The bytes of the answers stand one behind the other in
 * blocks, which are written anew once the last answer in them is forgotten. A thousand phones that subscribe leave no object behind:
 * objects that live for half a minute are what costs a collector of garbage the most.
 *
 *     rows     |     | oldest | … | newest |     |        each names the next older one of its buckets, and its place in a block
 *     buckets  | newest row of all whose key falls here | … |
 *     blocks   | answer | answer | …  |  | answer | …          |
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
const CHAINS: readonly Chain[] = [BY_KEY, BY_MERGE_KEY];

/** Numbers of a row, by position: for each chain the two halves of a key and the next older row, then what is left. */
const INDEX = 0,
  CHECK = 1,
  OLDER = 2,
  CHAIN_WIDTH = 3,
  KIND = 6,
  PATH = 7,
  START = 8,
  LENGTH = 9,
  WIDTH = 10;

/** In PATH, above the port of sent-by. */
const HAS_RPORT = 0x10000,
  IS_RPORT_FORCED = 0x20000,
  IS_SENDER_PROVEN = 0x40000;

const NO_ROW = -1;

/** Rows of the smallest ring. */
const LEAST_ROWS = 64;

/** What a row needs besides the response. */
const ROW_BYTES = 72;

const NO_BYTES = new Uint8Array(0);

/** Bytes of a block: what does not fit here fits into no datagram. Such an answer gets a block of its own. */
const BLOCK_BYTES = 65_536;

/** Room for so many rows, a power of two. */
class Rows {
  readonly mask: number;
  readonly numbers: Int32Array;
  /** Newest row of each bucket, for both chains. */
  readonly buckets: readonly [Int32Array, Int32Array];
  readonly endsAt: Float64Array;
  readonly flows: (Flow | undefined)[];
  /** Where its answer stands. */
  readonly blocks: (Uint8Array | undefined)[];

  constructor(count: number) {
    this.mask = count - 1;
    this.numbers = new Int32Array(count * WIDTH);
    this.buckets = [new Int32Array(count).fill(NO_ROW), new Int32Array(count).fill(NO_ROW)];
    this.endsAt = new Float64Array(count);
    this.flows = new Array(count).fill(undefined);
    this.blocks = new Array(count).fill(undefined);
  }

  /** Makes a row, whose keys are written, the newest of its buckets. */
  link(row: number): void {
    for (const chain of CHAINS) {
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
  /** The block that is being filled, and how far. */
  #block: Uint8Array = NO_BYTES;
  #blockLength = 0;
  /** One that may be written anew. */
  #spare: Uint8Array | undefined = undefined;

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
    this.#keep(row, response);
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
    const { numbers, flows } = this.#rows;
    const path = numbers[row * WIDTH + PATH]!;
    const isPaidFor = (path & IS_SENDER_PROVEN) !== 0 || numbers[row * WIDTH + LENGTH]! <= bytesPaidBy(requestBytes);
    return {
      path: { flow: flows[row]!, sentByPort: path & 0xffff, hasRport: (path & HAS_RPORT) !== 0 },
      isRportForced: (path & IS_RPORT_FORCED) !== 0,
      response: isPaidFor ? this.#response(row) : undefined,
    };
  }

  /** The answer to the request that a CANCEL with this key is meant for. Source: RFC 3261 §9.2. */
  answerOf(key: TransactionKey): Uint8Array | undefined {
    const row = this.#find(BY_KEY, key);
    return row === NO_ROW ? undefined : this.#response(row);
  }

  /** Whether a request of which one with another branch is a copy is among them. Source: RFC 3261 §8.2.2.2. */
  hasMerged(mergeKey: RequestKey): boolean {
    return this.#find(BY_MERGE_KEY, mergeKey) !== NO_ROW;
  }

  /** Forgets the oldest before its time; false when there is none. */
  forgetOldest(): boolean {
    if (this.#count === 0) return false;
    const { numbers, flows, blocks, mask } = this.#rows;
    const row = this.#oldest;
    const block = blocks[row]!;
    this.#heldBytes -= ROW_BYTES + numbers[row * WIDTH + LENGTH]!;
    flows[row] = blocks[row] = undefined;
    this.#oldest = (row + 1) & mask;
    if (--this.#count === 0) this.#blockLength = 0;
    if (block !== this.#block && block !== blocks[this.#oldest] && block.length === BLOCK_BYTES) this.#spare = block;
    return true;
  }

  /** Forgets all. */
  clear(): void {
    this.#timers.cancel(this.#due);
    this.#rows = new Rows(LEAST_ROWS);
    this.#oldest = this.#count = 0;
    this.#heldBytes = this.#blockLength = 0;
    this.#block = NO_BYTES;
    this.#spare = undefined;
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

  /** Writes an answer behind the last one. */
  #keep(row: number, response: Uint8Array): void {
    if (this.#block.length - this.#blockLength < response.length) {
      this.#block = this.#emptyBlock(response.length);
      this.#blockLength = 0;
    }
    this.#block.set(response, this.#blockLength);
    const { numbers, blocks } = this.#rows;
    blocks[row] = this.#block;
    numbers[row * WIDTH + START] = this.#blockLength;
    numbers[row * WIDTH + LENGTH] = response.length;
    this.#blockLength += response.length;
  }

  #emptyBlock(length: number): Uint8Array {
    if (length > BLOCK_BYTES) return new Uint8Array(length);
    const block = this.#spare ?? new Uint8Array(BLOCK_BYTES);
    this.#spare = undefined;
    return block;
  }

  /** A copy: its block may be written anew while it waits for its socket. */
  #response(row: number): Uint8Array {
    const { numbers, blocks } = this.#rows;
    const start = numbers[row * WIDTH + START]!;
    return blocks[row]!.slice(start, start + numbers[row * WIDTH + LENGTH]!);
  }

  #resize(size: number): void {
    const former = this.#rows;
    const rows = this.#rows = new Rows(size);
    for (let row = 0; row < this.#count; row++) {
      const source = (this.#oldest + row) & former.mask;
      for (let at = 0; at < WIDTH; at++) rows.numbers[row * WIDTH + at] = former.numbers[source * WIDTH + at]!;
      rows.endsAt[row] = former.endsAt[source]!;
      rows.flows[row] = former.flows[source];
      rows.blocks[row] = former.blocks[source];
      rows.link(row);
    }
    this.#oldest = 0;
  }
}
