/** The JSON that Asterisk publishes. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readAsteriskJson } from "../../../lib/body/read/asterisk_json.ts";
import { DocumentFault } from "../../../lib/body/read/document_fault.ts";
import { deviceStates } from "../../../lib/state/device_state.ts";
import { bytesOf, faultOf, sound } from "./documents.ts";

const EID = "aa:bb:cc:dd:ee:ff";
const device = { type: "devicestate", device: "PJSIP/alice", state: "INUSE", cachable: 1, eid: EID };
const mailbox = { type: "mailboxstate", uniqueid: "1000@default", old: 3, new: 2, eid: EID };
const refresh = { type: "refresh", eid: EID };
const read = (value: unknown) => sound(readAsteriskJson(bytesOf(JSON.stringify(value))));

test("a device's state, a mailbox's counts and a refresh are read", () => {
  expect(read(device)).toEqual({ type: "devicestate", device: "PJSIP/alice", state: "INUSE", eid: EID });
  expect(read(mailbox)).toEqual({ type: "mailboxstate", mailbox: "1000@default", new: 2, old: 3, eid: EID });
  expect(read(refresh)).toEqual({ type: "refresh", eid: EID });
  for (const state of deviceStates) expect(read({ ...device, state })).toMatchObject({ state });
});

test("members that nobody asked for are left out, and an eid is one in any case", () => {
  expect(read({ ...refresh, eid: EID.toUpperCase(), more: [1] })).toEqual({ type: "refresh", eid: EID });
});

const refused: readonly (readonly [document: string, rule: string])[] = [
  ["", "must be JSON"],
  ["{", "must be JSON"],
  ["NaN", "must be JSON"],
  ["[]", "must be a JSON object"],
  ["null", "must be a JSON object"],
  ['"refresh"', "must be a JSON object"],
  ["{}", "eid must be"],
  [JSON.stringify({ eid: EID }), "type must be"],
  [JSON.stringify({ ...refresh, type: "constructor" }), "type must be"],
  [JSON.stringify({ ...refresh, eid: "aa:bb" }), "eid must be"],
  [JSON.stringify({ ...refresh, eid: [EID] }), "eid must be"],
  [JSON.stringify({ ...device, state: "TALKING" }), "state must be"],
  [JSON.stringify({ ...device, state: 2 }), "state must be"],
  [JSON.stringify({ ...device, device: "" }), "device must be a name"],
  [JSON.stringify({ ...device, device: "x".repeat(257) }), "device must be a name"],
  [JSON.stringify({ ...device, device: { a: 1 } }), "device must be a name"],
  [JSON.stringify({ ...mailbox, uniqueid: undefined }), "uniqueid must be a name"],
  [JSON.stringify({ ...mailbox, new: "2" }), "new must be a number"],
  [JSON.stringify({ ...mailbox, new: -1 }), "new must be a number"],
  [JSON.stringify({ ...mailbox, old: 1.5 }), "old must be a number"],
  [JSON.stringify({ ...mailbox, old: 1e99 }), "old must be a number"],
  ["[".repeat(4_096), "must be JSON"],
  [`${'{"a":'.repeat(600)}1${"}".repeat(600)}`, "eid must be"],
  ["[".repeat(1_000_000), "too long"],
];
for (const [text, rule] of refused) {
  test(`refuses ${JSON.stringify(text).slice(0, 100)}: ${rule}`, () => {
    expect(faultOf(readAsteriskJson(bytesOf(text)))).toContain(rule);
  });
}

test("any JSON and any text are a document or a fault, never anything thrown", () => {
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ type: fc.constant("devicestate"), eid: fc.constant(EID), device: fc.anything(), state: fc.anything() })
      .map((value) => String(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(text, (json) => {
      const answer = readAsteriskJson(bytesOf(json));
      expect(answer instanceof DocumentFault || answer.eid === EID).toBe(true);
    }),
    { numRuns: 500 },
  );
});
