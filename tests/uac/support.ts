/** Builds what the tests of publishing share: publishers with real transactions, a literal server that keeps publications. */
import { Generators } from "../../lib/body/generators.ts";
import type { Profile } from "../../lib/body/variant.ts";
import { RenderedBodies } from "../../lib/body/rendered_bodies.ts";
import type { Log, LogFields } from "../../lib/runtime/log.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { parseUri } from "../../lib/sip/uri.ts";
import type { ContextOptions } from "../../lib/state/contexts.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import { StateEngine } from "../../lib/state/engine.ts";
import { transactionTimings } from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../lib/transaction/transactions.ts";
import type { Flow, FlowReceiver, TransportName } from "../../lib/transport/transport.ts";
import { OutboundPublishers } from "../../lib/uac/outbound_publishers.ts";
import { publisherCounters } from "../../lib/uac/publication_ports.ts";
import type { OutboundPublishConfig } from "../../lib/uac/publish_config.ts";
import { renderedDocuments } from "../../lib/uac/rendered_documents.ts";
import { noTagMemory, type TagMemory } from "../../lib/uac/section.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MemoryNetwork } from "../support/memory_network.ts";
import { Received } from "../support/phone.ts";
import { memoryStates, scriptedEntropy } from "../support/site.ts";

/** A section as config.toml has it by default. */
export function section(options: Partial<OutboundPublishConfig> = {}): OutboundPublishConfig {
  return {
    server_uri: "sip:p.example",
    event: "dialog",
    body: "",
    multi_user: true,
    context: "",
    exten: "",
    from_uri: "",
    to_uri: "",
    expiration: 3_600,
    ...options,
  };
}

/** What a server answers: status line, then header lines; undefined for silence. */
export type Answer = readonly [statusLine: string, ...headers: string[]] | undefined;

/** A server at an address, which keeps whatever is published, unless told otherwise. */
export class Server implements FlowReceiver {
  /** Every PUBLISH, repetitions left out. */
  readonly inbox: Received[] = [];
  /** Decides over a PUBLISH. */
  answer: (request: Received) => Answer = (request) => this.keep(request);
  /** Request-URI by the tag that holds for it. */
  readonly held = new Map<string, string>();
  readonly #clock: ManualClock;
  readonly #branches = new Set<string>();
  #tags = 0;

  constructor(network: MemoryNetwork, clock: ManualClock, address: string, transport: TransportName = "udp") {
    this.#clock = clock;
    network.bind({ name: address, transport, address }, this);
  }

  /** The newest PUBLISH. */
  get last(): Received {
    return this.inbox.at(-1)!;
  }

  /** What came since `count` PUBLISHs had come. */
  since(count: number): Received[] {
    return this.inbox.slice(count);
  }

  /** Keeps, refreshes, modifies or removes a publication. */
  keep(request: Received, expires = request.header("Expires")): Answer {
    const uri = request.startLine.split(" ")[1]!;
    const former = request.header("SIP-If-Match");
    if (former !== "" && this.held.get(former) !== uri) return ["412 Conditional Request Failed"];
    this.held.delete(former);
    if (request.header("Expires") === "0") return ["200 OK", "Expires: 0"];
    const tag = `tag${++this.#tags}`;
    this.held.set(tag, uri);
    return ["200 OK", `SIP-ETag: ${tag}`, `Expires: ${expires}`];
  }

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const received = new Received(new TextDecoder().decode(bytes.subarray(start, end)), flow, this.#clock.now());
    const via = received.header("Via");
    if (this.#branches.has(via)) return;
    this.#branches.add(via);
    this.inbox.push(received);
    const answer = this.answer(received);
    if (answer !== undefined) this.send(received, answer);
  }

  /** Answers a request now. */
  send(request: Received, [statusLine, ...headers]: NonNullable<Answer>): void {
    const lines = [`SIP/2.0 ${statusLine}`];
    for (const name of ["Via", "From", "To", "Call-ID", "CSeq"]) lines.push(`${name}: ${request.header(name)}`);
    lines.push(...headers, "Content-Length: 0", "", "");
    request.flow.send(new TextEncoder().encode(lines.join("\r\n")));
  }

  receiveUnframed(): void {}

  flowClosed(): void {}
}

/** What a run needs that differs from test to test. */
export interface BenchOptions {
  readonly hints?: Readonly<Record<string, string>>;
  readonly sections?: Readonly<Record<string, OutboundPublishConfig>>;
  readonly tags?: TagMemory;
  readonly isServerKnown?: boolean;
  /** Wall instant of the start. */
  readonly wall?: number;
  /** `[bodies].profile`; rfc unless told. */
  readonly profile?: Profile;
}

/** Publishers at 192.0.2.1, a server `p.example` at 192.0.2.50, and the means to test them. */
export function bench(options: BenchOptions = {}) {
  const clock = new ManualClock();
  if (options.wall !== undefined) clock.setWall(options.wall);
  const network = new MemoryNetwork(clock);
  const timers = clock.timers();
  const entropy = scriptedEntropy();
  const logged: [level: string, message: string, fields: LogFields | undefined][] = [];
  const log: Log = {
    ...silentLog,
    info: (_area, message, fields) => void logged.push(["info", message, fields]),
    warn: (_area, message, fields) => void logged.push(["warn", message, fields]),
    error: (_area, message, fields) => void logged.push(["error", message, fields]),
  };
  const transactions = new TransactionLayer({
    timers,
    entropy,
    log,
    counters: transactionCounters(),
    timings: transactionTimings(),
  });
  transactions.attach({ receiveRequest() {} }, network);
  network.bind({ address: "192.0.2.1" }, transactions);
  const stream = network.bind({ name: "tcp", transport: "tcp", address: "192.0.2.1" }, transactions);
  const server = new Server(network, clock, "192.0.2.50");

  const world = {
    isServerKnown: options.isServerKnown ?? true,
    isResolverStuck: false,
    asked: [] as [uri: string, isReliableWanted: boolean][],
    failures: 0,
  };
  const engine = new StateEngine(clock, memoryStates());
  const generators = new Generators();
  const counters = publisherCounters();
  const publishers = new OutboundPublishers({
    clock,
    timers,
    entropy,
    log,
    counters,
    transactions,
    flows: {
      flowFor: (uri, isReliableWanted) => {
        world.asked.push([uri, isReliableWanted]);
        if (world.isResolverStuck) return new Promise(() => {});
        const isKnown = world.isServerKnown && parseUri(uri).host === "p.example";
        if (!isKnown) return Promise.resolve(undefined);
        if (isReliableWanted || uri.endsWith(";transport=tcp")) return Promise.resolve(stream.flowTo("192.0.2.50"));
        return Promise.resolve(network.flowTo({ transport: "udp", address: "192.0.2.50", port: 5060 }));
      },
      noteFailure: () => void world.failures++,
    },
    states: engine,
    documents: renderedDocuments({
      bodies: new RenderedBodies(generators),
      generators,
      profile: () => options.profile ?? "rfc",
    }),
    eid: "02:00:00:00:00:01",
    tags: options.tags ?? noTagMemory,
    userAgent: () => "hintd",
  });
  engine.onChange((resource, change) => publishers.resourceChanged(resource, change));
  engine.onSource({
    deviceChanged: (device) => publishers.deviceChanged(device),
    presenceChanged() {},
    mailboxChanged: (mailbox) => publishers.mailboxChanged(mailbox),
  });

  const applyHints = (hints: Readonly<Record<string, string>>, more: Record<string, ContextOptions> = {}) =>
    engine.applyHints({ default: { include: [], autohints: false, hints }, ...more });
  applyHints(options.hints ?? { 1000: "Custom:one", 1001: "Custom:two" });
  publishers.replaceConfig(options.sections ?? { trunk: section() });
  return {
    clock,
    network,
    timers,
    server,
    world,
    engine,
    counters,
    publishers,
    logged,
    applyHints,
    generators,
    transactions,
    set: (name: string, state: DeviceState | undefined) => engine.setCustomState(`Custom:${name}`, state),
    pass: (millis = 0) => clock.settle(millis),
  };
}

/** User of the Request-URI. */
export function userOf(request: Received): string {
  return parseUri(request.startLine.split(" ")[1]!).user ?? "";
}

/** State of the first dialog in a document, "idle" where there is none, "none" without a document. */
export function stateOf(request: Received): string {
  if (request.body === "") return "none";
  return /<state>([^<]*)</.exec(request.body)?.[1] ?? "idle";
}
