/**
 * Owns the commands that list, set and unset device states, presence states and mailboxes.
 */
import type { DeviceStateRow, MailboxRow, PresenceStateRow } from "../http/controls.ts";
import { deviceStateNames, presenceStateNames } from "../http/schemas.ts";
import { agoText } from "../http/words.ts";
import { systemClock } from "../runtime/clock.ts";
import { ControlClient } from "./client.ts";
import { CliError } from "./errors.ts";
import type { ShowOptions } from "./listings.ts";
import { print, printJson, printTable } from "./terminal.ts";

/** `hintd devstate list`. */
export async function listDevices(options: ShowOptions): Promise<number> {
  const rows = await new ControlClient(options.config).list<DeviceStateRow>("/device-states");
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const wall = systemClock.wall();
  printTable(rows, [
    { head: "DEVICE", value: (row) => row.device },
    { head: "STATE", value: (row) => row.state },
    { head: "SINCE", value: (row) => row.changed_at === null ? "" : agoText(row.changed_at, wall) },
    { head: "HINTS", value: (row) => row.hints.join(" ") },
  ], "No devices");
  return 0;
}

/** `hintd devstate set`: a bare name means a Custom: device; the state's case does not matter. */
export async function setDevice(options: ShowOptions, name: string, state: string): Promise<number> {
  const path = devicePath(name);
  const known = oneOf(deviceStateNames, state.toUpperCase(), state);
  const row = await new ControlClient(options.config).call<DeviceStateRow>("PUT", path, { state: known });
  print(`${row.device} is ${row.state}`);
  return 0;
}

/** `hintd devstate unset`. */
export async function unsetDevice(options: ShowOptions, name: string): Promise<number> {
  await new ControlClient(options.config).call("DELETE", devicePath(name));
  print(`${withKind(name, "Custom")} is forgotten`);
  return 0;
}

/** `hintd presencestate list`. */
export async function listProviders(options: ShowOptions): Promise<number> {
  const rows = await new ControlClient(options.config).list<PresenceStateRow>("/presence-states");
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const wall = systemClock.wall();
  printTable(rows, [
    { head: "PROVIDER", value: (row) => row.provider },
    { head: "STATE", value: (row) => row.state },
    { head: "SUBTYPE", value: (row) => row.subtype },
    { head: "MESSAGE", value: (row) => row.message },
    { head: "SINCE", value: (row) => row.changed_at === null ? "" : agoText(row.changed_at, wall) },
    { head: "HINTS", value: (row) => row.hints.join(" ") },
  ], "No presence providers");
  return 0;
}

/** `hintd presencestate set`: a bare name means a CustomPresence: provider. */
export async function setProvider(
  options: ShowOptions,
  name: string,
  value: { state: string; subtype: string | undefined; message: string | undefined },
): Promise<number> {
  const path = providerPath(name);
  const state = oneOf(presenceStateNames, value.state.toLowerCase(), value.state);
  const row = await new ControlClient(options.config).call<PresenceStateRow>("PUT", path, {
    state,
    subtype: value.subtype ?? "",
    message: value.message ?? "",
  });
  print(`${row.provider} is ${[row.state, row.subtype, row.message].filter(Boolean).join(", ")}`);
  return 0;
}

/** `hintd presencestate unset`. */
export async function unsetProvider(options: ShowOptions, name: string): Promise<number> {
  await new ControlClient(options.config).call("DELETE", providerPath(name));
  print(`${withKind(name, "CustomPresence")} is forgotten`);
  return 0;
}

/** `hintd mailbox list`. */
export async function listMailboxes(options: ShowOptions): Promise<number> {
  const rows = await new ControlClient(options.config).list<MailboxRow>("/mailboxes");
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const wall = systemClock.wall();
  printTable(rows, [
    { head: "MAILBOX", value: (row) => row.mailbox },
    { head: "NEW", value: (row) => row.new },
    { head: "OLD", value: (row) => row.old },
    { head: "URGENT", value: (row) => `${row.new_urgent}/${row.old_urgent}` },
    { head: "SINCE", value: (row) => row.changed_at === null ? "" : agoText(row.changed_at, wall) },
    { head: "FROM", value: (row) => row.is_published ? "another server" : "" },
    { head: "HINTS", value: (row) => row.hints.join(" ") },
  ], "No mailboxes");
  return 0;
}

/** `hintd mailbox set`: counts in the order of a Voice-Message line. */
export async function setMailbox(options: ShowOptions, mailbox: string, counts: readonly string[]): Promise<number> {
  const [fresh = 0, old = 0, new_urgent = 0, old_urgent = 0] = counts.map(countOf);
  const path = mailboxPath(mailbox);
  const body = { new: fresh, old, new_urgent, old_urgent };
  const row = await new ControlClient(options.config).call<MailboxRow>("PUT", path, body);
  print(`${row.mailbox} has ${row.new} new and ${row.old} old${row.is_published ? " (as another server says)" : ""}`);
  return 0;
}

/** `hintd mailbox unset`. */
export async function unsetMailbox(options: ShowOptions, mailbox: string): Promise<number> {
  await new ControlClient(options.config).call("DELETE", mailboxPath(mailbox));
  print(`${mailbox} is forgotten`);
  return 0;
}

function mailboxPath(mailbox: string): string {
  return `/mailboxes/${encodeURIComponent(mailbox)}`;
}

function countOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new CliError(2, `"${text}" is no number of messages`);
  return Number(text);
}

function devicePath(name: string): string {
  return `/device-states/${encodeURIComponent(withKind(name, "Custom"))}`;
}

function providerPath(name: string): string {
  return `/presence-states/${encodeURIComponent(withKind(name, "CustomPresence"))}`;
}

function withKind(name: string, kind: string): string {
  return name.includes(":") || name.includes("/") ? name : `${kind}:${name}`;
}

function oneOf<T extends string>(known: readonly T[], value: string, written: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new CliError(2, `There is no state "${written}"; known are ${known.join(", ")}`);
  return found;
}
