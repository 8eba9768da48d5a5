/**
 * Owns the rows of page and API: what the layers know, in the words of the outside.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { Subscription } from "../event/subscription.ts";
import type {
  ContactRow,
  DeviceStateRow,
  EndpointRow,
  HintRow,
  NotifyRow,
  PresenceStateRow,
  ProblemRow,
  SubscriptionRow,
} from "../http/controls.ts";
import type { EpochMillis } from "../runtime/clock.ts";
import { type Instant, instantText } from "../runtime/instant.ts";
import type { Resource } from "../state/resource.ts";
import { deviceKey, providerKey } from "../state/hint.ts";
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
    devices: state.devices.map((share) => ({
      device: share.device,
      state: share.state,
      changed_at: instantOrNull(devices.changedAt(deviceKey(share.device) ?? share.device)),
    })),
    presence: resource.providers.length === 0 ? null : {
      providers: resource.providers,
      state: state.presence.state,
      subtype: state.presence.subtype,
      message: state.presence.message,
      changed_at: instantOrNull(
        latest(resource.providers.map((provider) => devices.presenceChangedAt(providerKey(provider) ?? provider))),
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
    contacts: contactRows(core, name, endpoint),
    subscription_count: core.subscriptions.countOf(name),
    max_subscriptions: endpoint.max_subscriptions,
  };
}

/** The row of a subscription. */
export function subscriptionRow(subscription: Subscription, { now, wall }: Present): SubscriptionRow {
  const { flow, lastNotify, state } = subscription;
  return {
    id: subscription.dialog.localTag,
    endpoint: subscription.endpoint,
    context: subscription.resource.context,
    exten: subscription.resource.exten,
    event: subscription.eventPackage.name,
    media_type: subscription.rendering.mediaType,
    state: state === "pending" || state === "active" ? state : "terminated",
    reason: subscription.reason ?? null,
    source: flow === undefined ? subscription.sourceAddress : `${flow.transport} ${hostPort(flow)}`,
    user_agent: subscription.userAgent,
    created_at: instantText(subscription.createdAt),
    expires_at: instantText(wall + Math.round(subscription.expiresAt - now)),
    last_notify: lastNotify === undefined ? null : notifyRow(lastNotify),
    failure_count: subscription.failureCount,
  };
}

/** Refused credentials as problems: who, from where, how often. */
export function failureRows(core: Core): ProblemRow[] {
  return core.failures.snapshot().map((failure) => ({
    severity: "warning",
    area: "auth",
    message: `${failure.user === "" ? "Somebody" : `"${failure.user}"`} was refused: ${failure.reason}`,
    remedy: failure.reason === "unknown endpoint"
      ? "Add the endpoint to config.toml, or correct the user name in the phone"
      : "Compare user name, password and realm in the phone with config.toml",
    where: failure.source,
    first_at: instantText(failure.firstAt),
    last_at: instantText(failure.lastAt),
    count: failure.count,
  }));
}

function contactRows(core: Core, name: string, endpoint: EndpointConfig): ContactRow[] {
  const aors = endpoint.aors.length === 0 ? [endpoint] : endpoint.aors.map((aor) => core.config.aors[aor]);
  return aors.flatMap((aor) => aor?.contact ?? []).map((uri) => ({
    endpoint: name,
    uri,
    is_permanent: true,
    status: "unqualified",
    round_trip_ms: null,
    user_agent: "",
    expires_at: null,
  }));
}

function notifyRow({ sentAt, status, answeredAfterMillis }: NonNullable<Subscription["lastNotify"]>): NotifyRow {
  const isAwaited = status === 0;
  return {
    sent_at: instantText(sentAt),
    status: isAwaited ? null : status,
    answered_after_ms: isAwaited ? null : answeredAfterMillis,
  };
}

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
