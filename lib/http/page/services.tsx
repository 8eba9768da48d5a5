/** @jsxImportSource hono/jsx */
/**
 * Owns the sections of the status page that an office may do without: lists, publications in both directions, mailboxes.
 * Each is there as an element even when it is empty, so that it can be sent alone later.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import { limits } from "../../runtime/limits.ts";
import type { ListRow, MailboxRow, OutboundPublicationRow, PublicationRow } from "../controls.ts";
import { countText } from "../words.ts";
import { Cell, Row, Table } from "./sections.tsx";
import { Since, Until } from "./time.tsx";

/** Lists: what each tells of, who watches it, and which members are nobody's. */
export function Lists({ lists }: { lists: readonly ListRow[] }) {
  if (lists.length === 0) return <section id="lists" hidden />;
  return (
    <section id="lists" aria-labelledby="lists-title">
      <h2 id="lists-title">
        Lists <span class="count">{lists.length}</span>
      </h2>
      <Table heads={["List", "Event", "Members", "Missing", "Watchers"]}>
        {lists.map((list) => (
          <Row key={list.name} tone={list.missing.length > 0 ? "bad" : undefined}>
            <Cell head="List">
              <b>{list.name}</b>
            </Cell>
            <Cell head="Event">{list.event}</Cell>
            <Cell head="Members">
              <span class="number">{list.members.length}</span>
              <small>{summary(list.members)}</small>
            </Cell>
            <Cell head="Missing">
              {list.missing.length === 0
                ? <span class="faint">none</span>
                : <span class="bad">No hint for {summary(list.missing)}</span>}
            </Cell>
            <Cell head="Watchers">
              <span class="number">{list.subscriptions.length}</span>
            </Cell>
          </Row>
        ))}
      </Table>
    </section>
  );
}

/** What others publish here, and what is published elsewhere; failing ones first. */
export function Publications(
  { inbound, outbound, wall }: {
    readonly inbound: readonly PublicationRow[];
    readonly outbound: readonly OutboundPublicationRow[];
    readonly wall: EpochMillis;
  },
) {
  if (inbound.length === 0 && outbound.length === 0) return <section id="publications" hidden />;
  const here = inbound.slice(0, limits.shownServiceCount);
  const there = outbound.toSorted((a, b) => Number(b.state === "failing") - Number(a.state === "failing"))
    .slice(0, limits.shownServiceCount);
  return (
    <section id="publications" aria-labelledby="publications-title">
      <h2 id="publications-title">
        Publications <span class="count">{inbound.length + outbound.length}</span>
      </h2>
      {here.length > 0 && (
        <Table heads={["Published by", "About", "Event", "Says", "Expires"]}>
          {here.map((row) => (
            <Row key={row.id}>
              <Cell head="Published by">
                <b>{row.endpoint}</b>
              </Cell>
              <Cell head="About">{row.target}</Cell>
              <Cell head="Event">{row.event}</Cell>
              <Cell head="Says">{row.description || <span class="faint">nothing</span>}</Cell>
              <Cell head="Expires">
                <Until at={row.expires_at} wall={wall} />
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      {there.length > 0 && (
        <Table heads={["Published to", "About", "Event", "State"]}>
          {there.map((row) => (
            <Row key={`${row.section} ${row.uri}`} tone={row.state === "failing" ? "bad" : undefined}>
              <Cell head="Published to">
                <b>{row.section}</b>
                <small>{row.uri}</small>
              </Cell>
              <Cell head="About">{row.exten || "everything"}</Cell>
              <Cell head="Event">{row.event}</Cell>
              <Cell head="State">
                <span class={row.state === "failing" ? "bad" : undefined}>{row.state}</span>
                {row.failing_since !== null && (
                  <small>
                    {row.why}, for <Since at={row.failing_since} wall={wall} />
                  </small>
                )}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      <Rest
        shown={here.length + there.length}
        count={inbound.length + outbound.length}
        path="/api/v1/publications"
      />
    </section>
  );
}

/** Mailboxes: those with new messages first. */
export function Mailboxes({ mailboxes, wall }: { mailboxes: readonly MailboxRow[]; wall: EpochMillis }) {
  if (mailboxes.length === 0) return <section id="mailboxes" hidden />;
  const shown = mailboxes.toSorted((a, b) => Number(b.new > 0) - Number(a.new > 0)).slice(0, limits.shownServiceCount);
  return (
    <section id="mailboxes" aria-labelledby="mailboxes-title">
      <h2 id="mailboxes-title">
        Mailboxes <span class="count">{mailboxes.length}</span>
      </h2>
      <Table heads={["Mailbox", "Messages", "Shown by", "Since"]}>
        {shown.map((row) => (
          <Row key={row.mailbox}>
            <Cell head="Mailbox">
              <b>{row.mailbox}</b>
              {row.is_published && <small>told by another server</small>}
            </Cell>
            <Cell head="Messages">
              {row.new === 0 ? "none new" : `${row.new} new`}
              <small>
                {row.old} heard{row.new_urgent > 0 && `, ${row.new_urgent} urgent`}
              </small>
            </Cell>
            <Cell head="Shown by">
              {row.hints.length === 0 ? <span class="faint">no hint</span> : summary(row.hints)}
            </Cell>
            <Cell head="Since">
              {row.changed_at === null
                ? <span class="faint">not known</span>
                : <Since at={row.changed_at} wall={wall} />}
            </Cell>
          </Row>
        ))}
      </Table>
      <Rest shown={shown.length} count={mailboxes.length} path="/api/v1/mailboxes" />
    </section>
  );
}

function Rest({ shown, count, path }: { shown: number; count: number; path: string }) {
  if (count <= shown) return null;
  return (
    <p class="more">
      {shown} of {count} are shown. <a href={path}>All of them, as JSON</a>
    </p>
  );
}

/** The first few of some names, and how many more there are. */
function summary(names: readonly string[]): string {
  const shown = names.slice(0, limits.shownNameCount);
  const rest = names.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${countText(rest, "other")}` : "");
}
