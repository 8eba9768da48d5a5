/**
 * Owns the words in which page, API and CLI speak of states and times.
 */
import type {
  DeviceStateName,
  EndpointRow,
  ExtensionStateName,
  ListenerRow,
  NotifyRow,
  PresenceStateName,
} from "./controls.ts";
import { type Instant, instantMillis } from "../runtime/instant.ts";
import type { EpochMillis } from "../runtime/clock.ts";

/** Words for what a lamp shows. */
export const extensionWords: Readonly<Record<ExtensionStateName, string>> = {
  NOT_INUSE: "Free",
  INUSE: "In use",
  BUSY: "Busy",
  RINGING: "Ringing",
  RINGINUSE: "In use, ringing",
  ONHOLD: "On hold",
  UNAVAILABLE: "Unreachable",
  REMOVED: "Removed",
};

/** Words for the state of a device. */
export const deviceWords: Readonly<Record<DeviceStateName, string>> = {
  NOT_INUSE: "Free",
  INUSE: "In use",
  BUSY: "Busy",
  RINGING: "Ringing",
  RINGINUSE: "In use, ringing",
  ONHOLD: "On hold",
  UNAVAILABLE: "Unreachable",
  INVALID: "Invalid",
  UNKNOWN: "Unknown",
};

/** Words for a presence state; "" for one that nobody set. */
export const presenceWords: Readonly<Record<PresenceStateName, string>> = {
  not_set: "",
  unavailable: "Unavailable",
  available: "Available",
  away: "Away",
  xa: "Away for long",
  chat: "Free to chat",
  dnd: "Do not disturb",
};

/** Words for when calls are forwarded; the target follows. */
export const forwardingWords: Readonly<Record<EndpointRow["forwardings"][number]["kind"], string>> = {
  immediate: "all calls",
  busy: "calls when busy",
  no_answer: "calls nobody answers",
};

/** A span in its largest sensible unit: `4 s`, `12 min`, `3 h`, `5 days`. */
export function spanText(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** How long ago `instant` was. */
export function agoText(instant: Instant, wall: EpochMillis): string {
  return `${spanText(wall - instantMillis(instant))} ago`;
}

/** An instant to the second: `2026-01-02 03:04:05 UTC`. */
export function clockText(instant: Instant): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}

/** How long until `instant`. */
export function inText(instant: Instant, wall: EpochMillis): string {
  const millis = instantMillis(instant) - wall;
  return millis <= 0 ? "now" : `in ${spanText(millis)}`;
}

/** What became of a NOTIFY: `200 after 4 ms`. */
export function outcomeText(notify: NotifyRow): string {
  if (notify.status === null) return "awaiting answer";
  if (notify.status === 408) return "no answer";
  if (notify.status === 503 && notify.answered_after_ms === null) return "could not be sent";
  return notify.answered_after_ms === null
    ? `${notify.status}`
    : `${notify.status} after ${Math.round(notify.answered_after_ms)} ms`;
}

/** Whether a NOTIFY failed. */
export function hasFailed(notify: NotifyRow | null): boolean {
  return notify !== null && notify.status !== null && notify.status >= 300;
}

/** `1 watcher`, `3 watchers`. */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** Where phones reach hintd: `udp 192.168.1.5:5060`. */
export function listenerText({ transport, address, port }: ListenerRow): string {
  return `${transport} ${address.includes(":") ? `[${address}]` : address}:${port}`;
}
