/**
 * Owns nonces: issued without keeping anything, recognised by their own signature, counted from their first success on.
 *
 * Theory. A nonce is 18 bytes in 24 base64url characters: the second of issue (4), a serial number (4), and 80 bits of an
 * HMAC-SHA-256 over both and over what the caller binds it to (source address and realm), under a secret of 32 bytes that the operator's data directory
 * keeps. So it cannot be made elsewhere, serves only whom it was given to, and expires by itself; 80 bits are RFC
 * 2104's floor for a shortened HMAC, and a guess costs a request.
 *
 * Serials of one run are consecutive from a random start, and so a nonce tells whether this run issued it. Only then do we
 * know which of its counts were used: after a crash the counts are lost and older nonces are stale, which a phone answers by
 * itself with a fresh one. An orderly restart hands the counts over (`snapshot`, `resumed`), and older nonces stay good.
 *
 * Counts: an entry exists only for nonces that a right password came with, hence nobody else can fill the table. It holds
 * the highest count and a window of 32 below it, because datagrams overtake each other. When the table is full the oldest
 * entry goes, and with it every unused nonce that is as old: stale, never replayable.
 *
 * Source: RFC 7616 §3.3, §3.4, §5.5.
 */
import type { Clock, EpochMillis, Millis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { keyedHash } from "../runtime/hash.ts";
import { limits } from "../runtime/limits.ts";

/** Bytes of the secret that signs nonces. */
export const NONCE_SECRET_BYTES = 32;

/** Characters of a nonce. */
export const NONCE_CHARS = 24;

/**
 * Seconds for which a nonce is good. Long enough that a phone with fifty keys answers all its challenges and goes on counting
 * one nonce while it starts up; short enough that what is overheard is soon worth nothing. Later refreshes pay one more
 * round trip, by themselves.
 */
export const NONCE_LIFETIME_SECONDS = 300;

const HEAD_BYTES = 8;
const SIGNATURE_BYTES = 10;
const COUNT_WINDOW = 32;
/** No count can follow: how a nonce that was used without counts is marked. */
const COUNT_MAX = 0xffff_ffff;

/** Where a nonce is written. */
const scratch = Buffer.alloc(HEAD_BYTES + SIGNATURE_BYTES);

/** What becomes of a nonce that came with a right response. */
export type NonceVerdict = "accepted" | "foreign" | "expired" | "replayed";

/** Everything a successor needs so that nonces stay good and used counts stay used. Plain data, to be stored as it is. */
export interface NonceSnapshot {
  /** Serial of the first nonce. */
  readonly firstSerial: number;
  /** How many serials follow it. */
  readonly issuedCount: number;
  /** Second up to which unused nonces are spent. */
  readonly forgottenAt: number;
  /** Used nonces: serial, second of issue, highest count, window of counts below it. */
  readonly counts: readonly (readonly [serial: number, issuedAt: number, highest: number, window: number])[];
}

interface NonceUse {
  /** Second of issue. */
  readonly issuedAt: number;
  /** Highest count seen. */
  highest: number;
  /** Bit n: count `highest - n` was seen. */
  window: number;
}

/** Issues and recognises nonces; knows no users and no passwords. */
export class Nonces {
  readonly #secret: Uint8Array;
  readonly #lifetimeSeconds: number;
  readonly #usesMax: number;
  /** Wall time of monotonic zero: within a run the clock that nonces see never goes back. */
  readonly #epochAt: EpochMillis;
  readonly #firstSerial: number;
  #issuedCount: number;
  /** Serial → use. */
  readonly #uses = new Map<number, NonceUse>();
  /**
   * The serials of `#uses` in order of first use, a ring from `#oldestAt` on. The map knows that order, too, but a look at its first
   * entry passes over all that were deleted before it.
   */
  readonly #order: Uint32Array;
  #oldestAt = 0;
  /** Unused nonces issued in this second or earlier may have been used: their entry was given up. */
  #forgottenAt: number;

  /**
   * Takes up after the last run where that handed over, else starts at a random serial.
   *
   * @param options.secret 32 random bytes, the same in every run; shorter ones throw.
   * @param options.usesMax Nonces whose counts are remembered.
   * @param options.resumed What the last run handed over, to be used once only; absent after a crash.
   */
  constructor(options: {
    readonly secret: Uint8Array;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly lifetimeSeconds?: number;
    readonly usesMax?: number;
    readonly resumed?: NonceSnapshot | undefined;
  }) {
    const { secret, clock, entropy, resumed } = options;
    if (secret.length < NONCE_SECRET_BYTES) throw new Error(`Nonce secret has ${secret.length} bytes instead of 32`);
    this.#secret = secret;
    this.#lifetimeSeconds = options.lifetimeSeconds ?? NONCE_LIFETIME_SECONDS;
    this.#usesMax = options.usesMax ?? limits.nonceCount;
    this.#epochAt = clock.wall() - clock.now();
    this.#firstSerial = resumed?.firstSerial ?? entropy.uint32();
    this.#issuedCount = resumed?.issuedCount ?? 0;
    this.#forgottenAt = resumed?.forgottenAt ?? 0;
    this.#order = new Uint32Array(this.#usesMax);
    for (const [serial, issuedAt, highest, window] of resumed?.counts ?? []) {
      this.#makeRoom(clock.now());
      this.#note(serial, { issuedAt, highest, window });
    }
  }

  /** How many nonces have their counts remembered. */
  get useCount(): number {
    return this.#uses.size;
  }

  /**
   * Makes a nonce; keeps nothing but the number of nonces.
   *
   * @param holder Whom it serves, the source address at least.
   */
  issue(holder: string, now: Millis): string {
    const serial = (this.#firstSerial + this.#issuedCount++) >>> 0;
    return this.#write(this.#secondOf(now), serial, holder);
  }

  /**
   * Judges and counts the nonce of a request whose response is right.
   *
   * @param count The nonce count; undefined where the client sends none (RFC 2069): such a nonce serves once.
   * @returns `accepted`, or why the client needs a fresh nonce: not ours, not this holder's, or of an unknown past (`foreign`);
   * too old (`expired`); this count was used (`replayed`).
   */
  accept(nonce: string, holder: string, count: number | undefined, now: Millis): NonceVerdict {
    const head = readNonce(nonce);
    if (!head || !isSignedWith(head.bytes, this.#sign(head.issuedAt, head.serial, holder))) return "foreign";
    const age = this.#secondOf(now) - head.issuedAt;
    if (age < 0 || age > this.#lifetimeSeconds) return "expired";
    if ((head.serial - this.#firstSerial) >>> 0 >= this.#issuedCount) return "foreign";

    const use = this.#uses.get(head.serial);
    if (use?.issuedAt === head.issuedAt) return count !== undefined && isNewCount(use, count) ? "accepted" : "replayed";
    if (head.issuedAt <= this.#forgottenAt) return "foreign";
    this.#makeRoom(now);
    this.#note(head.serial, {
      issuedAt: head.issuedAt,
      highest: count ?? COUNT_MAX,
      window: count === undefined ? -1 : 1,
    });
    return "accepted";
  }

  /** What an orderly shutdown stores and the next start resumes; it must be deleted before that start serves anybody. */
  snapshot(): NonceSnapshot {
    return {
      firstSerial: this.#firstSerial,
      issuedCount: this.#issuedCount,
      forgottenAt: this.#forgottenAt,
      counts: Array.from(this.#uses, ([serial, use]) => [serial, use.issuedAt, use.highest, use.window] as const),
    };
  }

  /** Drops the longest known entries: all that are expired, and one that is not when the table is still full. */
  #makeRoom(now: Millis): void {
    const oldestGood = this.#secondOf(now) - this.#lifetimeSeconds;
    while (this.#uses.size > 0) {
      const serial = this.#order[this.#oldestAt]!;
      const { issuedAt } = this.#uses.get(serial)!;
      const isExpired = issuedAt < oldestGood;
      if (!isExpired && this.#uses.size < this.#usesMax) return;
      this.#uses.delete(serial);
      this.#oldestAt = (this.#oldestAt + 1) % this.#usesMax;
      if (!isExpired && issuedAt > this.#forgottenAt) this.#forgottenAt = issuedAt;
    }
  }

  /** Remembers a use; there is room. The serial of an entry comes again after four thousand million nonces: it takes its place. */
  #note(serial: number, use: NonceUse): void {
    if (!this.#uses.has(serial)) this.#order[(this.#oldestAt + this.#uses.size) % this.#usesMax] = serial;
    this.#uses.set(serial, use);
  }

  #secondOf(now: Millis): number {
    return Math.floor((this.#epochAt + now) / 1000);
  }

  #write(issuedAt: number, serial: number, holder: string): string {
    scratch.writeUInt32BE(issuedAt, 0);
    scratch.writeUInt32BE(serial, 4);
    const signature = this.#sign(issuedAt, serial, holder);
    for (let i = 0; i < SIGNATURE_BYTES; i++) scratch[HEAD_BYTES + i] = signature[i]!;
    return scratch.toString("base64url");
  }

  /** A hash that begins with the signature. */
  #sign(issuedAt: number, serial: number, holder: string): Uint8Array {
    return keyedHash(this.#secret, `${issuedAt} ${serial} ${holder}`);
  }
}

/** What a nonce says, not yet believed; undefined when the text is no nonce of ours. */
function readNonce(nonce: string): { issuedAt: number; serial: number; bytes: Uint8Array } | undefined {
  // What is no base64url is passed over, and is missing at the end.
  const bytes = nonce.length === NONCE_CHARS ? Buffer.from(nonce, "base64url") : undefined;
  if (bytes?.length !== HEAD_BYTES + SIGNATURE_BYTES) return undefined;
  return { issuedAt: bytes.readUInt32BE(0), serial: bytes.readUInt32BE(4), bytes };
}

/** Whether the bytes of a nonce end with a signature, in a time that does not depend on what they hold. */
function isSignedWith(bytes: Uint8Array, signature: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < SIGNATURE_BYTES; i++) difference |= bytes[HEAD_BYTES + i]! ^ signature[i]!;
  return difference === 0;
}

/** Marks `count` as used; false when it was, or is too old to tell. */
function isNewCount(use: NonceUse, count: number): boolean {
  const ahead = count - use.highest;
  if (ahead > 0) {
    use.window = ahead < COUNT_WINDOW ? (use.window << ahead) | 1 : 1;
    use.highest = count;
    return true;
  }
  const bit = 1 << -ahead;
  if (-ahead >= COUNT_WINDOW || (use.window & bit) !== 0) return false;
  use.window |= bit;
  return true;
}
