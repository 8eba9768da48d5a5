/**
 * Owns whose messages a watcher asks for: the accounts that mailboxes make, and who may watch which.
 *
 * Theory. An account is the mailboxes of one address-of-record, or those of all addresses-of-record of one endpoint; its counts are their
 * sum. What the user of a Request-URI means, in this order:
 * 1. nobody: all of one's own;
 * 2. the name of one's own address-of-record, or the `voicemail_extension` of one;
 * 3. the name of somebody else's: what `watch_mailboxes` grants.
 * An endpoint without `aors` has one of its own name, whose options stand in its section. What such an endpoint is told unsolicited it
 * may ask for too; one with `aors` that is told of a mailbox unsolicited is refused it, unless `mwi_subscribe_replaces_unsolicited`.
 */
import { matchesGlob } from "../../runtime/glob.ts";
import { writeUser } from "../../sip/uri.ts";
import { mailboxKey } from "../../state/hint.ts";
import { areEqualCounts, type MailboxCounts, noMessages, sumOfCounts } from "../../state/mailbox_counts.ts";
import type { Watched, WatchQuery } from "../event_package.ts";

/** Options of an address-of-record as config.toml names them. */
export interface AccountOptions {
  readonly mailboxes: readonly string[];
  readonly voicemail_extension: string;
}

/** Those of an endpoint. */
export interface AccountOwnerOptions extends AccountOptions {
  /** Empty: one of the endpoint's own name. */
  readonly aors: readonly string[];
  readonly mwi_subscribe_replaces_unsolicited: boolean;
  /** Addresses-of-record of others; `*` stands for any characters. */
  readonly watch_mailboxes: readonly string[];
}

/** The parts of the configuration that make accounts. */
export interface AccountsConfig {
  readonly endpoints: Readonly<Record<string, AccountOwnerOptions>>;
  readonly aors: Readonly<Record<string, AccountOptions>>;
}

/** Message counts of every mailbox; the devices of the state engine. */
export interface CountsSource {
  /** Undefined for a mailbox of which nothing is known. */
  mailboxOf(mailbox: string): MailboxCounts | undefined;
}

/** Why somebody does not get to see an account. */
export type AccountRefusal = "unknown" | "empty" | "foreign" | "unsolicited";

/** Somebody's messages, as what a subscription watches. */
export class Account implements Watched {
  readonly context = "";
  /** Name of the address-of-record; empty for all of an endpoint's. */
  readonly exten: string;
  /** As `mailboxKey` spells them. */
  mailboxes: readonly string[] = [];
  counts: MailboxCounts = noMessages;
  /** Whom to call to hear them, as a URI spells it; empty where that is not known. */
  voicemailUser = "";
  /** Whose they are, as a URI spells it. */
  readonly ownerUser: string;

  /** One without mailboxes. */
  constructor(exten: string, owner: string) {
    this.exten = exten;
    this.ownerUser = writeUser(exten === "" ? owner : exten);
  }
}

/** What an endpoint may see. */
interface Owner {
  readonly options: AccountOwnerOptions;
  /** Names of its addresses-of-record. */
  readonly aors: readonly string[];
  /** Mailboxes for which it must not subscribe. */
  readonly unsolicited: ReadonlySet<string>;
  /** All of its own. */
  readonly all: Account;
}

const NONE: ReadonlySet<Account> = new Set();

/** All accounts. */
export class Accounts {
  readonly #source: CountsSource;
  #byAor = new Map<string, Account>();
  #owners = new Map<string, Owner>();
  #extensions = new Map<string, string>();
  #byMailbox = new Map<string, Set<Account>>();

  /** None before `replaceConfig`. */
  constructor(source: CountsSource) {
    this.#source = source;
  }

  /** Puts a configuration in force; returns the accounts that tell something else than before. An account that stays is the same object. */
  replaceConfig(config: AccountsConfig): Account[] {
    const formerAors = this.#byAor;
    const formerOwners = this.#owners;
    const changed: Account[] = [];
    this.#byAor = new Map();
    this.#owners = new Map();
    this.#extensions = new Map();
    this.#byMailbox = new Map();
    const put = (account: Account, { mailboxes, voicemail_extension }: AccountOptions) => {
      if (this.#fill(account, mailboxes, voicemail_extension)) changed.push(account);
      return account;
    };

    const own = Object.entries(config.endpoints).filter(([, { aors }]) => aors.length === 0);
    for (const [name, options] of Object.entries({ ...config.aors, ...Object.fromEntries(own) })) {
      this.#byAor.set(name, put(formerAors.get(name) ?? new Account(name, name), options));
      this.#extensions.set(name, options.voicemail_extension);
    }
    for (const [name, options] of Object.entries(config.endpoints)) {
      const isOwn = options.aors.length === 0;
      const aors = isOwn ? [name] : options.aors;
      const parts = aors.map((aor) => (isOwn ? options : config.aors[aor])).filter((part) => part !== undefined);
      const all = put(formerOwners.get(name)?.all ?? new Account("", name), {
        mailboxes: parts.flatMap(({ mailboxes }) => mailboxes),
        voicemail_extension: parts.map((part) => part.voicemail_extension).find((exten) => exten !== "") ??
          options.voicemail_extension,
      });
      const mayAsk = isOwn || options.mwi_subscribe_replaces_unsolicited;
      const unsolicited = new Set(mayAsk ? [] : options.mailboxes.map(mailboxKey));
      this.#owners.set(name, { options, aors, unsolicited, all });
    }
    return changed;
  }

  /** The account that a query means, or why it is not to be seen. */
  find({ endpoint, exten }: WatchQuery): Account | AccountRefusal {
    const owner = this.#owners.get(endpoint);
    if (owner === undefined) return "unknown";
    const account = exten === "" ? owner.all : this.#named(owner, exten);
    if (typeof account === "string") return account;
    if (account.mailboxes.length === 0) return "empty";
    return account.mailboxes.some((mailbox) => owner.unsolicited.has(mailbox)) ? "unsolicited" : account;
  }

  /** What stands for an account that is gone. */
  absent({ endpoint, exten }: WatchQuery): Account {
    return new Account(exten, endpoint);
  }

  /** The accounts that a mailbox belongs to. */
  having(mailbox: string): ReadonlySet<Account> {
    return this.#byMailbox.get(mailbox) ?? NONE;
  }

  /** Takes note of other counts of a mailbox; returns the accounts that tell something else now. */
  mailboxChanged(mailbox: string): Account[] {
    return [...this.having(mailbox)].filter((account) => this.#count(account));
  }

  #named(owner: Owner, exten: string): Account | AccountRefusal {
    const own = owner.aors.find((aor) => aor === exten) ??
      owner.aors.find((aor) => this.#extensions.get(aor) === exten);
    const account = this.#byAor.get(own ?? exten);
    if (account === undefined) return "unknown";
    const isGranted = own !== undefined || owner.options.watch_mailboxes.some((glob) => matchesGlob(glob, exten));
    return isGranted ? account : "foreign";
  }

  /** Gives an account its mailboxes; true when it tells something else than before. */
  #fill(account: Account, mailboxes: readonly string[], extension: string): boolean {
    const voicemailUser = writeUser(extension);
    const isOther = voicemailUser !== account.voicemailUser;
    account.voicemailUser = voicemailUser;
    account.mailboxes = [...new Set(mailboxes.map(mailboxKey))];
    for (const mailbox of account.mailboxes) {
      const known = this.#byMailbox.get(mailbox);
      if (known === undefined) this.#byMailbox.set(mailbox, new Set([account]));
      else known.add(account);
    }
    return this.#count(account) || isOther;
  }

  #count(account: Account): boolean {
    const counts = sumOfCounts(account.mailboxes.map((mailbox) => this.#source.mailboxOf(mailbox) ?? noMessages));
    if (areEqualCounts(counts, account.counts)) return false;
    account.counts = counts;
    return true;
  }
}
