import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  aggregatePresence,
  equalPresence,
  parsePresenceName,
  presenceNotSet,
  presenceStates,
} from "../../lib/state/presence_state.ts";
import { presenceOf } from "./office.ts";

test("presence states rank not_set, available, unavailable, chat, away, xa, dnd", () => {
  for (const [low, lower] of presenceStates.entries()) {
    for (const higher of presenceStates.slice(low + 1)) {
      expect(aggregatePresence([presenceOf(lower), presenceOf(higher)]).state).toBe(higher);
      expect(aggregatePresence([presenceOf(higher), presenceOf(lower)]).state).toBe(higher);
    }
  }
  expect([...presenceStates]).toEqual(["not_set", "available", "unavailable", "chat", "away", "xa", "dnd"]);
});

test("the highest presence counts with its subtype and message; the first of equals", () => {
  const lunch = presenceOf("away", "lunch", "back at two");
  const call = presenceOf("away", "call", "on the phone");
  expect(aggregatePresence([presenceOf("available", "desk", "here"), lunch, call])).toBe(lunch);
  expect(aggregatePresence([call, lunch])).toBe(call);
});

test("not_set keeps its subtype and message, as Asterisk shows them", () => {
  const unset = presenceOf("not_set", "sub-not_set", "message for not_set");
  expect(aggregatePresence([unset])).toBe(unset);
  expect(aggregatePresence([unset, presenceNotSet])).toBe(unset);
  expect(aggregatePresence([presenceNotSet, unset])).toBe(presenceNotSet);
});

test("no provider at all is not set", () => {
  expect(aggregatePresence([])).toEqual(presenceNotSet);
});

test("the highest of several does not depend on their order", () => {
  const some = fc.array(fc.constantFrom(...presenceStates), { maxLength: 8 });
  fc.assert(fc.property(some, (names) => {
    const states = names.map((name) => presenceOf(name));
    expect(aggregatePresence(states).state).toBe(aggregatePresence(states.toReversed()).state);
  }));
});

test("two say the same when state, subtype and message do", () => {
  const lunch = presenceOf("away", "lunch", "m1");
  expect(equalPresence(lunch, presenceOf("away", "lunch", "m1"))).toBe(true);
  for (
    const other of [
      presenceOf("xa", "lunch", "m1"),
      presenceOf("away", "dinner", "m1"),
      presenceOf("away", "lunch", "m2"),
    ]
  ) {
    expect(equalPresence(lunch, other)).toBe(false);
  }
});

test("presence states are read by name in any case; invalid and other words are none", () => {
  for (const state of presenceStates) expect(parsePresenceName(state.toUpperCase())).toBe(state);
  for (const text of ["", "invalid", "busy", "constructor"]) expect(parsePresenceName(text)).toBeUndefined();
});
