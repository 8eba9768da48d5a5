/**
 * Owns what a publication of event package `presence` holds: what one agent says of somebody's availability.
 */
import { DocumentFault } from "../../body/read/document_fault.ts";
import { type PresenceDocument, readPidf } from "../../body/read/pidf.ts";
import type { PublishedPackage } from "../published_package.ts";
import { rejectFault } from "./rejects.ts";

/** The package `presence`: every document is whole, and replaces the one before. Source: RFC 3856 §6.1, RFC 3863. */
export const presencePackage: PublishedPackage<PresenceDocument> = {
  name: "presence",
  mediaTypes: ["application/pidf+xml"],
  merge(_former, { body }) {
    const document = readPidf(body);
    return document instanceof DocumentFault ? rejectFault(document) : document;
  },
  describe: ({ basic, activities, other, note }) =>
    [basic, ...activities, other, note].filter((each) => each !== "").join(", "),
};
