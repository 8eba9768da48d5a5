/**
 * Random sequences of changes, reloads, lookups, watchers that come and go: what the engine keeps to be quick (indexes, what
 * is watched, what was told) never parts from what is true.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Contexts } from "../../lib/state/contexts.ts";
import {
  aggregateDeviceStates,
  type DeviceState,
  deviceStates,
  extensionStateOf,
} from "../../lib/state/device_state.ts";
import { fillHint, parseHint } from "../../lib/state/hint.ts";
import {
  aggregatePresence,
  presenceNotSet,
  type PresenceState,
  presenceStates,
} from "../../lib/state/presence_state.ts";
import type { Resource } from "../../lib/state/resource.ts";
import { contextsOf, type ContextsText, Office, presenceOf } from "./office.ts";

const names = ["a", "b", "c"];
const extens = ["1", "2", "20", "21", "3", "a", "b"];
const contextNames = ["x", "y"];

const hintTexts = fc.tuple(
  fc.subarray([...names.map((name) => `Custom:${name}`), "Custom:${EXTEN}"], { minLength: 1 }),
  fc.subarray(names.map((name) => `CustomPresence:${name}`)),
).map(([devices, providers]) => devices.join("&") + (providers.length > 0 ? `,${providers.join("&")}` : ""));

const contexts: fc.Arbitrary<ContextsText> = fc.dictionary(
  fc.constantFrom(...contextNames),
  fc.record({
    hints: fc.dictionary(fc.constantFrom("1", "2", "20", "3", "_2X", "_X", "_[2-3]!"), hintTexts),
    include: fc.subarray(contextNames),
    autohints: fc.boolean(),
  }),
);

type Step =
  | { readonly kind: "device"; readonly name: string; readonly state: DeviceState | undefined }
  | { readonly kind: "presence"; readonly name: string; readonly state: PresenceState | undefined }
  | { readonly kind: "apply"; readonly contexts: ContextsText }
  | { readonly kind: "lookup" | "watch" | "leave"; readonly context: string; readonly exten: string };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("device" as const),
    name: fc.constantFrom(...names, ...extens),
    state: fc.option(fc.constantFrom(...deviceStates), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant("presence" as const),
    name: fc.constantFrom(...names),
    state: fc.option(
      fc.tuple(fc.constantFrom(...presenceStates), fc.constantFrom("", "s")).map(([state, subtype]) =>
        presenceOf(state, subtype)
      ),
      { nil: undefined },
    ),
  }),
  fc.record({ kind: fc.constant("apply" as const), contexts }),
  fc.record({
    kind: fc.constantFrom("lookup" as const, "watch" as const, "leave" as const),
    context: fc.constantFrom(...contextNames),
    exten: fc.constantFrom(...extens),
  }),
);

/** The office and what a plain reading of the rules expects of it. */
class Model {
  readonly office = new Office({});
  readonly devices = new Map<string, DeviceState>();
  readonly presences = new Map<string, PresenceState>();
  readonly watched = new Map<Resource, number>();
  contexts: ContextsText = {};
  /** What each resource was last told to show; what nobody told of must not have changed. */
  readonly shown = new Map<Resource, string>();

  constructor() {
    this.office.engine.onChange((resource, change) => {
      if (change === "removed") this.shown.delete(resource);
      else this.shown.set(resource, lampOf(resource));
    });
  }

  run(step: Step): void {
    const { engine } = this.office;
    switch (step.kind) {
      case "device":
        if (step.state === undefined) this.devices.delete(`Custom:${step.name}`);
        else this.devices.set(`Custom:${step.name}`, step.state);
        return engine.setCustomState(`Custom:${step.name}`, step.state);
      case "presence":
        if (step.state === undefined) this.presences.delete(`CustomPresence:${step.name}`);
        else this.presences.set(`CustomPresence:${step.name}`, step.state);
        return engine.setPresenceState(`CustomPresence:${step.name}`, step.state);
      case "apply":
        this.contexts = step.contexts;
        return void this.office.apply(step.contexts);
      case "lookup":
        return this.#checkLookup(step.context, step.exten);
      case "watch": {
        const resource = engine.lookup(step.context, step.exten);
        if (resource === undefined) return;
        engine.retain(resource);
        this.watched.set(resource, (this.watched.get(resource) ?? 0) + 1);
        return;
      }
      case "leave": {
        const resource = [...this.watched.keys()].find(({ exten }) => exten === step.exten);
        if (resource === undefined) return;
        engine.release(resource);
        const count = this.watched.get(resource)! - 1;
        if (count === 0) this.watched.delete(resource);
        else this.watched.set(resource, count);
      }
    }
  }

  /** Every resource shows what its hint says, was told of, is indexed, and is there by right. */
  check(): void {
    const all = [...this.office.engine.resources()];
    expect(new Set(all.map(({ context, exten }) => `${exten}@${context}`)).size).toBe(all.length);
    for (const resource of all) {
      expect(resource.isRemoved).toBe(false);
      const states = resource.devices.map((device) => this.devices.get(device) ?? "UNKNOWN");
      expect(resource.state.devices.map(({ state }) => state)).toEqual(states);
      expect(resource.state.extension).toBe(extensionStateOf(aggregateDeviceStates(states)));
      expect(resource.state.presence).toEqual(
        aggregatePresence(resource.providers.map((provider) => this.presences.get(provider) ?? presenceNotSet)),
      );
      expect(this.shown.get(resource)).toBe(lampOf(resource));
      for (const source of [...resource.devices, ...resource.providers]) {
        expect([...this.office.engine.showing(source)]).toContain(resource);
      }
    }
    for (const name of names) {
      for (const source of [`Custom:${name}`, `CustomPresence:${name}`]) {
        for (const resource of this.office.engine.showing(source)) expect(all).toContain(resource);
      }
    }
    const found = new Contexts(contextsOf(this.contexts));
    for (const { context, exten, rule, text } of found.explicit()) {
      const [resource] = all.filter((each) => each.context === context && each.exten === exten);
      const { devices, providers } = fillHint(parseHint(text), exten, context);
      expect(resource).toMatchObject({ rule, devices, providers });
    }
  }

  #checkLookup(context: string, exten: string): void {
    const found = new Contexts(contextsOf(this.contexts)).find(context, exten);
    const resource = this.office.engine.lookup(context, exten);
    if (found !== undefined) {
      const { devices, providers } = fillHint(parseHint(found.text), exten, found.context);
      expect(resource).toMatchObject({ context: found.context, exten, rule: found.rule, devices, providers });
    } else if (resource !== undefined) {
      expect(resource).toMatchObject({ rule: "autohints", devices: [`Custom:${exten}`] });
      expect(this.contexts[resource.context]?.autohints).toBe(true);
    }
  }
}

/** What a watcher is told. */
function lampOf({ state }: Resource): string {
  const { state: name, subtype, message } = state.presence;
  return `${state.extension} ${name} ${subtype} ${message}`;
}

test("after every step all resources are there by right, indexed, and show what was last told of them", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (sequence) => {
      const model = new Model();
      for (const step of sequence) {
        model.run(step);
        model.check();
      }
    }),
    { numRuns: 300 },
  );
});
