import { describe, expect, test } from "bun:test";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { defaultVariant, type Variant } from "../../lib/body/variant.ts";
import type { ResourceState } from "../../lib/state/resource.ts";
import { findAll, findElement, readInfoset, textOf } from "./infoset.ts";
import { sampleSubject } from "./samples.ts";

const generators = new Generators();
const fill = holeFill({ entity: "sip:1000@pbx.example", remote: "sip:2000@pbx.example", guid: "guid-1" });

function text(state: Partial<ResourceState>, variant: Partial<Variant>, mediaType = "application/pidf+xml"): string {
  return generators.render(mediaType, sampleSubject(state), { ...defaultVariant, ...variant }).text(fill);
}

describe("PIDF, profile rfc", () => {
  test("is RFC 3863 with the person of RFC 4479: tuple, note, person; presentity as contact", () => {
    const presence = { state: "dnd", subtype: "", message: "back at two" } as const;
    expect(text({ extension: "INUSE", presence }, { profile: "rfc" })).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<presence entity="sip:1000@pbx.example" xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid">
 <tuple id="t1000">
  <status>
   <basic>open</basic>
  </status>
  <contact priority="1">sip:1000@pbx.example</contact>
  <timestamp>2026-11-23T08:24:58Z</timestamp>
 </tuple>
 <note>On the phone</note>
 <dm:person id="p1000">
  <rpid:activities>
   <rpid:on-the-phone />
   <rpid:busy />
  </rpid:activities>
  <dm:note>back at two</dm:note>
  <dm:timestamp>2026-11-23T08:24:58Z</dm:timestamp>
 </dm:person>
</presence>
`);
  });

  // deno-fmt-ignore
  const activityCases = [
    ["NOT_INUSE", "not_set", []], ["NOT_INUSE", "available", []], ["NOT_INUSE", "chat", []],
    ["NOT_INUSE", "away", ["away"]], ["NOT_INUSE", "xa", ["away"]], ["NOT_INUSE", "unavailable", ["away"]],
    ["NOT_INUSE", "dnd", ["busy"]], ["INUSE", "not_set", ["on-the-phone"]], ["BUSY", "not_set", ["on-the-phone", "busy"]],
    ["RINGING", "away", ["on-the-phone", "away"]], ["UNAVAILABLE", "dnd", ["busy"]], ["ONHOLD", "dnd", ["on-the-phone", "busy"]],
  ] as const;
  for (const [extension, state, expected] of activityCases) {
    test(`activities of ${extension} with presence ${state}: ${expected.join(", ") || "none"} (RFC 4480 §3.2)`, () => {
      const root = readInfoset(text({ extension, presence: { state, subtype: "", message: "" } }, { profile: "rfc" }));
      const found = findAll(root, "activities").flatMap((element) => element.children);
      const names = found.map((child) => typeof child === "string" ? child : child.name.replace(/^\{.*\}/, ""));
      expect(names).toEqual([...expected]);
    });
  }

  test("a person's timestamp is that of devices or presence, whichever changed last (RFC 4479 §3.2)", () => {
    const subject = { ...sampleSubject(), presenceChangedAt: Date.UTC(2027, 0, 1) };
    const body = generators.render("application/pidf+xml", subject, { ...defaultVariant, profile: "rfc" });
    const stamps = findAll(readInfoset(body.text(fill)), "timestamp").map(textOf);
    expect(stamps).toEqual(["2026-11-23T08:24:58Z", "2027-01-01T00:00:00Z"]);
  });

  test("a hint that is gone is closed; profile asterisk calls it ready", () => {
    const basic = (variant: Partial<Variant>) =>
      textOf(findElement(readInfoset(text({ extension: "REMOVED" }, variant)), "basic"));
    expect(basic({ profile: "rfc" })).toBe("closed");
    expect(basic({ profile: "asterisk" })).toBe("open");
  });

  test("the Digium tuple stands with the other tuple, its element in a namespace of its own (RFC 3863 §4.2.4)", () => {
    const presence = { state: "away", subtype: "lunch", message: "m" } as const;
    const root = readInfoset(text({ presence }, { profile: "rfc", isDigium: true }));
    expect(root.children.map((child) => typeof child === "string" ? child : child.name.replace(/^\{.*\}/, "")))
      .toEqual(["tuple", "tuple", "note", "person"]);
    const element = findElement(root, "digium_presence");
    expect(element.name).not.toContain("{urn:ietf:params:xml:ns:pidf}");
    expect(element.attributes).toEqual({ type: "away", subtype: "lunch" });
  });

  test("no supplement named: activities stay, they are the profile's own", () => {
    const body = new Generators({ supplements: [], disabled: [] })
      .render("application/pidf+xml", sampleSubject({ extension: "INUSE" }), { ...defaultVariant, profile: "rfc" });
    expect(body.text(fill)).toContain("<rpid:on-the-phone />");
  });
});

describe("CPIM-PIDF and XPIDF", () => {
  test("application/cpim-pidf+xml is XPIDF in profile asterisk, PIDF in profile rfc", () => {
    const cpim = "application/cpim-pidf+xml";
    for (const extension of ["NOT_INUSE", "RINGING"] as const) {
      expect(text({ extension }, {}, cpim)).toBe(text({ extension }, {}, "application/xpidf+xml"));
      expect(text({ extension }, { profile: "rfc" }, cpim)).toBe(text({ extension }, { profile: "rfc" }));
    }
  });

  test("the Content-Type is the one asked for", () => {
    expect(generators.render("application/cpim-pidf+xml", sampleSubject(), defaultVariant).mediaType).toBe(
      "application/cpim-pidf+xml",
    );
  });
});

describe("options of a phone", () => {
  test("unavailable_as and dnd_as bend PIDF, XPIDF and the eyebeam person alike", () => {
    const presence = { state: "dnd", subtype: "", message: "" } as const;
    for (const mediaType of ["application/pidf+xml", "application/xpidf+xml"]) {
      const busy = text({ extension: "BUSY" }, {}, mediaType);
      expect(text({ extension: "UNAVAILABLE" }, { unavailableAs: "busy" }, mediaType)).toBe(busy);
      expect(text({ presence }, { dndAs: "busy" }, mediaType)).toBe(busy);
      expect(text({ extension: "UNAVAILABLE" }, { unavailableAs: "idle" }, mediaType)).toBe(text({}, {}, mediaType));
    }
  });
});
