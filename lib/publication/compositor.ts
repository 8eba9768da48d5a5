/**
 * Owns the event state compositor: what becomes of publications in the states of devices and mailboxes.
 *
 * Rules, by event; each file `compose_*.ts` has the finer ones of its own:
 * 1. `dialog`: the target is a device; its calls are the union of all dialogs that are published for it.
 * 2. `presence`: the target is a device; one publication decides.
 * 3. `message-summary`: the target is a mailbox; the publication modified last decides.
 * 4. `asterisk-devicestate`, `asterisk-mwi`: the target means nothing, names stand in the values. What is told of a mailbox by
 *    message-summary goes before that.
 * 5. What is no longer published is withdrawn at once; what is still the same is not touched.
 *
 * Source: RFC 3903 §6, RFC 5264 §6.
 */
import type { PresenceDocument } from "../body/read/pidf.ts";
import type { Clock } from "../runtime/clock.ts";
import type { DeviceState } from "../state/device_state.ts";
import { mailboxKey } from "../state/hint.ts";
import type { PresenceState } from "../state/presence_state.ts";
import type { Call } from "../state/resource.ts";
import { areEqualCounts, type MailboxCounts } from "../state/mailbox_counts.ts";
import {
  composeDeviceStates,
  composeMailboxes,
  mergeReports,
  NamesByTarget,
  type ReportsByServer,
} from "./compose_asterisk.ts";
import { composeDialogs } from "./compose_dialog.ts";
import { composePresence } from "./compose_presence.ts";
import {
  deviceStatePackage,
  mailboxStatePackage,
  type ReportedDevices,
  type ReportedMailboxes,
} from "./packages/asterisk.ts";
import { dialogPackage, type DialogTable } from "./packages/dialog.ts";
import { messageSummaryPackage } from "./packages/message_summary.ts";
import { presencePackage } from "./packages/presence.ts";
import type { Compositor, PublishedPackage, PublishedValue } from "./published_package.ts";

/** Where composed states go: the state engine. Whoever is told what it knows already does nothing. */
export interface ComposedStates {
  /** The calls of a device, all publications together; none for an empty list. */
  setCalls(device: string, calls: readonly Call[]): void;
  /** What is published of somebody's presence; undefined for nothing. */
  setPublishedPresence(device: string, presence: PresenceState | undefined): void;
  /** What is published of a mailbox; undefined for nothing. */
  setPublishedMailbox(mailbox: string, counts: MailboxCounts | undefined): void;
  /** The states that other servers report of a device, one each. */
  setReportedStates(device: string, states: readonly DeviceState[]): void;
}

/**
 * Every event package whose state can be published.
 *
 * @param ownEid Entity identifier of this appliance among Asterisks: "aa:bb:cc:dd:ee:ff".
 */
export function publishedPackages(clock: Clock, ownEid: string): readonly PublishedPackage[] {
  return [
    dialogPackage(clock),
    presencePackage,
    messageSummaryPackage,
    deviceStatePackage(ownEid),
    mailboxStatePackage(ownEid),
  ];
}

/** Makes states of the packages above. */
export class StateCompositor implements Compositor {
  readonly #states: ComposedStates;
  readonly #reported = new NamesByTarget<ReportsByServer>(areEqualReports);
  readonly #mailboxes = new NamesByTarget<MailboxCounts>(areEqualCounts);
  /** Counts told by message-summary, by key of the mailbox. */
  readonly #summaries = new Map<string, MailboxCounts>();

  constructor(states: ComposedStates) {
    this.#states = states;
  }

  compose(event: string, target: string, publications: readonly PublishedValue[]): void {
    // Values are what the package of their event merged.
    switch (event) {
      case "dialog":
        this.#states.setCalls(target, composeDialogs(publications as readonly PublishedValue<DialogTable>[]));
        break;
      case "presence":
        this.#states.setPublishedPresence(
          target,
          composePresence(publications as readonly PublishedValue<PresenceDocument>[]),
        );
        break;
      case "message-summary":
        this.#composeSummary(mailboxKey(target), publications as readonly PublishedValue<MailboxCounts>[]);
        break;
      case "asterisk-devicestate":
        this.#composeDevices(target, publications as readonly PublishedValue<ReportedDevices>[]);
        break;
      case "asterisk-mwi":
        this.#composeMailboxes(target, publications as readonly PublishedValue<ReportedMailboxes>[]);
        break;
    }
  }

  #composeSummary(mailbox: string, publications: readonly PublishedValue<MailboxCounts>[]): void {
    const counts = publications.at(-1)?.value;
    if (counts === undefined) this.#summaries.delete(mailbox);
    else this.#summaries.set(mailbox, counts);
    this.#setMailbox(mailbox);
  }

  #composeMailboxes(target: string, publications: readonly PublishedValue<ReportedMailboxes>[]): void {
    const changed = this.#mailboxes.replace(target, composeMailboxes(publications));
    for (const mailbox of changed) this.#setMailbox(mailbox);
  }

  #composeDevices(target: string, publications: readonly PublishedValue<ReportedDevices>[]): void {
    const changed = this.#reported.replace(target, composeDeviceStates(publications));
    for (const device of changed) this.#states.setReportedStates(device, mergeReports(this.#reported.of(device)));
  }

  #setMailbox(mailbox: string): void {
    this.#states.setPublishedMailbox(mailbox, this.#summaries.get(mailbox) ?? this.#mailboxes.of(mailbox)[0]);
  }
}

function areEqualReports(a: ReportsByServer, b: ReportsByServer): boolean {
  return a.size === b.size && [...a].every(([eid, state]) => b.get(eid) === state);
}
