/** Our transports on real loopback sockets, with their deadlines on a manual clock, and peers of plain sockets. */
import { systemTurn } from "../../lib/runtime/turn.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import type { ParseFailure } from "../../lib/sip/parse_failure.ts";
import type { ListenerOptions } from "../../lib/transport/listener_options.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Flow, FlowReceiver, TransportName } from "../../lib/transport/transport.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";
import { Transports } from "../../lib/transport/transports.ts";
import { ManualClock } from "../support/manual_clock.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Lets the event loop turn until `condition` holds; the test's own deadline bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A whole message with a body of `bodyBytes`. */
export function message(bodyBytes = 0, extra = ""): string {
  return `OPTIONS sip:a SIP/2.0\r\n${extra}Content-Length: ${bodyBytes}\r\n\r\n${"b".repeat(bodyBytes)}`;
}

/** What the layer above would be told. */
export class Upstairs implements FlowReceiver {
  readonly messages: { text: string; flow: Flow }[] = [];
  readonly unframed: { failure: ParseFailure; text: string; flow: Flow }[] = [];
  readonly closed: Flow[] = [];
  /** Answers whatever comes, when a test wants it. */
  reply: string | undefined;

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.messages.push({ text: decoder.decode(bytes.subarray(start, end)), flow });
    if (this.reply !== undefined) flow.send(encoder.encode(this.reply));
  }

  receiveUnframed(failure: ParseFailure, bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    this.unframed.push({ failure, text: decoder.decode(bytes.subarray(start, end)), flow });
    if (this.reply !== undefined) flow.send(encoder.encode(this.reply));
  }

  flowClosed(flow: Flow): void {
    this.closed.push(flow);
  }

  get texts(): string[] {
    return this.messages.map(({ text }) => text);
  }
}

/** Options of a listener on a free port. */
export function bind(transport: TransportName, address: string, more: Partial<ListenerOptions> = {}): ListenerOptions {
  return { name: `${transport}-${address}`, transport, address, port: 0, isSymmetric: false, ...more };
}

/** Opens listeners; `close` at the end of the test. */
export async function openSite(...binds: ListenerOptions[]) {
  const clock = new ManualClock();
  const up = new Upstairs();
  const counters = transportCounters();
  const recorder = new Recorder(clock);
  const transports = new Transports({
    receiver: up,
    recorder,
    timers: clock.timers(),
    clock,
    log: silentLog,
    counters,
    turn: systemTurn(),
  });
  const problems = await transports.start(binds);
  return {
    clock,
    up,
    counters,
    recorder,
    transports,
    problems,
    /** Bound port of the nth listener. */
    port: (index = 0) => transports.listeners[index]!.port,
    /** The flow to a destination, awaited. */
    flow: async (transport: TransportName, address: string, port: number) =>
      await transports.flowTo({ transport, address, port }),
    close: () => transports.stop(),
  };
}

/** A plain UDP socket. */
export async function udpPeer(address: string) {
  const received: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: address,
    port: 0,
    socket: { data: (_socket, data) => void received.push(decoder.decode(data)), error() {} },
  });
  return {
    received,
    port: socket.port,
    send: (text: string | Uint8Array, port: number) => socket.send(text, port, address),
    close: () => socket.close(),
  };
}

/** A plain TCP client. */
export async function tcpPeer(address: string, port: number) {
  let received = "";
  let isClosed = false;
  let queued: Uint8Array = new Uint8Array(0);
  const socket = await Bun.connect({
    hostname: address,
    port,
    socket: {
      data: (_socket, data) => {
        received += decoder.decode(data);
      },
      drain: (socket) => {
        queued = queued.subarray(Math.max(0, socket.write(queued)));
      },
      close: () => {
        isClosed = true;
      },
      error() {},
    },
  });
  return {
    get received() {
      return received;
    },
    get isClosed() {
      return isClosed;
    },
    port: socket.localPort,
    /** Sends everything, as fast as the other side reads. */
    send(text: string): void {
      const bytes = encoder.encode(text);
      const written = Math.max(0, socket.write(bytes));
      queued = bytes.subarray(written);
    },
    pause: () => socket.pause(),
    cut: () => socket.terminate(),
    end: () => socket.end(),
  };
}
