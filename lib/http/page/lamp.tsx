/** @jsxImportSource hono/jsx */
/**
 * Owns how a lamp looks: a sign that tells states apart by shape before colour, and the card on the wall.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import type { ExtensionStateName, HintPresenceRow, HintRow } from "../controls.ts";
import { countText, extensionWords, presenceWords } from "../words.ts";
import { Since } from "./time.tsx";

/** Path of the page of one hint. */
export function hintPath({ context, exten }: { context: string; exten: string }): string {
  return `/hints/${encodeURIComponent(context)}/${encodeURIComponent(exten)}`;
}

/** Id of the element that shows a hint on the wall. */
export function lampId({ context, exten }: { context: string; exten: string }): string {
  return `lamp/${encodeURIComponent(context)}/${encodeURIComponent(exten)}`;
}

/** The sign of a state: ring, disc, bar, bell, pause, strike-through. Decorative: the word always stands beside it. */
export function Sign({ state }: { state: ExtensionStateName }) {
  return (
    <svg class="sign" data-state={state} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {signShapes[state]()}
    </svg>
  );
}

const BELL = "M12 3a6 6 0 0 0-6 6v4.5L4 17v1h16v-1l-2-3.5V9a6 6 0 0 0-6-6Zm-2.5 16a2.5 2.5 0 0 0 5 0Z";

const signShapes: Readonly<Record<ExtensionStateName, () => unknown>> = {
  NOT_INUSE: () => <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="3" />,
  INUSE: () => <circle cx="12" cy="12" r="9.5" fill="currentColor" />,
  BUSY: () => (
    <>
      <circle cx="12" cy="12" r="9.5" fill="currentColor" />
      <rect class="sign-cut" x="6.5" y="10.25" width="11" height="3.5" rx="1" />
    </>
  ),
  RINGING: () => <path d={BELL} fill="currentColor" />,
  RINGINUSE: () => (
    <>
      <circle cx="12" cy="12" r="9.5" fill="currentColor" />
      <path class="sign-cut" d={BELL} transform="translate(5.4 5.4) scale(.55)" />
    </>
  ),
  ONHOLD: () => (
    <>
      <rect x="5" y="4" width="5" height="16" rx="1.5" fill="currentColor" />
      <rect x="14" y="4" width="5" height="16" rx="1.5" fill="currentColor" />
    </>
  ),
  UNAVAILABLE: () => (
    <>
      <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3.2 3.1" />
      <path d="M6.5 17.5l11-11" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </>
  ),
  REMOVED: () => <path d="M7 7l10 10M17 7L7 17" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" />,
};

/** One lamp on the wall; the whole card leads to the hint's page. */
export function LampCard({ hint, wall }: { hint: HintRow; wall: EpochMillis }) {
  return (
    <li class="lamp" id={lampId(hint)} data-state={hint.state}>
      <Sign state={hint.state} />
      <div>
        {hint.name !== "" && <span class="lamp-exten">{hint.exten}</span>}
        <a class="lamp-name" href={hintPath(hint)}>{hint.name === "" ? hint.exten : hint.name}</a>
      </div>
      <p class="lamp-state">
        <strong>{extensionWords[hint.state]}</strong>
        {hint.changed_at !== null && <Since at={hint.changed_at} wall={wall} />}
      </p>
      <PresenceNote presence={hint.presence} />
      <p class="lamp-watchers">
        {hint.watcher_count === 0 ? "Nobody watching" : countText(hint.watcher_count, "watcher")}
      </p>
    </li>
  );
}

/** What somebody chose to say of themselves; nothing where nothing was set. */
export function PresenceNote({ presence }: { presence: HintPresenceRow | null }) {
  if (presence === null || presence.state === "not_set") return null;
  return (
    <p class="presence" data-presence={presence.state}>
      <strong>{presenceWords[presence.state]}</strong>
      {presence.subtype !== "" && <span>{presence.subtype}</span>}
      {presence.message !== "" && <span>{presence.message}</span>}
    </p>
  );
}
