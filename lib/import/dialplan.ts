/**
 * Owns extensions.conf: contexts, their hints and includes, and how much else stands there.
 */
import type { Entry, Section } from "./reader.ts";
import type { Place } from "./report.ts";
import { Globals } from "./variables.ts";

/** `exten => EXTEN,hint,TEXT`, variables filled in. */
export interface HintLine {
  readonly exten: string;
  readonly text: string;
  /** Variables that nobody can fill in. */
  readonly unknown: readonly string[];
  /** Caller that the hint is for; "" for all. */
  readonly caller: string;
  readonly place: Place;
}

/** `include => CONTEXT[,TIMES]`. */
export interface IncludeLine {
  readonly context: string;
  /** When it is in force; "" for always. */
  readonly times: string;
  readonly place: Place;
}

/** One context with all of its sections. */
export interface DialplanContext {
  readonly name: string;
  readonly place: Place;
  readonly hints: HintLine[];
  readonly includes: IncludeLine[];
  autohints: boolean;
  /** Lines of dialplan that are no hints. */
  stepCount: number;
  /** Other lines: switches and what nobody knows. */
  readonly others: Entry[];
}

/** The dialplan as far as it matters to watchers. */
export interface Dialplan {
  readonly contexts: ReadonlyMap<string, DialplanContext>;
  readonly globals: Globals;
  /** Lines of `[general]`. */
  readonly general: readonly Entry[];
}

/** Reads the sections of extensions.conf; those of one name are one context. */
export function readDialplan(sections: readonly Section[]): Dialplan {
  const globals = new Globals();
  const general: Entry[] = [];
  const contexts = new Map<string, DialplanContext>();
  for (const section of sections) {
    const name = section.name.toLowerCase();
    if (name === "globals") globals.read(section);
    else if (name === "general") general.push(...section.entries);
  }
  for (const section of sections) {
    if (["globals", "general"].includes(section.name.toLowerCase())) continue;
    let context = contexts.get(section.name);
    if (context === undefined) {
      context = emptyContext(section.name, section.place);
      contexts.set(section.name, context);
    }
    readContext(context, section.entries, globals);
  }
  return { contexts, globals, general };
}

/** A context without lines. */
export function emptyContext(name: string, place: Place): DialplanContext {
  return { name, place, hints: [], includes: [], autohints: false, stepCount: 0, others: [] };
}

function readContext(context: DialplanContext, entries: readonly Entry[], globals: Globals): void {
  let exten = "";
  for (const entry of entries) {
    switch (entry.name.toLowerCase()) {
      case "exten": {
        const comma = commaBehindSets(entry.value);
        exten = globals.expand(entry.value.slice(0, comma).trim()).text;
        readStep(context, exten, entry.value.slice(comma + 1), entry.place, globals);
        break;
      }
      case "same":
        readStep(context, exten, entry.value, entry.place, globals);
        break;
      case "include": {
        const [name = "", ...times] = globals.expand(entry.value).text.split(/[,|]/);
        context.includes.push({ context: name.trim(), times: times.join(","), place: entry.place });
        break;
      }
      case "autohints":
        context.autohints = /^(yes|true|y|t|1|on)$/i.test(entry.value);
        break;
      default:
        context.others.push(entry);
    }
  }
}

/** One priority of an extension: `hint,DEVICES…`, or a step of a call. */
function readStep(context: DialplanContext, exten: string, step: string, place: Place, globals: Globals): void {
  const comma = step.indexOf(",");
  const priority = (comma < 0 ? step : step.slice(0, comma)).trim();
  if (!/^hint(\(.*\))?$/i.test(priority)) {
    context.stepCount++;
    return;
  }
  const { text, unknown } = globals.expand(comma < 0 ? "" : step.slice(comma + 1).trim());
  const slash = exten.indexOf("/");
  context.hints.push({
    exten: slash < 0 ? exten : exten.slice(0, slash),
    caller: slash < 0 ? "" : exten.slice(slash + 1),
    text,
    unknown: [...unknown, ...globals.expand(exten).unknown],
    place,
  });
}

/** Where the first comma stands that is in no `[…]`; behind the end when there is none. */
function commaBehindSets(value: string): number {
  let isInSet = false;
  for (let at = 0; at < value.length; at++) {
    if (value[at] === "[") isInSet = true;
    else if (value[at] === "]") isInSet = false;
    else if (value[at] === "," && !isInSet) return at;
  }
  return value.length;
}
