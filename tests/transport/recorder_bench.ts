/**
 * Measures what it costs to record a message.
 *
 * Run: node_modules/bun/bin/bun.exe tests/transport/recorder_bench.ts. Budget: 0.15 µs for a message of 900 bytes.
 * Prints one JSON line, so that two runs can be compared.
 */
import { systemClock } from "../../lib/runtime/clock.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Listener } from "../../lib/transport/transport.ts";

const listener: Listener = {
  name: "",
  transport: "udp",
  address: "127.0.0.1",
  port: 5060,
  isSymmetric: false,
  isOpen: true,
  advertised: () => ({ host: "127.0.0.1", port: 5060 }),
};
const messages = Array.from({ length: 1_000 }, (_, i) => Buffer.alloc(i % 2 === 0 ? 900 : 400));
const recorder = new Recorder(systemClock);
const total = 1_000_000;

let best = Infinity;
for (let run = 0; run < 10; run++) {
  const begin = Bun.nanoseconds();
  for (let i = 0; i < total; i++) {
    const bytes = messages[i % messages.length]!;
    recorder.record(bytes, 0, bytes.length, i % 2 === 0, listener, "127.0.0.1", 5060);
  }
  best = Math.min(best, (Bun.nanoseconds() - begin) / total);
}
process.stdout.write(`${JSON.stringify({ recordNanos: Math.round(best) })}\n`);
