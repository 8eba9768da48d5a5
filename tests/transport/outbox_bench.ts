/**
 * Measures the outbox without the kernel, and a datagram's way through it with the kernel, by batch.
 *
 * Run: node_modules/bun/bin/bun.exe tests/transport/outbox_bench.ts. Budget: 0.1 µs per datagram without the system call.
 * Prints one JSON line, so that two runs can be compared.
 */
import { type DatagramSocket, Outbox } from "../../lib/transport/outbox.ts";
import { transportCounters } from "../../lib/transport/transport_counters.ts";

const bytes = new Uint8Array(900);

/** Best nanoseconds per datagram of many batches of `size`. */
function measure(socket: DatagramSocket, port: number, size: number, total: number): number {
  const outbox = new Outbox({ socket, counters: transportCounters(), waitingMax: 16_384, schedule: () => {} });
  let best = Infinity;
  for (let run = 0; run < 10; run++) {
    const begin = Bun.nanoseconds();
    for (let sent = 0; sent < total; sent += size) {
      for (let i = 0; i < size; i++) outbox.push(bytes, port, "127.0.0.1");
      outbox.flush();
    }
    best = Math.min(best, (Bun.nanoseconds() - begin) / total);
  }
  return Math.round(best);
}

const sink: DatagramSocket = { sendMany: (batch) => batch.length / 3 };
const receiver = await Bun.udpSocket({ port: 0, hostname: "127.0.0.1", socket: { data() {}, error() {} } });
const sender = await Bun.udpSocket({ port: 0, hostname: "127.0.0.1", socket: { data() {}, error() {} } });
const result = {
  outboxNanos: measure(sink, 5060, 160, 320_000),
  kernelNanosBy1: measure(sender, receiver.port, 1, 20_000),
  kernelNanosBy16: measure(sender, receiver.port, 16, 20_000),
  kernelNanosBy160: measure(sender, receiver.port, 160, 20_000),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
sender.close();
receiver.close();
