import { describe, expect, test } from "bun:test";
import { Generators, knownMediaTypes, knownSupplements } from "../../lib/body/generators.ts";
import { RenderedBodies } from "../../lib/body/rendered_bodies.ts";
import { defaultVariant, isDigiumUserAgent, type Variant } from "../../lib/body/variant.ts";
import { callSets, extensionStates, presences, sampleCall, sampleSubject } from "./samples.ts";

const otherValues = {
  profile: "rfc",
  isDigium: true,
  notifyEarlyInuseRinging: true,
  remoteParty: "always",
  dialogIds: true,
  pickupPrefix: "**",
  maxDialogs: 4,
  dndAs: "busy",
  unavailableAs: "busy",
} as const satisfies Variant;

describe("the registry", () => {
  const generators = new Generators();

  test("offers the media types of each event package, the default first (RFC 3856 §6.5, RFC 4235 §3.5)", () => {
    expect(generators.mediaTypes("presence")).toEqual([
      "application/pidf+xml",
      "application/xpidf+xml",
      "application/cpim-pidf+xml",
    ]);
    expect(generators.mediaTypes("dialog")).toEqual(["application/dialog-info+xml"]);
    expect(generators.mediaTypes("message-summary")).toEqual([]);
  });

  test("tells which names the configuration may use", () => {
    expect(knownMediaTypes).toEqual([...generators.mediaTypes("presence"), ...generators.mediaTypes("dialog")]);
    expect(knownSupplements).toEqual(["digium", "eyebeam"]);
  });

  test("runs supplements in the configured order", () => {
    const orders = [["digium", "eyebeam"], ["eyebeam", "digium"], ["eyebeam"], []];
    const found = orders.map((supplements) => {
      const body = new Generators({ supplements, disabled: [] })
        .render("application/pidf+xml", sampleSubject(), { ...defaultVariant, isDigium: true });
      return JSON.stringify(body).length &&
        [...documentOf(body).matchAll(/<(dm:person|digium_presence)/g)].map((m) => m[1]);
    });
    expect(found).toEqual([["digium_presence", "dm:person"], ["dm:person", "digium_presence"], ["dm:person"], []]);
  });

  test("refuses a media type without a generator", () => {
    expect(() => generators.rendering("text/plain", defaultVariant)).toThrow('"text/plain"');
    expect(() => generators.render("text/plain", sampleSubject(), defaultVariant)).toThrow('"text/plain"');
  });

  test("gives equal kinds of documents one rendering, different ones different dense numbers", () => {
    const fresh = new Generators();
    const plain = fresh.rendering("application/pidf+xml", defaultVariant);
    expect(fresh.rendering("application/pidf+xml", { ...defaultVariant, dialogIds: true, maxDialogs: 9 })).toBe(plain);
    const digium = fresh.rendering("application/pidf+xml", { ...defaultVariant, isDigium: true });
    expect(digium).not.toBe(plain);
    expect(fresh.rendering("application/xpidf+xml", { ...defaultVariant, isDigium: true }).variant).toEqual(
      defaultVariant,
    );
    expect([plain.index, digium.index]).toEqual([0, 1]);
  });

  for (const mediaType of knownMediaTypes) {
    test(`${mediaType}: what a rendering leaves out of the variant changes no byte, in any state`, () => {
      const subjects = extensionStates.flatMap((extension) =>
        presences.flatMap((presence) => callSets.map((calls) => sampleSubject({ extension, presence, calls })))
      );
      for (const base of [defaultVariant, otherValues]) {
        for (const member of Object.keys(defaultVariant) as (keyof Variant)[]) {
          const one: Variant = { ...base, [member]: defaultVariant[member] };
          const other: Variant = { ...base, [member]: otherValues[member] };
          if (generators.rendering(mediaType, one) !== generators.rendering(mediaType, other)) continue;
          for (const subject of subjects.filter((_, i) => i % 7 === 0)) {
            expect(generators.render(mediaType, subject, one).equals(generators.render(mediaType, subject, other)))
              .toBe(true);
          }
        }
      }
    }, 30_000);
  }
});

function documentOf(body: { text: (fill: never) => string }): string {
  const empty = new Uint8Array(0);
  return body.text({ entity: empty, remote: empty, guid: empty, version: 0 } as never);
}

describe("a change of the configuration", () => {
  test("stops offering a disabled media type, and goes on making it for those who have it", () => {
    const generators = new Generators();
    const rendering = generators.rendering("application/pidf+xml", defaultVariant);
    generators.configure({ supplements: [], disabled: ["application/pidf+xml"] });
    expect(generators.mediaTypes("presence")).not.toContain("application/pidf+xml");
    expect(generators.rendering("application/pidf+xml", defaultVariant)).toBe(rendering);
    expect(documentOf(generators.render(rendering.mediaType, sampleSubject(), rendering.variant))).not.toContain(
      "dm:person",
    );
  });

  test("gives other bodies where supplements make a difference, the same objects where they do not", () => {
    const generators = new Generators();
    const bodies = new RenderedBodies(generators);
    const renderings = ["application/pidf+xml", "application/xpidf+xml"].map((type) =>
      generators.rendering(type, defaultVariant)
    );
    const resource = { id: 1, ...sampleSubject() };
    const before = renderings.map((rendering) => bodies.bodyOf(resource, rendering));
    generators.configure({ supplements: [], disabled: [] });
    const after = renderings.map((rendering) => bodies.bodyOf(resource, rendering));
    expect(after.map((body, i) => body === before[i])).toEqual([false, true]);
  });
});

describe("the cache of rendered bodies", () => {
  const generators = new Generators();
  const xpidf = generators.rendering("application/xpidf+xml", defaultVariant);
  const dialogInfo = generators.rendering("application/dialog-info+xml", defaultVariant);

  test("renders once per state, and keeps the object while the bytes are the same", () => {
    const bodies = new RenderedBodies(generators);
    const busy = { id: 1, ...sampleSubject({ extension: "INUSE" }) };
    const first = bodies.bodyOf(busy, xpidf);
    expect(bodies.bodyOf(busy, xpidf)).toBe(first);
    expect(bodies.bodyOf({ id: 1, ...sampleSubject({ extension: "BUSY" }) }, xpidf)).toBe(first);
    expect(bodies.bodyOf({ id: 1, ...sampleSubject({ extension: "NOT_INUSE" }) }, xpidf)).not.toBe(first);
  });

  test("does not wake dialog watchers for presence changes", () => {
    const bodies = new RenderedBodies(generators);
    const seen = presences.map((presence) => bodies.bodyOf({ id: 1, ...sampleSubject({ presence }) }, dialogInfo));
    expect(new Set(seen).size).toBe(1);
  });

  test("is bounded; the resources first rendered give way", () => {
    const bodies = new RenderedBodies(generators, 3);
    const subjects = [0, 1, 2, 3].map((id) => ({ id, ...sampleSubject() }));
    const first = subjects.map((subject) => bodies.bodyOf(subject, xpidf));
    expect(bodies.size).toBe(3);
    expect(bodies.bodyOf(subjects[3]!, xpidf)).toBe(first[3]!);
    expect(bodies.bodyOf(subjects[0]!, xpidf)).not.toBe(first[0]!);
    bodies.bodyOf(subjects[0]!, dialogInfo);
    expect(bodies.size).toBeLessThanOrEqual(3);
  });

  test("forgets a resource that is gone", () => {
    const bodies = new RenderedBodies(generators);
    bodies.bodyOf({ id: 5, ...sampleSubject() }, xpidf);
    bodies.bodyOf({ id: 5, ...sampleSubject({ calls: [sampleCall()] }) }, dialogInfo);
    expect(bodies.size).toBe(2);
    bodies.forget(5);
    bodies.forget(6);
    expect(bodies.size).toBe(0);
  });
});

test("User-Agents of Digium and Sangoma phones are known in any case", () => {
  for (const userAgent of ["Digium D70 2_9_25", "Sangoma P330 4.8.1", "SANGOMA/DIGIUM upper"]) {
    expect(isDigiumUserAgent(userAgent)).toBe(true);
  }
  for (const userAgent of ["", "Yealink SIP-T46S", "digi um"]) expect(isDigiumUserAgent(userAgent)).toBe(false);
});
