/**
 * Owns how what several servers report of devices and mailboxes comes together.
 *
 * Rules:
 * 1. A device has one state from each server that reports it; the state engine aggregates them with what it knows itself. Of a server
 *    that was started again, and publishes anew beside what it can no longer end, the newest counts.
 * 2. A mailbox has the counts of the publication modified last that names it.
 * 3. The name counts, not the target that the server publishes to; of several targets, the one composed last goes first.
 */
import type { DeviceState } from "../state/device_state.ts";
import type { MailboxCounts } from "../state/mailbox_counts.ts";
import type { ReportedDevices, ReportedMailboxes } from "./packages/asterisk.ts";
import type { PublishedValue } from "./published_package.ts";

/** What servers report of one device: a state by entity identifier. */
export type ReportsByServer = ReadonlyMap<string, DeviceState>;

/**
 * What servers report of each device.
 *
 * @param publications The one modified longest ago first.
 */
export function composeDeviceStates(
  publications: readonly PublishedValue<ReportedDevices>[],
): ReadonlyMap<string, ReportsByServer> {
  const reported = new Map<string, Map<string, DeviceState>>();
  for (const [eid, states] of publications.flatMap(({ value }) => Object.entries(value))) {
    for (const [device, state] of Object.entries(states)) {
      const known = reported.get(device);
      if (known === undefined) reported.set(device, new Map([[eid, state]]));
      else known.set(eid, state);
    }
  }
  return reported;
}

/** What several targets say of one device, the one to go first first, as one state from each server. */
export function mergeReports(reports: readonly ReportsByServer[]): readonly DeviceState[] {
  return [...new Map(reports.toReversed().flatMap((each) => [...each])).values()];
}

/** Counts of each mailbox. */
export function composeMailboxes(
  publications: readonly PublishedValue<ReportedMailboxes>[],
): ReadonlyMap<string, MailboxCounts> {
  return new Map(publications.flatMap(({ value }) => Object.entries(value)));
}

/** What is composed of each target, by name; leads from a changed target to the names that it changes. */
export class NamesByTarget<Value> {
  readonly #byTarget = new Map<string, ReadonlyMap<string, Value>>();
  readonly #areEqual: (a: Value, b: Value) => boolean;

  constructor(areEqual: (a: Value, b: Value) => boolean) {
    this.#areEqual = areEqual;
  }

  /** Puts what is composed of a target in force; returns the names of which it says something else than before. */
  replace(target: string, values: ReadonlyMap<string, Value>): readonly string[] {
    const former = this.#byTarget.get(target) ?? new Map<string, Value>();
    const changed = [...values].filter(([name, value]) => {
      const before = former.get(name);
      return before === undefined || !this.#areEqual(before, value);
    }).map(([name]) => name);
    const gone = [...former.keys()].filter((name) => !values.has(name));
    if (values.size > 0 && changed.length + gone.length === 0) return [];
    this.#byTarget.delete(target);
    if (values.size > 0) this.#byTarget.set(target, values);
    return [...changed, ...gone];
  }

  /** What every target says of a name, the one composed last first. */
  of(name: string): readonly Value[] {
    const told = [...this.#byTarget.values()].map((values) => values.get(name)).reverse();
    return told.filter((value) => value !== undefined);
  }
}
