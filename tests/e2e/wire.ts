/** Speaks to a server in raw bytes: what a test sends is what goes out, what comes in is kept in order. */
import { type Socket as TcpSocket } from "bun";
import { PATIENCE_MILLIS, within } from "./lines.ts";

/** One end of a conversation. Messages are text, one character per byte. */
export interface Wire {
  readonly port: number;
  readonly received: string[];
  send(message: string | Uint8Array): void;
  /** Waits for the next message, in order of arrival, that `isIt` accepts; others before it are passed over. */
  next(isIt?: (message: string) => boolean, millis?: number): Promise<string>;
  /** From now on, answers by itself what `rule` has an answer to; nobody waits for that any more. */
  answerBy(rule: (message: string) => string | undefined): void;
  /** Resolves when the other side closes. Never on UDP. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Bytes of a text whose characters are bytes. */
function bytesOf(message: string | Uint8Array): Uint8Array {
  return typeof message === "string" ? Buffer.from(message, "latin1") : message;
}

/** The inbox that both kinds of wire share. */
class Inbox {
  readonly received: string[] = [];
  #read = 0;
  #wake: () => void = () => {};
  rule: (message: string) => string | undefined = () => undefined;

  add(message: string, send: (answer: string) => void): void {
    const answer = this.rule(message);
    if (answer !== undefined) return send(answer);
    this.received.push(message);
    this.#wake();
  }

  async next(isIt: (message: string) => boolean = () => true, millis = PATIENCE_MILLIS): Promise<string> {
    const search = async (): Promise<string> => {
      for (;;) {
        while (this.#read < this.received.length) {
          const message = this.received[this.#read++]!;
          if (isIt(message)) return message;
        }
        await new Promise<void>((wake) => this.#wake = wake);
      }
    };
    return await within(search(), () => `a message; got:\n${this.received.join("\n----\n")}`, millis);
  }
}

/** Opens a UDP socket on loopback that speaks to `port` of `server` only; host and port are where it binds itself. */
export async function openUdp(
  port: number,
  local: { host?: string; port?: number; server?: string } = {},
): Promise<Wire> {
  const inbox = new Inbox();
  const send = (message: string | Uint8Array) => void socket.send(bytesOf(message), port, local.server ?? "127.0.0.1");
  const socket = await Bun.udpSocket({
    hostname: local.host ?? "127.0.0.1",
    port: local.port ?? 0,
    socket: {
      data: (_, data) => inbox.add(data.toString("latin1"), send),
      error: () => {},
    },
  });
  return {
    port: socket.port,
    received: inbox.received,
    send,
    next: (isIt, millis) => inbox.next(isIt, millis),
    answerBy: (rule) => void (inbox.rule = rule),
    closed: new Promise(() => {}),
    close: () => socket.close(),
  };
}

/** Opens a TCP connection; each arriving message is cut out by its Content-Length, a lone CRLF is a message of its own. */
export async function openTcp(port: number, server = "127.0.0.1"): Promise<Wire> {
  const inbox = new Inbox();
  const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>();
  let unread = "";
  const cut = (): void => {
    for (;;) {
      const head = unread.startsWith("\r\n") ? 2 : unread.indexOf("\r\n\r\n") + 4;
      if (head < 4 && !(head === 2)) return;
      const length = head === 2 ? 0 : Number(/^(?:Content-Length|l)\s*:\s*(\d+)/im.exec(unread)?.[1] ?? 0);
      if (unread.length < head + length) return;
      inbox.add(unread.slice(0, head + length), send);
      unread = unread.slice(head + length);
    }
  };
  let backlog: Uint8Array[] = [];
  const flush = (socket: TcpSocket): void => {
    while (backlog.length > 0) {
      const written = socket.write(backlog[0]!);
      if (written < 0) return void (backlog = []);
      if (written < backlog[0]!.length) return void (backlog[0] = backlog[0]!.subarray(written));
      backlog.shift();
    }
  };
  const send = (message: string | Uint8Array) => {
    backlog.push(bytesOf(message));
    flush(socket);
  };
  const socket = await Bun.connect({
    hostname: server,
    port,
    socket: {
      data: (_, data) => {
        unread += data.toString("latin1");
        cut();
      },
      drain: flush,
      close: () => hasClosed(),
      error: () => hasClosed(),
    },
  });
  return {
    port: socket.localPort,
    received: inbox.received,
    send,
    next: (isIt, millis) => inbox.next(isIt, millis),
    answerBy: (rule) => void (inbox.rule = rule),
    closed,
    close: () => void socket.end(),
  };
}

/** First line of a message. */
export function startLine(message: string): string {
  return message.slice(0, message.indexOf("\r\n"));
}

/** Value of the first header of that name, long form; empty when there is none. */
export function header(message: string, name: string): string {
  return new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, "im").exec(message)?.[1]?.trim() ?? "";
}

/** What follows the empty line. */
export function body(message: string): string {
  return message.slice(message.indexOf("\r\n\r\n") + 4);
}

/** Writes a 200 to a request, with the headers that every response copies (RFC 3261 §8.2.6.2). */
export function okTo(request: string): string {
  const copied = request.split("\r\n").filter((line) => /^(via|from|to|call-id|cseq)\s*:/i.test(line));
  return ["SIP/2.0 200 OK", ...copied, "Content-Length: 0", "", ""].join("\r\n");
}

let serial = 0;

/** Parts of a request that a test wants otherwise. */
export type RequestParts = {
  method?: string;
  uri?: string;
  from?: string;
  to?: string;
  callId?: string;
  cseq?: number;
  branch?: string;
  headers?: readonly string[];
  body?: string;
};

/** Writes a request as a phone behind `wire` would. */
export function requestFrom(wire: Wire, transport: "UDP" | "TCP", parts: RequestParts = {}): string {
  const id = `${process.pid}-${wire.port}-${++serial}`;
  const { method = "OPTIONS", uri = "sip:127.0.0.1", body = "" } = parts;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} 127.0.0.1:${wire.port};rport;branch=${parts.branch ?? `z9hG4bK${id}`}`,
    "Max-Forwards: 70",
    `From: ${parts.from ?? `<sip:guest@127.0.0.1>;tag=t${id}`}`,
    `To: ${parts.to ?? `<${uri}>`}`,
    `Call-ID: ${parts.callId ?? id}`,
    `CSeq: ${parts.cseq ?? 1} ${method}`,
    `Contact: <sip:guest@127.0.0.1:${wire.port}${transport === "TCP" ? ";transport=tcp" : ""}>`,
    ...(parts.headers ?? []),
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}
