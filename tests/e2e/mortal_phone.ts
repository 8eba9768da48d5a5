/** A phone that outlives its server: it notes what it is told, and gives up on what a killed server did not answer. */
import { body, header, okTo } from "./wire.ts";

/** One run of the server. */
export class Life {
  readonly over: Promise<undefined>;
  isOver = false;
  #end!: () => void;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = () => resolve(undefined);
    });
  }

  end(): void {
    this.isOver = true;
    this.#end();
  }
}

/** What a request is made of; Via, Call-ID, CSeq and lengths are the phone's. */
export type MortalRequest = {
  method: string;
  uri: string;
  /** User of From. */
  user: string;
  /** User of To; the same unless told. */
  toUser?: string;
  headers: readonly string[];
  body?: string;
  toTag?: string;
};

let phoneCount = 0;

/** One phone with one dialog at most. */
export class MortalPhone {
  readonly id = `m${++phoneCount}`;
  /** Everything that it must not have been told. */
  readonly complaints: string[] = [];
  /** Distinct NOTIFYs since the last `beginCount`. */
  notifyCount = 0;
  /** Body of the newest one. */
  newest = "";
  isTerminated = false;
  readonly #server: number;
  readonly #waiting = new Map<string, (answer: string) => void>();
  #socket!: Bun.udp.Socket<"buffer">;
  #sequence = 0;
  #notifySequence = 0;
  #version = -1;
  #wake: () => void = () => {};

  private constructor(server: number) {
    this.#server = server;
  }

  static async open(server: number): Promise<MortalPhone> {
    const phone = new MortalPhone(server);
    phone.#socket = await Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: { data: (_, data) => phone.#receive(data.toString("latin1")), error: () => {} },
    });
    return phone;
  }

  get contact(): string {
    return `sip:${this.id}@127.0.0.1:${this.#socket.port}`;
  }

  /** Sends a request in its one call; resolves with the final answer, or undefined when the server's life ended first. */
  async ask(life: Life, { method, uri, user, toUser = user, headers, body: content = "", toTag }: MortalRequest) {
    if (life.isOver) return undefined;
    const sequence = ++this.#sequence;
    const answer = new Promise<string>((resolve) => this.#waiting.set(`${sequence} ${method}`, resolve));
    const to = `<sip:${toUser}@127.0.0.1>${toTag === undefined ? "" : `;tag=${toTag}`}`;
    this.#socket.send(
      [
        `${method} ${uri} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${this.#socket.port};rport;branch=z9hG4bK${this.id}.${sequence}`,
        "Max-Forwards: 70",
        `From: <sip:${user}@127.0.0.1>;tag=${this.id}`,
        `To: ${to}`,
        `Call-ID: ${this.id}@crash`,
        `CSeq: ${sequence} ${method}`,
        ...headers,
        `Content-Length: ${Buffer.byteLength(content)}`,
        "",
        content,
      ].join("\r\n"),
      this.#server,
      "127.0.0.1",
    );
    const found = await Promise.race([answer, life.over]);
    this.#waiting.delete(`${sequence} ${method}`);
    return found;
  }

  /** Counts NOTIFYs anew. */
  beginCount(): void {
    this.notifyCount = 0;
  }

  /** Resolves once it was told something since the last `beginCount`. */
  async told(): Promise<void> {
    while (this.notifyCount === 0) await new Promise<void>((wake) => this.#wake = wake);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(message: string): void {
    if (message.startsWith("NOTIFY ")) return this.#receiveNotify(message);
    if (!message.startsWith("SIP/2.0 1")) this.#waiting.get(header(message, "CSeq"))?.(message);
  }

  #receiveNotify(message: string): void {
    // A port may be that of a phone that gave up before it was answered: its subscription ends now.
    const isOurs = header(message, "Call-ID") === `${this.id}@crash`;
    const answer = isOurs ? okTo(message) : okTo(message).replace("200 OK", "481 Subscription Does Not Exist");
    this.#socket.send(Buffer.from(answer, "latin1"), this.#server, "127.0.0.1");
    if (!isOurs) return;
    const sequence = parseInt(header(message, "CSeq"));
    if (sequence === this.#notifySequence) return;
    if (sequence < this.#notifySequence) this.complaints.push(`CSeq ${sequence} after ${this.#notifySequence}`);
    this.#notifySequence = sequence;
    const version = Number(/version="(\d+)"/.exec(message)?.[1]);
    if (!(version > this.#version)) this.complaints.push(`version ${version} after ${this.#version}`);
    this.#version = version;
    const isEnd = header(message, "Subscription-State").startsWith("terminated");
    if (this.isTerminated && !isEnd) this.complaints.push("told of a subscription that is over");
    this.isTerminated ||= isEnd;
    this.newest = body(message);
    this.notifyCount++;
    this.#wake();
  }
}
