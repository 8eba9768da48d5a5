/**
 * Owns the contract of body generators: one media type each.
 */
import type { Element } from "./document.ts";
import type { Subject } from "./subject.ts";
import type { Variant } from "./variant.ts";

/** Makes the document of one media type. */
export interface Generator {
  /** Lower case. */
  readonly mediaType: string;
  /** Event packages whose own media type this is, as their specifications list it. */
  readonly eventPackages: readonly string[];
  /** Event packages that show the same state, so that a watcher may ask for this media type by name; not in `sip_profile` rfc. */
  readonly alsoFor: readonly string[];
  /** Members of the variant that the document depends on; reading any other is a bug. */
  readonly variesOn: readonly (keyof Variant)[];
  /**
   * Builds the document with hole marks.
   *
   * @returns The root element, which the supplements then add to.
   */
  generate(subject: Subject, variant: Variant): Element;
}
