/** @jsxImportSource hono/jsx */
/**
 * Owns the sections of the status page; each is also sent alone when what it shows has changed.
 */
import type { Child } from "hono/jsx";
import type { EpochMillis } from "../../runtime/clock.ts";
import { chapterOf } from "../../help/chapters.ts";
import { limits } from "../../runtime/limits.ts";
import type { ContactRow, EndpointRow, ExtensionStateName, HintRow, ProblemRow, SubscriptionRow } from "../controls.ts";
import { messagesPath } from "../messages.ts";
import { countText, deviceWords, extensionWords, forwardingWords, hasFailed, outcomeText } from "../words.ts";
import { hintPath, LampCard, Sign } from "./lamp.tsx";
import { Ago, Until } from "./time.tsx";

const STATE_ORDER: readonly ExtensionStateName[] = [
  "RINGING",
  "RINGINUSE",
  "INUSE",
  "BUSY",
  "ONHOLD",
  "NOT_INUSE",
  "UNAVAILABLE",
  "REMOVED",
];

/** What needs somebody's attention; says so when nothing does. */
export function Problems({ problems, wall }: { problems: readonly ProblemRow[]; wall: EpochMillis }) {
  if (problems.length === 0) {
    return (
      <section id="problems" class="problems is-calm" aria-label="Problems">
        <p>No problems</p>
      </section>
    );
  }
  return (
    <section id="problems" class="problems" aria-labelledby="problems-title">
      <h2 id="problems-title">{countText(problems.length, "problem")}</h2>
      <ul>
        {problems.map((problem) => (
          <li key={problem.message} data-severity={problem.severity}>
            <strong class="severity">{problem.severity === "error" ? "Error" : "Warning"}</strong>
            <p class="problem-message">{problem.message}</p>
            {problem.remedy !== "" && <p class="remedy">{problem.remedy}</p>}
            <p class="origin">
              {problem.where !== "" && <code>{problem.where}</code>}
              <span>{problem.area}</span>
              <Ago at={problem.last_at} wall={wall} />
              {problem.count > 1 && <span>{problem.count} times</span>}
              {chapterOf(problem.area) !== undefined && <a href={chapterOf(problem.area)}>Read more</a>}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How many lamps show what. */
export function Legend({ hints }: { hints: readonly HintRow[] }) {
  const counts = new Map<ExtensionStateName, number>();
  for (const { state } of hints) counts.set(state, (counts.get(state) ?? 0) + 1);
  return (
    <ul id="legend" class="legend" aria-label="Extensions by state">
      {STATE_ORDER.filter((state) => counts.has(state)).map((state) => (
        <li key={state} data-state={state}>
          <Sign state={state} />
          <span>
            <b>{counts.get(state)}</b> {extensionWords[state].toLowerCase()}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The lamps of all hints, by context, in the order of config.toml. */
export function Wall({ hints, search, wall }: { hints: readonly HintRow[]; search: string; wall: EpochMillis }) {
  const found = search === "" ? hints : hints.filter((hint) => isFound(hint, search));
  const shown = found.slice(0, limits.shownLampCount);
  const contexts = new Map<string, HintRow[]>();
  for (const hint of shown) {
    const group = contexts.get(hint.context);
    if (group === undefined) contexts.set(hint.context, [hint]);
    else group.push(hint);
  }
  return (
    <section class="lamps" aria-labelledby="lamps-title">
      <div class="lamps-head">
        <h2 id="lamps-title">Lamps</h2>
        <Legend hints={hints} />
        <form class="search" role="search" action="/" method="get">
          <label for="search">Find an extension</label>
          <input id="search" type="search" name="q" value={search} placeholder="Name or number" autocomplete="off" />
        </form>
      </div>
      {[...contexts].map(([context, group]) => (
        <div key={context}>
          {contexts.size > 1 && <h3 class="context">{context}</h3>}
          <ul class="wall">
            {group.map((hint) => <LampCard key={hint.exten} hint={hint} wall={wall} />)}
          </ul>
        </div>
      ))}
      {hints.length === 0 && (
        <p class="empty">
          No hints yet. Add some to <code>[contexts.default.hints]</code> in config.toml, then reload;{" "}
          <a href="/help/states">where their states come from</a>.
        </p>
      )}
      <p class="empty" id="nothing-found" hidden={hints.length === 0 || shown.length > 0}>No extension of that name</p>
      {found.length > shown.length && (
        <p class="more">{shown.length} of {found.length} extensions are shown; find the others by name or number.</p>
      )}
    </section>
  );
}

function isFound(hint: HintRow, search: string): boolean {
  return `${hint.name} ${hint.exten}`.toLowerCase().includes(search.toLowerCase());
}

/** Every endpoint: who it is, where it is, how much it watches. */
export function Endpoints({ endpoints, wall }: { endpoints: readonly EndpointRow[]; wall: EpochMillis }) {
  return (
    <section id="endpoints" aria-labelledby="endpoints-title">
      <h2 id="endpoints-title">
        Endpoints <span class="count">{endpoints.length}</span>
      </h2>
      {endpoints.length === 0
        ? (
          <p class="empty">
            No endpoints yet. Add one as <code>[endpoints.name]</code> in config.toml;{" "}
            <a href="/help/reference">all options</a>.
          </p>
        )
        : (
          <Table heads={["Endpoint", "State", "Proves itself by", "Contacts", "Subscriptions"]}>
            {endpoints.map((endpoint) => (
              <Row key={endpoint.name}>
                <Cell head="Endpoint">
                  <b>{endpoint.name}</b>
                  <small>context {endpoint.context}</small>
                </Cell>
                <Cell head="State">
                  {deviceWords[endpoint.state]}
                  {endpoint.is_dnd && <small>do not disturb</small>}
                  {endpoint.forwardings.filter(({ is_active }) => is_active).map(({ kind, to }) => (
                    <small key={kind}>{forwardingWords[kind]} to {to}</small>
                  ))}
                </Cell>
                <Cell head="Proves itself by">
                  {identities[endpoint.identified_by]}
                  {endpoint.match.length > 0 && <small>{endpoint.match.join(", ")}</small>}
                </Cell>
                <Cell head="Contacts">
                  {endpoint.contacts.length === 0
                    ? <span class="faint">none</span>
                    : endpoint.contacts.map((contact) => <Contact key={contact.uri} contact={contact} wall={wall} />)}
                </Cell>
                <Cell head="Subscriptions">
                  {endpoint.allow_subscribe
                    ? <span class="number">{endpoint.subscription_count} of {endpoint.max_subscriptions}</span>
                    : <span class="faint">not allowed</span>}
                </Cell>
              </Row>
            ))}
          </Table>
        )}
    </section>
  );
}

const identities = { password: "password", address: "source address", none: "its word alone" } as const;

function Contact({ contact, wall }: { contact: ContactRow; wall: EpochMillis }) {
  return (
    <span class="contact">
      <code>{contact.uri}</code>
      <small>
        {contact.status === "unqualified" ? "not probed" : contact.status}
        {contact.round_trip_ms !== null && ` in ${Math.round(contact.round_trip_ms)} ms`}
        {contact.expires_at !== null && (
          <>
            , expires <Until at={contact.expires_at} wall={wall} />
          </>
        )}
      </small>
      {contact.user_agent !== "" && <small>{contact.user_agent}</small>}
    </span>
  );
}

/** Properties of the table of subscriptions. */
export interface SubscriptionsProps {
  /** Those to show, in any order. */
  readonly subscriptions: readonly SubscriptionRow[];
  /** How many there are. */
  readonly count: number;
  /** Display names by `exten@context`. */
  readonly names: ReadonlyMap<string, string>;
  /** Now, for ages. */
  readonly wall: EpochMillis;
}

/** Every subscription, those in trouble first. */
export function Subscriptions({ subscriptions, count, names, wall }: SubscriptionsProps) {
  const shown = subscriptions.toSorted((a, b) => Number(isTroubled(b)) - Number(isTroubled(a))).slice(
    0,
    limits.shownSubscriptionCount,
  );
  return (
    <section id="subscriptions" aria-labelledby="subscriptions-title">
      <h2 id="subscriptions-title">
        Subscriptions <span class="count">{count}</span>
      </h2>
      {shown.length === 0
        ? (
          <p class="empty">
            No phone is watching yet; <a href="/help/phones">what to type into which phone</a>.
          </p>
        )
        : (
          <Table heads={["Watcher", "Watches", "Body", "Last NOTIFY", "Expires"]}>
            {shown.map((row) => (
              <Row key={row.id} tone={isTroubled(row) ? "bad" : undefined}>
                <Cell head="Watcher">
                  <b>{row.endpoint}</b>
                  <small>{row.source}</small>
                </Cell>
                <Cell head="Watches">
                  {row.context === ""
                    ? <b>{row.exten || "its own messages"}</b>
                    : <a href={hintPath(row)}>{names.get(`${row.exten}@${row.context}`) || row.exten}</a>}
                  <small>{row.event}</small>
                </Cell>
                <Cell head="Body">
                  <code title={row.media_type}>
                    {row.media_type.replace(/^application\//, "").replace(/\+xml$/, "")}
                  </code>
                  <small>{row.user_agent}</small>
                </Cell>
                <Cell head="Last NOTIFY">
                  <LastNotify row={row} wall={wall} />
                  <small>
                    <a href={messagesPath({ dialog: row.call_id })}>Messages</a>
                  </small>
                </Cell>
                <Cell head="Expires">
                  {row.state === "terminated" ? row.reason ?? "ended" : <Until at={row.expires_at} wall={wall} />}
                </Cell>
              </Row>
            ))}
          </Table>
        )}
      {count > shown.length && (
        <p class="more">
          {shown.length} of {count} are shown. <a href="/api/v1/subscriptions">All of them, as JSON</a>
        </p>
      )}
    </section>
  );
}

/** What became of the last NOTIFY, and when it left. */
export function LastNotify({ row, wall }: { row: SubscriptionRow; wall: EpochMillis }) {
  if (row.last_notify === null) return <span class="faint">none yet</span>;
  return (
    <>
      <span class={hasFailed(row.last_notify) ? "bad" : undefined}>
        {outcomeText(row.last_notify)}
        {row.failure_count > 1 && `, ${row.failure_count} times in a row`}
      </span>
      <small>
        <Ago at={row.last_notify.sent_at} wall={wall} />
      </small>
    </>
  );
}

function isTroubled(row: SubscriptionRow): boolean {
  return hasFailed(row.last_notify) || row.failure_count > 0;
}

/** A table that becomes a list of cards on a narrow screen; roles are spelled out because the cards lose them. */
export function Table({ heads, children }: { heads: readonly string[]; children?: Child }) {
  return (
    <table role="table">
      <thead role="rowgroup">
        <tr role="row">{heads.map((head) => <th key={head} role="columnheader" scope="col">{head}</th>)}</tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

/** One row of a table. */
export function Row({ tone, children }: { tone?: "bad" | undefined; children?: Child }) {
  return <tr role="row" data-tone={tone}>{children}</tr>;
}

/** One cell; `head` is shown beside it where the table is a list. */
export function Cell({ head, children }: { head: string; children?: Child }) {
  return <td role="cell" data-head={head}>{children}</td>;
}
