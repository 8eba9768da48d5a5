import { describe, expect, test } from "bun:test";
import type { AcceptRange } from "../../lib/body/accept.ts";
import { Generators } from "../../lib/body/generators.ts";
import type { Profile } from "../../lib/body/variant.ts";

/** `type/subtype;q=…` texts to ranges; other parameters are dropped, as the header's reader does for us. */
function ranges(...texts: string[]): AcceptRange[] {
  return texts.map((text) => {
    const [name = "", ...params] = text.split(";");
    const [type = "", subtype = ""] = name.split("/");
    const q = params.find((param) => param.startsWith("q="));
    return { type, subtype, q: q === undefined ? 1 : Number(q.slice(2)) };
  });
}

interface Case {
  title: string;
  eventPackage: string;
  accept: string[];
  expected: string | undefined;
  sipProfile?: Profile;
  disabled?: string[];
}

const pidf = "application/pidf+xml";
const xpidf = "application/xpidf+xml";
const cpim = "application/cpim-pidf+xml";
const dialogInfo = "application/dialog-info+xml";
const rlmi = "application/rlmi+xml";
const related = "multipart/related";

// deno-fmt-ignore
const cases: Case[] = [
  { title: "no Accept: the default of presence", eventPackage: "presence", accept: [], expected: pidf },
  { title: "no Accept: the default of dialog", eventPackage: "dialog", accept: [], expected: dialogInfo },
  { title: "only list formats count as no Accept", eventPackage: "presence", accept: [related, rlmi], expected: pidf },
  { title: "list formats in other case count as no Accept", eventPackage: "dialog", accept: ["Multipart/Related", "APPLICATION/RLMI+XML"], expected: dialogInfo },
  { title: "list formats beside a body type do not matter", eventPackage: "presence", accept: [rlmi, xpidf, related], expected: xpidf },
  { title: "the first of equals wins", eventPackage: "presence", accept: [xpidf, pidf], expected: xpidf },
  { title: "types nobody knows are passed over", eventPackage: "presence", accept: ["text/plain", cpim], expected: cpim },
  { title: "nothing acceptable", eventPackage: "presence", accept: ["text/plain"], expected: undefined },
  { title: "nothing acceptable among ours of another package", eventPackage: "presence", accept: ["application/simple-message-summary"], expected: undefined },
  { title: "case does not matter", eventPackage: "presence", accept: ["Application/XPIDF+XML"], expected: xpidf },
  { title: "q ranks", eventPackage: "presence", accept: [`${pidf};q=0.2`, `${xpidf};q=0.9`], expected: xpidf },
  { title: "q=0 refuses", eventPackage: "presence", accept: [`${pidf};q=0`], expected: undefined },
  { title: "q=0 takes one type out of a wildcard", eventPackage: "presence", accept: ["*/*", `${pidf};q=0`], expected: xpidf },
  { title: "the closest range gives the q, not the best", eventPackage: "presence", accept: ["application/*", `${pidf};q=0.1`], expected: xpidf },
  { title: "a full wildcard means the default", eventPackage: "dialog", accept: ["*/*"], expected: dialogInfo },
  { title: "a subtype wildcard means the default", eventPackage: "presence", accept: ["application/*"], expected: pidf },
  { title: "a wildcard of another type does not match", eventPackage: "presence", accept: ["text/*"], expected: undefined },
  { title: "a name beats a wildcard of the same q", eventPackage: "presence", accept: ["*/*", xpidf], expected: xpidf },
  { title: "presence in the format of dialog, by name (recorded)", eventPackage: "presence", accept: [dialogInfo], expected: dialogInfo },
  { title: "dialog in the format of presence, by name (recorded)", eventPackage: "dialog", accept: [pidf], expected: pidf },
  { title: "own format before the other at the same q is a matter of order", eventPackage: "dialog", accept: [dialogInfo, pidf], expected: dialogInfo },
  { title: "a wildcard never means the other package's format", eventPackage: "dialog", accept: [`${dialogInfo};q=0`, "*/*"], expected: undefined },
  { title: "sip_profile rfc does not mix packages", eventPackage: "dialog", accept: [pidf], expected: undefined, sipProfile: "rfc" },
  { title: "a disabled type is not offered", eventPackage: "presence", accept: [pidf, xpidf], expected: xpidf, disabled: ["application/PIDF+xml"] },
  { title: "a disabled default gives way to the next", eventPackage: "presence", accept: [], expected: xpidf, disabled: [pidf] },
  { title: "a package with everything disabled has no default", eventPackage: "dialog", accept: [], expected: undefined, disabled: [dialogInfo] },
  { title: "a package nobody knows has no types", eventPackage: "refer", accept: ["*/*"], expected: undefined },
];

describe("choice of the body by Accept (RFC 3261 §20.1)", () => {
  for (const { title, eventPackage, accept, expected, sipProfile = "asterisk", disabled = [] } of cases) {
    test(title, () => {
      const generators = new Generators({ supplements: [], disabled });
      expect(generators.chooseMediaType(eventPackage, ranges(...accept), sipProfile)).toBe(expected as string);
    });
  }
});
