/**
 * Owns the composition of everything between sockets and disk: states, bodies, subscriptions and the SIP layers.
 *
 * Pure of host matters: clock, timers, entropy, flows and disk come in, so that a test runs the very same core on a simulated
 * network.
 */
import { authCounters, Authenticator } from "../auth/authenticator.ts";
import { FailureLog } from "../auth/failures.ts";
import type { NonceSnapshot } from "../auth/nonces.ts";
import { Generators } from "../body/generators.ts";
import { RenderedBodies } from "../body/rendered_bodies.ts";
import type { Config } from "../config/config.ts";
import {
  Fanout,
  fanoutCounters,
  type FlowSource,
  type SubscriptionEvent,
  type SubscriptionObserver,
} from "../event/fanout.ts";
import { dialogPackage, type ExtensionPackageParts, presencePackage } from "../event/extension_packages.ts";
import { unsolicitedCounters, UnsolicitedMessages } from "../event/mailboxes/unsolicited.ts";
import { Accounts } from "../event/mailboxes/accounts.ts";
import { isMessageSummary, messageSummaryPackage, misplacedWatchers } from "../event/message_summary_package.ts";
import { RegPackage } from "../event/reg_package.ts";
import { FeaturePackage } from "../event/feature_package.ts";
import { ResourceLists } from "../event/lists/resource_lists.ts";
import { SubscriptionMemory } from "../event/subscription_memory.ts";
import type { SubscriptionsPort } from "../event/subscription_record.ts";
import { Notifier, type Subscriber } from "../event/notifier.ts";
import type { Subscription } from "../event/subscription.ts";
import { Subscriptions } from "../event/subscriptions.ts";
import { publishedPackages, StateCompositor } from "../publication/compositor.ts";
import { publicationCounters, type PublicationRules, Publications } from "../publication/publications.ts";
import type { PublicationsPort } from "../publication/publications_port.ts";
import type { Clock } from "../runtime/clock.ts";
import { type CounterRegistry, createCounterRegistry } from "../runtime/counters.ts";
import type { Entropy } from "../runtime/entropy.ts";
import type { Log } from "../runtime/log.ts";
import type { Reject } from "../runtime/result.ts";
import type { Timers } from "../runtime/timers.ts";
import type { Turn } from "../runtime/turn.ts";
import { StateEngine } from "../state/engine.ts";
import { Features, type FeaturesPort } from "../state/features.ts";
import type { StatesPort } from "../state/states_port.ts";
import { transactionTimings } from "../transaction/transaction.ts";
import { transactionCounters } from "../transaction/transaction_counters.ts";
import { TransactionLayer } from "../transaction/transactions.ts";
import type { ResponseRoutes } from "../transaction/transaction.ts";
import type { BindingsPort } from "../registrar/bindings.ts";
import { type ContactFlows, qualifyCounters } from "../registrar/qualify.ts";
import { type ContactListener, Registrar, registrarCounters } from "../registrar/registrar.ts";
import type { RegInfo } from "../registrar/reg_info.ts";
import type { ContactSnapshot } from "../registrar/snapshot.ts";
import { createOptionsHandler } from "../uas/options.ts";
import { createRegisterHandler, registerOptions } from "../uas/register.ts";
import { createNotifyHandler } from "../uas/notify.ts";
import { createPublishHandler } from "../uas/publish.ts";
import { entityIdOf } from "../uac/asterisk_messages.ts";
import { OutboundPublishers } from "../uac/outbound_publishers.ts";
import { publisherCounters, type ServerFlows } from "../uac/publication_ports.ts";
import { renderedDocuments } from "../uac/rendered_documents.ts";
import type { TagMemory } from "../uac/section.ts";
import { type Durability, Router, routerCounters } from "../uas/router.ts";
import { createSubscribeHandler, subscribeOptions } from "../uas/subscribe.ts";
import type { ParseFailure } from "../sip/parse_failure.ts";
import type { Flow, FlowReceiver } from "../transport/transport.ts";
import { isContactPermitted, messageTellerOf, notifierRules, subscriberOf } from "./policy.ts";
import { lampContacts } from "./lamps.ts";
import { publicationTargets } from "./publishing.ts";
import { Phones } from "./phones.ts";
import { Problems } from "./problems.ts";
import { Watchdog, watchdogCounters } from "./watchdog.ts";
import type { ProblemRow } from "../http/controls.ts";

/** What the core is made of. */
export interface CoreParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly turn: Turn;
  readonly states: StatesPort;
  readonly features: FeaturesPort;
  readonly bindings: BindingsPort;
  readonly subscriptions: SubscriptionsPort;
  readonly publications: PublicationsPort;
  readonly tags: TagMemory;
  /** What answers wait for. */
  readonly durability: Durability;
  /** 32 bytes. */
  readonly nonceSecret: Uint8Array;
  readonly resumedNonces?: NonceSnapshot | undefined;
  readonly flows: FlowSource;
  readonly contactFlows: ContactFlows;
  readonly serverFlows: ServerFlows;
  readonly routes: ResponseRoutes;
  /** Why no request is served; absent when they are. */
  readonly closed?: Reject | undefined;
}

/** Told of what subscriptions, contacts and problems do, for the event stream. */
export interface CoreListener {
  subscriptionChanged(subscription: Subscription, what: SubscriptionEvent): void;
  problemChanged(row: ProblemRow, isNew: boolean): void;
  contactChanged(contact: ContactSnapshot, change: "added" | "changed" | "removed"): void;
}

/** The appliance without its sockets, disk and pages. */
export class Core implements SubscriptionObserver, ContactListener, FlowReceiver {
  readonly counters: CounterRegistry = createCounterRegistry();
  readonly engine: StateEngine;
  readonly features: Features;
  readonly subscriptions = new Subscriptions();
  readonly transactions: TransactionLayer;
  readonly authenticator: Authenticator;
  readonly failures: FailureLog;
  readonly fanout: Fanout;
  readonly accounts: Accounts;
  readonly unsolicited: UnsolicitedMessages;
  readonly lists: ResourceLists;
  readonly notifier: Notifier;
  readonly registrar: Registrar;
  readonly publications: Publications;
  readonly publishers: OutboundPublishers;
  readonly problems: Problems;
  readonly watchdog: Watchdog;
  readonly #generators: Generators;
  readonly #bodies: RenderedBodies;
  readonly #memory: SubscriptionMemory;
  readonly #registrations: RegPackage;
  readonly #listeners: CoreListener[] = [];
  readonly #durability: Durability;
  #config: Config;
  #phones: Phones;
  #subscribers = new Map<string, Subscriber>();

  constructor(parts: CoreParts) {
    const { config, clock, timers, entropy, log } = parts;
    this.#config = config;
    this.#durability = parts.durability;
    this.#phones = new Phones(config);
    const userAgent = () => this.#config.server.user_agent;
    this.problems = new Problems(clock, (row, isNew) => {
      for (const listener of this.#listeners) listener.problemChanged(row, isNew);
    });
    this.engine = new StateEngine(clock, parts.states);
    this.features = new Features(parts.features);
    this.#generators = new Generators(config.bodies);
    this.#bodies = new RenderedBodies(this.#generators);
    this.failures = new FailureLog({ clock, log });
    this.counters.register("failures", this.failures.reasons);
    this.authenticator = new Authenticator({
      config,
      secret: parts.nonceSecret,
      clock,
      entropy,
      failures: this.failures,
      counters: this.counters.register("auth", authCounters()),
      resumedNonces: parts.resumedNonces,
    });
    this.transactions = new TransactionLayer({
      timers,
      entropy,
      log,
      counters: this.counters.register("transaction", transactionCounters()),
      timings: transactionTimings(config.timers.t1_ms, config.timers.timer_b_ms),
    });
    this.fanout = new Fanout({
      clock,
      timers,
      turn: parts.turn,
      entropy,
      log,
      counters: this.counters.register("event", fanoutCounters()),
      subscriptions: this.subscriptions,
      transactions: this.transactions,
      flows: parts.flows,
      observer: this,
      userAgent,
    });
    const extensions: ExtensionPackageParts = {
      engine: this.engine,
      generators: this.#generators,
      bodies: this.#bodies,
      refusals: () => this.notifier.refusals,
      sipProfile: () => this.#config.server.sip_profile,
      variantOf: (endpoint, userAgent) => this.#phones.variantOf(this.#config.endpoints[endpoint], userAgent),
    };
    this.accounts = new Accounts(this.engine.devices);
    this.accounts.replaceConfig(config);
    const profileOf = (endpoint: string, userAgent: string) => extensions.variantOf(endpoint, userAgent).profile;
    this.#registrations = new RegPackage({
      timers,
      source: {
        regInfo: (aor) => this.registrar.regInfo(aor),
        aorsOf: (endpoint) => this.registrar.aorsOf(endpoint),
      },
      refusals: extensions.refusals,
      isOffered: (mediaType) => this.#generators.isEnabled(mediaType),
      wake: (registration) => this.fanout.watchedChanged(registration, "device"),
    });
    const keys = new FeaturePackage({
      features: this.features,
      engine: this.engine,
      aorsOf: (endpoint) => this.registrar.aorsOf(endpoint),
      refusals: extensions.refusals,
      isOffered: (mediaType) => this.#generators.isEnabled(mediaType),
      wake: (watched, isReshaped) => {
        if (isReshaped) { for (const each of this.subscriptions.watchersOf(watched)) each.head = undefined; }
        this.fanout.watchedChanged(watched, "presence");
      },
    });
    const packages = [
      presencePackage(extensions),
      dialogPackage(extensions),
      messageSummaryPackage({
        accounts: this.accounts,
        refusals: extensions.refusals,
        isOffered: (mediaType) => this.#generators.isEnabled(mediaType),
        profileOf,
      }),
      this.#registrations,
      keys,
    ];
    this.unsolicited = new UnsolicitedMessages({
      timers,
      turn: parts.turn,
      entropy,
      log,
      counters: this.counters.register("unsolicited", unsolicitedCounters()),
      transactions: this.transactions,
      contacts: lampContacts(() => this.registrar, parts.contactFlows),
      counts: this.engine.devices,
      accounts: this.accounts,
      subscriptions: this.subscriptions,
      profileOf,
      userAgent,
    });
    this.lists = new ResourceLists({
      turn: parts.turn,
      subscriptions: this.subscriptions,
      fanout: this.fanout,
      refusals: () => this.notifier.refusals,
      sipProfile: () => this.#config.server.sip_profile,
    }, config.lists);
    this.#memory = new SubscriptionMemory({
      clock,
      timers,
      port: parts.subscriptions,
      packages,
      subscriptions: this.subscriptions,
      fanout: this.fanout,
      lists: this.lists,
      maySubscribe: (endpoint) => this.#subscribers.get(endpoint)?.mayNotSubscribe === false,
    });
    this.notifier = new Notifier({
      clock,
      timers,
      entropy,
      subscriptions: this.subscriptions,
      fanout: this.fanout,
      packages,
      lists: this.lists,
      observer: this,
    }, notifierRules(config));
    this.registrar = new Registrar({
      clock,
      timers,
      entropy,
      log,
      counters: this.counters.register("registrar", registrarCounters()),
      qualifyCounters: this.counters.register("qualify", qualifyCounters()),
      port: parts.bindings,
      transactions: this.transactions,
      flows: parts.contactFlows,
      listener: this,
      isContactPermitted: (endpoint, host) => isContactPermitted(this.#config.endpoints[endpoint], host),
      userAgent,
    });
    const eid = entityIdOf(parts.nonceSecret.toHex());
    this.publications = new Publications({
      clock,
      timers,
      entropy,
      log,
      counters: this.counters.register("publication", publicationCounters()),
      port: parts.publications,
      packages: publishedPackages(clock, eid),
      compositor: new StateCompositor(this.engine),
      targets: publicationTargets(() => this.#config, this.engine),
      rules: publicationRules(config),
      everythingAsked: (event) => this.publishers.republish(event),
    });
    this.publishers = new OutboundPublishers({
      clock,
      timers,
      entropy,
      log,
      counters: this.counters.register("publish", publisherCounters()),
      transactions: this.transactions,
      flows: parts.serverFlows,
      states: this.engine,
      documents: renderedDocuments({
        bodies: this.#bodies,
        generators: this.#generators,
        profile: () => this.#config.bodies.profile,
      }),
      eid,
      tags: parts.tags,
      userAgent,
    });
    this.watchdog = new Watchdog({
      engine: this.engine,
      timers,
      log,
      counters: this.counters.register("watchdog", watchdogCounters()),
      disbelieve: (device) => this.publications.disbelieve(device),
      found: (row) => this.#listeners.forEach((listener) => listener.problemChanged(row, true)),
      wall: () => clock.wall(),
    }, config.watchdog);
    const router = new Router({
      handlers: [
        createOptionsHandler({
          allow: "OPTIONS, REGISTER, SUBSCRIBE, PUBLISH, NOTIFY",
          supported: [...registerOptions, ...subscribeOptions],
          // The answer must fit a short question: whoever synchronises keys knows their documents.
          accept: () => packages.filter((each) => each !== keys).flatMap((each) => each.offered()).join(", "),
          server: () => this.#config.server.user_agent,
        }),
        createRegisterHandler({
          authenticator: this.authenticator,
          registrar: this.registrar,
          registrantOf: (endpoint) => this.#subscribers.get(endpoint),
        }),
        createSubscribeHandler({
          authenticator: this.authenticator,
          notifier: this.notifier,
          subscriberOf: (endpoint) => this.#subscribers.get(endpoint),
        }),
        createPublishHandler({
          authenticator: this.authenticator,
          publications: this.publications,
          publisherOf: (endpoint) => this.#subscribers.get(endpoint),
        }),
        createNotifyHandler({
          authenticator: this.authenticator,
          tellerOf: (endpoint) => messageTellerOf(this.#config.endpoints[endpoint]),
          keeper: this.engine,
        }),
      ],
      counters: this.counters.register("uas", routerCounters()),
      durability: parts.durability,
      log,
      closed: parts.closed,
    });
    this.counters.register("refusals", router.refusals);
    this.transactions.attach(router, parts.routes);
    this.engine.onChange((resource, change) => {
      this.lists.resourceChanged(resource, change);
      if (change === "removed") {
        for (const subscription of [...this.subscriptions.watchersOf(resource)]) {
          this.fanout.end(subscription, "noresource");
        }
        return;
      }
      this.fanout.watchedChanged(resource, change);
    });
    this.engine.onChange((resource, change) => this.publishers.resourceChanged(resource, change));
    this.engine.onSource({
      deviceChanged: (device) => this.publishers.deviceChanged(device),
      presenceChanged() {},
      mailboxChanged: (mailbox) => this.#mailboxChanged(mailbox),
    });
    this.#applySubscribers(config);
    this.engine.applyHints(config.contexts);
    this.registrar.start(config);
    this.#applyEndpoints(config, undefined);
    this.publications.start();
    this.watchdog.begin();
    const resumed = this.#memory.resume();
    if (resumed > 0) log.info("event", `Resumed ${resumed} subscriptions`);
  }

  /** Begins what speaks first, once the sockets are open. */
  begin(): void {
    this.publishers.replaceConfig(this.#config.outbound_publish);
    this.unsolicited.begin(this.#config);
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** Adds a listener for the life of the core. */
  onEvent(listener: CoreListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts a new configuration in force. Subscriptions go on; those whose hint is gone end with `noresource`, those whose
   * endpoint is gone or may no longer subscribe with `rejected`.
   */
  apply(config: Config): void {
    const former = this.#config;
    this.#config = config;
    this.#phones = new Phones(config);
    if (config.server.user_agent !== former.server.user_agent) this.fanout.forgetHeads();
    this.#generators.configure(config.bodies);
    this.authenticator.replaceEndpoints(config);
    this.transactions.timings = transactionTimings(config.timers.t1_ms, config.timers.timer_b_ms);
    this.notifier.replaceRules(notifierRules(config));
    this.#applySubscribers(config);
    this.registrar.replaceConfig(config);
    for (const subscription of this.#registrations.misplaced(this.subscriptions.all())) {
      this.fanout.end(subscription, "noresource");
    }
    this.#applyEndpoints(config, former);
    this.engine.applyHints(config.contexts);
    this.#applyMailboxes(config);
    this.lists.replaceConfig(config.lists);
    this.publications.replaceRules(publicationRules(config));
    this.publications.recheck();
    this.watchdog.replaceRules(config.watchdog);
    this.publishers.replaceConfig(config.outbound_publish);
    for (const subscription of this.subscriptions.all()) {
      if (this.#subscribers.get(subscription.endpoint)?.mayNotSubscribe === false) continue;
      this.fanout.end(subscription, "rejected");
    }
  }

  subscriptionChanged(subscription: Subscription, what: SubscriptionEvent): void {
    this.#memory.note(subscription, what);
    if (what === "started") this.#begin(subscription);
    else if (what === "ended") this.#end(subscription);
    for (const listener of this.#listeners) listener.subscriptionChanged(subscription, what);
  }

  contactChanged(contact: ContactSnapshot, change: "added" | "changed" | "removed"): void {
    const tell = () => contact.endpoints.forEach((endpoint) => this.unsolicited.endpointChanged(endpoint));
    // The phone gets the answer to its REGISTER first, and that waits for the disk.
    if (this.#durability.isDue) this.#durability.whenDurable(tell);
    else tell();
    for (const listener of this.#listeners) listener.contactChanged(contact, change);
  }

  registrationChanged(change: RegInfo): void {
    this.#registrations.registrationChanged(change);
  }

  reachabilityChanged(aor: string): void {
    for (const endpoint of this.registrar.endpointsOf(aor)) {
      this.#applyEndpoint(endpoint);
      this.watchdog.reachabilityChanged(endpoint, this.registrar.isOnline(endpoint));
    }
  }

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.transactions.receiveMessage(bytes, start, end, flow);
  }

  receiveUnframed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.transactions.receiveUnframed(failure, bytes, start, end, flow);
  }

  flowClosed(flow: Flow): void {
    this.transactions.flowClosed(flow);
    this.registrar.flowClosed(flow);
  }

  #begin(subscription: Subscription): void {
    if (subscription.list !== undefined) this.lists.begin(subscription);
    else subscription.eventPackage.retain(subscription.watched);
    if (isMessageSummary(subscription)) this.unsolicited.subscriptionChanged(subscription, false);
  }

  #end(subscription: Subscription): void {
    if (subscription.list !== undefined) this.lists.end(subscription);
    else subscription.eventPackage.release(subscription.watched);
    if (isMessageSummary(subscription)) this.unsolicited.subscriptionChanged(subscription, true);
  }

  #applySubscribers(config: Config): void {
    this.#subscribers = new Map(
      Object.entries(config.endpoints).map(([name, endpoint]) => [name, subscriberOf(name, endpoint)]),
    );
  }

  #applyEndpoints(config: Config, former: Config | undefined): void {
    for (const name of Object.keys(former?.endpoints ?? {})) {
      if (config.endpoints[name] === undefined) this.engine.setEndpoint(name, undefined);
    }
    for (const name of Object.keys(config.endpoints)) this.#applyEndpoint(name);
  }

  #mailboxChanged(mailbox: string): void {
    this.publishers.mailboxChanged(mailbox);
    this.unsolicited.mailboxChanged(mailbox);
    for (const account of this.accounts.mailboxChanged(mailbox)) this.fanout.watchedChanged(account, "device");
  }

  /** Whoever watches an account that is gone, or may not watch it any more, is told so. */
  #applyMailboxes(config: Config): void {
    const changed = this.accounts.replaceConfig(config);
    for (const { subscription, reason } of misplacedWatchers(this.subscriptions.all(), this.accounts)) {
      this.fanout.end(subscription, reason);
    }
    for (const account of changed) this.fanout.watchedChanged(account, "device");
    this.unsolicited.replaceConfig(config);
  }

  #applyEndpoint(name: string): void {
    const endpoint = this.#config.endpoints[name];
    if (endpoint === undefined) return;
    this.engine.setEndpoint(name, {
      isReachable: this.registrar.isOnline(name),
      busyAt: endpoint.device_state_busy_at,
    });
  }
}

/** Lifetimes of publications; those of subscriptions. */
function publicationRules({ server }: Config): PublicationRules {
  return { minExpirySeconds: server.min_expiry, maxExpirySeconds: server.max_expiry };
}
