/**
 * Owns the load generator's phones: many watchers on a few sockets or connections, each with a dialog of its own, that answer every
 * NOTIFY at once and count what they get.
 *
 * Bytes are looked at once, from the front; answers are copied line by line and leave together, because the generator must
 * never be what is measured. `busyShare` of the report says whether it was.
 */
import { createHash } from "node:crypto";
import type { Impairment } from "./impairment.ts";
import { openWire, type Transport, type Wire } from "./wires.ts";

/** How phones subscribe. */
export type PhonesOptions = {
  readonly address: string;
  readonly port: number;
  readonly watchers: number;
  /** Watched users, in turn: watcher n watches the one numbered n modulo their count. */
  readonly resources: readonly string[];
  readonly event: "presence" | "dialog";
  readonly expires: number;
  /** Without it, SUBSCRIBEs carry no credentials. */
  readonly password?: string | undefined;
  /** User of From. */
  readonly user: string;
  /** Datagrams unless told. */
  readonly transport?: Transport;
  /** Of datagrams. */
  readonly impairment?: Impairment | undefined;
};

/** The kernel holds about ninety NOTIFYs per socket: with so few watchers on each, a server that sends all at once loses none. */
const WATCHERS_PER_SOCKET = 80;
const MIN_SOCKET_COUNT = 64;
/** A request that is not answered is sent again after T1, doubled up to T2. RFC 3261 §17.1.2.2. */
const T1_MILLIS = 500;
const T2_MILLIS = 4_000;
/** Attempts until a request is given up. Timer F. */
const ATTEMPTS = 11;
const CR = 13;
const LF = 10;

const ACCEPT = { presence: "application/pidf+xml", dialog: "application/dialog-info+xml" } as const;

/** A request that awaits its final answer. */
type Pending = { readonly watcher: number; bytes: Buffer; dueAt: number; intervalMillis: number; attempts: number };

/** One watcher's dialog and what it saw. */
type Watcher = {
  cseq: number;
  remoteTag: string;
  target: string;
  nonceCount: number;
  challenge: { nonce: string; realm: string } | undefined;
  /** CSeq of its newest NOTIFY; −1 before the first. */
  notifyCseq: number;
  /** When that came. */
  notifiedAt: number;
  /** Body of it, where bodies are kept. */
  body: string;
  isGone: boolean;
};

/** All phones of a run. */
export class Phones {
  /** NOTIFYs with a higher CSeq than the one before. */
  newsCount = 0;
  /** NOTIFYs that came again. */
  repeatedCount = 0;
  /** NOTIFYs whose CSeq was lower than one seen: overtaken on the way. */
  overtakenCount = 0;
  /** 200s to SUBSCRIBE. */
  grantedCount = 0;
  challengedCount = 0;
  retransmittedCount = 0;
  /** Bodies of NOTIFYs are kept for `bodyOf`. */
  areBodiesKept = false;
  readonly #options: PhonesOptions;
  #run = randomWord();
  readonly #watchers: Watcher[];
  readonly #pending = new Map<number, Pending>();
  /** Those that have something to send. */
  readonly #flushDue = new Set<Wire>();
  readonly #scratch = new Uint8Array(4_096);
  #wires: Wire[] = [];
  #isFlushDue = false;
  #listener: () => void = () => {};

  private constructor(options: PhonesOptions) {
    this.#options = options;
    this.#watchers = Array.from({ length: options.watchers }, newWatcher);
  }

  /** Opens the ways to the server. */
  static async open(options: PhonesOptions): Promise<Phones> {
    const phones = new Phones(options);
    const { impairment, transport = "udp" } = options;
    const receive = (wire: Wire, data: Uint8Array) => phones.#receive(wire, data);
    const impaired = (wire: Wire, data: Uint8Array) => impairment!.pass(() => receive(wire, Uint8Array.from(data)));
    const count = Math.max(MIN_SOCKET_COUNT, Math.ceil(options.watchers / WATCHERS_PER_SOCKET));
    phones.#wires = await Promise.all(
      Array.from({ length: count }, () => openWire(transport, options, impairment === undefined ? receive : impaired)),
    );
    setInterval(() => phones.#retransmit(), 100).unref();
    return phones;
  }

  /** Called after each datagram, from now on. */
  onProgress(listener: () => void): void {
    this.#listener = listener;
  }

  /** SUBSCRIBEs without a final answer. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** When `watcher` got its newest NOTIFY. */
  notifiedAt(watcher: number): number {
    return this.#watchers[watcher]!.notifiedAt;
  }

  /** Body of its newest NOTIFY. */
  bodyOf(watcher: number): string {
    return this.#watchers[watcher]!.body;
  }

  /** Sends SUBSCRIBE, in the dialog if there is one. */
  subscribe(watcher: number, expires: number = this.#options.expires): void {
    const state = this.#watchers[watcher]!;
    if (state.isGone) return;
    const bytes = this.#write(watcher, state, expires);
    const dueAt = performance.now() + T1_MILLIS;
    this.#pending.set(watcher, { watcher, bytes, dueAt, intervalMillis: T1_MILLIS, attempts: 1 });
    this.#send(this.#wireOf(watcher), bytes);
  }

  /** Has the next SUBSCRIBE of every watcher open a new dialog. */
  forgetDialogs(): void {
    this.#run = randomWord();
    for (const state of this.#watchers) Object.assign(state, newWatcher());
  }

  /** Takes every phone of `share` of the ways away: what is sent to them is refused by the kernel. Returns how many. */
  vanish(share: number): number {
    const gone = this.#wires.slice(0, Math.round(this.#wires.length * share));
    for (const wire of gone) wire.close();
    let count = 0;
    for (const [watcher, state] of this.#watchers.entries()) {
      if (watcher % this.#wires.length >= gone.length) continue;
      state.isGone = true;
      this.#pending.delete(watcher);
      count++;
    }
    return count;
  }

  isGone(watcher: number): boolean {
    return this.#watchers[watcher]!.isGone;
  }

  /** Sends what is no SUBSCRIBE: a PUBLISH, a signal for the floor. */
  sendRaw(bytes: Uint8Array): void {
    this.#send(this.#wires[0]!, bytes);
  }

  /** As Via names it. */
  get transportToken(): string {
    return (this.#options.transport ?? "udp").toUpperCase();
  }

  /** Port from which `sendRaw` sends. */
  get rawPort(): number {
    return this.#wires[0]!.port;
  }

  /** Gets answers to what `sendRaw` sent. */
  onRawAnswer: (text: string) => void = () => {};

  #wireOf(watcher: number): Wire {
    return this.#wires[watcher % this.#wires.length]!;
  }

  #write(watcher: number, state: Watcher, expires: number): Buffer {
    const { address, port, user, event, resources } = this.#options;
    const local = this.#wireOf(watcher).port;
    const exten = resources[watcher % resources.length]!;
    const cseq = ++state.cseq;
    const uri = state.target === "" ? `sip:${exten}@${address}:${port}` : state.target;
    const to = `<sip:${exten}@${address}>${state.remoteTag === "" ? "" : `;tag=${state.remoteTag}`}`;
    return Buffer.from(
      `SUBSCRIBE ${uri} SIP/2.0\r\n` +
        `Via: SIP/2.0/${this.transportToken} ${address}:${local};rport;branch=z9hG4bK${this.#run}.${watcher}.${cseq}\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:${user}@${address}>;tag=${this.#run}${watcher}\r\nTo: ${to}\r\n` +
        `Call-ID: ${watcher}-${this.#run}\r\nCSeq: ${cseq} SUBSCRIBE\r\n` +
        `Contact: <sip:w${watcher}@${address}:${local}${
          this.transportToken === "UDP" ? "" : ";transport=tcp"
        }>\r\nEvent: ${event}\r\nAccept: ${ACCEPT[event]}\r\n` +
        `${this.#credentials(state, uri)}Expires: ${expires}\r\nContent-Length: 0\r\n\r\n`,
      "latin1",
    );
  }

  /** RFC 7616 §3.4 with SHA-256 and qop auth. */
  #credentials(state: Watcher, uri: string): string {
    const { challenge } = state;
    const { password, user } = this.#options;
    if (challenge === undefined || password === undefined) return "";
    const { nonce, realm } = challenge;
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const nc = (++state.nonceCount).toString(16).padStart(8, "0");
    const response = hash(`${hash(`${user}:${realm}:${password}`)}:${nonce}:${nc}:c:auth:${hash(`SUBSCRIBE:${uri}`)}`);
    return `Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `algorithm=SHA-256, qop=auth, nc=${nc}, cnonce="c", response="${response}"\r\n`;
  }

  #receive(wire: Wire, data: Uint8Array): void {
    // "N" of NOTIFY, "S" of SIP/2.0.
    if (data[0] === 0x4e) this.#receiveNotify(wire, data);
    else this.#receiveAnswer(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1"));
    this.#listener();
  }

  #receiveAnswer(text: string): void {
    const cseqAt = text.indexOf("\r\nCSeq: ") + 8;
    if (!text.startsWith("SUBSCRIBE", text.indexOf(" ", cseqAt) + 1)) return this.onRawAnswer(text);
    const status = Number(text.slice(8, 11));
    const watcher = parseInt(text.slice(text.indexOf("\r\nCall-ID: ") + 11));
    const state = this.#watchers[watcher]!;
    if (status < 200 || parseInt(text.slice(cseqAt)) !== state.cseq || !this.#pending.has(watcher)) return;
    if (status === 401) return this.#answerChallenge(watcher, state, text);
    if (status >= 300) throw new Error(`Refused:\n${text}`);
    this.#pending.delete(watcher);
    this.grantedCount++;
    if (state.remoteTag !== "") return;
    const to = text.indexOf("\r\nTo: ");
    const tag = text.indexOf(";tag=", to) + 5;
    state.remoteTag = text.slice(tag, text.indexOf("\r\n", tag));
    const contact = text.indexOf("\r\nContact: <");
    state.target = text.slice(contact + 12, text.indexOf(">", contact));
  }

  #answerChallenge(watcher: number, state: Watcher, text: string): void {
    const line = text.split("\r\n").find((each) => /^WWW-Authenticate:.*SHA-256[,\s]/i.test(each + " "));
    if (line === undefined) throw new Error(`No challenge that is understood:\n${text}`);
    this.challengedCount++;
    state.challenge = { nonce: /nonce="([^"]*)"/.exec(line)![1]!, realm: /realm="([^"]*)"/.exec(line)![1]! };
    state.nonceCount = 0;
    this.subscribe(watcher);
  }

  /** Answers with the five headers that RFC 3261 §8.2.6.2 wants, copied in one pass. */
  #receiveNotify(wire: Wire, data: Uint8Array): void {
    const out = this.#scratch;
    out.set(OK);
    let length = OK.length;
    let watcher = 0;
    let cseq = 0;
    let at = 0;
    while (data[at] !== LF) at++;
    at++;
    while (data[at] !== CR) {
      const start = at;
      while (data[at] !== LF) at++;
      at++;
      const [first, second] = [data[start]!, data[start + 1]!];
      const isCallId = first === 0x43 && second === 0x61; // "Ca"
      const isCseq = first === 0x43 && second === 0x53; // "CS"
      // V(ia), F(rom), T(o)
      if (!isCallId && !isCseq && first !== 0x56 && first !== 0x46 && !(first === 0x54 && second === 0x6f)) continue;
      out.set(data.subarray(start, at), length);
      length += at - start;
      if (isCallId) watcher = numberAt(data, start + 9);
      if (isCseq) cseq = numberAt(data, start + 6);
    }
    out.set(NO_BODY, length);
    const answer = out.slice(0, length + NO_BODY.length);
    const { impairment } = this.#options;
    if (impairment === undefined) this.#queue(wire, answer);
    else impairment.answer(() => this.#queue(wire, answer));

    const state = this.#watchers[watcher]!;
    if (cseq === state.notifyCseq) return void this.repeatedCount++;
    if (cseq < state.notifyCseq) return void this.overtakenCount++;
    state.notifyCseq = cseq;
    state.notifiedAt = performance.now();
    if (this.areBodiesKept) state.body = Buffer.from(data.slice(at + 2)).toString();
    this.newsCount++;
  }

  #send(wire: Wire, bytes: Uint8Array): void {
    const { impairment } = this.#options;
    if (impairment === undefined) this.#queue(wire, bytes);
    else impairment.pass(() => this.#queue(wire, bytes));
  }

  #queue(wire: Wire, bytes: Uint8Array): void {
    wire.queue(bytes);
    if (this.#flushDue.size === 0) setImmediate(() => this.#flush());
    this.#flushDue.add(wire);
  }

  #flush(): void {
    for (const wire of this.#flushDue) wire.flush();
    this.#flushDue.clear();
  }

  /** A stream loses nothing. */
  #retransmit(): void {
    if (this.#options.transport === "tcp") return;
    const now = performance.now();
    for (const [key, pending] of this.#pending) {
      if (pending.dueAt > now) continue;
      if (pending.attempts === ATTEMPTS) {
        this.#pending.delete(key);
        throw new Error(`No answer to watcher ${pending.watcher}`);
      }
      pending.attempts++;
      this.retransmittedCount++;
      pending.intervalMillis = Math.min(pending.intervalMillis * 2, T2_MILLIS);
      pending.dueAt = now + pending.intervalMillis;
      this.#send(this.#wireOf(pending.watcher), pending.bytes);
    }
  }
}

function randomWord(): string {
  return Math.random().toString(36).slice(2, 10);
}

function newWatcher(): Watcher {
  return {
    cseq: 0,
    remoteTag: "",
    target: "",
    nonceCount: 0,
    challenge: undefined,
    notifyCseq: -1,
    notifiedAt: 0,
    body: "",
    isGone: false,
  };
}

const OK = Buffer.from("SIP/2.0 200 OK\r\n");
const NO_BODY = Buffer.from("Content-Length: 0\r\n\r\n");

/** The number that begins at `at`, behind blanks. */
function numberAt(data: Uint8Array, at: number): number {
  let i = at;
  while (data[i] === 0x20) i++;
  let value = 0;
  for (; data[i]! >= 0x30 && data[i]! <= 0x39; i++) value = value * 10 + data[i]! - 0x30;
  return value;
}
