/** Documents against the schemas that the RFCs print; profile rfc in every state, presence, set of calls and variant. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Generators } from "../../lib/body/generators.ts";
import { regInfo } from "../../lib/body/reg_info.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { sampleContact, sampleRegistrations } from "./registrations.ts";
import { callSets, extensionStates, presences, sampleSubject, variantsOf } from "./samples.ts";
import { lintDocuments } from "./xmllint.ts";

const schema = ["--schema", join(import.meta.dir, "../fixtures/schemas/bodies.xsd")];
const generators = new Generators();
const fill = holeFill({
  entity: "sip:1000@example.org;user=phone",
  remote: "sip:2000@example.org",
  guid: "g",
  version: 7,
});

const profileTitles: Record<string, string> = {
  "application/pidf+xml": "PIDF is valid against the schemas of RFC 3863 §4.4, RFC 4479 §5.1 and RFC 4480 §5.1",
  "application/cpim-pidf+xml": "CPIM-PIDF is valid against the same schemas as PIDF",
  "application/dialog-info+xml": "dialog-info is valid against the schema of RFC 4235 §4.4",
};

for (const [mediaType, title] of Object.entries(profileTitles)) {
  test(`${title}, in every state, presence, set of calls and variant of profile rfc`, () => {
    const documents = new Set<string>();
    for (const variant of variantsOf("rfc")) {
      for (const extension of extensionStates) {
        for (const presence of presences) {
          for (const calls of mediaType === "application/dialog-info+xml" ? callSets : callSets.slice(0, 1)) {
            const subject = sampleSubject({ extension, presence, calls });
            documents.add(generators.render(mediaType, subject, variant).text(fill));
          }
        }
      }
    }
    expect(documents.size).toBeGreaterThan(20);
    expect(lintDocuments([...documents], schema)).toEqual([]);
  }, 60_000);
}

test("reginfo is valid against the schema of RFC 3680 §5.4, in every state and with every event", () => {
  expect(lintDocuments(sampleRegistrations.map((subject) => regInfo(subject).text(fill)), schema)).toEqual([]);
});

test("extensions that are no XML names give ids that are (XML Schema Part 2 §3.3.8), different ones for different extensions", () => {
  const extens = ["1000", "*72", "_7XX", "a b", "é", "7_2a_", "7*", "", "sip:x@y", "12.3-4"];
  const documents = extens.map((exten) =>
    generators.render("application/pidf+xml", sampleSubject({}, exten), { ...variantsOf("rfc")[1]! }).text(fill)
  );
  expect(lintDocuments(documents, schema)).toEqual([]);
  const ids = documents.map((document) => /<tuple id="([^"]*)"/.exec(document)?.[1]);
  expect(new Set(ids).size).toBe(extens.length);
});

test("the schemas do find faults: a negative CSeq and the asterisk profile are not valid", () => {
  const faulty = { aor: "joe", state: "active", contacts: [sampleContact({ cseq: -1 })] } as const;
  expect(lintDocuments([regInfo(faulty).text(fill)], schema).length).toBeGreaterThan(0);
  const asterisk = generators.render("application/pidf+xml", sampleSubject(), variantsOf("asterisk")[0]!).text(fill);
  expect(lintDocuments([asterisk], schema).length).toBeGreaterThan(0);
});
