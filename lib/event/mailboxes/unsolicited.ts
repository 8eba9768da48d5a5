/**
 * Owns message waiting for phones that do not ask: NOTIFYs outside any dialog to the contacts of endpoints with `mailboxes`.
 *
 * Theory. What counts is the difference between what a lamp was told and what is true. It is looked at when counts change, a contact comes,
 * a REGISTER or a probe shows a phone alive, a subscription begins or ends; where there is one, the lamp is queued. Counts that come
 * back to what they were cost nothing. At most one NOTIFY of a lamp is outstanding, and `limits.unsolicitedWindow` of all.
 *
 * A phone that does not answer costs one transaction: it is told again when it registers, answers a probe, or when counts change
 * next. One that refuses (481, 489, …) is told again when it has begun anew. A mailbox to which a phone subscribes is not told to it
 * besides; once the subscription is over, it is.
 */
import { messageSummary } from "../../body/message_summary.ts";
import { holeFill } from "../../body/rendered.ts";
import type { Profile } from "../../body/variant.ts";
import type { Millis } from "../../runtime/clock.ts";
import type { Counters } from "../../runtime/counters.ts";
import type { Entropy } from "../../runtime/entropy.ts";
import { limits } from "../../runtime/limits.ts";
import type { Log } from "../../runtime/log.ts";
import { TimerEntry, type Timers } from "../../runtime/timers.ts";
import { type Turn, TurnStep } from "../../runtime/turn.ts";
import type { Message } from "../../sip/message.ts";
import { Method } from "../../sip/method.ts";
import { writeUser } from "../../sip/uri.ts";
import { mailboxKey } from "../../state/hint.ts";
import { areEqualCounts, type MailboxCounts, noMessages, sumOfCounts } from "../../state/mailbox_counts.ts";
import type { Flow } from "../../transport/transport.ts";
import { ownAddressOf } from "../contact.ts";
import type { RequestSender } from "../fanout.ts";
import { isMessageSummary } from "../message_summary_package.ts";
import { judgeNotifyAnswer, retryAfterOf, retryDelaySeconds } from "../notify_policy.ts";
import type { Subscription } from "../subscription.ts";
import type { Subscriptions } from "../subscriptions.ts";
import type { Account, Accounts, CountsSource } from "./accounts.ts";
import { Lamp, type LampContact, type LampOwner } from "./lamp.ts";
import { writeUnsolicited } from "./unsolicited_request.ts";

/** Options of an endpoint as config.toml names them. */
export interface LampOptions {
  readonly mailboxes: readonly string[];
  readonly aggregate_mwi: boolean;
  readonly voicemail_extension: string;
  readonly mwi_from_user: string;
}

/** The parts of the configuration that make lamps. */
export interface LampsConfig {
  readonly server: { readonly mwi_disable_initial_unsolicited: boolean };
  readonly endpoints: Readonly<Record<string, LampOptions>>;
}

/** Where phones are; the registrar and the transports. */
export interface LampContacts {
  contactsOf(endpoint: string): Iterable<LampContact>;
  /** Finds or opens a flow to a contact without one; undefined when there is none. Never rejects. */
  flowFor(endpoint: string, contact: LampContact): Promise<Flow | undefined>;
}

/** What it is made of. */
export interface UnsolicitedMessagesParts {
  readonly timers: Timers;
  readonly turn: Turn;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly counters: UnsolicitedCounters;
  readonly transactions: RequestSender;
  readonly contacts: LampContacts;
  readonly counts: CountsSource;
  readonly accounts: Accounts;
  readonly subscriptions: Subscriptions;
  /** How `endpoint` with this User-Agent wants bodies. */
  profileOf(endpoint: string, userAgent: string): Profile;
  /** Value of User-Agent; empty for none. */
  readonly userAgent: () => string;
}

/** Counts of unsolicited NOTIFYs. */
export interface UnsolicitedCounters extends Counters {
  sent: number;
  answered: number;
  /** Not answered, or answered with what asks for another attempt. */
  failed: number;
  /** Refused for good. */
  refused: number;
}

/** Fresh counters. */
export function unsolicitedCounters(): UnsolicitedCounters {
  return { sent: 0, answered: 0, failed: 0, refused: 0 };
}

const NONE: ReadonlySet<Subscription> = new Set();

/** How long an unanswered NOTIFY holds its place in the window: T1. */
const WINDOW_MILLIS = 500;

/** An endpoint whose phones are told. */
interface Teller {
  readonly endpoint: string;
  /** As `mailboxKey` spells them. */
  readonly mailboxes: readonly string[];
  readonly isAggregate: boolean;
  readonly fromUser: string;
  readonly voicemailUser: string;
  /** By contact and mailbox. */
  readonly lamps: Map<string, Lamp>;
}

/** Tells phones of their messages. */
export class UnsolicitedMessages implements LampOwner {
  readonly #parts: UnsolicitedMessagesParts;
  #tellers = new Map<string, Teller>();
  #byMailbox = new Map<string, Teller[]>();
  /** Subscriptions to messages, by endpoint. */
  readonly #subscribed = new Map<string, Set<Subscription>>();
  /** Endpoints to look at, at the end of this turn. */
  readonly #due = new Set<string>();
  /** Lamps to be told, each once. */
  readonly #queue = new Set<Lamp>();
  /** Those whose NOTIFY counts in the window, oldest first. */
  readonly #window = new Set<Lamp>();
  readonly #stall: TimerEntry;
  readonly #work = () => this.#doWork();
  #isWorkDue = false;
  #isBegun = false;

  constructor(parts: UnsolicitedMessagesParts) {
    this.#parts = parts;
    this.#stall = new TimerEntry({ timerFired: this.#work });
  }

  /** Lamps that are kept right. */
  get lampCount(): number {
    return this.#tellers.values().reduce((sum, { lamps }) => sum + lamps.size, 0);
  }

  /** Begins to tell, once the sockets are open. */
  begin(config: LampsConfig): void {
    for (const subscription of this.#parts.subscriptions.all()) {
      if (isMessageSummary(subscription)) this.subscriptionChanged(subscription, false);
    }
    this.replaceConfig(config);
    if (config.server.mwi_disable_initial_unsolicited) {
      for (const teller of this.#tellers.values()) {
        this.#meetContacts(teller);
        for (const lamp of teller.lamps.values()) lamp.told = this.#countsFor(lamp);
      }
    }
    this.#isBegun = true;
    this.#schedule();
  }

  /** Puts a configuration in force. */
  replaceConfig({ endpoints }: LampsConfig): void {
    const former = this.#tellers;
    this.#tellers = new Map();
    this.#byMailbox = new Map();
    for (const [endpoint, options] of Object.entries(endpoints)) {
      if (options.mailboxes.length === 0) continue;
      const teller = tellerOf(endpoint, options, former.get(endpoint));
      this.#due.add(endpoint);
      this.#tellers.set(endpoint, teller);
      former.delete(endpoint);
      for (const mailbox of teller.mailboxes) {
        const tellers = this.#byMailbox.get(mailbox);
        if (tellers === undefined) this.#byMailbox.set(mailbox, [teller]);
        else tellers.push(teller);
      }
    }
    for (const { lamps } of former.values()) for (const lamp of lamps.values()) this.#forget(lamp);
    this.#schedule();
  }

  /** The counts of a mailbox are others. */
  mailboxChanged(mailbox: string): void {
    const now = this.#parts.timers.now();
    for (const { lamps } of this.#byMailbox.get(mailbox) ?? []) {
      for (const lamp of lamps.values()) {
        if (!lamp.mailboxes.includes(mailbox)) continue;
        if (lamp.silentUntil !== undefined && lamp.silentUntil <= now) lamp.silentUntil = undefined;
        this.#consider(lamp);
      }
    }
  }

  /** A subscription of the package has begun, or is over. */
  subscriptionChanged(subscription: Subscription, isOver: boolean): void {
    const { endpoint } = subscription;
    const known = this.#subscribed.get(endpoint);
    if (isOver) {
      known?.delete(subscription);
      if (known?.size === 0) this.#subscribed.delete(endpoint);
    } else if (known === undefined) this.#subscribed.set(endpoint, new Set([subscription]));
    else known.add(subscription);
    this.endpointChanged(endpoint);
  }

  /** Contacts of an endpoint, or what is known of them, may be others. */
  endpointChanged(endpoint: string): void {
    if (!this.#tellers.has(endpoint)) return;
    this.#due.add(endpoint);
    this.#schedule();
  }

  /** Tells nothing any more. */
  stop(): void {
    for (const { lamps } of this.#tellers.values()) for (const lamp of lamps.values()) this.#forget(lamp);
    this.#parts.timers.cancel(this.#stall);
  }

  lampAnswered(lamp: Lamp, status: number, response: Message | undefined): void {
    const { counters, timers, entropy } = this.#parts;
    lamp.transaction = undefined;
    this.#window.delete(lamp);
    if (this.#queue.size > 0) this.#schedule();
    if (lamp.isGone) return;
    const retryAfterSeconds = response === undefined || status < 300 ? undefined : retryAfterOf(response);
    const verdict = judgeNotifyAnswer(status, retryAfterSeconds);
    if (verdict === "delivered") {
      counters.answered++;
      lamp.told = lamp.telling;
      lamp.failureCount = 0;
      return this.#consider(lamp);
    }
    lamp.told = undefined;
    if (verdict === "end") {
      counters.refused++;
      lamp.isUnwilling = true;
      return this.#complain(lamp, status, "the phone does not want to be told");
    }
    counters.failed++;
    lamp.failureCount++;
    const jitter = entropy.uint32() / 2 ** 32;
    const delayMillis = retryDelaySeconds(lamp.failureCount, retryAfterSeconds, jitter) * 1_000;
    if (response !== undefined && lamp.failureCount < limits.unsolicitedAttemptCount) {
      timers.arm(lamp.retry, delayMillis);
    } else lamp.silentUntil = timers.now() + delayMillis;
    // A flow that brought no answer may be a wrong one.
    lamp.flow = undefined;
    if (lamp.failureCount === 1) this.#complain(lamp, status, "will be told again when it is there");
  }

  lampRetryDue(lamp: Lamp): void {
    this.#consider(lamp);
  }

  #complain({ endpoint, contact }: Lamp, status: number, outcome: string): void {
    this.#parts.log.warn("event", `Message waiting was not told: ${outcome}`, {
      endpoint,
      contact: contact.requestUri,
      status,
    });
  }

  #schedule(): void {
    if (this.#isWorkDue || !this.#isBegun) return;
    this.#isWorkDue = true;
    this.#parts.turn.at(TurnStep.tell, this.#work);
  }

  #doWork(): void {
    this.#isWorkDue = false;
    for (const endpoint of this.#due) {
      const teller = this.#tellers.get(endpoint);
      if (teller === undefined) continue;
      this.#meetContacts(teller);
      for (const lamp of teller.lamps.values()) this.#consider(lamp);
    }
    this.#due.clear();
    this.#pump();
  }

  /** Makes the lamps of an endpoint those of its contacts. */
  #meetContacts({ endpoint, mailboxes, isAggregate, lamps }: Teller): void {
    const now = this.#parts.timers.now();
    const gone = new Map(lamps);
    const groups = isAggregate ? [mailboxes] : mailboxes.map((mailbox) => [mailbox]);
    for (const contact of this.#parts.contacts.contactsOf(endpoint)) {
      for (const group of groups) {
        const key = `${contact.id}\n${group.join("\n")}`;
        const lamp = lamps.get(key);
        if (lamp === undefined) lamps.set(key, new Lamp(this, endpoint, contact, group));
        else if (lamp.meet(contact, now)) this.#parts.timers.cancel(lamp.retry);
        gone.delete(key);
      }
    }
    for (const [key, lamp] of gone) {
      lamps.delete(key);
      this.#forget(lamp);
    }
  }

  #forget(lamp: Lamp): void {
    lamp.isGone = true;
    lamp.transaction?.abandon();
    lamp.transaction = undefined;
    this.#window.delete(lamp);
    this.#queue.delete(lamp);
    this.#parts.timers.cancel(lamp.retry);
  }

  /** Queues a lamp that does not show what is true. */
  #consider(lamp: Lamp): void {
    const counts = this.#countsFor(lamp);
    if (counts === undefined) lamp.told = undefined;
    if (counts === undefined || (lamp.told !== undefined && areEqualCounts(lamp.told, counts))) {
      this.#queue.delete(lamp);
    } else if (lamp.isListening) {
      this.#queue.add(lamp);
      this.#schedule();
    }
  }

  /** What a lamp should show; undefined where its phone subscribes to all of it. */
  #countsFor({ endpoint, contact, mailboxes }: Lamp): MailboxCounts | undefined {
    const told = mailboxes.filter((mailbox) => !this.#isSubscribed(endpoint, contact, mailbox));
    if (told.length === 0) return undefined;
    return sumOfCounts(told.map((mailbox) => this.#parts.counts.mailboxOf(mailbox) ?? noMessages));
  }

  #isSubscribed(endpoint: string, { marks }: LampContact, mailbox: string): boolean {
    for (const subscription of this.#subscribed.get(endpoint) ?? NONE) {
      const isSamePhone = marksOf(subscription).some((mark) => marks.includes(mark));
      if (isSamePhone && this.#isWatching(subscription, mailbox)) return true;
    }
    return false;
  }

  #isWatching(subscription: Subscription, mailbox: string): boolean {
    const { accounts, subscriptions } = this.#parts;
    if (subscription.list === undefined) return accounts.having(mailbox).has(subscription.watched as Account);
    return accounts.having(mailbox).values().some((account) => subscriptions.watchersOf(account).has(subscription));
  }

  #pump(): void {
    const { timers } = this.#parts;
    const now = timers.now();
    for (const lamp of this.#window) {
      if (lamp.windowSince + WINDOW_MILLIS > now) break;
      this.#window.delete(lamp);
    }
    for (const lamp of this.#queue) {
      if (this.#window.size >= limits.unsolicitedWindow) {
        const [oldest] = this.#window;
        if (!this.#stall.isArmed) timers.arm(this.#stall, oldest!.windowSince + WINDOW_MILLIS - now);
        return;
      }
      this.#queue.delete(lamp);
      this.#send(lamp, now);
    }
  }

  #send(lamp: Lamp, now: Millis): void {
    const counts = this.#countsFor(lamp);
    if (counts === undefined || !lamp.isListening) return;
    const { contact, endpoint } = lamp;
    const flow = contact.flow?.isOpen ? contact.flow : lamp.flow;
    if (!flow?.isOpen) return this.#connect(lamp);
    const { transactions, entropy, timers, counters, userAgent } = this.#parts;
    const transaction = transactions.begin(flow, Method.notify, lamp);
    if (transaction === undefined) return timers.arm(lamp.retry, 1_000);
    const { fromUser, voicemailUser } = this.#tellers.get(endpoint)!;
    const owner = writeUser(contact.aor.split("@", 1)[0]!);
    const subject = { counts, voicemailUser, ownerUser: owner };
    const fromTag = entropy.token(12);
    lamp.telling = counts;
    lamp.transaction = transaction;
    lamp.windowSince = now;
    this.#window.add(lamp);
    counters.sent++;
    transaction.send(writeUnsolicited({
      requestUri: contact.requestUri,
      routes: contact.routes,
      flow,
      branch: transaction.branch,
      fromUser: fromUser === "" ? owner : fromUser,
      callId: entropy.token(24),
      fromTag,
      body: messageSummary(subject, this.#parts.profileOf(endpoint, contact.userAgent)),
      fill: holeFill({
        entity: `sip:${owner}@${ownAddressOf(flow).sentBy}`,
        remote: contact.requestUri,
        guid: fromTag,
      }),
      userAgent: userAgent(),
    }));
  }

  #connect(lamp: Lamp): void {
    lamp.isConnecting = true;
    const { contact } = lamp;
    this.#parts.contacts.flowFor(lamp.endpoint, contact).then((flow) => {
      lamp.isConnecting = false;
      if (lamp.isGone) return;
      if (flow === undefined) return this.lampAnswered(lamp, 503, undefined);
      lamp.flow = flow;
      this.#consider(lamp);
    });
  }
}

function tellerOf(endpoint: string, options: LampOptions, former: Teller | undefined): Teller {
  const voicemailUser = writeUser(options.voicemail_extension);
  const lamps = former?.lamps ?? new Map<string, Lamp>();
  // Whom to call is another one: every lamp is told.
  if (former !== undefined && former.voicemailUser !== voicemailUser) {
    for (const lamp of lamps.values()) lamp.told = undefined;
  }
  return {
    endpoint,
    mailboxes: [...new Set(options.mailboxes.map(mailboxKey))],
    isAggregate: options.aggregate_mwi,
    fromUser: writeUser(options.mwi_from_user),
    voicemailUser,
    lamps,
  };
}

/** What the phone of a subscription is known by; see `LampContact.marks`. */
function marksOf({ phone, flow, source }: Subscription): string[] {
  const place = flow === undefined ? source : { address: flow.remoteAddress, port: flow.remotePort };
  return place === undefined ? [phone.toLowerCase()] : [phone.toLowerCase(), `${place.address} ${place.port}`];
}
