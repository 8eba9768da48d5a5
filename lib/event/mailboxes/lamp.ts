/**
 * Owns one message lamp that is told unsolicited: what it shows, as far as is known, and whether its phone listens.
 */
import type { Millis } from "../../runtime/clock.ts";
import { TimerEntry, type TimerOwner } from "../../runtime/timers.ts";
import type { Message } from "../../sip/message.ts";
import type { MailboxCounts } from "../../state/mailbox_counts.ts";
import type { ClientTransaction, ClientUser } from "../../transaction/transaction.ts";
import type { Flow } from "../../transport/transport.ts";

/** One contact of an endpoint, as the registrar knows it now. */
export interface LampContact {
  /** The same over refreshes. */
  readonly id: string;
  /** Name of the address-of-record. */
  readonly aor: string;
  /** Another one when its phone has begun anew: Call-ID and source of its REGISTER. */
  readonly origin: string;
  /** Another one with every REGISTER. */
  readonly refresh: number;
  /** What probing has found; undefined when it is not known. */
  readonly isReachable: boolean | undefined;
  /** What a subscription of the same phone is known by: `+sip.instance`, contact URI, source as `address port`. */
  readonly marks: readonly string[];
  readonly userAgent: string;
  readonly requestUri: string;
  /** Route values, in order. */
  readonly routes: readonly string[];
  /** The way back; undefined when it has to be found. */
  readonly flow: Flow | undefined;
}

/** Who acts on what happens to lamps. */
export interface LampOwner {
  /** The NOTIFY got a final answer; `response` is undefined for none in time (408) or a broken flow (503). */
  lampAnswered(lamp: Lamp, status: number, response: Message | undefined): void;
  /** The wait before another attempt is over. */
  lampRetryDue(lamp: Lamp): void;
}

/** One contact of one endpoint with all of its mailboxes, or one of them. */
export class Lamp implements ClientUser, TimerOwner {
  readonly endpoint: string;
  /** As `mailboxKey` spells them. */
  readonly mailboxes: readonly string[];
  readonly retry = new TimerEntry(this);
  contact: LampContact;
  /** A flow that was found for it. */
  flow: Flow | undefined;
  /** What it was last told; undefined when that is not known. */
  told: MailboxCounts | undefined;
  /** What the outstanding NOTIFY tells. */
  telling: MailboxCounts | undefined;
  transaction: ClientTransaction | undefined;
  isConnecting = false;
  /** Since when its NOTIFY counts in the window. */
  windowSince: Millis = 0;
  failureCount = 0;
  /** Nobody answered: nothing is sent before there is a sign of life, and not before this instant. */
  silentUntil: Millis | undefined;
  /** Its phone does not want to be told. */
  isUnwilling = false;
  /** Its contact or mailbox is gone. */
  isGone = false;
  readonly #owner: LampOwner;

  constructor(owner: LampOwner, endpoint: string, contact: LampContact, mailboxes: readonly string[]) {
    this.#owner = owner;
    this.endpoint = endpoint;
    this.contact = contact;
    this.mailboxes = mailboxes;
  }

  /** Takes its contact as it is now; true when its phone has spoken, so that waiting is over. */
  meet(contact: LampContact, now: Millis): boolean {
    const former = this.contact;
    this.contact = contact;
    if (contact.origin !== former.origin) {
      this.told = undefined;
      this.flow = undefined;
      this.isUnwilling = false;
    }
    if (contact.isReachable === true && this.silentUntil !== undefined && this.silentUntil <= now) {
      this.silentUntil = undefined;
    }
    if (contact.refresh === former.refresh && contact.origin === former.origin) return false;
    this.failureCount = 0;
    this.silentUntil = undefined;
    return true;
  }

  /** Whether a NOTIFY may be sent to it. */
  get isListening(): boolean {
    return !this.isGone && !this.isUnwilling && this.silentUntil === undefined && this.transaction === undefined &&
      !this.isConnecting && !this.retry.isArmed && this.contact.isReachable !== false;
  }

  receiveResponse(response: Message): void {
    if (response.status >= 200) this.#owner.lampAnswered(this, response.status, response);
  }

  transactionTimedOut(): void {
    this.#owner.lampAnswered(this, 408, undefined);
  }

  transactionFailed(): void {
    this.#owner.lampAnswered(this, 503, undefined);
  }

  timerFired(): void {
    this.#owner.lampRetryDue(this);
  }
}
