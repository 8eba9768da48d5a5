/**
 * A literal SIP client: sends text, keeps what it receives, answers only when told to, or by rule.
 */
import type { Flow, FlowReceiver, TransportName } from "../../lib/transport/transport.ts";
import type { ManualClock } from "./manual_clock.ts";
import type { MemoryListener, MemoryNetwork } from "./memory_network.ts";

/** A received message. */
export class Received {
  readonly text: string;
  readonly flow: Flow;
  readonly at: number;

  constructor(text: string, flow: Flow, at: number) {
    this.text = text;
    this.flow = flow;
    this.at = at;
  }

  get startLine(): string {
    return this.text.slice(0, this.text.indexOf("\r\n"));
  }

  /** Status of a response; 0 for a request. */
  get status(): number {
    return this.startLine.startsWith("SIP/2.0 ") ? Number(this.startLine.slice(8, 11)) : 0;
  }

  get method(): string {
    return this.status === 0 ? this.startLine.slice(0, this.startLine.indexOf(" ")) : "";
  }

  /** Values of a header, in order. */
  all(name: string): string[] {
    const head = this.text.slice(0, this.text.indexOf("\r\n\r\n"));
    return head.split("\r\n").filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(name.length + 1).trim());
  }

  /** First value of a header; empty when there is none. */
  header(name: string): string {
    return this.all(name)[0] ?? "";
  }

  get body(): string {
    return this.text.slice(this.text.indexOf("\r\n\r\n") + 4);
  }

  /** Tag of From or To. */
  tag(name: "From" | "To"): string {
    return /;tag=([^;\r]*)/.exec(this.header(name))?.[1] ?? "";
  }

  get sequence(): number {
    return Number(this.header("CSeq").split(" ")[0]);
  }

  /** Value of `version` in a dialog-info document; -1 when there is none. */
  get version(): number {
    return Number(/ version="(\d+)"/.exec(this.body)?.[1] ?? -1);
  }
}

/** What a SUBSCRIBE carries; the rest is as most phones have it. */
export interface SubscribeOptions {
  readonly exten?: string;
  readonly uri?: string;
  readonly event?: string;
  /** Absent header for null. */
  readonly expires?: number | null;
  readonly accept?: string;
  readonly contact?: string;
  readonly callId?: string;
  readonly sequence?: number;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly branch?: string;
  readonly from?: string;
  readonly userAgent?: string;
  /** Further header lines. */
  readonly extra?: readonly string[];
  readonly body?: string | Uint8Array;
  readonly method?: string;
}

let counter = 0;

/** One phone on the memory network. */
export class Phone implements FlowReceiver {
  readonly listener: MemoryListener;
  readonly address: string;
  readonly transport: TransportName;
  /** Everything received, oldest first. */
  readonly inbox: Received[] = [];
  /** Status of the answer to a NOTIFY, or undefined for none; extra header lines may follow the status. */
  onNotify: (notify: Received) => string | undefined = () => "200 OK";
  readonly #clock: ManualClock;
  #flow: Flow | undefined;

  constructor(network: MemoryNetwork, clock: ManualClock, address: string, transport: TransportName) {
    this.address = address;
    this.transport = transport;
    this.#clock = clock;
    this.listener = network.bind({ name: address, transport, address }, this);
  }

  /** The path to the appliance. */
  get flow(): Flow {
    if (this.#flow === undefined || !this.#flow.isOpen) this.#flow = this.listener.flowTo("192.0.2.1");
    return this.#flow!;
  }

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const received = new Received(new TextDecoder().decode(bytes.subarray(start, end)), flow, this.#clock.now());
    this.inbox.push(received);
    if (received.method !== "NOTIFY") return;
    const answer = this.onNotify(received);
    if (answer !== undefined) this.answer(received, answer);
  }

  receiveUnframed(): void {}

  flowClosed(): void {}

  /** NOTIFYs received so far, retransmissions included. */
  get notifies(): Received[] {
    return this.inbox.filter((received) => received.method === "NOTIFY");
  }

  /** The newest response. */
  get response(): Received {
    return this.inbox.findLast((received) => received.status > 0)!;
  }

  /** The newest NOTIFY. */
  get notify(): Received {
    return this.notifies.at(-1)!;
  }

  /** Forgets what was received. */
  clear(): void {
    this.inbox.length = 0;
  }

  /** Answers a request. */
  answer(request: Received, statusLine: string, extra: readonly string[] = []): void {
    const lines = [`SIP/2.0 ${statusLine}`];
    for (const name of ["Via", "From", "To", "Call-ID", "CSeq"]) {
      for (const value of request.all(name)) lines.push(`${name}: ${value}`);
    }
    lines.push(...extra, "Content-Length: 0", "", "");
    request.flow.send(new TextEncoder().encode(lines.join("\r\n")));
  }

  /** Sends text as it stands. */
  send(text: string): void {
    this.flow.send(new TextEncoder().encode(text));
  }

  /** Sends a SUBSCRIBE, or another request of the same shape; returns what was sent. */
  subscribe(options: SubscribeOptions = {}): Required<Pick<SubscribeOptions, "callId" | "sequence" | "fromTag">> & {
    readonly options: SubscribeOptions;
  } {
    counter++;
    const { exten = "1000", event = "presence", expires = 600, sequence = 1, method = "SUBSCRIBE" } = options;
    const { callId = `call-${counter}@${this.address}`, fromTag = `tag-${counter}` } = options;
    const uri = options.uri ?? `sip:${exten}@192.0.2.1`;
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${this.transport.toUpperCase()} ${this.address}:5060;rport;branch=${
        options.branch ?? `z9hG4bK${counter}`
      }`,
      "Max-Forwards: 70",
      `From: <${options.from ?? "sip:alice@192.0.2.1"}>;tag=${fromTag}`,
      `To: <sip:${exten === "" ? "" : `${exten}@`}192.0.2.1>${
        options.toTag === undefined ? "" : `;tag=${options.toTag}`
      }`,
      `Call-ID: ${callId}`,
      `CSeq: ${sequence} ${method}`,
    ];
    if (options.contact !== "") lines.push(`Contact: ${options.contact ?? `<sip:alice@${this.address}:5060>`}`);
    if (event !== "") lines.push(`Event: ${event}`);
    if (expires !== null) lines.push(`Expires: ${expires}`);
    if (options.accept !== undefined) lines.push(`Accept: ${options.accept}`);
    if (options.userAgent !== undefined) lines.push(`User-Agent: ${options.userAgent}`);
    const { body = "" } = options;
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    lines.push(...options.extra ?? [], `Content-Length: ${bytes.length}`, "", "");
    this.flow.send(Buffer.concat([Buffer.from(lines.join("\r\n")), bytes]));
    return { callId, sequence, fromTag, options };
  }

  /** Sends another SUBSCRIBE inside the dialog of an earlier one. */
  again(
    first: ReturnType<Phone["subscribe"]>,
    toTag: string,
    options: SubscribeOptions = {},
  ): ReturnType<Phone["subscribe"]> {
    const { callId, fromTag } = first;
    return this.subscribe({ ...first.options, callId, fromTag, toTag, sequence: first.sequence + 1, ...options });
  }
}
