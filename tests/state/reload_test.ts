/** What a new configuration does to hints that are watched. */
import { describe, expect, test } from "bun:test";
import { callOf, type ContextsText, Office, officeOf, presenceOf } from "./office.ts";

/** One context, `default`. */
function hints(hints: Readonly<Record<string, string>>): ContextsText {
  return { default: { hints } };
}

describe("a reload", () => {
  test("that changes nothing touches nothing", () => {
    const contexts = {
      ...hints({ 1000: "Custom:a,CustomPresence:a(A)", _2XX: "PJSIP/${EXTEN}" }),
      b: { autohints: true },
    };
    const office = new Office(contexts);
    office.device("Custom:a", "RINGING");
    office.at("200");
    office.told();
    const before = [...office.engine.resources()].map((resource) => [resource, resource.state]);
    const cost = office.engine.evaluationCount;
    office.clock.advance(1000);
    expect(office.apply(structuredClone(contexts))).toEqual({ added: 0, changed: 0, removed: 0 });
    expect(office.told()).toEqual([]);
    expect([...office.engine.resources()].map((resource) => [resource, resource.state])).toEqual(before);
    expect(office.engine.evaluationCount).toBe(cost);
  });

  test("adds, changes and removes, and counts each", () => {
    const office = officeOf({ 1: "Custom:a", 2: "Custom:b", 3: "Custom:c" });
    office.device("Custom:d", "BUSY");
    const changes = office.apply(hints({ 4: "Custom:d", 2: "Custom:d", 1: "Custom:a" }));
    expect(changes).toEqual({ added: 1, changed: 1, removed: 1 });
    expect(office.told()).toEqual(["4@default added BUSY", "2@default device BUSY", "3@default removed REMOVED"]);
    expect([...office.engine.resources()].map(({ exten }) => exten)).toEqual(["1", "2", "4"]);
  });

  test("that changes a hint's text works its state out at once, and tells only of what is another", () => {
    const office = officeOf({ 1: "Custom:a,CustomPresence:a" });
    office.device("Custom:b", "INUSE");
    office.device("Custom:c", "ONHOLD");
    office.presence("CustomPresence:b", presenceOf("dnd"));
    const epoch = office.clock.wall();
    const resource = office.at("1");
    const steps: readonly (readonly [hint: string, told: string[]])[] = [
      ["Custom:b,CustomPresence:a", ["1@default device INUSE"]],
      ["Custom:b,CustomPresence:b", ["1@default presence INUSE"]],
      ["Custom:b&Custom:c,CustomPresence:b(Bob)", []],
      ["Custom:a", ["1@default device NOT_INUSE", "1@default presence NOT_INUSE"]],
    ];
    for (const [step, [hint, told]] of steps.entries()) {
      office.clock.advance(1000);
      expect(office.apply(hints({ 1: hint }))).toEqual({ added: 0, changed: 1, removed: 0 });
      expect(office.told()).toEqual(told);
      expect(office.at("1")).toBe(resource);
      expect(resource.hint).toBe(hint);
      if (step === 1) expect(resource).toMatchObject({ changedAt: epoch + 1000, presenceChangedAt: epoch + 2000 });
    }
    expect(resource).toMatchObject({ changedAt: epoch + 4000, presenceChangedAt: epoch + 4000 });
    office.device("Custom:b", "RINGING");
    expect(office.told()).toEqual([]);
  });

  test("that shows other calls tells of it, even where the state stays", () => {
    const office = officeOf({ 1: "PJSIP/a" });
    for (const name of ["a", "b"]) {
      office.engine.setEndpoint(name, { isReachable: true, busyAt: 0 });
      office.engine.setCalls(`PJSIP/${name}`, [callOf({ id: name })]);
    }
    office.told();
    office.apply(hints({ 1: "PJSIP/b" }));
    expect(office.told()).toEqual(["1@default device INUSE"]);
  });

  test("that only spells a hint differently is no change", () => {
    const office = officeOf({ 1: "Custom:a & Custom:b , CustomPresence:a ( Alice )" });
    expect(office.apply(hints({ 1: "Custom:a&Custom:b,CustomPresence:a(Alice)" })).changed).toBe(0);
  });

  test("that removes a hint ends it: it shows REMOVED and no calls, hears nothing more, and is found no more", () => {
    const office = officeOf({ 1: "PJSIP/a,CustomPresence:a" });
    office.engine.setEndpoint("a", { isReachable: true, busyAt: 0 });
    office.engine.setCalls("PJSIP/a", [callOf()]);
    const resource = office.at("1");
    office.engine.retain(resource);
    office.told();
    office.apply({ default: {} });
    expect(office.told()).toEqual(["1@default removed REMOVED"]);
    expect(resource).toMatchObject({ isRemoved: true, state: { extension: "REMOVED", calls: [] } });
    expect(office.engine.lookup("default", "1")).toBeUndefined();
    office.engine.setCalls("PJSIP/a", []);
    office.engine.release(resource);
    expect(office.told()).toEqual([]);
    office.apply(hints({ 1: "PJSIP/a" }));
    expect(office.at("1")).not.toBe(resource);
  });

  test("that removes a context ends all of its hints", () => {
    const office = new Office({ a: { hints: { 1: "Custom:a", _2X: "Custom:a" } }, b: { hints: { 1: "Custom:a" } } });
    office.at("20", "a");
    office.told();
    expect(office.apply({ b: { hints: { 1: "Custom:a" } } })).toEqual({ added: 0, changed: 0, removed: 2 });
    expect(office.told()).toEqual(["1@a removed REMOVED", "20@a removed REMOVED"]);
  });

  test("is in force as a whole before anybody is told", () => {
    const office = officeOf({ 1: "Custom:a", 9: "Custom:z" });
    const heard: string[] = [];
    office.engine.onChange(() => {
      const found = ["1", "2", "20", "9"].map((exten) => office.engine.lookup("default", exten)?.rule ?? "none");
      heard.push(found.join(" "));
    });
    office.apply(hints({ 2: "Custom:a", _2X: "Custom:a", 1: "Custom:b" }));
    expect(new Set(heard)).toEqual(new Set(["1 2 _2X none"]));
  });
});

describe("a resource that a pattern made", () => {
  test("survives while its pattern, or another, fits it", () => {
    const office = officeOf({ _2XX: "Custom:${EXTEN}" });
    const resource = office.at("200");
    office.told();
    office.apply(hints({ _2XX: "Custom:${EXTEN}", 1: "Custom:a" }));
    expect(office.told()).toEqual(["1@default added NOT_INUSE"]);
    office.device("Custom:b", "BUSY");
    expect(office.apply(hints({ _20X: "Custom:b" }))).toEqual({ added: 0, changed: 1, removed: 1 });
    expect(office.told()).toEqual(["200@default device BUSY", "1@default removed REMOVED"]);
    expect(office.at("200")).toBe(resource);
    expect(resource.rule).toBe("_20X");
  });

  test("ends when no pattern fits it any more", () => {
    const office = officeOf({ _2XX: "Custom:${EXTEN}" });
    const resource = office.at("200");
    office.engine.retain(resource);
    office.told();
    office.apply(hints({ _3XX: "Custom:${EXTEN}" }));
    expect(office.told()).toEqual(["200@default removed REMOVED"]);
  });

  test("becomes one of the configuration and, while somebody watches it, back, and is the same for its watchers", () => {
    const office = officeOf({ _2XX: "Custom:${EXTEN}" });
    const resource = office.at("200");
    office.engine.retain(resource);
    office.told();
    expect(office.apply(hints({ _2XX: "Custom:${EXTEN}", 200: "Custom:200" }))).toMatchObject({ added: 0, removed: 0 });
    expect(resource.rule).toBe("200");
    expect(office.apply(hints({ _2XX: "Custom:${EXTEN}" }))).toMatchObject({ added: 0, removed: 0 });
    expect(resource.rule).toBe("_2XX");
    expect(office.told()).toEqual([]);
    expect(office.at("200")).toBe(resource);
    office.device("Custom:200", "BUSY");
    expect(office.told()).toEqual(["200@default device BUSY"]);
  });

  test("that was one of the configuration and has no watchers is made anew when somebody asks", () => {
    const office = officeOf({ _2XX: "Custom:${EXTEN}", 200: "Custom:200" });
    const resource = office.at("200");
    expect(office.apply(hints({ _2XX: "Custom:${EXTEN}" }))).toMatchObject({ removed: 1 });
    expect(resource.isRemoved).toBe(true);
    expect(office.at("200").isRemoved).toBe(false);
  });
});

describe("a resource that autohints made", () => {
  const auto = { default: { autohints: true } };

  test("survives while its context has autohints", () => {
    const office = new Office(auto);
    office.device("Custom:door", "BUSY");
    const resource = office.at("door");
    office.told();
    office.apply({ ...auto, other: {} });
    expect(office.told()).toEqual([]);
    expect(office.at("door")).toBe(resource);
    office.apply({ default: {} });
    expect(office.told()).toEqual(["door@default removed REMOVED"]);
  });

  test("takes the hint or the pattern of the configuration once there is one", () => {
    for (const rule of ["door", "_d."]) {
      const office = new Office(auto);
      office.device("Custom:door", "BUSY");
      const resource = office.at("door");
      office.told();
      office.apply({ default: { autohints: true, hints: { [rule]: "Custom:other" } } });
      expect(office.told()).toEqual(["door@default device NOT_INUSE"]);
      expect(office.at("door")).toBe(resource);
      expect(resource).toMatchObject({ rule, devices: ["Custom:other"] });
    }
  });
});
