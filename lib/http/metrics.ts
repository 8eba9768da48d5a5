/**
 * Owns GET /metrics: measurements as text for Prometheus, written by prom-client.
 *
 * The package is loaded at the first scrape: an appliance that nobody scrapes does not pay for it.
 */
import { cpuUsage, memoryUsage } from "node:process";
import type { Metric, Registry as RegistryType } from "prom-client";
import type { Measurement } from "./measurement.ts";

/** Writes `measurements`, and those of the process itself, in Prometheus' text format. */
export async function metricsResponse(measurements: readonly Measurement[]): Promise<Response> {
  // Of the package only what writes: the rest of it would weigh on an appliance that uses none of it.
  const { default: Registry } = await import("prom-client/lib/registry.js") as { default: typeof RegistryType };
  const registry = new Registry();
  for (const measurement of [...measurements, ...processMeasurements()]) {
    registry.registerMetric(asMetric(measurement) as unknown as Metric);
  }
  return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
}

/** All that prom-client's registry asks of a metric when it writes one. */
interface ScrapedMetric {
  readonly name: string;
  get(): Promise<object>;
}

function asMetric({ name, help, type, samples }: Measurement): ScrapedMetric {
  const values = samples.map(({ labels, value, suffix = "" }) => ({ labels, value, metricName: name + suffix }));
  return { name, get: () => Promise.resolve({ name, help, type, values, aggregator: "sum" }) };
}

/** Names that Prometheus' dashboards of processes know. */
function processMeasurements(): Measurement[] {
  const { user, system } = cpuUsage();
  return [
    {
      name: "process_cpu_seconds_total",
      help: "Processor time spent, in seconds.",
      type: "counter",
      samples: [{ labels: {}, value: (user + system) / 1e6 }],
    },
    {
      name: "process_resident_memory_bytes",
      help: "Memory in use, pages shared with other processes included, in bytes.",
      type: "gauge",
      samples: [{ labels: {}, value: memoryUsage.rss() }],
    },
  ];
}
