/** What several publications of one target make together. */
import { describe, expect, test } from "bun:test";
import { type ActivityName, activityNames, type PresenceDocument } from "../../lib/body/read/pidf.ts";
import { composeDialogs } from "../../lib/publication/compose_dialog.ts";
import { composePresence } from "../../lib/publication/compose_presence.ts";
import type { DialogTable, PublishedDialog } from "../../lib/publication/packages/dialog.ts";
import type { PublishedValue } from "../../lib/publication/published_package.ts";
import { limits } from "../../lib/runtime/limits.ts";
import type { PresenceName } from "../../lib/state/presence_state.ts";

function dialog(overrides: Partial<PublishedDialog> = {}): PublishedDialog {
  return {
    id: "1",
    state: "confirmed",
    direction: "recipient",
    callId: "",
    localTag: "",
    remoteTag: "",
    local: {},
    remote: {},
    startedAt: 0,
    ...overrides,
  };
}

function by(publisher: string, ...dialogs: readonly Partial<PublishedDialog>[]): PublishedValue<DialogTable> {
  return { publisher, value: { version: 0, dialogs: dialogs.map(dialog) } };
}

describe("calls of a device", () => {
  const sip = { callId: "c", localTag: "l", remoteTag: "r" };
  const cases:
    readonly (readonly [what: string, publications: readonly PublishedValue<DialogTable>[], calls: string[]])[] = [
      ["nobody publishes", [], []],
      ["one phone", [by("a", { id: "1" }, { id: "2", startedAt: 1 })], ["1 confirmed", "2 confirmed"]],
      ["two phones", [by("a", { id: "1" }), by("b", { id: "2" })], ["1 confirmed", "2 confirmed"]],
      ["two phones that number alike", [by("a", { id: "1" }), by("b", { id: "1" })], ["1 confirmed", "1~2 confirmed"]],
      ["one phone twice, its tag lost", [by("a", { id: "1", state: "early" }), by("a", { id: "1" })], ["1 confirmed"]],
      ["a phone and its server", [by("pbx", { id: "x", ...sip, state: "early" }), by("a", sip)], ["1 confirmed"]],
      ["its server, then the phone", [by("a", sip), by("pbx", { id: "x", ...sip, state: "early" })], ["x early"]],
      ["a half dialog and the whole", [by("a", { ...sip, remoteTag: "" }), by("b", { id: "x", ...sip })], [
        "x confirmed",
      ]],
      ["other tags", [by("a", sip), by("b", { id: "2", ...sip, remoteTag: "s" })], ["1 confirmed", "2 confirmed"]],
      ["another Call-ID", [by("a", sip), by("b", { id: "2", ...sip, callId: "d" })], ["1 confirmed", "2 confirmed"]],
      ["Call-ID told once", [by("a", sip), by("b", { id: "1" })], ["1 confirmed", "1~2 confirmed"]],
      ["two forks in one document", [by("a", { ...sip, remoteTag: "" }, { id: "2", ...sip })], [
        "1 confirmed",
        "2 confirmed",
      ]],
    ];
  for (const [what, publications, calls] of cases) {
    test(what, () => {
      const composed = composeDialogs(publications);
      expect(composed.map(({ id, state }) => `${id} ${state}`)).toEqual(calls);
    });
  }

  test("stand in the order in which they began, whoever was modified last", () => {
    const publications = [
      by("a", { id: "x", startedAt: 3 }, { id: "y", startedAt: 1 }),
      by("b", { id: "z", startedAt: 2 }),
    ];
    const forward = composeDialogs(publications);
    expect(forward.map(({ id }) => id)).toEqual(["y", "z", "x"]);
    expect(composeDialogs(publications.toReversed())).toEqual(forward);
    const alike = [by("a", { id: "x", callId: "1" }), by("b", { id: "x", callId: "2" })];
    expect(composeDialogs(alike.toReversed())).toEqual(composeDialogs(alike));
  });

  const states: readonly (readonly [Partial<PublishedDialog>, string])[] = [
    [{ state: "trying" }, "trying recipient"],
    [{ state: "proceeding" }, "trying recipient"],
    [{ state: "early" }, "early recipient"],
    [{ state: "early", direction: "initiator" }, "early initiator"],
    [{ state: "early", direction: "" }, "early recipient"],
    [{ state: "confirmed" }, "confirmed recipient"],
    [{ state: "confirmed", local: { target: "", isRendering: false } }, "held recipient"],
    [{ state: "confirmed", local: { target: "", isRendering: true } }, "confirmed recipient"],
    [{ state: "confirmed", remote: { target: "", isRendering: false } }, "confirmed recipient"],
    [{ state: "early", local: { target: "", isRendering: false } }, "early recipient"],
  ];
  for (const [told, expected] of states) {
    test(`${JSON.stringify(told)} is ${expected} (RFC 4235 §3.7.1, §5.2)`, () => {
      const [call] = composeDialogs([by("a", told)]);
      expect(`${call!.state} ${call!.direction}`).toBe(expected);
    });
  }

  test("tell who is at each end: by identity, or else by target", () => {
    const bob = { uri: "sip:bob@x", display: "Bob" };
    const party = (remote: PublishedDialog["remote"]) => composeDialogs([by("a", { remote })])[0]!.remoteIdentity;
    expect(party({ identity: bob, target: "sip:b@y" })).toEqual(bob);
    expect(party({ target: "sip:b@y" })).toEqual({ uri: "sip:b@y", display: "" });
    expect(party({ identity: { uri: "", display: "Bob" }, target: "sip:b@y" })).toEqual({
      uri: "sip:b@y",
      display: "Bob",
    });
    expect(party({ target: "" })).toBeUndefined();
    expect(party({})).toBeUndefined();
  });

  test("are bounded, those of the newest publication first, and composed in bounded time", () => {
    const full = Array.from(
      { length: 200 },
      (_, i) =>
        by(
          `p${i}`,
          ...Array.from(
            { length: 64 },
            (_, k) => ({ id: `${i}-${k}`, callId: "c", localTag: `${i}`, remoteTag: `${k}` }),
          ),
        ),
    );
    const start = performance.now();
    const composed = composeDialogs(full);
    expect(performance.now() - start).toBeLessThan(100);
    expect(composed).toHaveLength(limits.callsPerDevice);
    expect(new Set(composed.map(({ id }) => id.split("-")[0]))).toEqual(new Set(["199", "198", "197", "196"]));
  });
});

function says(overrides: Partial<PresenceDocument>): PublishedValue<PresenceDocument> {
  return { publisher: "a", value: { basic: "open", activities: [], other: "", note: "", ...overrides } };
}

describe("presence of a device", () => {
  const closed = says({ basic: "closed" });
  const silent = says({ basic: "" });
  const mood = (note: string) => says({ note });

  // deno-fmt-ignore
  const cases: readonly (readonly [what: string, publications: readonly PublishedValue<PresenceDocument>[], expected: string])[] = [
    ["nobody publishes", [], "nothing"],
    ["somebody who says nothing", [silent], "nothing"],
    ["open", [says({})], "available||"],
    ["open with a note", [mood("hi")], "available||hi"],
    ["closed", [closed], "unavailable||"],
    ["closed with a note", [says({ basic: "closed", note: "bye" })], "unavailable||bye"],
    ["closed and on the phone", [says({ basic: "closed", activities: ["on-the-phone"] })], "unavailable||"],
    ["closed and busy", [says({ basic: "closed", activities: ["busy"] })], "dnd||"],
    ["closed and at lunch", [says({ basic: "closed", activities: ["lunch"] })], "away|lunch|"],
    ["an activity alone", [says({ basic: "", activities: ["meeting"] })], "dnd|meeting|"],
    ["away and in a meeting", [says({ activities: ["away", "meeting"] })], "dnd|meeting|"],
    ["lunch on vacation", [says({ activities: ["lunch", "vacation"] })], "xa|vacation|"],
    ["busy with a note", [says({ activities: ["busy"], note: "later" })], "dnd||later"],
    ["own words", [says({ other: "walking the dog" })], "available|walking the dog|"],
    ["own words while away", [says({ activities: ["away"], other: "walking the dog" })], "away|walking the dog|"],
    ["dnd as own word", [says({ other: "DND" })], "dnd||"],
    ["do-not-disturb as own words", [says({ other: "Do-Not-Disturb" })], "dnd||"],
    ["chat as own word", [says({ other: "chat" })], "chat||"],
    ["chat as own word, closed", [says({ basic: "closed", other: "chat" })], "unavailable||"],
    ["xa as own word at lunch", [says({ activities: ["lunch"], other: "xa" })], "xa||"],
    ["not_set as own word", [says({ other: "not_set" })], "available|not_set|"],
    ["do not disturb as note", [mood("Do not disturb")], "dnd||Do not disturb"],
    ["don't disturb, typographically", [mood("Don\u2019t  disturb")], "dnd||Don\u2019t  disturb"],
    ["dnd in a longer note", [mood("no dnd today")], "available||no dnd today"],
    ["the newer of two", [says({ activities: ["away"] }), says({ activities: ["busy"] })], "dnd||"],
    ["an older open one over a newer closed one", [mood("here"), closed], "available||here"],
    ["an older open one over a newer silent one", [mood("here"), silent], "available||here"],
    ["the newer of two closed ones", [says({ basic: "closed", note: "a" }), says({ basic: "closed", note: "b" })], "unavailable||b"],
    ["a closed one over a newer silent one", [closed, silent], "unavailable||"],
  ];
  for (const [what, publications, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const presence = composePresence(publications);
      expect(presence === undefined ? "nothing" : `${presence.state}|${presence.subtype}|${presence.message}`).toBe(
        expected,
      );
    });
  }

  // deno-fmt-ignore
  const meanings: Partial<Record<PresenceName, readonly ActivityName[]>> = {
    dnd: ["busy", "meeting", "performance", "presentation", "worship"],
    xa: ["holiday", "permanent-absence", "sleeping", "travel", "vacation"],
    away: ["appointment", "away", "breakfast", "dinner", "in-transit", "lunch", "meal", "shopping", "spectator", "steering"],
    available: ["looking-for-work", "on-the-phone", "playing", "tv", "working"],
  };
  test("every activity of RFC 4480 §3.2 means a state, and is kept", () => {
    expect(Object.values(meanings).flat().sort()).toEqual([...activityNames]);
    for (const [state, activities] of Object.entries(meanings)) {
      for (const activity of activities) {
        const subtype = activity === "busy" || activity === "away" ? "" : activity;
        const presence = composePresence([says({ activities: [activity] })]);
        expect(presence).toEqual({ state: state as PresenceName, subtype, message: "", activities: [activity] });
      }
    }
  });

  test("own words are kept as other, unless they name the state", () => {
    expect(composePresence([says({ activities: ["away"], other: "dog" })])?.activities).toEqual(["away", "other"]);
    expect(composePresence([says({ other: "dnd" })])?.activities).toEqual([]);
  });

  test("texts are cut to the limit of the API, never in the middle of a character", () => {
    const note = "x".repeat(limits.stateTextChars - 1) + "😀";
    const message = composePresence([mood(note)])!.message;
    expect(message).toHaveLength(limits.stateTextChars);
    expect(message.isWellFormed()).toBe(true);
  });
});
