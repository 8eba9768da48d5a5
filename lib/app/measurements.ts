/**
 * Owns what is measured of a running appliance: counters by their families, tables and queues counted when somebody asks.
 */
import type { ProblemRow } from "../http/controls.ts";
import type { Measurement, Sample } from "../http/measurement.ts";
import type { WebhookSnapshot } from "../http/webhooks.ts";
import type { Subscription } from "../event/subscription.ts";
import type { Clock, Millis } from "../runtime/clock.ts";
import type { Counters } from "../runtime/counters.ts";
import type { Histogram } from "../runtime/histogram.ts";
import { build } from "../runtime/version.ts";
import type { Core } from "./core.ts";
import { counterFamilies } from "./counter_families.ts";
import { FAILURES_SHOWN } from "./rows.ts";

/** What is measured besides the core. */
export interface MeasuredParts {
  readonly clock: Clock;
  readonly turnSpans: Histogram;
  readonly transports: {
    snapshot(): { readonly connectionCount: number; readonly listeners: readonly { readonly waitingCount: number }[] };
  };
  readonly inbox: { readonly waitingCount: number };
  readonly webhooks: readonly WebhookSnapshot[];
  readonly journal: { readonly waitingCount: number };
  readonly database: {
    readonly writeSpans: Histogram;
    readonly flushSpans: Histogram;
    readonly refusalCount: number;
    readonly problem: Error | undefined;
  };
}

/** Measures everything once. */
export function measure(core: Core, parts: MeasuredParts, problems: readonly ProblemRow[]): Measurement[] {
  const wrong = new Tally(["error", "warning"]);
  for (const { severity } of problems) wrong.add(severity);
  return [
    gauge("build_info", "Version and commit of the running binary; always 1.", [
      [{ version: build.version, commit: build.commit }, 1],
    ]),
    gauge("problems", "What the status page tells an operator to look at.", wrong.samples("severity")),
    ...measureLamps(core, parts.clock.now()),
    ...measureTables(core),
    ...measureQueues(core, parts),
    ...measureWebhooks(parts.webhooks),
    ...measureCounters(core.counters.snapshot()),
    ...measureSpans(core, parts),
  ];
}

/** A change that is not confirmed after this is late. */
const LATE_MILLIS = 1_000;

/** Whether the phone may show what is not true any more. */
function isStale({ failureCount, outstanding, sentAt, changedAt }: Subscription, now: Millis): boolean {
  return failureCount > 0 || (outstanding !== undefined && now - sentAt > LATE_MILLIS) ||
    (changedAt >= 0 && now - changedAt > LATE_MILLIS);
}

function measureLamps({ engine, subscriptions }: Core, now: Millis): Measurement[] {
  const lamps = new Tally(["NOT_INUSE", "INUSE", "BUSY", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"]);
  for (const { state } of engine.resources()) lamps.add(state.extension);
  const watched = new Tally(["presence", "dialog", "message-summary", "reg"]);
  const unreachable = new Set<string>();
  let staleCount = 0;
  for (const subscription of subscriptions.all()) {
    watched.add(subscription.eventPackage.name);
    if (isStale(subscription, now)) staleCount++;
    if (subscription.failureCount >= FAILURES_SHOWN) unreachable.add(`${subscription.endpoint}\n${subscription.phone}`);
  }
  return [
    gauge("lamps", "Hints by what their lamps show.", lamps.samples("state")),
    gauge("subscriptions", "Living subscriptions by event package.", watched.samples("event")),
    gauge(
      "lamps_stale",
      "Subscriptions whose phone has not confirmed the newest state: its last NOTIFY failed, or a change is unconfirmed for a second.",
      [[{}, staleCount]],
    ),
    gauge(
      "watchers_unreachable",
      `Phones that failed to take ${FAILURES_SHOWN} NOTIFYs in a row or more; they are tried again with growing pauses.`,
      [[{}, unreachable.size]],
    ),
  ];
}

function measureTables(core: Core): Measurement[] {
  const contacts = new Tally(["reachable", "unreachable", "unknown", "unqualified"]);
  let boundCount = 0;
  for (const contact of core.registrar.snapshot()) {
    contacts.add(contact.status);
    if (!contact.isPermanent) boundCount++;
  }
  const published = new Tally([]);
  for (const { event } of core.publications.snapshot()) published.add(event);
  const sent = new Tally(["published", "pending", "failing"]);
  for (const { state } of core.publishers.snapshot()) sent.add(state);
  return [
    gauge("endpoints", "Configured endpoints.", [[{}, Object.keys(core.config.endpoints).length]]),
    gauge("bindings", "Contacts that phones have registered.", [[{}, boundCount]]),
    gauge("contacts", "Contacts, permanent ones included, by what probing found.", contacts.samples("status")),
    gauge("publications", "Publications of others that hold, by event package.", published.samples("event")),
    gauge("outbound_publications", "Publications at other servers by state.", sent.samples("state")),
  ];
}

function measureQueues(core: Core, { transports, inbox, journal, database }: MeasuredParts): Measurement[] {
  const { connectionCount, listeners } = transports.snapshot();
  const { serverCount, clientCount } = core.transactions.snapshot();
  const outboxCount = listeners.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
  return [
    gauge("connections", "Open connections.", [[{}, connectionCount]]),
    gauge(
      "transactions",
      "Transactions: requests of phones that are remembered (server), requests of hintd that await their answer (client).",
      [[{ side: "server" }, serverCount], [{ side: "client" }, clientCount]],
    ),
    gauge(
      "queue_depth",
      "What waits: requests for a turn (inbox), datagrams for a full socket (outbox), NOTIFYs to be written (notify), rows for the disk (journal).",
      [
        [{ queue: "inbox" }, inbox.waitingCount],
        [{ queue: "outbox" }, outboxCount],
        [{ queue: "notify" }, core.fanout.queuedCount],
        [{ queue: "journal" }, journal.waitingCount],
      ],
    ),
    gauge("store_failing", "1 while the disk refuses to store; then nothing that must be stored is granted.", [
      [{}, database.problem === undefined ? 0 : 1],
    ]),
    counter("store_refusals", "Writes that the disk has refused.", [[{}, database.refusalCount]]),
  ];
}

function measureWebhooks(webhooks: readonly WebhookSnapshot[]): Measurement[] {
  const each = (value: (hook: WebhookSnapshot) => number) =>
    webhooks.map((hook): Reading => [{ webhook: hook.name }, value(hook)]);
  return [
    gauge("webhook_queue_depth", "Events that wait for a webhook.", each(({ waitingCount }) => waitingCount)),
    gauge(
      "webhook_failing",
      "1 while a webhook does not take its events.",
      each(({ failureCount }) => failureCount && 1),
    ),
    counter("webhook_delivered", "Events that a webhook has taken.", each(({ deliveredCount }) => deliveredCount)),
    counter("webhook_refused", "Events that a webhook has refused for good.", each(({ refusedCount }) => refusedCount)),
    counter("webhook_missed", "Events that gave way to newer ones.", each(({ missedCount }) => missedCount)),
  ];
}

function measureCounters(counters: Record<string, Counters>): Measurement[] {
  const valueOf = (path: string): number => {
    const [area, name] = path.split(".") as [string, string];
    return counters[area]?.[name] ?? 0;
  };
  const refusals = Object.entries(counters["refusals"] ?? {}).map(([cause, count]): Reading => {
    const [method = "", status = ""] = cause.split(" ");
    return [{ method, status }, count];
  });
  const failures = Object.entries(counters["failures"] ?? {}).map(([reason, count]): Reading => [{ reason }, count]);
  return [
    ...counterFamilies.map(({ name, help, label, of }) =>
      counter(
        name,
        help,
        Object.entries(of).map(([value, path]) => [label === undefined ? {} : { [label]: value }, valueOf(path)]),
      )
    ),
    counter("requests_refused", "Requests refused, by method and status; challenges are not among them.", refusals),
    counter("credentials_refused", "Requests whose sender was not let in, by reason.", failures),
  ];
}

function measureSpans({ fanout }: Core, { database, turnSpans }: MeasuredParts): Measurement[] {
  return [
    histogram(
      "notify_delay_seconds",
      "From a change of state to the NOTIFY that tells it; what lists collect on purpose is in it.",
      fanout.tellingSpans,
    ),
    histogram(
      "notify_answer_seconds",
      "From a NOTIFY to the 2xx of the phone, repetitions included.",
      fanout.answerSpans,
    ),
    histogram(
      "turn_seconds",
      "How long a turn of the event loop took; whatever else comes meanwhile waits for its end.",
      turnSpans,
    ),
    histogram("store_write_seconds", "How long one transaction took, its flush apart.", database.writeSpans),
    histogram(
      "store_flush_seconds",
      "How long it took until what was written was on the disk; what must never be lost is answered after it.",
      database.flushSpans,
    ),
  ];
}

type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

function samplesOf(readings: readonly Reading[]): Sample[] {
  return readings.map(([labels, value]) => ({ labels, value }));
}

function gauge(name: string, help: string, readings: readonly Reading[]): Measurement {
  return { name: `hintd_${name}`, help, type: "gauge", samples: samplesOf(readings) };
}

function counter(name: string, help: string, readings: readonly Reading[]): Measurement {
  return { name: `hintd_${name}_total`, help, type: "counter", samples: samplesOf(readings) };
}

function histogram(name: string, help: string, { bounds, counts, sumMillis }: Histogram): Measurement {
  let total = 0;
  const buckets = counts.map((count, i): Sample => {
    total += count;
    const bound = bounds[i];
    return { suffix: "_bucket", labels: { le: bound === undefined ? "+Inf" : String(bound / 1_000) }, value: total };
  });
  return {
    name: `hintd_${name}`,
    help,
    type: "histogram",
    samples: [
      ...buckets,
      { suffix: "_sum", labels: {}, value: sumMillis / 1_000 },
      { suffix: "_count", labels: {}, value: total },
    ],
  };
}

/** How many there are of each kind; kinds that are always told begin at 0, so that a graph has no holes. */
class Tally {
  readonly #counts: Map<string, number>;

  constructor(kinds: readonly string[]) {
    this.#counts = new Map(kinds.map((kind) => [kind, 0]));
  }

  add(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  samples(label: string): Reading[] {
    return [...this.#counts].map(([kind, count]) => [{ [label]: kind }, count]);
  }
}
