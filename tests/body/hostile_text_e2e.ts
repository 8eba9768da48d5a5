/** What the tool that everybody trusts says of documents made of hostile text. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { defaultVariant } from "../../lib/body/variant.ts";
import { hostileText as text } from "./hostile_text.ts";
import { sampleSubject } from "./samples.ts";
import { lintDocuments } from "./xmllint.ts";

const generators = new Generators();

test("xmllint finds a thousand hostile documents well-formed (XML 1.0)", () => {
  const documents = fc.sample(fc.tuple(text, text, text), { numRuns: 1000, seed: 7 }).map(
    ([subtype, message, entity]) => {
      const subject = sampleSubject({ presence: { state: "away", subtype, message } });
      return generators.render("application/pidf+xml", subject, { ...defaultVariant, isDigium: true })
        .text(holeFill({ entity, remote: message, guid: subtype }));
    },
  );
  expect(lintDocuments(documents)).toEqual([]);
}, 60_000);
