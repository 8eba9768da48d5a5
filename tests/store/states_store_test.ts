import { expect, test } from "bun:test";
import fc from "fast-check";
import { StoreError } from "../../lib/runtime/store_error.ts";
import { deviceStates } from "../../lib/state/device_state.ts";
import { presenceStates } from "../../lib/state/presence_state.ts";
import { StatesStore } from "../../lib/store/states_store.ts";
import { DataDirectory } from "./directory.ts";

/** All rows of a fresh look at the file. */
function reloaded(directory: DataDirectory) {
  return directory.opened((database) => new StatesStore(database).load());
}

test("an empty database holds no states", () => {
  const { devices, presences, mailboxes } = reloaded(new DataDirectory());
  expect([devices.size, presences.size, mailboxes.size]).toEqual([0, 0, 0]);
});

test("every device state, presence state and mailbox is the same after the file was closed and opened again", () => {
  const directory = new DataDirectory();
  const devices = new Map(
    deviceStates.map((value, i) => [`Custom:${value}`, { value, changedAt: 1_790_000_000_000 + i }]),
  );
  const presences = new Map(presenceStates.map((state, i) => [
    `CustomPresence:${state}`,
    { value: { state, subtype: `s${i}`, message: `it's "${state}", back at 14:00 – ☎ 🏝` }, changedAt: i },
  ]));
  const mailboxes = new Map([
    ["100@default", { value: { new: 2, old: 5 }, changedAt: 7 }],
    ["101@default", { value: { new: 2, old: 5, newUrgent: 1, oldUrgent: 3 }, changedAt: 8 }],
  ]);
  directory.opened((database) => {
    const store = new StatesStore(database);
    for (const [key, stored] of devices) store.saveDevice(key, stored);
    for (const [key, stored] of presences) store.savePresence(key, stored);
    for (const [key, stored] of mailboxes) store.saveMailbox(key, stored);
  });
  expect(reloaded(directory)).toEqual({ devices, presences, mailboxes });
});

test("what is saved again replaces, and undefined deletes", () => {
  const directory = new DataDirectory();
  directory.opened((database) => {
    const store = new StatesStore(database);
    store.saveDevice("Custom:a", { value: "RINGING", changedAt: 1 });
    store.saveDevice("Custom:a", { value: "INUSE", changedAt: 2 });
    store.saveDevice("Custom:b", { value: "INUSE", changedAt: 3 });
    store.saveDevice("Custom:b", undefined);
    store.saveDevice("Custom:never", undefined);
    store.savePresence("CustomPresence:a", { value: { state: "dnd", subtype: "", message: "" }, changedAt: 4 });
    store.savePresence("CustomPresence:a", undefined);
    store.saveMailbox("1@default", { value: { new: 1, old: 0 }, changedAt: 5 });
    store.saveMailbox("1@default", undefined);
  });
  expect(reloaded(directory)).toEqual({
    devices: new Map([["Custom:a", { value: "INUSE" as const, changedAt: 2 }]]),
    presences: new Map(),
    mailboxes: new Map(),
  });
});

test("any text can be a key, a subtype or a message", () => {
  const directory = new DataDirectory();
  directory.opened((database) => {
    const store = new StatesStore(database);
    const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, text, text, (name, subtype, message) => {
        const stored = { value: { state: "away" as const, subtype, message }, changedAt: 1 };
        store.savePresence(name, stored);
        expect(store.load().presences.get(name)).toEqual(stored);
        store.savePresence(name, undefined);
      }),
      { numRuns: 50 },
    );
  });
});

test("several saves in one write are one transaction: all of them or none", () => {
  const directory = new DataDirectory();
  directory.opened((database) => {
    const store = new StatesStore(database);
    const bug = new Error("a bug halfway");
    expect(() =>
      database.write(() => {
        store.saveDevice("Custom:a", { value: "BUSY", changedAt: 1 });
        store.saveMailbox("1@default", { value: { new: 1, old: 0 }, changedAt: 1 });
        throw bug;
      })
    ).toThrow(bug);
    expect(store.load().devices.size).toBe(0);
    expect(database.problem).toBeUndefined();
    database.write(() => {
      store.saveDevice("Custom:a", { value: "BUSY", changedAt: 1 });
      store.saveMailbox("1@default", { value: { new: 1, old: 0 }, changedAt: 1 });
    });
  });
  expect(reloaded(directory).devices.size).toBe(1);
  expect(reloaded(directory).mailboxes.size).toBe(1);
});

test("a value that the tables forbid is a StoreError and stores nothing", () => {
  const directory = new DataDirectory();
  directory.opened((database) => {
    const store = new StatesStore(database);
    expect(() => store.saveDevice("Custom:a", { value: "PURPLE" as "BUSY", changedAt: 1 })).toThrow(StoreError);
    expect(() => store.saveMailbox("1", { value: { new: -1, old: 0 }, changedAt: 1 })).toThrow(StoreError);
    expect(store.load().devices.size).toBe(0);
  });
});
