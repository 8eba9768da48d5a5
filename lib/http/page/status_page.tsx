/** @jsxImportSource hono/jsx */
/**
 * Owns the status page: problems first, then the wall of lamps, charts, endpoints, subscriptions, and whatever else the office has.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import { limits } from "../../runtime/limits.ts";
import type { Controls, HintRow, ReloadReport, StatusRow, SubscriptionRow } from "../controls.ts";
import { countText, listenerText, spanText } from "../words.ts";
import { Charts } from "./charts.tsx";
import { Document } from "./document.tsx";
import { Endpoints, Problems, Subscriptions, Wall } from "./sections.tsx";
import { Lists, Mailboxes, Publications } from "./services.tsx";

/** What the page is made of. */
export interface StatusPageProps {
  /** What is shown and acted on. */
  readonly controls: Controls;
  /** Now, for ages. */
  readonly wall: EpochMillis;
  /** Id of the last event at the moment of rendering. */
  readonly since: string;
  /** Search for lamps; "" shows all. */
  readonly search: string;
  /** Whether there is a session to end. */
  readonly maySignOut: boolean;
  /** What has become of a reload that was just asked for. */
  readonly report?: ReloadReport | undefined;
}

/** The page at `/`. */
export function StatusPage({ controls, wall, since, search, maySignOut, report }: StatusPageProps) {
  const status = controls.status();
  const hints = controls.hints();
  return (
    <Document title="hintd" site="/" since={since} maySignOut={maySignOut}>
      <h1 class="unseen">Status of hintd</h1>
      {report !== undefined && <Reloaded report={report} />}
      <Problems problems={controls.problems()} wall={wall} />
      <Wall hints={hints} search={search} wall={wall} />
      <Charts history={controls.history()} />
      <Endpoints endpoints={controls.endpoints()} wall={wall} />
      <Subscriptions {...subscriptionsShown(controls)} names={namesOf(hints)} wall={wall} />
      <Lists lists={controls.lists()} />
      <Publications inbound={controls.publications()} outbound={controls.outboundPublications()} wall={wall} />
      <Mailboxes mailboxes={controls.mailboxes()} wall={wall} />
      <Colophon status={status} />
    </Document>
  );
}

/** The subscriptions that fit on the page, and how many there are. */
export function subscriptionsShown(controls: Controls): { subscriptions: readonly SubscriptionRow[]; count: number } {
  return {
    subscriptions: controls.subscriptions(limits.shownSubscriptionCount),
    count: controls.status().subscription_count,
  };
}

/** Display names by `exten@context`. */
export function namesOf(hints: readonly HintRow[]): Map<string, string> {
  return new Map(hints.map((hint) => [`${hint.exten}@${hint.context}`, hint.name]));
}

function Reloaded({ report: { is_applied, changes, errors } }: { report: ReloadReport }) {
  if (is_applied) {
    return (
      <p class="notice" role="status">Reloaded: {changes.length === 0 ? "nothing has changed" : changes.join(", ")}</p>
    );
  }
  return (
    <div class="notice" role="alert" data-severity="error">
      <p>Not reloaded; the former configuration stays in force:</p>
      <ul>{errors.map((error) => <li key={error}>{error}</li>)}</ul>
    </div>
  );
}

function Colophon({ status }: { status: StatusRow }) {
  const listeners = status.listeners.map(listenerText);
  return (
    <footer class="colophon">
      <p>hintd {status.version}</p>
      <p>up {spanText(status.uptime_seconds * 1_000)}</p>
      <p>{countText(listeners.length, "listener")}: {listeners.join(", ")}</p>
      <p>
        configuration <code>{status.config_file}</code>
      </p>
      <form method="post" action="/reload">
        <button type="submit" class="quiet">Reload it</button>
      </form>
    </footer>
  );
}
