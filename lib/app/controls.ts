/**
 * Owns what page, API and CLI may see and do: the Controls port over the running core.
 */
import { type Controls, ControlsError, type ReloadReport, type StatusRow } from "../http/controls.ts";
import type { Messages } from "../http/messages.ts";
import type { WebhookSnapshot } from "../http/webhooks.ts";
import type { Clock } from "../runtime/clock.ts";
import { instantText } from "../runtime/instant.ts";
import { limits } from "../runtime/limits.ts";
import type { Timers } from "../runtime/timers.ts";
import { build } from "../runtime/version.ts";
import { deviceKey, mailboxKey, providerKey } from "../state/hint.ts";
import { StateTableFull } from "../state/states_port.ts";
import type { Listener } from "../transport/transport.ts";
import { ControlEvents } from "./control_events.ts";
import type { Core } from "./core.ts";
import { History } from "./history.ts";
import { measure, type MeasuredParts } from "./measurements.ts";
import {
  contactRow,
  deliveryRows,
  deviceRow,
  endpointRow,
  failureRows,
  hintRow,
  listRow,
  mailboxRow,
  outboundPublicationRow,
  presenceRow,
  type Present,
  publicationRow,
  publisherRows,
  subscriptionRow,
  webhookRows,
} from "./rows.ts";
import { type Storage, storageRows } from "./storage_problems.ts";

/** What the controls look at besides the core. */
export interface ControlsParts {
  readonly core: Core;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly configFile: string;
  readonly measured: Omit<MeasuredParts, "webhooks">;
  readonly storage: Storage;
  readonly messages: Messages;
  webhooks(): readonly WebhookSnapshot[];
  listeners(): readonly Listener[];
  reload(): Promise<ReloadReport>;
  /** Why nothing is served or stored; absent when everything is. */
  readonly closed?: string | undefined;
}

/** Controls, and the means to tell them that a reload has happened. */
export interface AppControls extends Controls {
  /** Notes that another configuration came into force. */
  configLoaded(): void;
}

/** Makes the controls of a running core. */
export function createControls(parts: ControlsParts): AppControls {
  const { core, clock, timers } = parts;
  const { engine, subscriptions, problems } = core;
  const startedWall = clock.wall();
  const startedNow = clock.now();
  let configLoadedWall = startedWall;

  const history = new History(core, clock, timers);

  const events = new ControlEvents(core, clock, timers);
  const present = (): Present => ({ now: timers.now(), wall: clock.wall() });

  function allProblems() {
    const rows = [
      ...storageRows(parts.storage, clock.wall()),
      ...problems.list(),
      ...publisherRows(core, present()),
      ...webhookRows(parts.webhooks(), present()),
      ...deliveryRows(core),
      ...failureRows(core),
      ...core.watchdog.rows(),
    ];
    return [...rows.filter((row) => row.severity === "error"), ...rows.filter((row) => row.severity === "warning")];
  }

  function status(): StatusRow {
    return {
      ...build,
      started_at: instantText(startedWall),
      uptime_seconds: Math.floor((clock.now() - startedNow) / 1_000),
      config_file: parts.configFile,
      config_loaded_at: instantText(configLoadedWall),
      listeners: parts.listeners().map(({ name, transport, address, port }) => ({ name, transport, address, port })),
      hint_count: [...engine.resources()].length,
      endpoint_count: Object.keys(core.config.endpoints).length,
      subscription_count: subscriptions.count,
      problem_count: allProblems().length,
      counters: {
        ...core.counters.snapshot(),
        state: { hints: [...engine.resources()].length, evaluations: engine.evaluationCount },
        queues: {
          notify: core.fanout.queuedCount,
          timers: timers.armedCount,
          answers: core.transactions.answeredCount,
        },
      },
    };
  }

  /** Does what stores something; the caller is told in its own terms why not. */
  function storing<T>(action: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        if (parts.closed !== undefined) throw new ControlsError("unstored", parts.closed);
        resolve(action());
      } catch (error) {
        reject(error instanceof StateTableFull ? new ControlsError("full", error.message, { cause: error }) : error);
      }
    });
  }

  const deviceKeys = () => {
    const keys = new Set(engine.devices.deviceKeys());
    for (const resource of engine.resources()) {
      for (const key of resource.deviceKeys) keys.add(key);
    }
    return keys;
  };
  const providerKeys = () => {
    const keys = new Set(engine.devices.providerKeys());
    for (const resource of engine.resources()) {
      for (const key of resource.providerKeys) keys.add(key);
    }
    return keys;
  };

  const mailboxKeys = () => {
    const { endpoints, aors } = core.config;
    const configured = [...Object.values(endpoints), ...Object.values(aors)].flatMap(({ mailboxes }) => mailboxes);
    return new Set([...configured.map(mailboxKey), ...engine.devices.mailboxes().keys()]);
  };

  return {
    status,
    hints: () => [...engine.resources()].map((resource) => hintRow(core, resource)),
    hint(context, exten) {
      const resource = engine.lookup(context, exten);
      return resource === undefined ? undefined : hintRow(core, resource, context);
    },
    deviceStates: () => [...deviceKeys()].map((key) => deviceRow(core, key)),
    deviceState(device) {
      const key = deviceKey(device);
      return key !== undefined && deviceKeys().has(key) ? deviceRow(core, key) : undefined;
    },
    setDeviceState(device, state) {
      const key = deviceKey(device)!;
      return storing(() => {
        engine.setCustomState(key, state);
        return deviceRow(core, key);
      });
    },
    deleteDeviceState(device) {
      const key = deviceKey(device)!;
      return storing(() => {
        const isSet = engine.devices.isCustomSet(key);
        if (isSet) engine.setCustomState(key, undefined);
        return isSet;
      });
    },
    presenceStates: () => [...providerKeys()].map((key) => presenceRow(core, key)),
    presenceState(provider) {
      const key = providerKey(provider);
      return key !== undefined && providerKeys().has(key) ? presenceRow(core, key) : undefined;
    },
    setPresenceState(provider, value) {
      const key = providerKey(provider)!;
      const { state, subtype, message } = value;
      return storing(() => {
        engine.setPresenceState(key, { state, subtype, message });
        return presenceRow(core, key);
      });
    },
    deletePresenceState(provider) {
      const key = providerKey(provider)!;
      return storing(() => {
        const isSet = engine.devices.providerKeys().includes(key);
        if (isSet) engine.setPresenceState(key, undefined);
        return isSet;
      });
    },
    mailboxes: () => [...mailboxKeys()].map((key) => mailboxRow(core, key)),
    mailbox(mailbox) {
      const key = mailboxKey(mailbox);
      return mailboxKeys().has(key) ? mailboxRow(core, key) : undefined;
    },
    setMailbox(mailbox, value) {
      const { new: fresh, old, new_urgent: newUrgent, old_urgent: oldUrgent } = value;
      return storing(() => {
        engine.setMailbox(mailbox, { new: fresh, old, newUrgent, oldUrgent });
        return mailboxRow(core, mailboxKey(mailbox));
      });
    },
    deleteMailbox(mailbox) {
      return storing(() => {
        const isSet = engine.devices.isMailboxSet(mailbox);
        if (isSet) engine.setMailbox(mailbox, undefined);
        return isSet;
      });
    },
    endpoints: () => Object.entries(core.config.endpoints).map(([name, each]) => endpointRow(core, name, each)),
    contacts: () => core.registrar.snapshot().map((contact) => contactRow(contact)),
    publications() {
      const at = present();
      return core.publications.snapshot().map((publication) => publicationRow(publication, at));
    },
    lists: () => [...core.lists.snapshot()].map(listRow),
    outboundPublications: () => core.publishers.snapshot().map(outboundPublicationRow),
    subscriptions(max = Infinity) {
      const at = present();
      const all = subscriptions.all();
      const chosen = all.length <= max ? all : [
        ...all.filter((each) => each.failureCount > 0),
        ...all.filter((each) => each.failureCount === 0),
      ].slice(0, max);
      return chosen.map((subscription) => subscriptionRow(subscription, at));
    },
    watchersOf(context, exten) {
      const at = present();
      const resource = engine.lookup(context, exten);
      const watchers = resource === undefined ? [] : [...subscriptions.watchersOf(resource)];
      return watchers.map((subscription) => subscriptionRow(subscription, at));
    },
    endSubscription(id) {
      const subscription = subscriptions.byTag(id);
      if (subscription === undefined) return false;
      core.fanout.end(subscription, "deactivated");
      return true;
    },
    problems: () => allProblems().slice(0, limits.problemCount),
    health: () => parts.closed ?? parts.storage.database.recheck()?.message,
    measurements: () => measure(core, { ...parts.measured, webhooks: parts.webhooks() }, allProblems()),
    history: () => history.rows(),
    messages: parts.messages,
    async reload() {
      const report = await parts.reload();
      events.tell({ type: "reload", change: "changed", item: report });
      return report;
    },
    onEvent: (listener) => events.onEvent(listener),
    configLoaded() {
      configLoadedWall = clock.wall();
    },
  };
}
