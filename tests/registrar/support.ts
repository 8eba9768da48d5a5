/** Builds what the tests of the registrar share: a registrar on a clock by hand, phones' REGISTERs, a disk that may be full. */
import type { AorOptions, RegistrantOptions, RegistrarConfig } from "../../lib/registrar/aor.ts";
import type { BindingRecord, ContactFlow, ContactTarget } from "../../lib/registrar/binding.ts";
import type { BindingsChange, BindingsPort } from "../../lib/registrar/bindings.ts";
import { type ProbeTransaction, type ProbeUser, qualifyCounters } from "../../lib/registrar/qualify.ts";
import type { RegInfo } from "../../lib/registrar/reg_info.ts";
import { Registrar, registrarCounters } from "../../lib/registrar/registrar.ts";
import { type Entropy, entropyFrom } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { Reject } from "../../lib/runtime/result.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import type { ResponseOptions } from "../../lib/sip/response.ts";
import { ManualClock } from "../support/manual_clock.ts";

const encoder = new TextEncoder();

/** Options of an address-of-record: the defaults of config.toml, unless told. */
export function aorOptions(options: Partial<AorOptions> = {}): AorOptions {
  return {
    max_contacts: 1,
    remove_existing: true,
    remove_unavailable: false,
    minimum_expiration: 60,
    default_expiration: 3600,
    maximum_expiration: 7200,
    qualify_frequency: 0,
    qualify_timeout: 3,
    qualify_2xx_only: false,
    contact: [],
    ...options,
  };
}

/** Options of an endpoint. */
export function endpoint(options: Partial<RegistrantOptions> = {}): RegistrantOptions {
  return { ...aorOptions(), aors: [], identify_by: ["username", "ip"], rewrite_contact: false, ...options };
}

/** A configuration; one endpoint `alice` with room for ten contacts unless told. */
export function config(
  parts: {
    server?: Partial<RegistrarConfig["server"]>;
    endpoints?: Record<string, RegistrantOptions>;
    aors?: Record<string, AorOptions>;
  } = {},
): RegistrarConfig {
  return {
    server: { ignore_uri_user_options: false, max_initial_qualify_time: 0, ...parts.server },
    endpoints: parts.endpoints ?? { alice: endpoint({ max_contacts: 10 }) },
    aors: parts.aors ?? {},
  };
}

/** Entropy that repeats itself from run to run. */
export function scriptedEntropy(seed = 1): Entropy {
  let state = seed;
  return entropyFrom((target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      target[i] = state >>> 24;
    }
  });
}

/** A disk in memory that can be told to refuse. */
export class MemoryBindings implements BindingsPort {
  /** What is stored, by id. */
  readonly records = new Map<string, BindingRecord>();
  /** Every change so far. */
  readonly changes: BindingsChange[] = [];
  isFull = false;

  load(): Iterable<BindingRecord> {
    return [...this.records.values()];
  }

  commit(change: BindingsChange): void {
    if (this.isFull) throw new Error("disk is full");
    this.changes.push(change);
    for (const record of change.saved) this.records.set(record.id, record);
    for (const id of change.removed) this.records.delete(id);
  }
}

let flowCount = 0;

/** A flow by which a REGISTER comes; UDP from 192.0.2.1:5060 unless told. */
export function flow(parts: Partial<ContactFlow> = {}): ContactFlow & { isOpen: boolean } {
  const transport = parts.transport ?? "udp";
  return {
    id: ++flowCount,
    transport,
    isReliable: transport !== "udp",
    listener: { name: "lan", advertised: () => ({ host: "192.0.2.100", port: 5060 }) },
    remoteAddress: "192.0.2.1",
    remotePort: 5060,
    isOpen: true,
    ...parts,
  };
}

/** An OPTIONS that was sent, for a test to answer. */
export class SentProbe implements ProbeTransaction {
  readonly flow: ContactFlow;
  readonly at: number;
  readonly branch: Uint8Array = encoder.encode("z9hG4bK0000abcdefghijkl");
  text = "";
  isAbandoned = false;
  readonly #user: ProbeUser;

  constructor(flow: ContactFlow, at: number, user: ProbeUser) {
    this.flow = flow;
    this.at = at;
    this.#user = user;
  }

  send(bytes: Uint8Array): void {
    this.text = new TextDecoder().decode(bytes);
  }

  abandon(): void {
    this.isAbandoned = true;
  }

  /** The phone answers. */
  answer(status = 200): void {
    const text = [
      `SIP/2.0 ${status} Whatever`,
      "Via: SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bK0000abcdefghijkl",
      "From: <sip:192.0.2.100:5060>;tag=1",
      "To: <sip:alice@192.0.2.1>;tag=2",
      "Call-ID: x",
      "CSeq: 1 OPTIONS",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n");
    this.#user.receiveResponse(parse(text), this);
  }

  /** No answer within Timer F. */
  timeOut(): void {
    this.#user.transactionTimedOut(this);
  }

  /** The flow breaks. */
  fail(): void {
    this.#user.transactionFailed(this);
  }
}

function parse(text: string): Message {
  const message = new Message();
  const bytes = encoder.encode(text);
  const failure = parseMessage(bytes, 0, bytes.length, message);
  if (failure) throw failure;
  return message;
}

/** What a REGISTER says. */
export interface RegisterParts {
  readonly uri?: string;
  readonly to?: string;
  /** Contact header values. */
  readonly contact?: string | readonly string[];
  readonly expires?: number | string;
  readonly callId?: string;
  readonly cseq?: number;
  /** More header lines. */
  readonly headers?: readonly string[];
  /** Via values; one hop unless told. */
  readonly vias?: readonly string[];
  readonly userAgent?: string;
}

/** The text of a REGISTER. */
export function registerText(parts: RegisterParts = {}): string {
  const { uri = "sip:example.org", to = "sip:alice@example.org", callId = "c1", cseq = 1, userAgent = "Phone/1" } =
    parts;
  const vias = parts.vias ?? ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport"];
  const contacts = parts.contact === undefined ? [] : [parts.contact].flat();
  return [
    `REGISTER ${uri} SIP/2.0`,
    ...vias.map((via) => `Via: ${via}`),
    "Max-Forwards: 70",
    `From: <${to}>;tag=a1`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} REGISTER`,
    ...contacts.map((contact) => `Contact: ${contact}`),
    ...(parts.expires === undefined ? [] : [`Expires: ${parts.expires}`]),
    `User-Agent: ${userAgent}`,
    ...(parts.headers ?? []),
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

/** A parsed REGISTER. */
export function registerRequest(parts: RegisterParts = {}): Message {
  return parse(registerText(parts));
}

/** A registrar with all its surroundings. */
export function bench(options: { config?: RegistrarConfig; port?: MemoryBindings; clock?: ManualClock } = {}) {
  const clock = options.clock ?? new ManualClock();
  const timers = clock.timers();
  const port = options.port ?? new MemoryBindings();
  const probes: SentProbe[] = [];
  const targets: ContactTarget[] = [];
  const told: string[] = [];
  const regChanges: RegInfo[] = [];
  const counters = registrarCounters();
  const probeCounters = qualifyCounters();
  const world = { flowFor: flow() as ContactFlow | undefined, isSenderBusy: false, deniedHosts: [] as string[] };
  const registrar = new Registrar({
    clock,
    timers,
    entropy: scriptedEntropy(),
    log: silentLog,
    counters,
    qualifyCounters: probeCounters,
    port,
    transactions: {
      begin(flow, _method, user) {
        if (world.isSenderBusy) return undefined;
        const probe = new SentProbe(flow, clock.now(), user);
        probes.push(probe);
        return probe;
      },
    },
    flows: {
      flowFor(target) {
        targets.push(target);
        return Promise.resolve(world.flowFor);
      },
    },
    listener: {
      contactChanged: (contact, change) => told.push(`${change} ${contact.uri} ${contact.status}`),
      registrationChanged: (change) => regChanges.push(change),
      reachabilityChanged: (aor, isAvailable) => told.push(`${aor} is ${isAvailable ? "available" : "unavailable"}`),
    },
    isContactPermitted: (_endpoint, host) => !world.deniedHosts.includes(host),
    userAgent: () => "hintd",
  });
  registrar.start(options.config ?? config());

  /** Sends a REGISTER as alice, from 192.0.2.1 by UDP unless told. */
  const register = (parts: RegisterParts = {}, from: { endpoint?: string; flow?: ContactFlow } = {}) =>
    registrar.register(registerRequest(parts), { endpoint: from.endpoint ?? "alice", flow: from.flow ?? flow() });
  return {
    registrar,
    clock,
    timers,
    port,
    probes,
    targets,
    told,
    regChanges,
    counters,
    probeCounters,
    world,
    register,
  };
}

/** An outcome as lines: the status with its reason, then each header; Date is left out. */
export function lines(outcome: ResponseOptions | Reject): string[] {
  const first = outcome.reason === undefined ? String(outcome.status) : `${outcome.status} ${outcome.reason}`;
  const headers = (outcome.headers ?? []).filter(([name]) => name !== "Date");
  return [first, ...headers.map(([name, value]) => `${name}: ${value}`)];
}

/** The Contact values of a 200; for a refusal, its status. */
export function contactsIn(outcome: ResponseOptions | Reject): string[] | number {
  if (outcome.status !== 200) return outcome.status;
  return (outcome.headers ?? []).filter(([name]) => name === "Contact").map(([, value]) => value);
}
