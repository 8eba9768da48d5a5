/**
 * Owns the choice among media types by an Accept header.
 */

/** One media range of Accept. Source: RFC 3261 §20.1. */
export interface AcceptRange {
  /** Type, or `*` for any. */
  readonly type: string;
  /** Subtype, or `*` for any. */
  readonly subtype: string;
  /** Weight from 0 to 1; 0 refuses. */
  readonly q: number;
}

/** What may be chosen. */
export interface AcceptChoice {
  /** Types that wildcards match, best first; the first is the default. */
  readonly own: readonly string[];
  /** Types that must be asked for by name. */
  readonly others: readonly string[];
}

/** A range by its name in lower case. */
interface NamedRange {
  readonly name: string;
  readonly q: number;
}

/** How well a media type is matched. */
interface Match {
  readonly q: number;
  /** 2 by name, 1 by `type/*`, 0 by a full wildcard. */
  readonly specificity: number;
  /** Position of the range in the header. */
  readonly position: number;
}

/** List formats wrap a body, they never are the whole of it. */
const wrappers = ["multipart/related", "application/rlmi+xml"];

/**
 * Chooses a media type.
 *
 * No range, or none but list formats: the default. Otherwise each type counts with the q of the range that names it most closely; the
 * highest q wins, then the closer range, then the order of the header, then our own order.
 *
 * @param ranges Media ranges in the order of the header, any case; parameters play no part.
 * @returns Lower case, or nothing when no type is acceptable.
 * Source: RFC 3261 §20.1, RFC 9110 §12.5.1.
 */
export function chooseByAccept(ranges: readonly AcceptRange[], choice: AcceptChoice): string | undefined {
  const wanted: NamedRange[] = [];
  for (const { type, subtype, q } of ranges) {
    const name = `${type}/${subtype}`.toLowerCase();
    if (!wrappers.includes(name)) wanted.push({ name, q });
  }
  if (wanted.length === 0) return choice.own[0];
  let best: { mediaType: string; match: Match } | undefined;
  for (const mediaType of [...choice.own, ...choice.others]) {
    const match = closestMatch(mediaType, wanted);
    if (!match || match.q <= 0) continue;
    if (match.specificity < 2 && !choice.own.includes(mediaType)) continue;
    if (!best || isBetter(match, best.match)) best = { mediaType, match };
  }
  return best?.mediaType;
}

function closestMatch(mediaType: string, ranges: readonly NamedRange[]): Match | undefined {
  let closest: Match | undefined;
  for (const [position, { name, q }] of ranges.entries()) {
    const specificity = specificityOf(name, mediaType);
    if (specificity > (closest?.specificity ?? -1)) closest = { q, specificity, position };
  }
  return closest;
}

/** −1 for no match. */
function specificityOf(name: string, mediaType: string): number {
  if (name === mediaType) return 2;
  if (name === "*/*") return 0;
  return name.endsWith("/*") && mediaType.startsWith(name.slice(0, -1)) ? 1 : -1;
}

function isBetter(a: Match, b: Match): boolean {
  if (a.q !== b.q) return a.q > b.q;
  if (a.specificity !== b.specificity) return a.specificity > b.specificity;
  return a.position < b.position;
}
