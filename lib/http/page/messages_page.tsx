/** @jsxImportSource hono/jsx */
/**
 * Owns the page of recent messages: what may be searched for, the dialogs found, the ladder of one of them.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import { limits } from "../../runtime/limits.ts";
import type { ListenerRow } from "../controls.ts";
import { type DialogRow, type MessageQuery, type MessageRow, messagesPath } from "../messages.ts";
import { clockText, countText, listenerText } from "../words.ts";
import { assets, Document } from "./document.tsx";
import { Ladder } from "./ladder.tsx";
import { Ago } from "./time.tsx";

/** Methods that phones and hintd speak, in the order in which they are offered. */
const methods = ["SUBSCRIBE", "NOTIFY", "REGISTER", "PUBLISH", "OPTIONS"] as const;

/** What the page is made of. */
export interface MessagesPageProps {
  /** What was asked for. */
  readonly query: MessageQuery;
  /** The dialogs that fit, the one that spoke last first; of all dialogs, whichever is chosen. */
  readonly dialogs: readonly DialogRow[];
  /** The dialog whose ladder is shown. */
  readonly shown: DialogRow | undefined;
  /** Its messages. */
  readonly messages: readonly MessageRow[];
  /** Id of the newest message at the moment of rendering. */
  readonly lastId: number;
  /** Where phones reach hintd, for the time before they do. */
  readonly listeners: readonly ListenerRow[];
  /** Now, for ages. */
  readonly wall: EpochMillis;
  /** Whether there is a session to end. */
  readonly maySignOut: boolean;
}

/** The page at `/messages`. */
export function MessagesPage(props: MessagesPageProps) {
  const { query, dialogs, shown, messages, lastId, wall, maySignOut } = props;
  const isSearched = [query.extension, query.address, query.call_id, query.method].some((each) => each !== "");
  return (
    <Document
      title="Messages – hintd"
      site="/messages"
      maySignOut={maySignOut}
      own={[assets.messagesStyle, assets.messagesScript]}
    >
      <div
        id="messages"
        class={query.dialog === "" ? "messages" : "messages is-chosen"}
        data-last={String(lastId)}
      >
        <div class="messages-head">
          <h1>Messages</h1>
          <Count dialogs={dialogs} isSearched={isSearched} />
          <p class="messages-tools">
            <span id="messages-state" class="live" role="status" />
            <button type="button" id="pause" class="quiet" aria-pressed="false" hidden>Pause</button>
            <a
              id="messages-capture"
              href={messagesPath({ ...query, dialog: "" }, "/messages.pcap")}
              download
              hidden={dialogs.length === 0}
            >
              Capture of {isSearched ? "these" : "all"}
            </a>
          </p>
        </div>
        <Search query={query} isSearched={isSearched} />
        {lastId === 0 && query.dialog === ""
          ? <Silence listeners={props.listeners} />
          : (
            <div id="messages-panes" class="messages-panes">
              <Dialogs dialogs={dialogs} shown={shown} query={query} wall={wall} />
              <Shown query={query} dialog={shown} messages={messages} />
            </div>
          )}
      </div>
    </Document>
  );
}

function Count({ dialogs, isSearched }: { dialogs: readonly DialogRow[]; isSearched: boolean }) {
  const count = dialogs.reduce((sum, dialog) => sum + dialog.message_count, 0);
  return (
    <p id="messages-count" class="count">
      {isSearched && "Found: "}
      {countText(count, "message")} in {countText(dialogs.length, "dialog")}
    </p>
  );
}

function Search({ query, isSearched }: { query: MessageQuery; isSearched: boolean }) {
  return (
    <form class="messages-search" role="search" action="/messages" method="get">
      <p>
        <label for="extension">Extension or user</label>
        <input id="extension" name="extension" value={query.extension} autocomplete="off" />
      </p>
      <p>
        <label for="address">Address</label>
        <input id="address" name="address" value={query.address} autocomplete="off" placeholder="192.168.1.21" />
      </p>
      <p>
        <label for="call_id">Call-ID</label>
        <input id="call_id" name="call_id" value={query.call_id} autocomplete="off" />
      </p>
      <p>
        <label for="method">Method</label>
        <select id="method" name="method">
          <option value="">Any</option>
          {methods.map((method) => (
            <option key={method} value={method} selected={method === query.method}>{method}</option>
          ))}
        </select>
      </p>
      <p class="messages-search-do">
        <button type="submit">Find</button>
        {isSearched && <a href="/messages">Show all</a>}
      </p>
    </form>
  );
}

function Silence({ listeners }: { listeners: readonly ListenerRow[] }) {
  return (
    <p class="empty silence" id="messages-panes">
      No phone has said anything since hintd was started. It listens at{" "}
      {listeners.map(listenerText).join(", ") || "no address"}
      {"; "}
      <a href="/help/troubleshooting">what to look at when nothing comes</a>.
    </p>
  );
}

function Dialogs(
  { dialogs, shown, query, wall }: {
    dialogs: readonly DialogRow[];
    shown: DialogRow | undefined;
    query: MessageQuery;
    wall: EpochMillis;
  },
) {
  return (
    <nav id="dialogs" class="dialogs" aria-label="Dialogs">
      <ul>
        {dialogs.slice(0, limits.shownDialogCount).map((row) => (
          <li key={row.dialog} id={`dialog-${row.dialog}`}>
            <a
              href={messagesPath({ ...query, dialog: row.dialog })}
              aria-current={row.dialog === shown?.dialog ? "true" : undefined}
            >
              <span class="dialog-what">
                <b>{row.method || "No SIP"}</b> {row.event}
              </span>
              <span class="dialog-when">
                <Ago at={row.last_at} wall={wall} />
              </span>
              <span class="dialog-who">{titleOf(row)}</span>
              <Outcome row={row} />
              <span class="dialog-where">{row.remotes.at(-1)}</span>
              <span class="dialog-count">
                {row.trouble === "sent again" && "sent again · "}
                {countText(row.message_count, "message")}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {dialogs.length === 0 && <p class="empty">No dialog fits.</p>}
      {dialogs.length > limits.shownDialogCount && (
        <p class="more">The newest {limits.shownDialogCount} are shown; search for the others.</p>
      )}
    </nav>
  );
}

function Outcome({ row: { status, trouble } }: { row: DialogRow }) {
  if (trouble === "no SIP") return <span class="outcome" data-tone="refusal">no SIP</span>;
  if (status === 0) return <span class="outcome" data-tone="challenge">no answer</span>;
  const tone = status < 300 ? "success" : status === 401 || status === 407 ? "challenge" : "refusal";
  return (
    <span class="outcome" data-tone={trouble === "" || tone !== "success" ? tone : "challenge"}>
      {status}
    </span>
  );
}

function Shown(
  { query, dialog, messages }: {
    query: MessageQuery;
    dialog: DialogRow | undefined;
    messages: readonly MessageRow[];
  },
) {
  if (dialog === undefined && query.dialog === "") return <section id="ladder" class="shown" hidden />;
  if (dialog === undefined || messages.length === 0) {
    return (
      <section id="ladder" class="shown" aria-label="Ladder">
        <p class="empty">
          Nothing is kept of this dialog any more, or nothing was said in it since hintd was started.
        </p>
      </section>
    );
  }
  return (
    <section id="ladder" class="shown" aria-labelledby="ladder-title">
      <p class="back-to-dialogs">
        <a href={messagesPath({ ...query, dialog: "" })}>All dialogs</a>
      </p>
      <div class="shown-head">
        <h2 id="ladder-title">{titleOf(dialog)}</h2>
        <a href={messagesPath({ ...emptyQuery, dialog: dialog.dialog }, "/messages.pcap")} download>Capture</a>
      </div>
      <p class="shown-facts">
        <span>
          {dialog.method}
          {dialog.event !== "" && `, ${dialog.event}`}
        </span>
        <span>from {clockText(dialog.first_at)}</span>
        <span>
          {dialog.dialog.startsWith("@") ? "without Call-ID" : (
            <>
              Call-ID <code>{dialog.dialog}</code>
            </>
          )}
        </span>
      </p>
      {messages.length < dialog.message_count && (
        <p class="more">The newest {messages.length} of {dialog.message_count} messages; the capture has all.</p>
      )}
      <Ladder messages={messages} userAgent={dialog.user_agent} />
    </section>
  );
}

const emptyQuery: MessageQuery = { dialog: "", call_id: "", extension: "", address: "", method: "" };

/** Who speaks of whom: `bob → 1000`. */
function titleOf({ from, to, remotes }: DialogRow): string {
  if (from === "" && to === "") return remotes[0] ?? "";
  return to === "" || from === to ? from : `${from} → ${to}`;
}
