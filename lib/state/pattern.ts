/**
 * Owns extension patterns: `_2XX`, `_[1-5]NZ.`, `_9!`, as in extensions.conf.
 *
 * Theory. A pattern is compiled to one set of characters per place. Where two patterns fit the same extension, the more
 * specific one wins: they are compared place by place, and the first place where one allows fewer characters decides, or as
 * many but lower ones; `.` and `!` allow the most. Dashes and blanks are there for people: they mean nothing in a pattern, nor
 * in the extension that is held against it.
 */
import { limits } from "../runtime/limits.ts";

/** A compiled pattern. */
export interface Pattern {
  /** As written, with its underscore. */
  readonly text: string;
  /** Allowed characters by place, each a string of them in ascending order. */
  readonly places: readonly string[];
  /** What may follow the places: nothing, at least one character (`.`), or anything (`!`). */
  readonly tail: "none" | "some" | "any";
}

const CLASSES: Readonly<Record<string, string>> = { X: "0123456789", Z: "123456789", N: "23456789" };

/** Whether `text` is a pattern rather than an extension. */
export function isPattern(text: string): boolean {
  return text.startsWith("_");
}

/**
 * Compiles a pattern.
 *
 * @returns The pattern, or what is wrong with it, in words for the operator.
 */
export function parsePattern(text: string): Pattern | string {
  const places: string[] = [];
  let tail: Pattern["tail"] = "none";
  for (let at = 1; at < text.length; at++) {
    const character = text[at]!;
    if (tail !== "none") return `nothing may stand behind "${tail === "some" ? "." : "!"}"`;
    if (character === "-" || character === " ") continue;
    if (character === "." || character === "!") tail = character === "." ? "some" : "any";
    else if (character === "[") {
      const close = text.indexOf("]", at);
      if (close < 0) return 'a "[" has no "]"';
      const set = expandSet(text.slice(at + 1, close));
      if (set === "") return `"${text.slice(at, close + 1)}" allows no character`;
      places.push(set);
      at = close;
    } else places.push(CLASSES[character.toUpperCase()] ?? character);
  }
  if (places.length === 0 && tail === "none") return "the pattern is empty";
  return { text, places, tail };
}

/** What is wrong with an extension or pattern; undefined when nothing is. */
export function checkExtension(text: string): string | undefined {
  if (text === "") return "an extension cannot be empty";
  if (!isPattern(text)) return undefined;
  const pattern = parsePattern(text);
  return typeof pattern === "string" ? pattern : undefined;
}

/** Whether `exten` fits `pattern`. */
export function matchesPattern({ places, tail }: Pattern, exten: string): boolean {
  if (exten.length > limits.patternExtensionChars) return false;
  const dialled = exten.replaceAll(/[- ]/g, "");
  const rest = dialled.length - places.length;
  if (rest < 0 || (tail === "none" && rest > 0) || (tail === "some" && rest === 0)) return false;
  return places.every((set, i) => set.includes(dialled[i]!));
}

/** Orders patterns: the more specific one first. */
export function comparePatterns(a: Pattern, b: Pattern): number {
  const length = Math.max(a.places.length, b.places.length);
  for (let i = 0; i <= length; i++) {
    const difference = breadthAt(a, i) - breadthAt(b, i) || lowestAt(a, i) - lowestAt(b, i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many characters a pattern allows at a place; behind its end, what its tail allows. */
function breadthAt({ places, tail }: Pattern, place: number): number {
  return places[place]?.length ?? { none: 0, some: 1_000, any: 2_000 }[tail];
}

/** The lowest character that a pattern allows at a place. */
function lowestAt({ places }: Pattern, place: number): number {
  return places[place]?.charCodeAt(0) ?? 0;
}

/** The characters of a set such as `1-35*`, in ascending order. */
function expandSet(text: string): string {
  let set = "";
  for (let i = 0; i < text.length; i++) {
    const from = text.charCodeAt(i);
    const isRange = text[i + 1] === "-" && i + 2 < text.length;
    const to = isRange ? text.charCodeAt(i + 2) : from;
    for (let code = from; code <= to; code++) set += String.fromCharCode(code);
    if (isRange) i += 2;
  }
  return [...new Set(set)].sort().join("");
}
