/**
 * Owns the shape of what is measured, as Prometheus knows it.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** One quantity at this moment. */
export interface Measurement {
  /** `hintd_datagrams_received_total`; base units, snake_case. */
  readonly name: string;
  /** What it means, and what a value that is too high says; one sentence or two. */
  readonly help: string;
  /** Whether it only grows, goes up and down, or counts by size. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Its values. */
  readonly samples: readonly Sample[];
}

/** One value. */
export interface Sample {
  /** What it is of; values are few and never from strangers. */
  readonly labels: Readonly<Record<string, string>>;
  /** The value itself. */
  readonly value: number;
  /** Appended to the name, for parts of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}
