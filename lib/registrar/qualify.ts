/**
 * Owns the probing of contacts: an OPTIONS each period, an answer in time or not, and so reachable or not.
 *
 * Theory. Each probed contact has one `Probe` with one deadline, which means the next OPTIONS while it rests, and the end of
 * patience while an answer, or the flow to ask by, is awaited:
 *
 *     resting ──deadline──▶ connecting ──flow──▶ waiting ──answer──▶ resting
 *        ▲                      │ no flow, deadline  │ deadline, broken flow
 *        └──────────────────────┴── unreachable ─────┘
 *
 * Each period is shortened by up to a tenth at random, so that contacts which began together drift apart.
 */
import type { Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { type Binding, type ContactFlow, type ContactStatus, type ContactTarget, targetOf } from "./binding.ts";
import { writeProbe } from "./probe_request.ts";

/** An OPTIONS on its way; a ClientTransaction of the transaction layer is one. */
export interface ProbeTransaction {
  /** Value of the branch parameter of its Via. */
  readonly branch: Uint8Array;
  /** Sends the whole request, once; never calls back before returning. */
  send(bytes: Uint8Array): void;
  /** Ends it without telling the user. */
  abandon(): void;
}

/** Who awaits the answer; a ClientUser of the transaction layer has the same members. */
export interface ProbeUser {
  /** A response; valid during the call only. */
  receiveResponse(response: Message, transaction: ProbeTransaction): void;
  /** No final answer in time. */
  transactionTimedOut(transaction: ProbeTransaction): void;
  /** The flow broke. */
  transactionFailed(transaction: ProbeTransaction): void;
}

/** What probing demands of the transaction layer. */
export interface ProbeSender {
  /** Opens a client transaction, or undefined when all are taken. */
  begin(flow: ContactFlow, method: number, user: ProbeUser): ProbeTransaction | undefined;
}

/** What it demands of the transports. */
export interface ContactFlows {
  /** Finds or opens a flow to a contact; undefined when there is none. Never rejects. */
  flowFor(target: ContactTarget): Promise<ContactFlow | undefined>;
}

/** What a Qualifier is made of. */
export interface QualifierParts {
  /** Where deadlines wait. */
  readonly timers: Timers;
  /** Source of Call-IDs, tags and jitter. */
  readonly entropy: Entropy;
  /** How an OPTIONS is sent. */
  readonly transactions: ProbeSender;
  /** How a contact without a flow of its own is reached. */
  readonly flows: ContactFlows;
  /** Incremented in place. */
  readonly counters: QualifyCounters;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: () => string;
  /** Told when a probe has ended, whether or not the status is another one now. */
  probeEnded(binding: Binding, former: ContactStatus): void;
}

/** Counts of probing. */
export interface QualifyCounters extends Counters {
  /** OPTIONS sent. */
  probesSent: number;
  /** Ended with a reachable contact. */
  probesAnswered: number;
  /** Ended with an unreachable one. */
  probesFailed: number;
  /** Not sent: all client transactions were taken. */
  probesSkipped: number;
}

/** Fresh counters. */
export function qualifyCounters(): QualifyCounters {
  return { probesSent: 0, probesAnswered: 0, probesFailed: 0, probesSkipped: 0 };
}

/** Share of a period by which it may be shorter. */
const JITTER = 0.1;

/** Probes all contacts whose address-of-record has a `qualify_frequency`. */
export class Qualifier {
  readonly #parts: QualifierParts;
  readonly #probes = new Map<Binding, Probe>();

  /** Probes nothing yet. */
  constructor(parts: QualifierParts) {
    this.#parts = parts;
  }

  /** Contacts being probed. */
  get count(): number {
    return this.#probes.size;
  }

  /**
   * Begins to probe a contact, or takes note of changed options. One whose phone now speaks from elsewhere counts as new; one
   * that is unreachable is probed at once, since its phone has just spoken.
   *
   * @param firstDelayMillis Wait before the first probe.
   */
  watch(binding: Binding, firstDelayMillis: number): void {
    if (binding.aor.options.qualify_frequency === 0) {
      this.forget(binding);
      binding.status = "unqualified";
      binding.roundTripMillis = undefined;
      return;
    }
    const former = this.#probes.get(binding);
    const origin = originOf(binding);
    if (former?.origin === origin) {
      if (binding.status === "unreachable") former.hurry(firstDelayMillis);
      return;
    }
    this.forget(binding);
    binding.status = "unknown";
    binding.roundTripMillis = undefined;
    this.#probes.set(binding, new Probe(binding, origin, this.#parts, firstDelayMillis));
  }

  /** Probes a contact no more. */
  forget(binding: Binding): void {
    this.#probes.get(binding)?.stop();
    this.#probes.delete(binding);
  }

  /** Probes nothing any more. */
  stop(): void {
    for (const probe of this.#probes.values()) probe.stop();
    this.#probes.clear();
  }
}

/** What makes a contact another one to a prober: where its phone is, and how it is asked. */
function originOf({ record, aor: { options } }: Binding): string {
  const { source } = record;
  const place = source === undefined ? record.uri : `${source.transport} ${source.address} ${source.port}`;
  return `${place} ${options.qualify_frequency} ${options.qualify_timeout} ${options.qualify_2xx_only}`;
}

/** The probing of one contact. */
class Probe implements ProbeUser, TimerOwner {
  /** See `originOf`. */
  readonly origin: string;
  readonly #binding: Binding;
  readonly #parts: QualifierParts;
  readonly #deadline = new TimerEntry(this);
  readonly #callId: string;
  readonly #fromTag: string;
  #sequence = 0;
  #state: "resting" | "connecting" | "waiting" | "stopped" = "resting";
  #transaction: ProbeTransaction | undefined = undefined;
  /** Instants of the present probe's beginning, and of its OPTIONS. */
  #beganAt: Millis = 0;
  #sentAt: Millis = 0;
  /** Instant of the next probe, while resting. */
  #nextAt: Millis = 0;

  constructor(binding: Binding, origin: string, parts: QualifierParts, firstDelayMillis: number) {
    this.#binding = binding;
    this.origin = origin;
    this.#parts = parts;
    this.#callId = parts.entropy.token(24);
    this.#fromTag = parts.entropy.token(12);
    this.#armNext(firstDelayMillis);
  }

  /** Brings the next probe forward; never puts it off. */
  hurry(delayMillis: number): void {
    const at = this.#parts.timers.now() + delayMillis;
    if (this.#state === "resting" && at < this.#nextAt) this.#armNext(delayMillis);
  }

  stop(): void {
    this.#transaction?.abandon();
    this.#transaction = undefined;
    this.#parts.timers.cancel(this.#deadline);
    this.#state = "stopped";
  }

  timerFired(): void {
    if (this.#state === "resting") return this.#begin();
    this.#transaction?.abandon();
    this.#end("unreachable", undefined);
  }

  receiveResponse(response: Message): void {
    if (response.status < 200) return;
    // Any answer shows that somebody is there, a refusal too.
    const isProof = response.status < 300 || !this.#binding.aor.options.qualify_2xx_only;
    this.#end(isProof ? "reachable" : "unreachable", this.#parts.timers.now() - this.#sentAt);
  }

  transactionTimedOut(): void {
    this.#end("unreachable", undefined);
  }

  transactionFailed(): void {
    this.#end("unreachable", undefined);
  }

  #begin(): void {
    const { timers, flows } = this.#parts;
    this.#beganAt = timers.now();
    const { flow } = this.#binding;
    if (flow?.isOpen) return this.#send(flow);
    this.#state = "connecting";
    this.#armPatience();
    const beganAt = this.#beganAt;
    flows.flowFor(targetOf(this.#binding)).then((found) => {
      if (this.#state !== "connecting" || this.#beganAt !== beganAt) return;
      if (found === undefined) this.#end("unreachable", undefined);
      else this.#send(found);
    });
  }

  #send(flow: ContactFlow): void {
    const { timers, transactions, counters, userAgent } = this.#parts;
    const transaction = transactions.begin(flow, Method.options, this);
    if (transaction === undefined) {
      counters.probesSkipped++;
      return this.#rest();
    }
    this.#state = "waiting";
    this.#transaction = transaction;
    this.#sentAt = timers.now();
    this.#armPatience();
    counters.probesSent++;
    transaction.send(writeProbe({
      target: targetOf(this.#binding),
      flow,
      branch: transaction.branch,
      callId: this.#callId,
      fromTag: this.#fromTag,
      sequence: ++this.#sequence,
      userAgent: userAgent(),
    }));
  }

  /** What is left of `qualify_timeout` since the probe began; 0 leaves it to the transaction's own timer. */
  #armPatience(): void {
    const { timers } = this.#parts;
    const patienceMillis = this.#binding.aor.options.qualify_timeout * 1_000;
    if (patienceMillis > 0) timers.arm(this.#deadline, this.#beganAt + patienceMillis - timers.now());
    else timers.cancel(this.#deadline);
  }

  /** @param roundTripMillis Undefined when nobody answered. */
  #end(status: "reachable" | "unreachable", roundTripMillis: number | undefined): void {
    const { counters } = this.#parts;
    if (status === "reachable") counters.probesAnswered++;
    else counters.probesFailed++;
    this.#transaction = undefined;
    this.#rest();
    const binding = this.#binding;
    const former = binding.status;
    binding.status = status;
    binding.roundTripMillis = roundTripMillis;
    this.#parts.probeEnded(binding, former);
  }

  /** Waits for the next period. */
  #rest(): void {
    const { timers, entropy } = this.#parts;
    this.#state = "resting";
    const periodMillis = this.#binding.aor.options.qualify_frequency * 1_000;
    const jittered = periodMillis * (1 - JITTER * entropy.uint32() / 2 ** 32);
    this.#armNext(Math.max(0, this.#beganAt + jittered - timers.now()));
  }

  #armNext(delayMillis: number): void {
    const { timers } = this.#parts;
    this.#nextAt = timers.now() + delayMillis;
    timers.arm(this.#deadline, delayMillis);
  }
}
