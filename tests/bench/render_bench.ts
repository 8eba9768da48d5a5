/**
 * Rendering and writing of bodies. Budget: writing a body of 400 bytes, 0.5 µs; exits with 1 beyond it.
 * Run: node_modules/bun/bin/bun.exe tests/bench/render_bench.ts [--json]
 */
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { RenderedBodies } from "../../lib/body/rendered_bodies.ts";
import { defaultVariant } from "../../lib/body/variant.ts";
import { sampleCall, sampleSubject } from "../body/samples.ts";

const WRITE_BUDGET_NS = 500;
const generators = new Generators();
const fill = holeFill({
  entity: "sip:1000@192.168.1.2:5060",
  remote: "sip:2000@192.168.1.2",
  guid: crypto.randomUUID(),
  version: 41,
});
const target = new Uint8Array(65_536);

/** Best of several rounds, in nanoseconds per call. */
function measure(count: number, run: (i: number) => void): number {
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) run(i);
    best = Math.min(best, (performance.now() - start) / count * 1e6);
  }
  return Math.round(best);
}

const subject = sampleSubject({ extension: "RINGING", calls: [sampleCall()] });
const results = generators.mediaTypes("presence").concat(generators.mediaTypes("dialog")).map((mediaType) => {
  const body = generators.render(mediaType, subject, defaultVariant);
  let sink = 0;
  return {
    mediaType,
    bytes: body.byteLength(fill),
    renderNanos: measure(3_000, () => void generators.render(mediaType, subject, defaultVariant)),
    writeNanos: measure(300_000, (i) => {
      fill.version = i;
      sink += body.byteLength(fill) + body.write(target, i & 1023, fill);
    }),
    sink,
  };
});

const bodies = new RenderedBodies(generators);
const rendering = generators.rendering("application/pidf+xml", defaultVariant);
const resource = { id: 7, ...subject };
const cachedNanos = measure(1_000_000, () => void bodies.bodyOf(resource, rendering));

const isWithinBudget = results.every((result) =>
  result.writeNanos * Math.min(1, 400 / result.bytes) <= WRITE_BUDGET_NS
);
const report = {
  results: results.map(({ sink: _, ...result }) => result),
  cachedNanos,
  writeBudgetNanos: WRITE_BUDGET_NS,
  isWithinBudget,
};
if (process.argv.includes("--json")) {
  process.stdout.write(JSON.stringify(report) + "\n");
} else {
  for (const { mediaType, bytes, renderNanos, writeNanos } of report.results) {
    process.stdout.write(
      `${mediaType.padEnd(28)} ${bytes} bytes  render ${renderNanos} ns  byteLength+write ${writeNanos} ns\n`,
    );
  }
  process.stdout.write(
    `cached body: ${cachedNanos} ns; budget of a 400-byte write: ${WRITE_BUDGET_NS} ns: ${
      isWithinBudget ? "kept" : "MISSED"
    }\n`,
  );
}
if (!isWithinBudget) process.exit(1);
