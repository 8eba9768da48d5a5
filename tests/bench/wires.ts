/**
 * Owns the load generator's ways to a server: a socket for datagrams, and a connection with messages framed by their
 * Content-Length. Both collect what is queued and send it at once.
 */

/** How phones reach the server. */
export type Transport = "udp" | "tcp";

/** One way to the server. */
export type Wire = {
  /** Own port. */
  readonly port: number;
  /** Takes a message; it leaves with `flush`. */
  queue(bytes: Uint8Array): void;
  flush(): void;
  close(): void;
};

/** Gets one message; the bytes are valid until it returns. */
export type Receive = (wire: Wire, data: Uint8Array) => void;

type Peer = { readonly address: string; readonly port: number };

/** Opens a way. */
export function openWire(transport: Transport, peer: Peer, receive: Receive): Promise<Wire> {
  return transport === "udp" ? openDatagrams(peer, receive) : openStream(peer, receive);
}

async function openDatagrams({ address, port }: Peer, receive: Receive): Promise<Wire> {
  const outgoing: (Uint8Array | number | string)[] = [];
  const socket = await Bun.udpSocket({
    hostname: address,
    socket: { data: (_, data) => receive(wire, data), error: () => {} },
  });
  const wire: Wire = {
    port: socket.port,
    queue: (bytes) => void outgoing.push(bytes, port, address),
    flush() {
      if (outgoing.length > 0 && !socket.closed) socket.sendMany(outgoing as never);
      outgoing.length = 0;
    },
    close: () => socket.close(),
  };
  return wire;
}

/** Bytes of messages that are not whole yet; more is nobody's message. */
const PARTIAL_BYTES = 262_144;

async function openStream({ address, port }: Peer, receive: Receive): Promise<Wire> {
  const framer = new Framer((data) => receive(wire, data));
  let outgoing: Uint8Array[] = [];
  /** What the kernel did not take yet. */
  let rest: Uint8Array = new Uint8Array(0);
  const write = () => {
    if (outgoing.length > 0) {
      rest = rest.length === 0 ? Buffer.concat(outgoing) : Buffer.concat([rest, ...outgoing]);
      outgoing = [];
    }
    if (rest.length > 0) rest = rest.subarray(Math.max(0, socket.write(rest)));
  };
  const socket = await Bun.connect({
    hostname: address,
    port,
    socket: {
      data: (_, data) => framer.receive(data),
      drain: write,
      close() {},
      error(_, error) {
        throw error;
      },
    },
  });
  const wire: Wire = {
    port: socket.localPort,
    queue: (bytes) => void outgoing.push(bytes),
    flush: write,
    close: () => void socket.end(),
  };
  return wire;
}

const LENGTH_NAME = Buffer.from("\r\nContent-Length: ");
const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** Cuts a stream into messages; understands the one spelling of Content-Length that the measured servers write. */
export class Framer {
  readonly #deliver: (data: Uint8Array) => void;
  #held = Buffer.alloc(0);

  constructor(deliver: (data: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  /** Takes what has come; delivers every message that is whole. */
  receive(data: Uint8Array): void {
    const bytes = this.#held.length === 0
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : Buffer.concat([this.#held, data]);
    let at = 0;
    for (let end = endOfMessage(bytes, at); end > 0; end = endOfMessage(bytes, at)) {
      this.#deliver(bytes.subarray(at, end));
      at = end;
    }
    this.#held = Buffer.from(bytes.subarray(at));
    if (this.#held.length > PARTIAL_BYTES) throw new Error(`No message:\n${this.#held.toString("latin1", 0, 2_000)}`);
  }
}

/** Offset behind the message that begins at `start`; 0 when it is not whole. */
function endOfMessage(bytes: Buffer, start: number): number {
  const headEnd = bytes.indexOf(END_OF_HEAD, start);
  if (headEnd < 0) return 0;
  const name = bytes.lastIndexOf(LENGTH_NAME, headEnd);
  if (name < start) throw new Error(`No Content-Length:\n${bytes.toString("latin1", start, headEnd)}`);
  let length = 0;
  for (let i = name + LENGTH_NAME.length; bytes[i]! >= 0x30 && bytes[i]! <= 0x39; i++) {
    length = length * 10 + bytes[i]! - 0x30;
  }
  const end = headEnd + END_OF_HEAD.length + length;
  return end <= bytes.length ? end : 0;
}
