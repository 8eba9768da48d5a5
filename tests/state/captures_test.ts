/** What Asterisk 23 did, held against the engine: the two-device hint and what wakes a watcher. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DeviceState, deviceStates, type ExtensionState } from "../../lib/state/device_state.ts";
import type { PresenceName } from "../../lib/state/presence_state.ts";
import { officeOf, presenceOf } from "./office.ts";

const captures = join(import.meta.dir, "../fixtures/captures");

/** Extension states by the words of `core show hint`. */
const shown: Readonly<Record<string, ExtensionState>> = {
  "Idle": "NOT_INUSE",
  "InUse": "INUSE",
  "Busy": "BUSY",
  "Unavailable": "UNAVAILABLE",
  "Ringing": "RINGING",
  "InUse&Ringing": "RINGINUSE",
  "Hold": "ONHOLD",
};

/** First line of a capture: what it is. */
function titleOf(...path: string[]): string {
  return readFileSync(join(captures, ...path), "utf8").split("\n", 1)[0]!;
}

describe("a hint of two devices shows what Asterisk shows", () => {
  const files = readdirSync(join(captures, "two-device-hint"));

  test("in all 81 combinations", () => {
    const combinations = deviceStates.flatMap((a) => deviceStates.map((b) => `${a}+${b}.txt`));
    expect(files.toSorted()).toEqual(combinations.toSorted());
  });

  for (const file of files) {
    const title = titleOf("two-device-hint", file);
    const [, a, b, hint] = /a=(\w+) b=(\w+), hint state ([\w&]+);/.exec(title)!;
    test(`${a} and ${b} show ${hint}`, () => {
      const office = officeOf({ 2000: "Custom:a&Custom:b" });
      office.device("Custom:a", a as DeviceState);
      office.device("Custom:b", b as DeviceState);
      expect(office.at("2000").state).toMatchObject({
        extension: shown[hint!]!,
        devices: [{ device: "Custom:a", state: a as DeviceState }, { device: "Custom:b", state: b as DeviceState }],
      });
    });
  }
});

describe("a change of a device wakes the watchers that Asterisk wakes", () => {
  const states = "NOT_INUSE INUSE BUSY RINGING RINGINUSE ONHOLD UNAVAILABLE INVALID UNKNOWN".split(
    " ",
  ) as DeviceState[];
  /** From (rows) to (columns): N where Asterisk sent one NOTIFY, of event presence as of event dialog. */
  const captured = `
    .NNNNNNN.
    N.NNNNNNN
    NN.NNNNNN
    NNN.NNNNN
    NNNN.NNNN
    NNNNN.NNN
    NNNNNN..N
    NNNNNN..N
    .NNNNNNN.
  `.trim().split(/\s+/);

  for (const [row, from] of states.entries()) {
    test(`from ${from}`, () => {
      const woken = states.map((to) => {
        const office = officeOf({ 1000: "Custom:a" });
        office.device("Custom:a", from);
        office.told();
        office.device("Custom:a", to);
        return office.told().length === 0 ? "." : "N";
      });
      expect(woken.join("")).toBe(captured[row]!);
    });
  }

  for (const event of ["presence", "dialog"]) {
    for (const file of readdirSync(join(captures, "transitions", event))) {
      const title = titleOf("transitions", event, file);
      test(`as in the capture "${title.slice(2)}"`, () => {
        const [, from, to, count] = /device (\w+) -> (\w+), (NO|one) NOTIFY/.exec(title)!;
        const cell = captured[states.indexOf(from as DeviceState)]![states.indexOf(to as DeviceState)];
        expect(cell).toBe(count === "one" ? "N" : ".");
      });
    }
  }
});

describe("a change of presence wakes the watchers that Asterisk wakes", () => {
  for (const file of readdirSync(join(captures, "transitions/presence-state"))) {
    const title = titleOf("transitions/presence-state", file);
    const [, from, to, count] = /presence (\S+) -> (\S+), (NO|one) NOTIFY/.exec(title)!;
    const stateOf = (text: string) => {
      const [state, subtype, message] = text.split(",");
      return presenceOf(state as PresenceName, subtype, message);
    };
    test(title.slice(2), () => {
      const office = officeOf({ 1000: "Custom:a,CustomPresence:a" });
      office.presence("CustomPresence:a", stateOf(from!));
      office.told();
      office.presence("CustomPresence:a", stateOf(to!));
      expect(office.told()).toEqual(count === "one" ? ["1000@default presence NOT_INUSE"] : []);
    });
  }
});
