/**
 * Composition root: a configuration becomes a running appliance. The only file that knows every layer.
 *
 * Start: disk, core, listeners, pages; a datagram never meets half an appliance, because the core is whole before the first
 * socket opens. Stop: sockets close first, then the pages, the disk last. Reload: sockets first, because they are the only part
 * that can fail; then everything else, which cannot.
 */
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ClockWatch } from "./app/clock_watch.ts";
import { ConfigWatch } from "./app/config_watch.ts";
import { createControls } from "./app/controls.ts";
import { Core } from "./app/core.ts";
import { CrowdWatch } from "./app/crowd_watch.ts";
import { createContactFlows, createFlowSource, createServerFlows, type FlowSourceParts } from "./app/flow_source.ts";
import { createMessages } from "./app/messages.ts";
import { listenerOptions } from "./app/policy.ts";
import { reportMistakes, type SafeMode, safeModeReason, safeModeRefusal } from "./app/safe_mode.ts";
import type { ConfigRules } from "./config/checks.ts";
import type { Config } from "./config/config.ts";
import { describeChanges } from "./config/diff.ts";
import { type ConfigProblem, loadConfig, type Warnings } from "./config/load.ts";
import type { Controls, ReloadReport } from "./http/controls.ts";
import { controlSocketPath, dataDirectory } from "./http/control_socket.ts";
import { HttpServer } from "./http/server.ts";
import { type Clock, systemClock, turnClock } from "./runtime/clock.ts";
import { Histogram } from "./runtime/histogram.ts";
import { systemEntropy } from "./runtime/entropy.ts";
import { collectGarbage, startIsOver } from "./runtime/host.ts";
import { limits } from "./runtime/limits.ts";
import type { Log } from "./runtime/log.ts";
import { systemAlarm, Timers } from "./runtime/timers.ts";
import { systemTurn, TurnStep } from "./runtime/turn.ts";
import { ParseFailure } from "./sip/parse_failure.ts";
import { parseUri } from "./sip/uri.ts";
import { checkHint, spellingsOf } from "./state/hint.ts";
import { checkExtension, isPattern, matchesPattern, parsePattern } from "./state/pattern.ts";
import { BindingsStore } from "./store/bindings_store.ts";
import { forgetfulDatabase, openDatabase } from "./store/database.ts";
import { freeBytesBeside } from "./store/disk_space.ts";
import { FeaturesStore } from "./store/features_store.ts";
import { PublicationsStore } from "./store/publications_store.ts";
import { SecretsStore } from "./store/secrets_store.ts";
import { Journal } from "./store/journal.ts";
import { StatesStore } from "./store/states_store.ts";
import { SubscriptionsStore } from "./store/subscriptions_store.ts";
import { TagsStore } from "./store/tags_store.ts";
import { Resolver, systemDns } from "./transport/resolver.ts";
import { checkExpression, publishedMediaTypes } from "./uac/publish_config.ts";
import { transportCounters } from "./transport/transport_counters.ts";
import { Traces } from "./trace/traces.ts";
import { Recorder } from "./transport/recorder.ts";
import { Inbox } from "./transport/inbox.ts";
import { Transports } from "./transport/transports.ts";

/** Deadlines and answers of phones that have come as soon as they could. */
const BUSY_COUNT = 200;

/** A running hintd. */
export interface Appliance {
  readonly controls: Controls;
  /** Reads the configuration again. An invalid one changes nothing. */
  reload(): Promise<ReloadReport>;
  /** Sends what waits, stores what must be stored, closes everything. */
  stop(): Promise<void>;
}

/** What is needed to start. */
export interface ApplianceOptions {
  /** Path of config.toml; `data_dir` is relative to its directory. */
  readonly configFile: string;
  readonly config: Config;
  readonly warnings: Warnings;
  readonly log: Log;
  /** Told of each configuration that comes into force by a reload. */
  readonly reloaded?: (config: Config) => void;
  /** What is wrong with the configuration, of which `config` is what could be salvaged; absent when nothing is. */
  readonly safeMode?: SafeMode | undefined;
}

/** How long a stop waits for answers to what was sent. */
const DRAIN_MILLIS = 1_000;

/** It cannot start; the message is one line. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Rules of hints, extensions, lists and URIs, for whoever loads a configuration. */
export const hintChecks: ConfigRules = {
  hint: checkHint,
  spellings: spellingsOf,
  uri: checkUri,
  extension: checkExtension,
  matches(text, exten) {
    const pattern = isPattern(text) ? parsePattern(text) : text;
    return typeof pattern !== "string" && matchesPattern(pattern, exten);
  },
  publishedBodies: publishedMediaTypes,
  expression: checkExpression,
  listMemberMax: limits.listMemberCount,
};

function checkUri(text: string): string | undefined {
  let why = "";
  try {
    const { scheme } = parseUri(text);
    if (scheme === "sip" || scheme === "sips") return undefined;
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    why = ` (${error.rule})`;
  }
  return `"${text}" is no SIP URI${why}; accepted are such as "sip:alice@192.168.1.20:5060"`;
}

/**
 * Starts hintd.
 *
 * @throws StartError when a port is taken, or the disk or the control socket cannot be had.
 */
export async function startAppliance(options: ApplianceOptions): Promise<Appliance> {
  const { configFile, log, safeMode } = options;
  let config = options.config;
  const entropy = systemEntropy;
  const turnSpans = new Histogram();
  // One clock for all who set and read instants; only what measures within a turn asks the machine's. A turn in which nobody has asked
  // for the instant begins with its end.
  const turn = systemTurn(() => void clock.now());
  const clock: Clock = turnClock(systemClock, turnSpans, (over) => turn.at(TurnStep.over, over));
  const timers = new Timers(clock, systemAlarm());
  const directory = dataDirectory(configFile, config.server.data_dir);
  const database = orRefuse(() => {
    makeDirectory(directory);
    const measured = { log, clock: systemClock };
    return safeMode === undefined ? openDatabase({ directory, ...measured }) : forgetfulDatabase(measured);
  });
  const journal = new Journal({ database, turn, timers });
  const secrets = new SecretsStore(database, entropy);

  // Transports and core need each other: the core gets the flows, the transports the core as receiver.
  const resolver = new Resolver({ dns: systemDns(), clock, entropy, transports: () => transports.transportNames });
  const ways: FlowSourceParts = {
    resolver,
    listenerNamed: (name) => transports.listenerNamed(name),
    flowToAny: (destinations, from) =>
      transports.flowToAny(destinations, from, (destination) => resolver.noteFailure(destination)),
    flowTo: (destination, from) => transports.flowTo(destination, from),
  };
  const core: Core = new Core({
    config,
    clock,
    timers,
    entropy,
    log,
    states: new StatesStore(database),
    nonceSecret: secrets.nonceSecret(),
    resumedNonces: secrets.takeNonceSnapshot(),
    turn,
    features: new FeaturesStore(database),
    bindings: new BindingsStore(database, journal),
    subscriptions: orRefuse(() => new SubscriptionsStore(database, journal)),
    publications: new PublicationsStore(database, journal),
    tags: orRefuse(() => new TagsStore(database, journal, clock)),
    durability: journal,
    flows: createFlowSource(ways),
    contactFlows: createContactFlows(ways),
    serverFlows: createServerFlows(ways),
    routes: {
      responseFlow: (flow, sentByPort, isToSource) => transports.responseFlow(flow, sentByPort, isToSource),
    },
    closed: safeMode === undefined ? undefined : safeModeRefusal,
  });
  const recorder = new Recorder(clock);
  const counters = core.counters.register("transport", transportCounters());
  const inbox = new Inbox({ receiver: core, clock: systemClock, turnClock: clock, counters });
  const transports: Transports = new Transports({
    receiver: inbox,
    recorder,
    turn,
    timers,
    clock,
    log,
    counters,
  });

  function noteWarnings(warnings: readonly ConfigProblem[]): void {
    core.problems.clear("config");
    for (const warning of warnings) {
      log.warn("config", warning.text);
      core.problems.report({
        severity: "warning",
        area: "config",
        message: `${warning.key}: ${warning.message}`,
        where: `${warning.file}:${warning.line}:${warning.column}`,
      });
    }
  }

  let reloading: Promise<unknown> = Promise.resolve();
  /** One after the other: what a reload compares with is in force. */
  function reload(): Promise<ReloadReport> {
    const report = reloading.then(readAgain);
    reloading = report.catch(() => {});
    return report;
  }

  async function readAgain(): Promise<ReloadReport> {
    let warnings: readonly string[] = [];
    const refuse = (errors: readonly string[]): ReloadReport => {
      for (const error of errors) log.error("config", error);
      if (safeMode !== undefined) return { is_applied: false, errors, warnings, changes: [] };
      log.error("config", "The configuration was not reloaded; the former one stays in force");
      core.problems.clear("reload");
      core.problems.report({
        severity: "error",
        area: "reload",
        message: `The configuration was not reloaded, the former one stays in force: ${errors[0]}`,
        remedy: errors.length === 1
          ? "Mend it and reload"
          : `Mend it and reload; \`hintd check\` names all ${errors.length} mistakes`,
        where: configFile,
      });
      return { is_applied: false, errors, warnings, changes: [] };
    };
    let text: string;
    try {
      text = await readFile(configFile, "utf8");
    } catch (error) {
      return refuse([`${configFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
    }
    const loaded = await loadConfig(text, configFile, hintChecks);
    const doubts = await loaded.warnings();
    warnings = doubts.map((doubt) => doubt.text);
    if ("errors" in loaded) {
      if (safeMode !== undefined) reportMistakes(core.problems, configFile, loaded.errors);
      return refuse(loaded.errors.map((error) => error.text));
    }
    if (safeMode !== undefined) {
      log.info("config", "The configuration is right now: leaving safe mode");
      safeMode.mended();
      return { is_applied: true, errors: [], warnings, changes: ["safe mode left"] };
    }
    if (dataDirectory(configFile, loaded.config.server.data_dir) !== directory) {
      return refuse([`${configFile}: server.data_dir cannot be changed while hintd runs`]);
    }
    const problems = await transports.replace(listenerOptions(loaded.config));
    if (problems.length > 0) return refuse(problems.map((problem) => problem.message));
    try {
      server.apply(loaded.config.http);
    } catch (error) {
      await transports.replace(listenerOptions(config));
      return refuse([error instanceof Error ? error.message : String(error)]);
    }
    const changes = describeChanges(config, loaded.config);
    config = loaded.config;
    core.apply(config);
    server.webhooks.apply(config.webhooks);
    controls.configLoaded();
    noteWarnings(doubts);
    core.problems.clear("reload");
    watched = text;
    watch.set(config.server.watch_config);
    options.reloaded?.(config);
    log.info("config", changes.length === 0 ? "Reloaded; nothing changed" : `Reloaded: ${changes.join(", ")}`);
    return { is_applied: true, errors: [], warnings, changes };
  }

  const livingCount = () => timers.armedCount + core.transactions.answeredCount;
  new CrowdWatch({ timers, livingCount, giveBack: collectGarbage });
  new ClockWatch({ clock, timers, problems: core.problems, log });
  const controls = createControls({
    core,
    clock,
    timers,
    configFile,
    measured: { clock, turnSpans, inbox, transports, journal, database },
    storage: { directory, database, freeBytes: () => freeBytesBeside(directory) },
    messages: createMessages(new Traces(recorder, () => new Promise((resolve) => turn.at(TurnStep.send, resolve)))),
    webhooks: () => server.webhooks.snapshot(),
    listeners: () => transports.listeners,
    reload,
    closed: safeMode === undefined ? undefined : safeModeReason,
  });
  const server = new HttpServer({
    controls,
    clock,
    timers,
    entropy,
    log,
    controlSocket: controlSocketPath(configFile, config.server.data_dir),
  });

  /** What the file said when it was read; another content is worth a reload. */
  let watched: string | undefined;
  const watch = new ConfigWatch({
    configFile,
    timers,
    log,
    changed() {
      void readFile(configFile, "utf8").catch(() => undefined).then((text) => {
        // While it is being replaced there is none.
        if (text === undefined || text === watched) return;
        watched = text;
        void controls.reload();
      });
    },
  });

  async function stop(): Promise<void> {
    watch.stop();
    core.registrar.stop();
    core.unsolicited.stop();
    await core.publishers.stop();
    await Promise.race([core.fanout.idle(), timers.pause(DRAIN_MILLIS)]);
    transports.stop();
    await server.stop();
    journal.flush();
    timers.stop();
    secrets.saveNonceSnapshot(core.authenticator.snapshotNonces());
    database.close();
  }

  if (safeMode !== undefined) reportMistakes(core.problems, configFile, safeMode.mistakes);
  const problems = await transports.start(listenerOptions(config));
  if (problems.length > 0 && safeMode === undefined) {
    await stop();
    throw new StartError(problems.map((problem) => problem.message).join("; "));
  }
  try {
    await server.start(config.http);
  } catch (error) {
    await stop();
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  server.webhooks.apply(config.webhooks);
  watch.set(config.server.watch_config || safeMode !== undefined);
  core.begin();
  // Phones are served from here on; what is only worth a warning comes after them.
  if (safeMode === undefined) noteWarnings(await options.warnings());
  startIsOver(() => livingCount() > BUSY_COUNT);
  return { controls, reload: () => controls.reload(), stop };
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`Cannot make server.data_dir: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function orRefuse<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
