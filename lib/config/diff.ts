/**
 * Owns the difference between two configurations, in words for the operator.
 */
import type { Config } from "./config.ts";

/** What a reload changes: "3 hints added, 1 removed", "endpoint bob changed"; empty when nothing does. */
export function describeChanges(former: Config, next: Config): string[] {
  return [
    ...counted("hint", compare(hintsOf(former), hintsOf(next))),
    ...named("endpoint", former.endpoints, next.endpoints),
    ...named("aor", former.aors, next.aors),
    ...named("list", former.lists, next.lists),
    ...named("listener", listenersOf(former), listenersOf(next)),
    ...named("webhook", webhooksOf(former), webhooksOf(next)),
    ...named("outbound_publish", former.outbound_publish, next.outbound_publish),
    ...(["server", "log", "watchdog", "timers", "http", "bodies", "phones"] as const)
      .filter((section) => !isEqual(former[section], next[section])).map((section) => `[${section}] changed`),
    ...contextsChanged(former, next),
  ];
}

type Table = Readonly<Record<string, unknown>>;

function hintsOf(config: Config): Table {
  return Object.fromEntries(
    Object.entries(config.contexts).flatMap(([name, context]) =>
      Object.entries(context.hints).map(([exten, hint]) => [`${exten}@${name}`, hint])
    ),
  );
}

function listenersOf(config: Config): Table {
  return Object.fromEntries(config.listen.map((each) => [each.name, each]));
}

function webhooksOf(config: Config): Table {
  return Object.fromEntries(config.webhooks.map((each) => [each.name, each]));
}

/** Contexts whose includes or autohints are others; their hints are counted elsewhere. */
function contextsChanged(former: Config, next: Config): string[] {
  const rest = (config: Config): Table =>
    Object.fromEntries(Object.entries(config.contexts).map(([name, { hints: _hints, ...other }]) => [name, other]));
  return named("context", rest(former), rest(next));
}

/** So many names are told; more are counted. */
const NAMES_TOLD = 5;

function named(what: string, former: Table, next: Table): string[] {
  const differences = compare(former, next);
  if (Object.values(differences).flat().length > NAMES_TOLD) return counted(what, differences);
  return Object.entries(differences).flatMap(([verb, names]) => names.map((name) => `${what} ${name} ${verb}`));
}

/** "3 hints added, 1 removed". */
function counted(what: string, differences: Differences): string[] {
  const told = Object.entries(differences).filter(([, keys]) => keys.length > 0)
    .map(([verb, { length }], i) => `${length}${i > 0 ? "" : ` ${what}${length === 1 ? "" : "s"}`} ${verb}`);
  return told.length === 0 ? [] : [told.join(", ")];
}

type Differences = Record<"added" | "removed" | "changed", string[]>;

function compare(former: Table, next: Table): Differences {
  return {
    added: Object.keys(next).filter((key) => !(key in former)),
    removed: Object.keys(former).filter((key) => !(key in next)),
    changed: Object.keys(next).filter((key) => key in former && !isEqual(former[key], next[key])),
  };
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
