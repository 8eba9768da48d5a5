/**
 * Owns contexts and their hints: which of them a watcher can reach, and what each hint becomes.
 */
import { checkHint, deviceKey, hintText, parseHint, providerKey } from "../state/hint.ts";
import { checkExtension } from "../state/pattern.ts";
import type { Dialplan, DialplanContext, HintLine } from "./dialplan.ts";
import { entriesText } from "./draft.ts";
import { placeText } from "./report.ts";
import { pairText, type TomlText } from "./toml.ts";

/** Writes the contexts that lead to hints or that endpoints name; the others are told of in a comment. */
export function writeContexts(text: TomlText, dialplan: Dialplan, namedByEndpoints: ReadonlySet<string>): void {
  const leading = contextsWithHints(dialplan.contexts);
  const isWritten = (name: string) => dialplan.contexts.has(name) && (leading.has(name) || namedByEndpoints.has(name));
  const contexts = [...dialplan.contexts.values()];
  for (const context of contexts.filter(({ name }) => isWritten(name))) {
    writeContext(text, context, isWritten);
    writeHints(text, context);
  }
  writeRest(text, dialplan, contexts.filter(({ name }) => !isWritten(name)));
}

/** Contexts that have hints, make them, or include one that does. */
function contextsWithHints(contexts: ReadonlyMap<string, DialplanContext>): ReadonlySet<string> {
  const includers = new Map<string, string[]>();
  for (const { name, includes } of contexts.values()) {
    for (const { context } of includes) {
      const known = includers.get(context);
      if (known === undefined) includers.set(context, [name]);
      else known.push(name);
    }
  }
  const waiting = [...contexts.values()].filter(({ hints, autohints }) => hints.length > 0 || autohints)
    .map(({ name }) => name);
  const found = new Set(waiting);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const includer of includers.get(name) ?? []) {
      if (!found.has(includer)) waiting.push(includer);
      found.add(includer);
    }
  }
  return found;
}

function writeContext(text: TomlText, context: DialplanContext, isWritten: (name: string) => boolean): void {
  text.table("contexts", context.name);
  if (context.place.file !== "") text.comment(placeText(context.place));
  const included = context.includes.filter((include) => isWritten(include.context));
  for (const { context: name, times, place } of included) {
    if (times !== "") {
      text.comment(`include => ${name},${times} (${placeText(place)}): hintd includes it at all times.`);
    }
  }
  const left = context.includes.filter((include) => !included.includes(include)).map((include) => include.context);
  if (left.length > 0) text.comment(`Included too, without hints: ${left.join(", ")}.`, "  ");
  if (included.length > 0) text.pair("include", [...new Set(included.map((include) => include.context))]);
  if (context.autohints) text.pair("autohints", true);
  if (context.stepCount > 0) text.comment(`${lines(context.stepCount)} for calls: no counterpart.`);
  if (context.others.length > 0) text.comment(`No counterpart: ${entriesText(context.others)}`, "  ");
}

/** Writes the hints of a context. */
function writeHints(text: TomlText, context: DialplanContext): void {
  if (context.hints.length === 0) return;
  text.table("contexts", context.name, "hints");
  const places = new Map<string, string>();
  for (const line of context.hints) {
    const place = placeText(line.place);
    const hint = hintOf(line);
    const first = places.get(line.exten);
    if (first !== undefined) hint.problem = `it has a hint already (${first})`;
    for (const note of hint.notes) text.comment(`${place}: ${note}`, "  ");
    if (hint.problem === "") {
      text.pair(line.exten, hint.text);
      places.set(line.exten, place);
    } else {
      text.comment(`${place}: ${hint.problem}`, "  ");
      text.disabled(pairText(line.exten, hint.text));
    }
  }
}

/** What a hint becomes. */
interface HintOutcome {
  readonly text: string;
  /** What was changed. */
  readonly notes: string[];
  /** Why it cannot be in force; "" when it can. */
  problem: string;
}

function hintOf({ exten, text, unknown, caller }: HintLine): HintOutcome {
  const outcome: HintOutcome = { text, notes: [], problem: "" };
  const wrongExtension = checkExtension(exten);
  if (caller !== "") outcome.problem = `it is for the caller ${caller} only; a watcher has no caller's number`;
  else if (wrongExtension !== undefined) outcome.problem = wrongExtension;
  else if (unknown.length > 0) outcome.problem = `${unknown.join(", ")} cannot be worked out here`;
  if (outcome.problem !== "") return outcome;
  const { devices, providers, name } = parseHint(text);
  const known = devices.filter((device) => deviceKey(device) !== undefined || providerKey(device) !== undefined);
  const others = devices.filter((device) => !known.includes(device));
  if (others.length > 0 && known.length + providers.length > 0) {
    const rest = hintText({ devices: known, providers, name });
    const problem = checkHint(rest);
    if (problem === undefined) {
      return { text: rest, notes: [`without ${others.join(", ")}, which nobody provides here`], problem: "" };
    }
  }
  const problem = others.length > 0
    ? `nobody provides ${others.join(", ")} here; a Custom: device that somebody sets can stand for it`
    : checkHint(text) ?? "";
  return { ...outcome, problem };
}

/** Tells of what is not written. */
function writeRest(text: TomlText, { globals, general }: Dialplan, rest: readonly DialplanContext[]): void {
  text.blank();
  if (globals.size > 0) {
    text.comment(`[globals]: ${globals.size} variables, filled in where hints name them; no counterpart otherwise.`);
  }
  if (general.length > 0) text.comment(`[general]: no counterpart: ${entriesText(general)}`, "  ");
  if (rest.length === 0) return;
  const steps = rest.reduce((sum, context) => sum + context.stepCount + context.others.length, 0);
  text.comment(
    `${rest.length === 1 ? "A context" : `${rest.length} contexts`} without hints (${lines(steps)} for calls), ` +
      `no counterpart: ${rest.map((context) => context.name).join(", ")}.`,
    "  ",
  );
}

function lines(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}
