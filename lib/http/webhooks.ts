/**
 * Owns webhooks: events of the stream, posted one by one to servers that want them.
 *
 * Theory. Each hook has a queue of its own, so that one that is slow or down holds up nobody, and tells its events in order: the
 * next is posted when the former is taken, and one that fails is posted again, later and later. A full queue gives up its
 * oldest event, and the one after it says how many are missing. Nothing is kept over a restart; ids are those of the event
 * stream, from which what was missed can be had.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { backoffMillis } from "../runtime/backoff.ts";
import type { Clock, EpochMillis } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { keyedHash } from "../runtime/hash.ts";
import { instantText } from "../runtime/instant.ts";
import { limits } from "../runtime/limits.ts";
import type { Log } from "../runtime/log.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { ControlEvent } from "./controls.ts";
import type { HistoryEntry } from "./event_history.ts";
import type { WebhookSettings } from "./settings.ts";

/** What webhooks are made of. */
export interface WebhookParts {
  /** Source of time. */
  readonly clock: Clock;
  /** Where the next attempts wait. */
  readonly timers: Timers;
  /** Source of jitter. */
  readonly entropy: Entropy;
  /** Told when a hook begins to fail, and when it works again. */
  readonly log: Log;
}

/** One hook, for page and metrics. */
export interface WebhookSnapshot {
  /** As config.toml names it. */
  readonly name: string;
  /** Events that wait, the one being posted among them. */
  readonly waitingCount: number;
  /** Events that were taken. */
  readonly deliveredCount: number;
  /** Events that were refused for good. */
  readonly refusedCount: number;
  /** Events that gave way to newer ones. */
  readonly missedCount: number;
  /** Attempts without success since the last one with it; 0 for a hook that works. */
  readonly failureCount: number;
  /** Why the last attempt failed; "" for a hook that works. */
  readonly why: string;
  /** Since when it fails; undefined for a hook that works. */
  readonly failingSince: EpochMillis | undefined;
}

/** All hooks. */
export class Webhooks {
  readonly #parts: WebhookParts;
  #hooks: Webhook[] = [];

  /** Posts nothing before the first `apply`. */
  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Makes the hooks those of `settings`; one that is as before keeps what waits. */
  apply(settings: readonly WebhookSettings[]): void {
    const kept = this.#hooks.filter((hook) => settings.some((each) => isSame(each, hook.settings)));
    for (const hook of this.#hooks) if (!kept.includes(hook)) hook.stop();
    this.#hooks = settings.map((each) =>
      kept.find((hook) => isSame(each, hook.settings)) ?? new Webhook(each, this.#parts)
    );
  }

  /** Has those who want it told of an event. */
  receive(entry: HistoryEntry): void {
    for (const hook of this.#hooks) if (isWanted(entry.event, hook.settings)) hook.receive(entry);
  }

  /** Describes the hooks, in the order of the configuration. */
  snapshot(): WebhookSnapshot[] {
    return this.#hooks.map((hook) => hook.snapshot());
  }

  /** Posts nothing any more; what waits is lost. */
  stop(): void {
    for (const hook of this.#hooks) hook.stop();
    this.#hooks = [];
  }
}

/** Whether a hook wants an event; that somebody else watches a lamp is no change of the lamp. */
function isWanted(event: ControlEvent, { events }: WebhookSettings): boolean {
  return events.includes(event.type) && !(event.type === "hint" && event.isOfWatchers === true);
}

function isSame(a: WebhookSettings, b: WebhookSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** One event on its way. */
interface Delivery {
  readonly id: string;
  /** JSON of the event without its brackets. */
  readonly fields: string;
  /** Events before it that were given up. */
  missedCount: number;
}

/** What became of one attempt. */
type Outcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string; readonly retryAfterSeconds: number };

/** Statuses that ask for another attempt, those of a broken server besides. Source: RFC 9110 §15.5.9, RFC 6585 §4. */
const LATER: readonly number[] = [408, 425, 429];

class Webhook implements TimerOwner {
  readonly settings: WebhookSettings;
  readonly #parts: WebhookParts;
  readonly #key: Uint8Array;
  readonly #abort = new AbortController();
  readonly #again = new TimerEntry(this);
  readonly #waiting: Delivery[] = [];
  #current: Delivery | undefined;
  #deliveredCount = 0;
  #refusedCount = 0;
  #missedCount = 0;
  #failureCount = 0;
  #why = "";
  #failingSince: EpochMillis | undefined;

  constructor(settings: WebhookSettings, parts: WebhookParts) {
    this.settings = settings;
    this.#parts = parts;
    this.#key = keyOf(settings.secret);
  }

  receive({ id, event }: HistoryEntry): void {
    const { type, change, item } = event;
    const at = instantText(this.#parts.clock.wall());
    const fields = JSON.stringify({ id, type, change, at, item }).slice(1, -1);
    this.#waiting.push({ id, fields, missedCount: 0 });
    if (this.#waiting.length > limits.webhookQueueCount) {
      this.#waiting[1]!.missedCount += this.#waiting.shift()!.missedCount + 1;
      this.#missedCount++;
    }
    if (this.#current === undefined) this.#next();
  }

  timerFired(): void {
    this.#attempt();
  }

  snapshot(): WebhookSnapshot {
    return {
      name: this.settings.name,
      waitingCount: this.#waiting.length + (this.#current === undefined ? 0 : 1),
      deliveredCount: this.#deliveredCount,
      refusedCount: this.#refusedCount,
      missedCount: this.#missedCount,
      failureCount: this.#failureCount,
      why: this.#why,
      failingSince: this.#failingSince,
    };
  }

  stop(): void {
    this.#abort.abort();
    this.#parts.timers.cancel(this.#again);
  }

  #next(): void {
    this.#current = this.#waiting.shift();
    if (this.#current !== undefined) this.#attempt();
  }

  #attempt(): void {
    void this.#post(this.#current!).then((outcome) => {
      if (!this.#abort.signal.aborted) this.#settle(outcome);
    });
  }

  #settle(outcome: Outcome): void {
    const { timers, entropy, log } = this.#parts;
    if (outcome.kind === "taken") {
      if (this.#failingSince !== undefined) {
        log.info("webhook", "A webhook works again", { webhook: this.settings.name });
      }
      this.#deliveredCount++;
      this.#failureCount = 0;
      this.#why = "";
      this.#failingSince = undefined;
      return this.#next();
    }
    this.#failureCount++;
    this.#why = outcome.why;
    if (this.#failingSince === undefined) {
      this.#failingSince = this.#parts.clock.wall();
      log.warn("webhook", "A webhook fails", { webhook: this.settings.name, why: outcome.why });
    }
    if (outcome.kind === "failed") {
      return timers.arm(this.#again, backoffMillis(this.#failureCount, outcome.retryAfterSeconds, entropy));
    }
    this.#refusedCount++;
    this.#next();
  }

  async #post(delivery: Delivery): Promise<Outcome> {
    const { url, timeout, secret } = this.settings;
    const body = `{${delivery.fields},"missed":${delivery.missedCount}}`;
    const timestamp = String(Math.floor(this.#parts.clock.wall() / 1_000));
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "user-agent": "hintd",
      "webhook-id": delivery.id,
      "webhook-timestamp": timestamp,
    };
    if (secret !== "") headers["webhook-signature"] = signature(this.#key, delivery.id, timestamp, body);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeout * 1_000)]),
      });
      await response.body?.cancel();
      return judge(response);
    } catch (error) {
      return { kind: "failed", why: reasonOf(error, timeout), retryAfterSeconds: 0 };
    }
  }
}

function judge({ ok, status, headers }: Response): Outcome {
  if (ok) return { kind: "taken" };
  const why = `it answers ${status}`;
  if (status < 500 && !LATER.includes(status)) return { kind: "refused", why };
  const retryAfterSeconds = Number(headers.get("retry-after") ?? 0);
  return { kind: "failed", why, retryAfterSeconds: retryAfterSeconds > 0 ? retryAfterSeconds : 0 };
}

/** Base64 behind `whsec_`, as the keys of such hooks are written; any other text is its own key. */
function keyOf(secret: string): Uint8Array {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  return encoded === undefined ? new TextEncoder().encode(secret) : Uint8Array.fromBase64(encoded);
}

function signature(key: Uint8Array, id: string, timestamp: string, body: string): string {
  return `v1,${keyedHash(key, `${id}.${timestamp}.${body}`).toBase64()}`;
}

/** What the commonest errors of the network mean. */
const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody answers there",
  ConnectionRefused: "nobody answers there",
  ENOTFOUND: "its name leads nowhere",
};

function reasonOf(error: unknown, timeoutSeconds: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${timeoutSeconds} s`;
  const { code = "" } = error as { code?: string };
  return FAULTS[code] ?? (code === "" ? error.message : code);
}
