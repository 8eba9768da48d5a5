/**
 * Owns what an examination finds, one thing at a time.
 */

/** How bad it is. */
export type Level = "ok" | "warning" | "problem";

/** One finding. */
export interface Finding {
  readonly level: Level;
  /** What was examined: one or two words. */
  readonly topic: string;
  /** What was found, one sentence without full stop. */
  readonly text: string;
  /** What to do; empty where there is nothing to do. */
  readonly advice: string;
}

/** All is well there. */
export function ok(topic: string, text: string): Finding {
  return { level: "ok", topic, text, advice: "" };
}

/** It may be well. */
export function warning(topic: string, text: string, advice = ""): Finding {
  return { level: "warning", topic, text, advice };
}

/** Something does not work, or will not. */
export function problem(topic: string, text: string, advice = ""): Finding {
  return { level: "problem", topic, text, advice };
}
