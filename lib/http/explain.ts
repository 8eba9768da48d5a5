/**
 * Owns the answer to "why is this lamp like this?": the same sentences for page, API and CLI.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import type { ApiValue } from "./api_schemas.ts";
import type { DeviceStateName, HintDeviceRow, HintRow, PublicationRow, SubscriptionRow } from "./controls.ts";
import type { Instant } from "../runtime/instant.ts";
import { agoText, clockText, extensionWords, inText, outcomeText, presenceWords } from "./words.ts";

/** The chain from hint to the watchers' last NOTIFY. */
export type Explanation = ApiValue<"Explanation">;

/** What a state that surprises means. */
const REMARKS: Partial<Record<DeviceStateName, string>> = {
  UNAVAILABLE: "it has no reachable contact",
  INVALID: "there is no such endpoint in config.toml",
  UNKNOWN: "nothing has set it yet",
};

/** Explains the lamp of `hint` to an operator at the instant `wall`; `publications` are those of the whole office. */
export function explain(
  hint: HintRow,
  watchers: readonly SubscriptionRow[],
  publications: readonly PublicationRow[],
  wall: EpochMillis,
): Explanation {
  const published = publishedLines(hint, publications, wall);
  return {
    hint,
    watchers,
    steps: [
      { title: "Hint", lines: [hintLine(hint)] },
      { title: "Devices", lines: deviceLines(hint, wall) },
      ...(published.length > 0 ? [{ title: "Published" as const, lines: published }] : []),
      { title: "Lamp", lines: [lampLine(hint, wall)] },
      { title: "Presence", lines: presenceLines(hint, wall) },
      { title: "Watchers", lines: watcherLines(hint, watchers, wall) },
    ],
  };
}

function hintLine({ context, exten, found_in, rule, hint }: HintRow): string {
  const inherited = found_in === context ? "" : `, which context "${context}" includes`;
  const matched = rule === exten ? "" : ` by ${rule === "autohints" ? "autohints" : `the pattern ${rule}`}`;
  return `${exten} is "${hint}"${matched} in context "${found_in}"${inherited}`;
}

function deviceLines(hint: HintRow, wall: EpochMillis): string[] {
  if (hint.devices.length === 0) return ["The hint names no device"];
  return hint.devices.map(({ device, state, changed_at }) => {
    const remark = device.startsWith("Custom:") && state === "UNAVAILABLE" ? undefined : REMARKS[state];
    return `${device} is ${state}${sinceText(changed_at, wall)}${remark === undefined ? "" : `: ${remark}`}`;
  });
}

/** Who says what of the hint's devices, and until when. */
function publishedLines({ devices }: HintRow, publications: readonly PublicationRow[], wall: EpochMillis): string[] {
  const names = devices.map(({ device }) => device.replace(/^SIP\//i, "PJSIP/").toLowerCase());
  return publications.filter(({ target }) => names.includes(target.toLowerCase())).map((publication) => {
    const { endpoint, target, event, description, expires_at } = publication;
    return `${endpoint} says of ${target} (${event}): ${description}; holds ${inText(expires_at, wall)}`;
  });
}

function lampLine(hint: HintRow, wall: EpochMillis): string {
  const shown = `${hint.state} (${extensionWords[hint.state].toLowerCase()})${sinceText(hint.changed_at, wall)}`;
  if (hint.devices.length === 0) return `${shown}, because no device stands behind it`;
  const causes = hint.devices.filter((device) => isCause(device, hint));
  if (hint.devices.length === 1 || causes.length === 0 || causes.length === hint.devices.length) {
    return `${shown}, the aggregate of the above`;
  }
  return `${shown}, because of ${causes.map((cause) => `${cause.device} ${cause.state}`).join(" and ")}`;
}

/** Whether the state of `device` is one that the aggregate shows. */
function isCause({ state }: HintDeviceRow, hint: HintRow): boolean {
  if (hint.state === "RINGINUSE") return state !== "NOT_INUSE" && state !== "UNAVAILABLE" && state !== "INVALID";
  if (hint.state === "NOT_INUSE") return state === "NOT_INUSE" || state === "UNKNOWN";
  if (hint.state === "UNAVAILABLE") return state === "UNAVAILABLE" || state === "INVALID";
  return state === hint.state;
}

function presenceLines({ presence }: HintRow, wall: EpochMillis): string[] {
  if (presence === null) return ["The hint names no presence provider"];
  const providers = presence.providers.join(" and ");
  if (presence.state === "not_set") return [`${providers}: not set`];
  const subtype = presence.subtype === "" ? "" : `, ${presence.subtype}`;
  const message = presence.message === "" ? "" : `: "${presence.message}"`;
  const word = presenceWords[presence.state].toLowerCase();
  return [`${providers}: ${presence.state} (${word}${subtype})${sinceText(presence.changed_at, wall)}${message}`];
}

function watcherLines(hint: HintRow, watchers: readonly SubscriptionRow[], wall: EpochMillis): string[] {
  if (watchers.length === 0) return [`Nobody watches it; a phone does by a SUBSCRIBE to ${hint.exten}`];
  return watchers.map((watcher) => {
    const { last_notify: notify } = watcher;
    const told = notify === null ? "not told yet" : `told ${agoText(notify.sent_at, wall)}: ${outcomeText(notify)}`;
    const failures = watcher.failure_count > 1 ? ` (failed ${watcher.failure_count} times in a row)` : "";
    const phone = watcher.user_agent === "" ? "" : `, ${watcher.user_agent}`;
    return `${watcher.endpoint} at ${watcher.source}${phone}: ${watcher.event} as ${watcher.media_type}, ` +
      `${told}${failures}, expires ${inText(watcher.expires_at, wall)}`;
  });
}

function sinceText(instant: Instant | null, wall: EpochMillis): string {
  return instant === null ? "" : ` since ${clockText(instant)} (${agoText(instant, wall)})`;
}
