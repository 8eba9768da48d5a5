/** @jsxImportSource hono/jsx */
/**
 * Owns the page of one hint: its lamp, why it is so, who watches it, and what may be set by hand.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import type { HintDeviceRow, HintPresenceRow, SubscriptionRow } from "../controls.ts";
import type { Explanation } from "../explain.ts";
import { messagesPath } from "../messages.ts";
import { deviceStateNames, presenceStateNames } from "../schemas.ts";
import { deviceWords, extensionWords, presenceWords } from "../words.ts";
import { Document } from "./document.tsx";
import { hintPath, PresenceNote, Sign } from "./lamp.tsx";
import { Cell, LastNotify, Row, Table } from "./sections.tsx";
import { Since, Until } from "./time.tsx";

/** What the page is made of. */
export interface HintPageProps {
  /** The hint and why it is so. */
  readonly explanation: Explanation;
  /** Now, for ages. */
  readonly wall: EpochMillis;
  /** Id of the last event at the moment of rendering. */
  readonly since: string;
  /** Whether there is a session to end. */
  readonly maySignOut: boolean;
  /** What went wrong with the form that was just sent; undefined when nothing did. */
  readonly complaint?: string | undefined;
}

/** The page at `/hints/{context}/{exten}`. */
export function HintPage({ explanation, wall, since, maySignOut, complaint }: HintPageProps) {
  const { hint, steps, watchers } = explanation;
  const path = hintPath(hint);
  const custom = hint.devices.filter((device) => device.device.startsWith("Custom:"));
  const providers = hint.presence?.providers.filter((provider) => provider.startsWith("CustomPresence:")) ?? [];
  return (
    <Document title={`${hint.name || hint.exten} – hintd`} site="/" since={since} maySignOut={maySignOut}>
      <p class="back">
        <a href="/">All lamps</a>
      </p>
      <div class="hint-head" data-state={hint.state}>
        <Sign state={hint.state} />
        <h1>{hint.name || hint.exten}</h1>
        <p class="hint-place">
          <span class="number">{hint.exten}</span> in context {hint.context}
        </p>
        <p class="lamp-state">
          <strong>{extensionWords[hint.state]}</strong>
          {hint.changed_at !== null && <Since at={hint.changed_at} wall={wall} />}
        </p>
        <PresenceNote presence={hint.presence} />
      </div>
      {complaint !== undefined && <p class="complaint" role="alert">{complaint}</p>}
      <section class="why" aria-labelledby="why-title">
        <h2 id="why-title">Why it is so</h2>
        <dl>
          {steps.filter((step) => step.title !== "Watchers" || watchers.length === 0).map((step) => (
            <div key={step.title}>
              <dt>{step.title}</dt>
              {step.lines.map((line) => <dd key={line}>{line}</dd>)}
            </div>
          ))}
        </dl>
      </section>
      {(custom.length > 0 || providers.length > 0) && (
        <section class="set" aria-labelledby="set-title">
          <h2 id="set-title">Set by hand</h2>
          {custom.map((device) => <DeviceForm key={device.device} path={path} device={device} />)}
          {providers.map((provider) => (
            <PresenceForm key={provider} path={path} provider={provider} presence={hint.presence!} />
          ))}
        </section>
      )}
      {watchers.length > 0 && <Watchers watchers={watchers} path={path} wall={wall} />}
    </Document>
  );
}

function DeviceForm({ path, device }: { path: string; device: HintDeviceRow }) {
  return (
    <form method="post" action={`${path}/device`} class="setter">
      <input type="hidden" name="device" value={device.device} />
      <fieldset>
        <legend>
          <code>{device.device}</code>
        </legend>
        <div class="choices">
          {deviceStateNames.map((state) => (
            <button
              key={state}
              type="submit"
              name="state"
              value={state}
              aria-pressed={state === device.state ? "true" : "false"}
            >
              {deviceWords[state]}
            </button>
          ))}
        </div>
      </fieldset>
    </form>
  );
}

function PresenceForm({ path, provider, presence }: { path: string; provider: string; presence: HintPresenceRow }) {
  const id = encodeURIComponent(provider);
  return (
    <form method="post" action={`${path}/presence`} class="setter">
      <input type="hidden" name="provider" value={provider} />
      <fieldset>
        <legend>
          <code>{provider}</code>
        </legend>
        <div class="fields">
          <p>
            <label for={`state-${id}`}>Presence</label>
            <select id={`state-${id}`} name="state">
              {presenceStateNames.map((state) => (
                <option key={state} value={state} selected={state === presence.state}>
                  {presenceWords[state] || "Not set"}
                </option>
              ))}
            </select>
          </p>
          <p>
            <label for={`subtype-${id}`}>Kind</label>
            <input id={`subtype-${id}`} name="subtype" value={presence.subtype} maxlength={1024} placeholder="lunch" />
          </p>
          <p class="wide">
            <label for={`message-${id}`}>Message</label>
            <input
              id={`message-${id}`}
              name="message"
              value={presence.message}
              maxlength={1024}
              placeholder="back at two"
            />
          </p>
          <button type="submit">Set</button>
        </div>
      </fieldset>
    </form>
  );
}

function Watchers({ watchers, path, wall }: { watchers: readonly SubscriptionRow[]; path: string; wall: EpochMillis }) {
  return (
    <section aria-labelledby="watchers-title">
      <h2 id="watchers-title">
        Watchers <span class="count">{watchers.length}</span>
      </h2>
      <Table heads={["Watcher", "Phone", "Body", "Last NOTIFY", "Expires", "Subscription"]}>
        {watchers.map((row) => (
          <Row key={row.id}>
            <Cell head="Watcher">
              <b>{row.endpoint}</b>
              <small>{row.source}</small>
            </Cell>
            <Cell head="Phone">{row.user_agent || <span class="faint">says nothing of itself</span>}</Cell>
            <Cell head="Body">
              <code>{row.media_type}</code>
              <small>{row.event}</small>
            </Cell>
            <Cell head="Last NOTIFY">
              <LastNotify row={row} wall={wall} />
              <small>
                <a href={messagesPath({ dialog: row.call_id })}>Messages</a>
              </small>
            </Cell>
            <Cell head="Expires">
              <Until at={row.expires_at} wall={wall} />
            </Cell>
            <Cell head="Subscription">
              <form method="post" action={`${path}/end`}>
                <input type="hidden" name="id" value={row.id} />
                <button type="submit" class="quiet" aria-label={`End the subscription of ${row.endpoint}`}>End</button>
              </form>
            </Cell>
          </Row>
        ))}
      </Table>
    </section>
  );
}
