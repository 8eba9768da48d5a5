/**
 * Owns the lines in which findings are told.
 */
import type { Finding, Level } from "./finding.ts";

/** A line for each finding, what to do indented below it, and their count at the end. */
export function reportLines(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap(({ level, topic, text, advice }) => [
    `${level.padEnd(8)} ${topic.padEnd(12)} ${text}`,
    ...advice.split("\n").filter((line) => line !== "").map((line) => `${" ".repeat(22)}${line}`),
  ]);
  const count = (level: Level, noun: string) => {
    const found = findings.filter((finding) => finding.level === level).length;
    return `${found} ${noun}${found === 1 ? "" : "s"}`;
  };
  return [...lines, "", `${count("problem", "problem")}, ${count("warning", "warning")}`];
}
