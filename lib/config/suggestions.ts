/**
 * Owns what may have been meant: the known name that is nearest to one that is not known.
 */
import { distance } from "fastest-levenshtein";

/** Comparisons of two names that one configuration is worth; ten thousand wrong names among a thousand would take seconds. */
const comparisonsMax = 200_000;

/** The suggestions of one configuration. */
export class Suggestions {
  #comparisonsLeft = comparisonsMax;

  /** `; did you mean "x"?` where one of `names` is near enough to `written`; empty otherwise. */
  for(written: string, names: readonly string[]): string {
    this.#comparisonsLeft -= names.length;
    if (this.#comparisonsLeft < 0) return "";
    const wanted = written.toLowerCase();
    let nearest = "";
    let least = Infinity;
    for (const name of names) {
      const steps = distance(wanted, name.toLowerCase());
      if (steps >= least || !isNear(steps, wanted, name)) continue;
      nearest = name;
      least = steps;
    }
    return nearest === "" ? "" : `; did you mean "${nearest}"?`;
  }

  /** The suggestion for the first name in quotes in a message. */
  forQuoted(message: string, names: readonly string[] = []): string {
    const quoted = /"([^"]*)"/.exec(message)?.[1];
    return quoted === undefined ? "" : this.for(quoted, names);
  }
}

/** Two letters that changed places are two steps; a third of a long name may be wrong, but never all of a short one. */
function isNear(steps: number, written: string, name: string): boolean {
  return steps <= Math.max(2, Math.floor(name.length / 3)) && steps < Math.min(written.length, name.length);
}
