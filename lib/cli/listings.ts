/**
 * Owns the commands that show: status, hints, subscriptions, explain.
 */
import type { HintRow, ProblemRow, StatusRow, SubscriptionRow } from "../http/controls.ts";
import type { Explanation } from "../http/explain.ts";
import { agoText, countText, extensionWords, inText, outcomeText, presenceWords, spanText } from "../http/words.ts";
import { systemClock } from "../runtime/clock.ts";
import { ControlClient, Refusal } from "./client.ts";
import { print, printJson, printTable } from "./terminal.ts";

/** Options of a command that shows something. */
export interface ShowOptions {
  /** Configuration of the hintd to ask. */
  readonly config: string;
  /** Print the API's JSON. */
  readonly json?: boolean;
}

/** `hintd status`. */
export async function status(options: ShowOptions): Promise<number> {
  const client = new ControlClient(options.config);
  const [row, problems] = await Promise.all([
    client.call<StatusRow>("GET", "/status"),
    client.list<ProblemRow>("/problems"),
  ]);
  if (options.json) {
    printJson({ ...row, problems });
    return 0;
  }
  const wall = systemClock.wall();
  print(`hintd ${row.version} (commit ${row.commit}), up ${spanText(row.uptime_seconds * 1_000)}`);
  print(`configuration  ${row.config_file}, read ${agoText(row.config_loaded_at, wall)}`);
  const listeners = row.listeners.map(({ transport, address, port }) =>
    `${transport} ${address.includes(":") ? `[${address}]` : address}:${port}`
  );
  print(`listens on     ${listeners.join(", ")}`);
  print(
    `serves         ${countText(row.hint_count, "hint")}, ${countText(row.endpoint_count, "endpoint")}, ` +
      countText(row.subscription_count, "subscription"),
  );
  if (problems.length === 0) print("problems       none");
  for (const problem of problems) {
    print("");
    const times = problem.count > 1 ? `, ${problem.count} times` : "";
    print(`${problem.severity}: ${problem.message} (${agoText(problem.last_at, wall)}${times})`);
    if (problem.where !== "") print(`  at ${problem.where}`);
    if (problem.remedy !== "") print(`  ${problem.remedy}`);
  }
  return 0;
}

/** `hintd hints`. */
export async function hints(options: ShowOptions): Promise<number> {
  const rows = await new ControlClient(options.config).list<HintRow>("/hints");
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const wall = systemClock.wall();
  printTable(rows, [
    { head: "EXTEN", value: (row) => row.exten },
    { head: "CONTEXT", value: (row) => row.context },
    { head: "NAME", value: (row) => row.name },
    { head: "STATE", value: (row) => row.state },
    { head: "SINCE", value: (row) => row.changed_at === null ? "" : agoText(row.changed_at, wall) },
    { head: "PRESENCE", value: presenceText },
    { head: "WATCHERS", value: (row) => row.watcher_count },
    { head: "HINT", value: (row) => row.hint },
  ], "No hints");
  return 0;
}

/** `hintd subscriptions`. */
export async function subscriptions(options: ShowOptions): Promise<number> {
  const rows = await new ControlClient(options.config).list<SubscriptionRow>("/subscriptions");
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const wall = systemClock.wall();
  printTable(rows, [
    { head: "ID", value: (row) => row.id },
    { head: "WATCHER", value: (row) => row.endpoint },
    { head: "SOURCE", value: (row) => row.source },
    { head: "EXTEN", value: watchedText },
    { head: "EVENT", value: (row) => row.event },
    { head: "BODY", value: (row) => row.media_type.replace(/^application\//, "") },
    { head: "LAST NOTIFY", value: (row) => notifyText(row, wall) },
    { head: "EXPIRES", value: (row) => inText(row.expires_at, wall) },
  ], "No subscriptions");
  return 0;
}

/** `hintd explain`: looks in `--context` or after `@`, else in default, else wherever the extension is. */
export async function explain(options: ShowOptions & { readonly context?: string }, exten: string): Promise<number> {
  const client = new ControlClient(options.config);
  const at = exten.lastIndexOf("@");
  const context = options.context ?? (at > 0 ? exten.slice(at + 1) : undefined);
  const name = options.context === undefined && at > 0 ? exten.slice(0, at) : exten;
  const explanation = await explanationOf(client, name, context);
  if (options.json) {
    printJson(explanation);
    return 0;
  }
  const { hint, steps } = explanation;
  print(`${hint.name === "" ? hint.exten : `${hint.exten} ${hint.name}`}: ${extensionWords[hint.state]}`);
  for (const { title, lines } of steps) {
    for (const [index, line] of lines.entries()) print(`  ${(index === 0 ? title : "").padEnd(9)} ${line}`);
  }
  return 0;
}

async function explanationOf(client: ControlClient, exten: string, context: string | undefined): Promise<Explanation> {
  const ask = (one: string) =>
    client.call<Explanation>("GET", `/explain/${encodeURIComponent(one)}/${encodeURIComponent(exten)}`);
  if (context !== undefined) return await ask(context);
  try {
    return await ask("default");
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.status !== 404) throw error;
    const elsewhere = (await client.list<HintRow>("/hints")).find((row) => row.exten === exten);
    if (elsewhere === undefined) throw error;
    return await ask(elsewhere.context);
  }
}

function presenceText({ presence }: HintRow): string {
  if (presence === null || presence.state === "not_set") return "";
  return [presenceWords[presence.state].toLowerCase(), presence.subtype, presence.message].filter(Boolean).join(", ");
}

function watchedText({ exten, context }: SubscriptionRow): string {
  return context === "" ? exten || "(all of its own)" : `${exten}@${context}`;
}

function notifyText({ last_notify: notify }: SubscriptionRow, wall: number): string {
  return notify === null ? "none yet" : `${outcomeText(notify)}, ${agoText(notify.sent_at, wall)}`;
}
