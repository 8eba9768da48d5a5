/**
 * Owns the last look: what hintd would refuse in the written text is taken out of force, with the reason.
 *
 * The converters know what the schema accepts. Checks that compare parts, or that are newer than a converter, are heard here. A
 * line goes alone, unless it says who may speak for an endpoint: then the endpoint goes, for it must not come out open.
 */
import type { ConfigRules } from "../config/checks.ts";
import { type ConfigProblem, loadConfig, type Loaded } from "../config/load.ts";

/** What went may be missed by what stayed: how often to look again. */
const ROUNDS_MAX = 16;

const guards = ["auth", "match", "identify_by", "permit", "deny", "contact_permit", "contact_deny", "aors"];

/** A text, and what hintd makes of it. */
export interface Settled {
  readonly text: string;
  readonly loaded: Loaded;
}

/** Takes out of force what `rules` and schema refuse, until nothing is refused. `file` is the name for messages. */
export async function settle(text: string, file: string, rules: ConfigRules): Promise<Settled> {
  let settled = text;
  let loaded = await loadConfig(settled, file, rules);
  for (let round = 0; "errors" in loaded && round < ROUNDS_MAX; round++) {
    const next = withoutRefused(settled, loaded.errors);
    if (next === settled) break;
    settled = next;
    loaded = await loadConfig(settled, file, rules);
  }
  return { text: settled, loaded };
}

/** Turns the lines that errors point at into comments. */
function withoutRefused(text: string, errors: readonly ConfigProblem[]): string {
  const lines = text.split("\n");
  const reasons = new Map<number, string>();
  const refused = new Set<number>();
  for (const { line, message } of errors) {
    const { first, last } = extentAt(lines, line - 1);
    if (refused.has(first)) continue;
    reasons.set(first, message);
    for (let at = first; at <= last; at++) refused.add(at);
  }
  return lines.flatMap((line, at) => {
    const reason = reasons.get(at);
    const kept = refused.has(at) && line !== "" ? `# ${line}` : line;
    return reason === undefined ? [kept] : [`# Not in force: ${reason.replace(/\p{Cc}/gu, " ")}`, kept];
  }).join("\n");
}

/** The lines to take out for an error at `line`: a pair with its list, or a table. */
function extentAt(lines: readonly string[], line: number): { first: number; last: number } {
  let first = line;
  while (first > 0 && /^[ \]]/.test(lines[first]!)) first--;
  let head = first;
  while (head > 0 && !lines[head]!.startsWith("[")) head--;
  const key = /^([\w-]+) =/.exec(lines[first]!)?.[1] ?? "";
  const isGuard = lines[head]!.startsWith("[endpoints.") && guards.includes(key);
  if (first === head || isGuard) {
    let last = head;
    while (last + 1 < lines.length && !/^\[|^# ---/.test(lines[last + 1]!)) last++;
    return { first: head, last };
  }
  let last = first;
  if (lines[first]!.endsWith(" = [")) { while (lines[last] !== "]" && last + 1 < lines.length) last++; }
  return { first, last };
}
