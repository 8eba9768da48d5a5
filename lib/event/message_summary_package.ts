/**
 * Owns the package `message-summary`: how many messages wait for somebody.
 */
import { chooseByAccept } from "../body/accept.ts";
import { messageSummary, messageSummaryType } from "../body/message_summary.ts";
import type { RenderedBody } from "../body/rendered.ts";
import type { Profile } from "../body/variant.ts";
import type { MailboxCounts } from "../state/mailbox_counts.ts";
import type { DocumentKind, EventPackage } from "./event_package.ts";
import type { Account, AccountRefusal, Accounts } from "./mailboxes/accounts.ts";
import type { Refusals } from "./refusals.ts";
import type { Subscription } from "./subscription.ts";

const NAME = "message-summary";

/** What the package is made of. */
export interface MessageSummaryParts {
  readonly accounts: Accounts;
  /** The refusals of the profile in force. */
  refusals(): Refusals;
  /** The media type may be offered. */
  isOffered(mediaType: string): boolean;
  /** How `endpoint` with this User-Agent wants bodies. */
  profileOf(endpoint: string, userAgent: string): Profile;
}

/** A document in one of the two profiles. */
interface SummaryKind extends DocumentKind {
  readonly profile: Profile;
}

const kinds: Readonly<Record<Profile, SummaryKind>> = {
  asterisk: { mediaType: messageSummaryType, profile: "asterisk" },
  rfc: { mediaType: messageSummaryType, profile: "rfc" },
};

/** A body and what it was made from. */
interface Made {
  readonly counts: MailboxCounts;
  readonly voicemailUser: string;
  body: RenderedBody;
}

/**
 * Makes the package. A body is made when first asked for after a change, and shared by all watchers.
 *
 * Source: RFC 3842 §3.
 */
export function messageSummaryPackage(parts: MessageSummaryParts): EventPackage {
  const made: Readonly<Record<Profile, WeakMap<Account, Made>>> = { asterisk: new WeakMap(), rfc: new WeakMap() };
  const offered = () => (parts.isOffered(messageSummaryType) ? [messageSummaryType] : []);

  function bodyOf(account: Account, { profile }: SummaryKind): RenderedBody {
    const former = made[profile].get(account);
    const { counts, voicemailUser } = account;
    if (former !== undefined && former.counts === counts && former.voicemailUser === voicemailUser) return former.body;
    const body = messageSummary(account, profile);
    const kept = former?.body.equals(body) ? former.body : body;
    made[profile].set(account, { counts, voicemailUser, body: kept });
    return kept;
  }

  // What comes back as watched and as kind is what `find` and `kindFor` gave.
  return {
    name: NAME,
    wakesOn: () => true,
    find(query) {
      const found = parts.accounts.find(query);
      return typeof found === "string" ? refusalOf(parts.refusals(), found, query.exten) : found;
    },
    absent: (query) => parts.accounts.absent(query),
    choose: (accepts) => chooseByAccept(accepts, { own: offered(), others: [] }),
    offered,
    kindFor: (_mediaType, endpoint, userAgent) => kinds[parts.profileOf(endpoint, userAgent)],
    bodyOf: (watched, kind) => bodyOf(watched as Account, kind as SummaryKind),
    nameOf: () => "",
    retain() {},
    release() {},
  };
}

/** Whether a subscription is one of this package. */
export function isMessageSummary({ eventPackage }: Subscription): boolean {
  return eventPackage.name === NAME;
}

/** Subscriptions to accounts that are not there any more, or that their watchers may not see, and what to tell them. */
export function* misplacedWatchers(subscriptions: Iterable<Subscription>, accounts: Accounts) {
  for (const subscription of [...subscriptions]) {
    const { list, endpoint, watched } = subscription;
    if (!isMessageSummary(subscription) || list !== undefined) continue;
    const found = accounts.find({ endpoint, context: "", exten: watched.exten });
    if (found === watched) continue;
    const isHidden = found === "foreign" || found === "unsolicited";
    yield { subscription, reason: isHidden ? "rejected" as const : "noresource" as const };
  }
}

function refusalOf(refusals: Refusals, why: AccountRefusal, exten: string) {
  switch (why) {
    case "foreign":
      return refusals.foreignMailbox(exten);
    case "unsolicited":
      return refusals.unsolicitedMailbox(exten);
    default:
      return refusals.noMailbox(exten);
  }
}
