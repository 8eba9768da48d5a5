/**
 * Owns the contract of supplements: additions to the documents of a generator, run in the configured order.
 */
import type { Element } from "./document.ts";
import type { Subject } from "./subject.ts";
import type { Variant } from "./variant.ts";

/** Adds something to documents of certain media types; feels what ran before it and must not care what follows. */
export interface Supplement {
  /** Name in `[bodies].supplements`. */
  readonly name: string;
  /** Media types it adds to. */
  readonly mediaTypes: readonly string[];
  /** Members of the variant that the addition depends on, besides those of the generator. */
  readonly variesOn: readonly (keyof Variant)[];
  /** Adds to the document whose root element is `root`, or leaves it alone. */
  supplement(root: Element, subject: Subject, variant: Variant): void;
}
