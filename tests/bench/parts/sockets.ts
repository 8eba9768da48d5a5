/**
 * Measures one datagram in and one out on loopback: the processor time of the process that answers, by hintd's listener and
 * by a bare socket of this runtime.
 *
 * The answering process is this file, run as `sockets.ts own` or `sockets.ts bare`; it prints its port.
 */
import { systemClock } from "../../../lib/runtime/clock.ts";
import { silentLog } from "../../../lib/runtime/log.ts";
import { systemAlarm, Timers } from "../../../lib/runtime/timers.ts";
import { systemTurn } from "../../../lib/runtime/turn.ts";
import { Recorder } from "../../../lib/transport/recorder.ts";
import { transportCounters } from "../../../lib/transport/transport_counters.ts";
import { Transports } from "../../../lib/transport/transports.ts";
import { demand, type Part, quietOf } from "./measure.ts";
import { cpuNanos } from "../proc.ts";

const ADDRESS = "127.0.0.1";
/** Datagrams that arrive together. */
const BATCH = 40;
const BATCHES = 100;
const SAMPLES = 15;
/** Samples that only warm up. */
const WARM_SAMPLES = 4;
/** A lost datagram would be waited for without end. */
const LONGEST_MILLIS = 20_000;

type Kind = "own" | "bare";

/** Answers every datagram with `answer`, by hintd's own listener. */
async function answerAsHintd(answer: Uint8Array): Promise<number> {
  const clock = systemClock;
  const transports = new Transports({
    receiver: {
      receiveMessage: (_bytes, _start, _end, flow) => void flow.send(answer),
      receiveUnframed() {},
      flowClosed() {},
    },
    recorder: new Recorder(clock),
    turn: systemTurn(),
    timers: new Timers(clock, systemAlarm()),
    clock,
    log: silentLog,
    counters: transportCounters(),
  });
  const problems = await transports.start([
    { name: "bench", transport: "udp", address: ADDRESS, port: 0, isSymmetric: false },
  ]);
  demand(problems.length === 0, "the listener opens");
  return transports.listeners[0]!.port;
}

/** Does the same with as little as possible. */
async function answerBarely(answer: Uint8Array): Promise<number> {
  let batch: (Uint8Array | number | string)[] = [];
  const flush = () => {
    const full = batch;
    batch = [];
    socket.sendMany(full);
  };
  const socket = await Bun.udpSocket({
    hostname: ADDRESS,
    socket: {
      data(_, __, port, address) {
        if (batch.push(answer, port, address) === 3) setImmediate(flush);
      },
    },
  });
  return socket.port;
}

/** Microseconds of the answering process for one datagram in and one out. */
async function measure(kind: Kind, request: Uint8Array, answerLength: number): Promise<number> {
  const child = Bun.spawn([process.execPath, import.meta.path, kind, String(answerLength)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  process.on("exit", () => child.kill());
  const first = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(first.value));
  let answered = 0;
  let bytes = 0;
  let arrived = () => {};
  const socket = await Bun.udpSocket({
    hostname: ADDRESS,
    socket: {
      data(_, data) {
        bytes += data.length;
        if (++answered % BATCH === 0) arrived();
      },
    },
  });
  const batch = Array.from({ length: BATCH }, () => [request, port, ADDRESS]).flat();
  const sample = async () => {
    const before = cpuNanos(child.pid);
    for (let i = 0; i < BATCHES; i++) {
      const all = new Promise<void>((resolve) => arrived = resolve);
      demand(socket.sendMany(batch) === BATCH, "all datagrams leave");
      await all;
    }
    return (cpuNanos(child.pid) - before) / 1e3 / (BATCH * BATCHES);
  };
  const samples: number[] = [];
  for (let i = 0; i < WARM_SAMPLES + SAMPLES; i++) samples.push(await sample());
  socket.close();
  child.kill();
  const expected = BATCH * BATCHES * (WARM_SAMPLES + SAMPLES);
  demand(answered === expected && bytes === expected * answerLength, "every datagram is answered");
  return quietOf(samples.slice(WARM_SAMPLES));
}

/** The part of the sockets, for datagrams such as these. */
export async function socketPart(request: Uint8Array, answerLength: number): Promise<Part> {
  const guard = setTimeout(() => {
    process.stderr.write("A datagram was lost on loopback: run again\n");
    process.exit(1);
  }, LONGEST_MILLIS);
  const own = await measure("own", request, answerLength);
  const floor = await measure("bare", request, answerLength);
  clearTimeout(guard);
  return {
    name: "socket: one datagram in, one out",
    own: () => own,
    floor: () => floor,
    what: "the same by a bare socket",
  };
}

if (import.meta.main) {
  const answer = new Uint8Array(Number(process.argv[3]));
  const port = process.argv[2] === "own" ? await answerAsHintd(answer) : await answerBarely(answer);
  process.stdout.write(`${port}\n`);
}
