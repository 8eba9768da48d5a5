/**
 * Owns the rows of page and API: what the layers know, in the words of the outside.
 */
import type { FailureReason } from "../auth/failures.ts";
import type { EndpointConfig } from "../config/config.ts";
import { membersOf } from "../event/lists/list_shape.ts";
import type { ListSnapshot } from "../event/lists/resource_lists.ts";
import type { Subscription } from "../event/subscription.ts";
import type {
  ContactRow,
  DeviceStateRow,
  EndpointRow,
  HintRow,
  ListRow,
  MailboxRow,
  OutboundPublicationRow,
  PresenceStateRow,
  ProblemRow,
  PublicationRow,
  SubscriptionRow,
} from "../http/controls.ts";
import type { WebhookSnapshot } from "../http/webhooks.ts";
import type { EpochMillis } from "../runtime/clock.ts";
import type { ContactSnapshot } from "../registrar/snapshot.ts";
import { type Instant, instantText } from "../runtime/instant.ts";
import type { PublicationSnapshot } from "../publication/publication.ts";
import type { PublicationRow as PublisherRow } from "../uac/section.ts";
import type { ForwardingKind } from "../state/features.ts";
import type { Resource } from "../state/resource.ts";
import { noMessages, sumOfCounts } from "../state/mailbox_counts.ts";
import type { Core } from "./core.ts";

/** Now on both time lines: monotonic deadlines are told as wall instants. */
export interface Present {
  readonly now: number;
  readonly wall: EpochMillis;
}

/** The row of a hint, as seen from `context`. */
export function hintRow(core: Core, resource: Resource, context: string = resource.context): HintRow {
  const { state } = resource;
  const { devices } = core.engine;
  return {
    context,
    exten: resource.exten,
    found_in: resource.context,
    rule: resource.rule,
    name: resource.name,
    hint: resource.hint,
    state: state.extension,
    changed_at: instantText(resource.changedAt),
    devices: state.devices.map(({ device, state }, i) => ({
      device,
      state,
      changed_at: instantOrNull(devices.changedAt(resource.deviceKeys[i]!)),
    })),
    presence: resource.providers.length === 0 && state.presence.state === "not_set" ? null : {
      providers: resource.providers,
      state: state.presence.state,
      subtype: state.presence.subtype,
      message: state.presence.message,
      changed_at: instantOrNull(
        latest(resource.providerKeys.map((key) => devices.presenceChangedAt(key))),
      ),
    },
    watcher_count: core.subscriptions.watchersOf(resource).size,
  };
}

/** The row of a device, by its key. */
export function deviceRow(core: Core, key: string): DeviceStateRow {
  return {
    device: key,
    state: core.engine.devices.stateOf(key),
    changed_at: instantOrNull(core.engine.devices.changedAt(key)),
    is_writable: key.startsWith("Custom:"),
    hints: hintsShowing(core, key),
  };
}

/** The row of a presence provider, by its key. */
export function presenceRow(core: Core, key: string): PresenceStateRow {
  const { state, subtype, message } = core.engine.devices.presenceOf(key);
  const changed_at = instantOrNull(core.engine.devices.presenceChangedAt(key));
  return { provider: key, state, subtype, message, changed_at, hints: hintsShowing(core, key) };
}

/** The row of a mailbox, by its key. */
export function mailboxRow(core: Core, key: string): MailboxRow {
  const { devices } = core.engine;
  const counts = sumOfCounts([devices.mailboxOf(key) ?? noMessages]);
  return {
    mailbox: key,
    new: counts.new,
    old: counts.old,
    new_urgent: counts.newUrgent,
    old_urgent: counts.oldUrgent,
    changed_at: instantOrNull(devices.mailboxChangedAt(key)),
    is_published: devices.isMailboxPublished(key),
    hints: hintsShowing(core, `MWI:${key}`),
  };
}

/** The row of an endpoint. */
export function endpointRow(core: Core, name: string, endpoint: EndpointConfig): EndpointRow {
  const isKnownByAddress = endpoint.match.length > 0 && endpoint.identify_by.includes("ip");
  return {
    name,
    state: core.engine.devices.stateOf(`PJSIP/${name}`),
    context: endpoint.subscribe_context === "" ? endpoint.context : endpoint.subscribe_context,
    allow_subscribe: endpoint.allow_subscribe,
    identified_by: endpoint.auth !== undefined ? "password" : isKnownByAddress ? "address" : "none",
    match: endpoint.match,
    contacts: core.registrar.snapshot().filter((contact) => contact.endpoints.includes(name))
      .map((contact) => contactRow(contact, name)),
    is_dnd: core.engine.devices.presenceOf(`CustomPresence:${name}`).state === "dnd",
    forwardings: Object.entries(core.features.forwardingsOf(name)).map(([kind, { isActive, to, ringCount }]) => ({
      kind: kind as ForwardingKind,
      is_active: isActive,
      to,
      ring_count: ringCount,
    })),
    subscription_count: core.subscriptions.countOf(name),
    max_subscriptions: endpoint.max_subscriptions,
  };
}

/** The row of a subscription. */
export function subscriptionRow(subscription: Subscription, { now, wall }: Present): SubscriptionRow {
  const { flow, state, sentAt, sentWall, answerStatus, answeredAt } = subscription;
  return {
    id: subscription.dialog.localTag,
    endpoint: subscription.endpoint,
    context: subscription.watched.context,
    exten: subscription.watched.exten,
    event: subscription.eventPackage.name,
    media_type: subscription.kind.mediaType,
    call_id: subscription.dialog.callId,
    state: state === "pending" || state === "active" ? state : "terminated",
    reason: subscription.reason ?? null,
    source: flow === undefined ? subscription.sourceAddress : `${flow.transport} ${hostPort(flow)}`,
    user_agent: subscription.userAgent,
    created_at: instantText(subscription.createdAt),
    expires_at: instantText(wall + Math.round(subscription.expiresAt - now)),
    last_notify: sentAt < 0 ? null : {
      sent_at: instantText(sentWall),
      status: answerStatus === 0 ? null : answerStatus,
      answered_after_ms: answerStatus === 0 ? null : Math.round(answeredAt - sentAt),
    },
    failure_count: subscription.failureCount,
  };
}

/** Refused credentials as problems: who, from where, how often. */
export function failureRows(core: Core): ProblemRow[] {
  return core.failures.snapshot().map((failure) => ({
    severity: "warning",
    area: "auth",
    message: `${failure.user === "" ? "Somebody" : `"${failure.user}"`} was refused: ${failure.reason}`,
    remedy: refusalRemedies[failure.reason] ??
      "Compare user name, password and realm in the phone with config.toml",
    where: failure.source,
    first_at: instantText(failure.firstAt),
    last_at: instantText(failure.lastAt),
    count: failure.count,
  }));
}

/** What to do about refusals for which passwords are not to blame. */
const refusalRemedies: Readonly<Partial<Record<FailureReason, string>>> = {
  "unknown endpoint": "Add the endpoint to config.toml, or correct the user name in the phone",
  "source denied": "If it should come from there, look at permit and deny of its endpoint",
};

/** The row of a contact; one that several endpoints share shows under each. */
export function contactRow(contact: ContactSnapshot, endpoint = contact.endpoints[0] ?? ""): ContactRow {
  return {
    endpoint,
    uri: contact.uri,
    is_permanent: contact.isPermanent,
    status: contact.status,
    round_trip_ms: contact.roundTripMillis === undefined ? null : Math.round(contact.roundTripMillis),
    user_agent: contact.userAgent,
    expires_at: instantOrNull(contact.expiresAt),
  };
}

/** The row of a list. */
export function listRow({ name, options, shape, watchers }: ListSnapshot): ListRow {
  return {
    name,
    event: options.event,
    members: [...membersOf(shape)],
    missing: [...new Set(watchers.flatMap((subscription) => subscription.list!.missing))],
    full_state: options.full_state,
    notification_batch_interval_ms: options.notification_batch_interval,
    subscriptions: watchers.map((subscription) => subscription.dialog.localTag),
  };
}

/** The row of a publication. */
export function publicationRow(publication: PublicationSnapshot, { wall }: Present): PublicationRow {
  return {
    id: publication.id,
    endpoint: publication.publisher,
    event: publication.event,
    target: publication.target,
    media_type: publication.mediaType,
    description: publication.description,
    published_at: instantText(publication.publishedAt),
    expires_at: instantText(wall + publication.expiresSeconds * 1_000),
  };
}

/** The row of a publication of ours. */
export function outboundPublicationRow(row: PublisherRow): OutboundPublicationRow {
  return {
    section: row.section,
    event: row.event,
    exten: row.extension,
    uri: row.uri,
    state: row.state,
    last_status: row.lastStatus === 0 ? null : row.lastStatus,
    why: row.why,
    failing_since: instantOrNull(row.failingSince),
  };
}

/** Servers that refuse what is published as problems, one per section. */
export function publisherRows(core: Core, { wall }: Present): ProblemRow[] {
  const failing = core.publishers.snapshot().filter((row) => row.state === "failing");
  return Object.values(Object.groupBy(failing, (row) => row.section)).flatMap((rows) => {
    const since = instantText(Math.min(...rows!.map((row) => row.failingSince ?? wall)));
    const [{ section, why, uri }] = rows as [PublisherRow, ...PublisherRow[]];
    return [{
      severity: "error",
      area: "publish",
      message: `${rows!.length} publications of "${section}" fail: ${why}`,
      remedy: "Is the server there, and are URI and credentials right?",
      where: uri,
      first_at: since,
      last_at: instantText(wall),
      count: rows!.length,
    }];
  });
}

/** Webhooks that fail as problems. */
export function webhookRows(webhooks: readonly WebhookSnapshot[], { wall }: Present): ProblemRow[] {
  return webhooks.filter(({ failureCount }) => failureCount > 0).map((hook) => ({
    severity: "error",
    area: "webhook",
    message: `Webhook "${hook.name}" fails: ${hook.why}; ${hook.waitingCount} events wait`,
    remedy: "Is the server there, and does it answer with 2xx?",
    where: hook.name,
    first_at: instantText(hook.failingSince ?? wall),
    last_at: instantText(wall),
    count: hook.failureCount,
  }));
}

/** Phones that do not answer as problems, the worst first. */
export function deliveryRows(core: Core): ProblemRow[] {
  const failing = core.subscriptions.all().filter((each) => each.failureCount >= FAILURES_SHOWN);
  return failing.sort((a, b) => b.failureCount - a.failureCount).slice(0, DELIVERY_ROWS).map((each) => {
    const sentAt = instantText(each.sentAt < 0 ? each.createdAt : each.sentWall);
    return {
      severity: "error",
      area: "event",
      message: `${each.failureCount} NOTIFYs in a row to "${each.endpoint}" failed`,
      remedy: `Is the phone still at ${each.sourceAddress}?`,
      where: each.watched.context === "" ? each.watched.exten : `${each.watched.exten}@${each.watched.context}`,
      first_at: sentAt,
      last_at: sentAt,
      count: each.failureCount,
    };
  });
}

/** One failure is weather; so many are a problem. */
export const FAILURES_SHOWN = 2;

/** Rows shown of them. */
const DELIVERY_ROWS = 50;

function hintsShowing(core: Core, key: string): string[] {
  return [...core.engine.showing(key)].map((resource) => `${resource.exten}@${resource.context}`);
}

function hostPort({ remoteAddress, remotePort }: { remoteAddress: string; remotePort: number }): string {
  return `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

function latest(instants: readonly (EpochMillis | undefined)[]): EpochMillis | undefined {
  return instants.reduce((a, b) => a === undefined || (b !== undefined && b > a) ? b : a, undefined);
}

function instantOrNull(instant: EpochMillis | undefined): Instant | null {
  return instant === undefined ? null : instantText(instant);
}
