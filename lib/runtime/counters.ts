/**
 * Owns the plain counters of every layer: integers in one record each, cheap enough for the data plane, read by status and metrics.
 */

/** A layer's counters: name to count since start. */
export type Counters = Record<string, number>;

/** Counters of all layers, by area. */
export interface CounterRegistry {
  /** Registers and returns `counters` under `area`; the layer keeps and increments the very object. */
  register<T extends Counters>(area: string, counters: T): T;
  /** Copies every counter: area → name → count. */
  snapshot(): Record<string, Counters>;
}

/** Makes an empty registry. */
export function createCounterRegistry(): CounterRegistry {
  const areas = new Map<string, Counters>();
  return {
    register(area, counters) {
      areas.set(area, counters);
      return counters;
    },
    snapshot() {
      const copy: Record<string, Counters> = {};
      for (const [area, counters] of areas) copy[area] = { ...counters };
      return copy;
    },
  };
}
