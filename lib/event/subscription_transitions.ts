/**
 * Owns the state machine of one subscription as a table.
 *
 * Theory. A subscription is made by a SUBSCRIBE and lives on the notifier's side in one of four states. `init` lasts only
 * while the request is examined. `active` is what a granted subscription is at once, since hintd decides by
 * configuration and never waits for a person; `pending` stands in the table for packages that do. A fetch (Expires 0)
 * and every ending lead to `terminated`, in which exactly one more NOTIFY is sent and the subscription is forgotten when
 * that NOTIFY is answered or given up. `drop` is the ending without a NOTIFY: the peer said 481, or subscribed anew.
 * An empty cell is an input that cannot happen in that state; it is ignored.
 *
 * Source: RFC 6665 §4.2.2 and its figure of notifier states.
 */

/** States of a subscription. */
export type SubscriptionState = "init" | "pending" | "active" | "terminated" | "gone";

/** What can happen to a subscription. */
export type SubscriptionInput = "grant" | "defer" | "fetch" | "refresh" | "end" | "drop" | "lastAnswer";

/** state → input → next state. */
export const subscriptionTransitions: Readonly<
  Record<SubscriptionState, Readonly<Partial<Record<SubscriptionInput, SubscriptionState>>>>
> = Object.freeze({
  init: { grant: "active", defer: "pending", fetch: "terminated" },
  pending: { grant: "active", refresh: "pending", end: "terminated", drop: "gone" },
  active: { refresh: "active", end: "terminated", drop: "gone" },
  terminated: { drop: "gone", lastAnswer: "gone" },
  gone: {},
});

/** Why a subscription ended, as the watcher is told. Source: RFC 6665 §4.1.3. */
export type TerminationReason = "timeout" | "noresource" | "deactivated" | "rejected" | "giveup";
