/**
 * Owns the watch over stuck lamps: a device that rings without anything happening to it for too long, and a device whose calls
 * go on although its phone is gone. Each is told as a problem; where the configuration says so, it is cleared.
 *
 * Only devices that ring, or whose phone went away in a call, are looked at; a change of one begins its span anew.
 */
import type { Config } from "../config/config.ts";
import type { ProblemRow } from "../http/controls.ts";
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import { type Instant, instantText } from "../runtime/instant.ts";
import type { Log } from "../runtime/log.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import { isRinging } from "../state/device_state.ts";
import type { StateEngine } from "../state/engine.ts";
import { deviceKey } from "../state/hint.ts";

/** Counts of the watchdog. */
export interface WatchdogCounters extends Counters {
  /** Lamps found stuck. */
  stuck: number;
  /** Those that were cleared. */
  cleared: number;
}

/** Fresh counters. */
export function watchdogCounters(): WatchdogCounters {
  return { stuck: 0, cleared: 0 };
}

/** What the watchdog is made of. */
export interface WatchdogParts {
  readonly engine: StateEngine;
  readonly timers: Timers;
  readonly log: Log;
  readonly counters: WatchdogCounters;
  /** Forgets what publishers say of a device until they say it anew. */
  disbelieve(device: string): void;
  /** A device was found stuck. */
  found(row: ProblemRow): void;
  /** The wall clock. */
  wall(): EpochMillis;
}

/** How a device is stuck. */
type Trouble = "ringing" | "abandoned";

/** A device that may be stuck. */
interface Suspect {
  readonly trouble: Trouble;
  readonly since: Millis;
  isFound: boolean;
}

/** Milliseconds between two rounds. */
const ROUND_MILLIS = 5_000;

/** Watches over devices. */
export class Watchdog implements TimerOwner {
  readonly #parts: WatchdogParts;
  readonly #suspects = new Map<string, Suspect>();
  readonly #round = new TimerEntry(this);
  #rules: Config["watchdog"];

  /** Watches over what changes; `begin` looks at what there is. */
  constructor(parts: WatchdogParts, rules: Config["watchdog"]) {
    this.#parts = parts;
    this.#rules = rules;
    parts.engine.onSource({
      deviceChanged: (device) => this.#deviceChanged(device),
      presenceChanged() {},
      mailboxChanged() {},
    });
  }

  /** Looks at what rang already before the start; call it once everything is resumed. */
  begin(): void {
    const { engine: { devices }, wall } = this.#parts;
    for (const device of devices.deviceKeys()) {
      if (!isRinging(devices.stateOf(device))) continue;
      this.#suspect(device, "ringing", Math.max(0, wall() - (devices.changedAt(device) ?? wall())));
    }
  }

  /** Puts other rules in force; spans go on. */
  replaceRules(rules: Config["watchdog"]): void {
    this.#rules = rules;
    for (const suspect of this.#suspects.values()) suspect.isFound = false;
  }

  /** Whether an endpoint's phone can be reached has changed. */
  reachabilityChanged(endpoint: string, isReachable: boolean): void {
    const device = `PJSIP/${endpoint}`;
    if (isReachable) {
      if (this.#suspects.get(device)?.trouble === "abandoned") this.#suspects.delete(device);
    } else if (this.#isInCall(device)) this.#suspect(device, "abandoned");
  }

  /** What is stuck now. */
  rows(): ProblemRow[] {
    return [...this.#suspects].filter(([, { isFound }]) => isFound).map(([device, suspect]) =>
      this.#rowOf(device, suspect)
    );
  }

  timerFired(): void {
    const now = this.#parts.timers.now();
    for (const [device, suspect] of this.#suspects) {
      const limit = suspect.trouble === "ringing" ? this.#rules.ringing : this.#rules.abandoned;
      if (suspect.isFound || limit === 0 || now - suspect.since < limit * 1_000) continue;
      this.#find(device, suspect);
    }
    this.#goOn();
  }

  #deviceChanged(device: string): void {
    const isAbandoned = this.#suspects.get(device)?.trouble === "abandoned" && this.#isInCall(device);
    if (isRinging(this.#parts.engine.devices.stateOf(device))) this.#suspect(device, "ringing");
    // Whoever says something new of a call knows it.
    else if (isAbandoned) this.#suspect(device, "abandoned");
    else this.#suspects.delete(device);
  }

  #suspect(device: string, trouble: Trouble, spentMillis: Millis = 0): void {
    this.#suspects.set(device, { trouble, since: this.#parts.timers.now() - spentMillis, isFound: false });
    this.#goOn();
  }

  #goOn(): void {
    if (this.#suspects.size > 0 && !this.#round.isArmed) this.#parts.timers.arm(this.#round, ROUND_MILLIS);
  }

  #find(device: string, suspect: Suspect): void {
    const { log, counters } = this.#parts;
    suspect.isFound = true;
    counters.stuck++;
    const row = this.#rowOf(device, suspect);
    log.warn("watchdog", row.message, { device, hints: row.where });
    if (this.#rules.clear) {
      this.#clear(device);
      counters.cleared++;
      log.warn("watchdog", "The stuck lamp was cleared", { device });
    }
    this.#parts.found(row);
  }

  /** Has a device be what it is without its calls, and without a state that somebody set and forgot. */
  #clear(device: string): void {
    const { engine, disbelieve } = this.#parts;
    disbelieve(device);
    if (isRinging(engine.devices.stateOf(device)) && engine.devices.isCustomSet(device)) {
      engine.setCustomState(device, "NOT_INUSE");
    }
  }

  #isInCall(device: string): boolean {
    return this.#parts.engine.devices.callsOf(device).some((call) => call.state !== "terminated");
  }

  #rowOf(device: string, { trouble, since }: Suspect): ProblemRow {
    const { engine, timers, wall } = this.#parts;
    const seconds = Math.floor((timers.now() - since) / 1_000);
    const now: Instant = instantText(wall());
    const hints = [...engine.showing(device)].map(({ context, exten }) => `${exten}@${context}`).join(", ");
    return {
      severity: "warning",
      area: "watchdog",
      message: trouble === "ringing"
        ? `${device} has been ringing for ${spanText(seconds)}, and nothing happens to it`
        : `${device} is in a call, but its phone has been gone for ${spanText(seconds)}`,
      remedy: remedyFor(device, engine.devices.isCustomSet(device)),
      where: hints,
      first_at: instantText(wall() - (timers.now() - since)),
      last_at: now,
      count: 1,
    };
  }
}

function remedyFor(device: string, isSet: boolean): string {
  const key = deviceKey(device) ?? device;
  return isSet
    ? `If nobody calls: hintd devstate set ${key} NOT_INUSE`
    : "If there is no such call: restart whoever publishes it, or have [watchdog] clear such lamps";
}

/** A span as people say it. */
function spanText(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
}
