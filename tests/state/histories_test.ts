/**
 * Random lives of an office beside a model of it that knows nothing of indexes, events or time: it works out every lamp from
 * scratch, whenever asked.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ContextOptions } from "../../lib/state/contexts.ts";
import { type DeviceState, deviceStates } from "../../lib/state/device_state.ts";
import type { EndpointState } from "../../lib/state/devices.ts";
import { type PresenceState, presenceStates } from "../../lib/state/presence_state.ts";
import type { Call, Resource } from "../../lib/state/resource.ts";
import { callOf, contextOf, Office } from "./office.ts";

type Contexts = Record<string, ContextOptions>;

/** Rules of extensions with what they mean, the more specific one first. */
const rules: readonly (readonly [rule: string, fits: RegExp])[] = [
  ["200", /^200$/],
  ["201", /^201$/],
  ["_20[01]", /^20[01]$/],
  ["_2XX", /^2\d\d$/],
  ["_2!", /^2/],
  ["_.", /^.+$/],
];
const extensions = ["200", "201", "299", "2", "77"];
const contextNames = ["one", "two", "three"];

/** What was set, and what follows from it. */
class Model {
  readonly custom = new Map<string, DeviceState>();
  readonly presences = new Map<string, PresenceState>();
  readonly newCounts = new Map<string, number>();
  readonly endpoints = new Map<string, EndpointState>();
  /** Calls, reported states and published presence by device, published new messages by mailbox. */
  readonly calls = new Map<string, readonly Call[]>();
  readonly reported = new Map<string, readonly DeviceState[]>();
  readonly published = new Map<string, PresenceState>();
  readonly publishedCounts = new Map<string, number>();
  contexts: Contexts;

  constructor(contexts: Contexts) {
    this.contexts = contexts;
  }

  /** The hint of an extension, filled in, and the context that holds it; undefined when there is none. */
  find(context: string, exten: string, above: readonly string[] = []): { home: string; hint: string } | undefined {
    const options = this.contexts[context];
    if (options === undefined || above.includes(context)) return undefined;
    for (const [rule, fits] of rules) {
      const hint = options.hints[rule];
      if (hint !== undefined && fits.test(exten)) return { home: context, hint: hint.replaceAll("${EXTEN}", exten) };
    }
    for (const included of options.include) {
      const found = this.find(included, exten, [...above, context]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  device(device: string): DeviceState {
    return aggregate([this.own(device), ...this.reported.get(device) ?? []]);
  }

  /** State of a device without what other servers report of it. */
  own(device: string): DeviceState {
    const name = device.slice(device.search(/[/:]/) + 1);
    const calls = (this.calls.get(device) ?? []).filter((call) => call.state !== "terminated");
    const states = calls.map(({ state, direction }): DeviceState => {
      if (state === "held") return "ONHOLD";
      return state === "confirmed" || direction === "initiator" ? "INUSE" : "RINGING";
    });
    if (device.startsWith("Custom:")) return aggregate([this.custom.get(name) ?? "UNKNOWN", ...states]);
    if (device.startsWith("MWI:")) {
      const count = this.publishedCounts.get(name) ?? this.newCounts.get(name) ?? 0;
      return count > 0 ? "INUSE" : "NOT_INUSE";
    }
    const endpoint = this.endpoints.get(name);
    if (endpoint === undefined) return "INVALID";
    if (endpoint.busyAt > 0 && calls.length >= endpoint.busyAt) return "BUSY";
    if (calls.length === 0) return endpoint.isReachable ? "NOT_INUSE" : "UNAVAILABLE";
    return aggregate(states);
  }

  lamp(hint: string): string {
    const shown = aggregate(hint.split(",")[0]!.split("&").filter(Boolean).map((device) => this.device(device)));
    return { UNKNOWN: "NOT_INUSE", INVALID: "UNAVAILABLE" }[shown as string] ?? shown;
  }

  presence(hint: string): PresenceState {
    const [devices = "", providers = ""] = hint.split(",");
    const set = highest(providers.split("&").map((provider) => this.presences.get(provider) ?? notSet));
    if (set.state !== "not_set") return set;
    const published = devices.split("&").flatMap((device) => this.published.get(device) ?? []);
    const open = published.filter(({ state }) => state !== "unavailable");
    return published.length === 0 ? set : highest(open.length > 0 ? open : published);
  }
}

const notSet: PresenceState = { state: "not_set", subtype: "", message: "" };

function highest(states: readonly PresenceState[]): PresenceState {
  return states.toSorted((a, b) => presenceStates.indexOf(b.state) - presenceStates.indexOf(a.state))[0]!;
}

function aggregate(states: readonly DeviceState[]): DeviceState {
  const has = (...wanted: DeviceState[]) => states.some((state) => wanted.includes(state));
  if (has("RINGINUSE") || (has("RINGING") && has("INUSE", "ONHOLD", "BUSY"))) return "RINGINUSE";
  const order: DeviceState[] = ["BUSY", "INUSE", "RINGING", "ONHOLD", "NOT_INUSE", "UNAVAILABLE", "UNKNOWN"];
  return order.find((state) => has(state)) ?? "INVALID";
}

/** One thing that happens, to the office and to its model. */
interface Happening {
  readonly text: string;
  /** Device that it is about; empty for none. */
  readonly device: string;
  happen(office: Office, model: Model): void;
}

function set<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function maybe<T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(some, { nil: undefined });
}

const customs = fc.tuple(fc.constantFrom("x", "200"), maybe(fc.constantFrom(...deviceStates)));
const presences = fc.tuple(
  fc.constantFrom("CustomPresence:p", "CustomPresence:q"),
  maybe(
    fc.record({
      state: fc.constantFrom(...presenceStates),
      subtype: fc.constantFrom("", "s"),
      message: fc.constant(""),
    }),
  ),
);
const endpoints = fc.tuple(
  fc.constantFrom("a", "200"),
  maybe(fc.record({ isReachable: fc.boolean(), busyAt: fc.constantFrom(0, 1, 2) })),
);
const devices = fc.constantFrom("PJSIP/a", "PJSIP/200", "Custom:x", "Custom:200");
const published = fc.record({
  state: fc.constantFrom<PresenceState["state"]>("available", "unavailable", "away", "dnd"),
  subtype: fc.constant(""),
  message: fc.constantFrom("", "m"),
  activities: fc.constantFrom([], ["busy"], ["busy", "tv"]),
});
const call = fc.record({
  id: fc.constantFrom("1", "2"),
  state: fc.constantFrom<Call["state"]>("trying", "early", "confirmed", "held", "terminated"),
  direction: fc.constantFrom<Call["direction"]>("initiator", "recipient"),
}).map(callOf);
const hint = fc.tuple(
  fc.subarray(["PJSIP/a", "Custom:x", "MWI:9@default", "PJSIP/${EXTEN}", "Custom:${EXTEN}"]),
  fc.subarray(["CustomPresence:p", "CustomPresence:q"]),
).map(([devices, providers]) => devices.join("&") + (providers.length > 0 ? `,${providers.join("&")}` : ""));
const contexts: fc.Arbitrary<Contexts> = fc.dictionary(
  fc.constantFrom(...contextNames),
  fc.record({
    include: fc.array(fc.constantFrom(...contextNames), { maxLength: 2 }),
    hints: fc.dictionary(fc.constantFrom(...rules.map(([rule]) => rule)), hint, { maxKeys: 4 }),
  }).map(contextOf),
);

const changes: fc.Arbitrary<Happening> = fc.oneof(
  customs.map(([name, state]) => ({
    text: `Custom:${name} ${state}`,
    device: `Custom:${name}`,
    happen(office: Office, model: Model) {
      office.device(`Custom:${name}`, state);
      set(model.custom, name, state);
    },
  })),
  presences.map(([provider, state]) => ({
    text: `${provider} ${state?.state}`,
    device: "",
    happen(office: Office, model: Model) {
      office.presence(provider, state);
      set(model.presences, provider, state);
    },
  })),
  endpoints.map(([name, state]) => ({
    text: `PJSIP/${name} ${JSON.stringify(state)}`,
    device: `PJSIP/${name}`,
    happen(office: Office, model: Model) {
      office.engine.setEndpoint(name, state);
      set(model.endpoints, name, state);
    },
  })),
  fc.tuple(devices, fc.array(call, { maxLength: 3 })).map(([device, calls]) => ({
    text: `${device} has ${calls.map(({ state, direction }) => `${direction} ${state}`).join(", ") || "no call"}`,
    device,
    happen(office: Office, model: Model) {
      office.engine.setCalls(device, calls);
      model.calls.set(device, calls);
    },
  })),
  fc.tuple(devices, fc.array(fc.constantFrom(...deviceStates), { maxLength: 2 })).map(([device, states]) => ({
    text: `${device} is reported ${states.join(", ") || "no more"}`,
    device,
    happen(office: Office, model: Model) {
      office.engine.setReportedStates(device, states);
      model.reported.set(device, states);
    },
  })),
  fc.tuple(devices, maybe(published)).map(([device, presence]) => ({
    text: `${device} publishes ${JSON.stringify(presence)}`,
    device: "",
    happen(office: Office, model: Model) {
      office.engine.setPublishedPresence(device, presence);
      set(model.published, device, presence);
    },
  })),
  maybe(fc.constantFrom(0, 1, 2)).map((count) => ({
    text: `mailbox 9 publishes ${count}`,
    device: "MWI:9@default",
    happen(office: Office, model: Model) {
      office.engine.setPublishedMailbox("9", count === undefined ? undefined : { new: count, old: 0 });
      set(model.publishedCounts, "9@default", count);
    },
  })),
  maybe(fc.record({ new: fc.constantFrom(0, 1, 2), old: fc.constantFrom(0, 1) })).map((counts) => ({
    text: `mailbox 9 ${JSON.stringify(counts)}`,
    device: "MWI:9@default",
    happen(office: Office, model: Model) {
      office.engine.setMailbox("9", counts);
      set(model.newCounts, "9@default", counts?.new);
    },
  })),
);
const reloads: fc.Arbitrary<Happening> = contexts.map((next) => ({
  text: `reload ${JSON.stringify(next)}`,
  device: "",
  happen(office: Office, model: Model) {
    office.apply(next);
    model.contexts = next;
  },
}));

function history(...kinds: fc.Arbitrary<Happening>[]): fc.Arbitrary<Happening[]> {
  return fc.array(fc.oneof(...kinds), { maxLength: 25 });
}

function everywhere<T>(look: (context: string, exten: string) => T): T[] {
  return contextNames.flatMap((context) => extensions.map((exten) => look(context, exten)));
}

/** What the office and its model say of every extension in every context. */
function expectAgreement(office: Office, model: Model): void {
  const shown = everywhere((context, exten) => {
    const resource = office.engine.lookup(context, exten);
    if (resource === undefined) return undefined;
    const lamp: string = resource.state.extension;
    return { home: resource.context, lamp, presence: resource.state.presence };
  });
  const meant = everywhere((context, exten) => {
    const found = model.find(context, exten);
    return found && { home: found.home, lamp: model.lamp(found.hint), presence: model.presence(found.hint) };
  });
  expect(shown).toEqual(meant);
}

test("whatever happens, every extension shows what follows from what was set last", () => {
  fc.assert(
    fc.property(contexts, history(changes, changes, reloads), (first, happenings) => {
      const model = new Model(first);
      const office = new Office(first);
      expectAgreement(office, model);
      for (const each of happenings) {
        each.happen(office, model);
        expectAgreement(office, model);
      }
    }),
    { numRuns: 300 },
  );
});

test("a restart forgets nothing that was set", () => {
  fc.assert(fc.property(contexts, history(changes), (first, happenings) => {
    const model = new Model(first);
    const office = new Office(first);
    for (const each of happenings) each.happen(office, model);
    const restarted = new Office(first, office.disk);
    for (const [name, state] of model.endpoints) restarted.engine.setEndpoint(name, state);
    for (const [device, calls] of model.calls) restarted.engine.setCalls(device, calls);
    for (const [device, states] of model.reported) restarted.engine.setReportedStates(device, states);
    for (const [device, presence] of model.published) restarted.engine.setPublishedPresence(device, presence);
    for (const [box, count] of model.publishedCounts) restarted.engine.setPublishedMailbox(box, { new: count, old: 0 });
    expectAgreement(restarted, model);
  }));
});

test("watchers are woken by what is new to them, and by nothing else", () => {
  fc.assert(
    fc.property(contexts, history(changes), (first, happenings) => {
      const model = new Model(first);
      const office = new Office(first);
      everywhere((context, exten) => office.engine.lookup(context, exten));
      const told: string[] = [];
      office.engine.onChange((resource, change) => void told.push(`${resource.id} ${change}`));
      for (const each of happenings) {
        const resources = [...office.engine.resources()];
        const before = new Map(resources.map((resource) => [resource, resource.state]));
        const deviceBefore = each.device === "" ? undefined : model.device(each.device);
        each.happen(office, model);
        const isDeviceNew = each.device !== "" && model.device(each.device) !== deviceBefore;

        const isWoken = (resource: Resource) => {
          const former = before.get(resource)!, { state } = resource;
          if (state.extension !== former.extension) return true;
          if (!Bun.deepEquals(state.calls, former.calls)) return true;
          return isDeviceNew && resource.devices.includes(each.device) && /RING/.test(state.extension);
        };
        const isPresenceNew = (resource: Resource) =>
          !Bun.deepEquals(resource.state.presence, before.get(resource)!.presence);
        expect(told.splice(0).sort()).toEqual(
          [
            ...resources.filter(isWoken).map(({ id }) => `${id} device`),
            ...resources.filter(isPresenceNew).map(({ id }) => `${id} presence`),
          ].sort(),
        );
      }
    }),
    { numRuns: 300 },
  );
});
