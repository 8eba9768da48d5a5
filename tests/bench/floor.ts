/**
 * The floor: what a bare loop of this runtime costs, by UDP and by TCP, to compare the appliance with. No parser, no transactions, no
 * timers, no state: it takes every SUBSCRIBE, and on `CHANGE 2000` sends each watcher of 2000 a NOTIFY of ready-made bytes, at
 * most `WINDOW` unanswered ones at a time because the receiver's kernel buffer holds no more.
 *
 * Run: node_modules/bun/bin/bun.exe tests/bench/floor.ts [port]; it prints its port.
 */

import { Framer } from "./wires.ts";

const WINDOW = 160;

const BODY =
  '<?xml version="1.0" encoding="UTF-8"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" ' +
  'state="full" entity="sip:2000@127.0.0.1">\n <dialog id="2000">\n  <state>confirmed</state>\n </dialog>\n</dialog-info>\n';

/** Where a message came from, and its answers go. */
type Peer = { readonly via: "UDP" | "TCP"; send(messages: Buffer[]): void };
type Watcher = { peer: Peer; notify: Buffer; cseqAt: number; cseq: number };

const byCallId = new Map<string, Watcher>();
const byExten = new Map<string, Set<Watcher>>();
const queue: Watcher[] = [];
let waiting = 0;
let next = 0;

/** Value of a header; good enough for the one client that speaks to this. */
function header(message: string, name: string): string {
  const start = message.indexOf(`\r\n${name}: `) + name.length + 4;
  return message.slice(start, message.indexOf("\r\n", start));
}

function lines(...parts: string[]): Buffer {
  return Buffer.from(parts.join("\r\n"), "latin1");
}

function notifyFor(message: string, { via }: Peer): Buffer {
  return lines(
    `NOTIFY ${header(message, "Contact").slice(1, -1)} SIP/2.0`,
    `Via: SIP/2.0/${via} 127.0.0.1:${socket.port};rport;branch=z9hG4bK${byCallId.size}`,
    "Max-Forwards: 70",
    `From: ${header(message, "To")};tag=floor`,
    `To: ${header(message, "From")}`,
    `Call-ID: ${header(message, "Call-ID")}`,
    "CSeq: 10000 NOTIFY",
    `Contact: <sip:127.0.0.1:${socket.port}>`,
    "Event: dialog",
    "Subscription-State: active;expires=3600",
    "Content-Type: application/dialog-info+xml",
    `Content-Length: ${BODY.length}`,
    "",
    BODY,
  );
}

function receiveSubscribe(message: string, peer: Peer): void {
  const exten = /^SUBSCRIBE sip:(\w+)/.exec(message)![1]!;
  const answer = lines(
    "SIP/2.0 200 OK",
    `Via: ${header(message, "Via")}`,
    `From: ${header(message, "From")}`,
    `To: ${header(message, "To")}${header(message, "To").includes(";tag=") ? "" : ";tag=floor"}`,
    `Call-ID: ${header(message, "Call-ID")}`,
    `CSeq: ${header(message, "CSeq")}`,
    `Contact: <sip:${exten}@127.0.0.1:${socket.port}>`,
    "Expires: 3600",
    "Content-Length: 0",
    "",
    "",
  );
  const callId = header(message, "Call-ID");
  let watcher = byCallId.get(callId);
  if (watcher !== undefined && header(message, "Expires") === "0") {
    byCallId.delete(callId);
    byExten.get(exten)!.delete(watcher);
  }
  if (watcher === undefined) {
    const notify = notifyFor(message, peer);
    watcher = { peer, notify, cseqAt: notify.indexOf("CSeq: ") + 6, cseq: 10_000 };
    byCallId.set(callId, watcher);
    const watchers = byExten.get(exten);
    if (watchers === undefined) byExten.set(exten, new Set([watcher]));
    else watchers.add(watcher);
  }
  peer.send([answer, nextNotify(watcher)]);
  waiting++;
}

/** The watcher's NOTIFY with the next CSeq. */
function nextNotify(watcher: Watcher): Buffer {
  watcher.notify.write(String(++watcher.cseq), watcher.cseqAt, "latin1");
  return watcher.notify;
}

/** Sends as many NOTIFYs as the window allows, in one call. */
function sendMore(): void {
  const streams = new Map<Peer, Buffer[]>();
  const batch: (Buffer | number | string)[] = [];
  while (next < queue.length && waiting < WINDOW) {
    const watcher = queue[next++]!;
    const { peer } = watcher;
    if (peer instanceof DatagramPeer) batch.push(nextNotify(watcher), peer.port, peer.address);
    else if (streams.has(peer)) streams.get(peer)!.push(nextNotify(watcher));
    else streams.set(peer, [nextNotify(watcher)]);
    waiting++;
  }
  if (next === queue.length) next = queue.length = 0;
  if (batch.length > 0) socket.sendMany(batch);
  for (const [peer, messages] of streams) peer.send(messages);
}

class DatagramPeer implements Peer {
  readonly via = "UDP";

  constructor(readonly port: number, readonly address: string) {}

  send(messages: Buffer[]): void {
    socket.sendMany(messages.flatMap((message) => [message, this.port, this.address]));
  }
}

function receive(data: Buffer, peer: Peer): void {
  if (data[0] === 0x53 && data[1] === 0x49) { // "SI": a response
    waiting--;
    if (waiting < WINDOW / 2) sendMore();
  } else if (data[0] === 0x43) { // "C": CHANGE
    queue.push(...byExten.get(data.toString("latin1", 7, 11))!);
    sendMore();
  } else if (data[0] === 0x53) receiveSubscribe(data.toString("latin1"), peer);
}

const socket: Bun.udp.Socket<"buffer"> = await Bun.udpSocket({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  socket: {
    data: (_, data, port, address) => receive(data, new DatagramPeer(port, address)),
    error: () => {},
  },
});
Bun.listen<{ framer: Framer }>({
  hostname: "127.0.0.1",
  port: socket.port,
  socket: {
    open(stream) {
      // The generator reads at once, so what is written is taken.
      const peer: Peer = { via: "TCP", send: (messages) => void stream.write(Buffer.concat(messages)) };
      stream.data = {
        framer: new Framer((data) => receive(Buffer.from(data.buffer, data.byteOffset, data.byteLength), peer)),
      };
    },
    data: (stream, data) => stream.data.framer.receive(data),
  },
});
process.stdout.write(`${socket.port}\n`);
