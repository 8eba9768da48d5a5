import { expect, test } from "bun:test";
import {
  type SubscriptionInput,
  type SubscriptionState,
  subscriptionTransitions,
} from "../../lib/event/subscription_transitions.ts";

const states: SubscriptionState[] = ["init", "pending", "active", "terminated", "gone"];
const inputs: SubscriptionInput[] = ["grant", "defer", "fetch", "refresh", "end", "drop", "lastAnswer"];

/** The whole table, row by state, column by input; "-" is an input that is ignored. */
const expected: Record<SubscriptionState, string> = {
  init: "active pending terminated - - - -",
  pending: "active - - pending terminated gone -",
  active: "- - - active terminated gone -",
  terminated: "- - - - - gone gone",
  gone: "- - - - - - -",
};

for (const state of states) {
  test(`every input in state ${state} leads where the table says (RFC 6665 §4.2.2)`, () => {
    const row = inputs.map((input) => subscriptionTransitions[state][input] ?? "-").join(" ");
    expect(row).toBe(expected[state]);
  });
}
