/** Which resource an extension means, and what is made on demand. */
import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { Office, officeOf } from "./office.ts";

const reachable = { isReachable: true, busyAt: 0 };

/** `exten@context rule: hint` of what an extension means. */
function meaning(office: Office, exten: string, context = "default"): string | undefined {
  const resource = office.engine.lookup(context, exten);
  return resource && `${resource.exten}@${resource.context} ${resource.rule}: ${resource.hint}`;
}

/** `exten@context` of every resource, in order. */
function resources(office: Office): string[] {
  return [...office.engine.resources()].map(({ exten, context }) => `${exten}@${context}`);
}

describe("a lookup", () => {
  test("finds an extension by its very name", () => {
    const office = officeOf({ 1000: "Custom:a", alice: "Custom:b", "555-1234": "Custom:c" });
    expect(office.at("1000").devices).toEqual(["Custom:a"]);
    expect(office.at("555-1234").devices).toEqual(["Custom:c"]);
    for (const exten of ["", "100", "10000", "Alice", "5551234", " 1000", "_2XX", "__proto__", "constructor"]) {
      expect(office.engine.lookup("default", exten)).toBeUndefined();
    }
    expect(office.engine.lookup("nowhere", "1000")).toBeUndefined();
    expect(office.engine.lookup("__proto__", "1000")).toBeUndefined();
  });

  test("gives the same resource each time", () => {
    const office = officeOf({ 1000: "Custom:a", _2XX: "Custom:${EXTEN}" });
    for (const exten of ["1000", "200"]) expect(office.at(exten)).toBe(office.at(exten));
    expect(office.told()).toEqual(["200@default added NOT_INUSE"]);
  });

  test("prefers the extension to patterns, and of these the most specific one, in whatever order they are written", () => {
    const hints = {
      "_X.": "Custom:long",
      _2XX: "Custom:x",
      _20X: "Custom:20x",
      "_2[0-4]X": "Custom:set",
      201: "Custom:one",
    };
    for (const entries of [Object.entries(hints), Object.entries(hints).toReversed()]) {
      const office = officeOf(Object.fromEntries(entries));
      expect(["201", "202", "210", "250", "300"].map((exten) => meaning(office, exten))).toEqual([
        "201@default 201: Custom:one",
        "202@default _20X: Custom:20x",
        "210@default _2[0-4]X: Custom:set",
        "250@default _2XX: Custom:x",
        "300@default _X.: Custom:long",
      ]);
    }
  });

  test("fills variables with the extension and the context that holds the pattern", () => {
    const office = new Office({
      phones: { include: ["hints"] },
      hints: { hints: { _2XX: "PJSIP/${EXTEN}&Custom:${CONTEXT}-${EXTEN:1},CustomPresence:${EXTEN}(Desk ${EXTEN})" } },
    });
    expect(meaning(office, "200", "phones")).toBe(
      "200@hints _2XX: PJSIP/200&Custom:hints-00,CustomPresence:200(Desk 200)",
    );
  });

  test("lets no extension smuggle devices, presence or a name into a pattern's hint", () => {
    const office = officeOf({ "_.": "Custom:${EXTEN}" });
    office.device("Custom:secret", "BUSY");
    for (const exten of ["a&Custom:secret", "a,CustomPresence:b", "a(Name)", "${CONTEXT}", "a&PJSIP/b(c)", "$&", "&"]) {
      const resource = office.at(exten);
      expect(resource.devices).toEqual([`Custom:${exten}`]);
      expect([resource.providers, resource.name, resource.state.extension]).toEqual([[], "", "NOT_INUSE"]);
    }
  });

  test("keeps apart extensions and contexts whose names run into each other", () => {
    const office = new Office({
      "b@c": { hints: { a: "Custom:one" } },
      c: { hints: { "a@b": "Custom:two" } },
    });
    expect(office.at("a", "b@c").devices).toEqual(["Custom:one"]);
    expect(office.at("a@b", "c").devices).toEqual(["Custom:two"]);
  });
});

describe("included contexts", () => {
  test("come after the context itself, in order and depth first", () => {
    const office = new Office({
      top: { include: ["left", "right"], hints: { 1: "Custom:top" } },
      left: { include: ["deep"], hints: { 1: "Custom:left", 2: "Custom:left" } },
      right: { hints: { 1: "Custom:right", 3: "Custom:right", 4: "Custom:right" } },
      deep: { hints: { 2: "Custom:deep", 3: "Custom:deep" } },
    });
    expect(["1", "2", "3", "4"].map((exten) => office.at(exten, "top").context)).toEqual([
      "top",
      "left",
      "deep",
      "right",
    ]);
  });

  test("come after even the widest pattern of the context itself", () => {
    const office = new Office({
      top: { include: ["other"], hints: { "_X!": "Custom:pattern" } },
      other: { hints: { 1000: "Custom:exact" } },
    });
    expect(office.at("1000", "top").devices).toEqual(["Custom:pattern"]);
  });

  test("may include each other, themselves, and what is not there", () => {
    const office = new Office({
      a: { include: ["b", "a"], hints: { 1: "Custom:a" } },
      b: { include: ["a", "nowhere"], hints: { 2: "Custom:b" } },
    });
    expect([office.at("2", "a").context, office.at("1", "b").context]).toEqual(["b", "a"]);
    expect(office.engine.lookup("a", "3")).toBeUndefined();
  });

  test("share one resource with those who include them, also when a pattern makes it", () => {
    const office = new Office({
      sales: { include: ["hints"] },
      support: { include: ["hints"] },
      hints: { hints: { 1000: "Custom:a", _2XX: "Custom:${EXTEN}" } },
    });
    for (const exten of ["1000", "200"]) {
      expect(office.at(exten, "sales")).toBe(office.at(exten, "support"));
      expect(office.at(exten, "sales")).toBe(office.at(exten, "hints"));
    }
    expect(resources(office)).toEqual(["1000@hints", "200@hints"]);
  });
});

describe("autohints", () => {
  const contexts = { default: { autohints: true, hints: { 1000: "Custom:other", _9X: "Custom:nine" } } };

  test("show a device under its own name, whatever it is", () => {
    const office = new Office(contexts);
    office.engine.setEndpoint("alice", reachable);
    office.device("Custom:door", "RINGING");
    office.engine.setMailbox("100", { new: 1, old: 0 });
    expect(["alice", "door", "100@default"].map((exten) => meaning(office, exten))).toEqual([
      "alice@default autohints: PJSIP/alice",
      "door@default autohints: Custom:door",
      "100@default@default autohints: MWI:100@default",
    ]);
    expect(office.told()).toEqual([
      "alice@default added NOT_INUSE",
      "door@default added RINGING",
      "100@default@default added INUSE",
    ]);
    expect(office.engine.lookup("default", "bob")).toBeUndefined();
  });

  test("are there after a restart for all that was set before, without another change", () => {
    const before = new Office(contexts);
    before.device("Custom:door", "RINGING");
    const after = new Office(contexts, before.disk);
    expect(resources(after)).toContain("door@default");
    expect(after.lamp("door")).toBe("RINGING");
  });

  test("are there for endpoints that were there before the context", () => {
    const office = new Office({});
    office.engine.setEndpoint("alice", reachable);
    office.apply(contexts);
    expect(meaning(office, "alice")).toBe("alice@default autohints: PJSIP/alice");
  });

  test("give way to a hint of that name, and to a pattern that fits", () => {
    const office = new Office(contexts);
    office.device("Custom:1000", "BUSY");
    office.device("Custom:91", "BUSY");
    expect(office.told()).toEqual([]);
    expect(meaning(office, "1000")).toBe("1000@default 1000: Custom:other");
    expect(meaning(office, "91")).toBe("91@default _9X: Custom:nine");
  });

  test("give way to a hint that an included context has since a reload, but for those who watch them", () => {
    const office = new Office({ default: { autohints: true } });
    office.device("Custom:door", "BUSY");
    const former = office.at("door");
    office.apply({ default: { autohints: true, include: ["more"] }, more: { hints: { door: "Custom:other" } } });
    expect(meaning(office, "door")).toBe("door@more door: Custom:other");
    expect(former.isRemoved).toBe(false);
  });

  test("are found from a context that includes theirs, and made only in theirs", () => {
    const office = new Office({ phones: { include: ["auto"] }, auto: { autohints: true } });
    office.device("Custom:door", "BUSY");
    expect(meaning(office, "door", "phones")).toBe("door@auto autohints: Custom:door");
    expect(resources(office)).toEqual(["door@auto"]);
  });

  test("are not made where they are not asked for", () => {
    const office = officeOf({ 1000: "Custom:a" });
    office.device("Custom:door", "BUSY");
    expect(office.engine.lookup("default", "door")).toBeUndefined();
  });

  test("show one device, whatever it is called", () => {
    const office = new Office({ default: { autohints: true } });
    office.engine.setEndpoint("secret", reachable);
    office.device("Custom:a&PJSIP/secret,CustomPresence:b(${EXTEN})", "BUSY");
    const [resource] = office.engine.resources();
    expect(office.lamp("a&PJSIP/secret,CustomPresence:b(${EXTEN})")).toBe("BUSY");
    expect([...office.engine.resources()].map(({ devices }) => devices)).toContainEqual([
      "Custom:a&PJSIP/secret,CustomPresence:b(${EXTEN})",
    ]);
    office.apply({ default: { autohints: true, hints: { 1: "Custom:b" } } });
    expect(resource!.isRemoved).toBe(false);
    expect(office.at("a&PJSIP/secret,CustomPresence:b(${EXTEN})").devices).toHaveLength(1);
  });

  test("follow their device, also when it is deleted", () => {
    const office = new Office({ default: { autohints: true } });
    office.device("Custom:door", "BUSY");
    office.told();
    office.device("Custom:door", undefined);
    expect(office.told()).toEqual(["door@default device NOT_INUSE"]);
  });
});

describe("resources made on demand", () => {
  /** An office with as many of them as there may be, the first one watched. */
  function fullOffice() {
    const office = officeOf({ "_X.": "Custom:${EXTEN}", 1: "Custom:a" });
    const extens = Array.from({ length: limits.derivedHintCount }, (_, i) => String(100_000 + i));
    const all = extens.map((exten) => office.at(exten));
    office.told();
    return { office, all };
  }

  test("give way to new ones when there are too many: the one that nobody watches the longest", () => {
    const { office, all } = fullOffice();
    office.engine.retain(all[0]!);
    office.at("20");
    expect(office.told()).toEqual([`${all[1]!.exten}@default removed REMOVED`, "20@default added NOT_INUSE"]);
    expect([all[0]!.isRemoved, all[1]!.isRemoved]).toEqual([false, true]);
    expect([...office.engine.resources()]).toHaveLength(limits.derivedHintCount + 1);

    office.engine.release(all[0]!);
    office.at("30");
    expect(all[0]!.isRemoved).toBe(false);
    expect(all[2]!.isRemoved).toBe(true);
    const cost = office.engine.evaluationCount;
    office.device(`Custom:${all[1]!.exten}`, "BUSY");
    expect(office.engine.evaluationCount).toBe(cost);
    expect(office.lamp(all[1]!.exten)).toBe("BUSY");
    expect(office.at(all[1]!.exten)).not.toBe(all[1]!);
  });

  test("are refused when all are watched, until one is no longer", () => {
    const { office, all } = fullOffice();
    for (const resource of all) office.engine.retain(resource);
    office.engine.retain(all[5]!);
    expect(office.engine.lookup("default", "20")).toBeUndefined();
    expect(office.lamp("1")).toBe("NOT_INUSE");
    expect(office.told()).toEqual([]);
    office.engine.release(all[5]!);
    expect(office.engine.lookup("default", "20")).toBeUndefined();
    office.engine.release(all[5]!);
    expect(meaning(office, "20")).toBe("20@default _X.: Custom:20");
    expect(all[5]!.isRemoved).toBe(true);
  });

  test("never have the number of another", () => {
    const office = officeOf({ 1: "Custom:a", _2XX: "Custom:${EXTEN}" });
    const ids = [office.at("1").id, office.at("200").id, office.at("201").id];
    office.apply({});
    office.apply({ default: { hints: { 1: "Custom:a" } } });
    ids.push(office.at("1").id);
    expect(ids).toEqual([0, 1, 2, 3]);
  });
});
