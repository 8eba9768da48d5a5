/**
 * Owns the variables of extensions.conf: `[globals]`, and `${…}` as far as an import can know what it stands for.
 */
import type { Section } from "./reader.ts";

/** Characters of a value beyond which it is cut, as Asterisk cuts it. */
const VALUE_MAX = 4_096;
/** Variables that a text may have: each costs a pass over it. */
const VARIABLES_MAX = 1_000;

/** A text with its variables filled in. */
export interface Expanded {
  readonly text: string;
  /** What could not be filled in: functions, expressions, names that nobody sets. */
  readonly unknown: readonly string[];
}

/** The global variables of a dialplan. */
export class Globals {
  readonly #values = new Map<string, string>();

  /** How many there are. */
  get size(): number {
    return this.#values.size;
  }

  /** Reads the lines of `[globals]`: a value sees the variables above it. */
  read(section: Section): void {
    for (const { name, value } of section.entries) {
      this.#values.set(name, this.#fill(value, () => "").slice(0, VALUE_MAX));
    }
  }

  /** Fills in what `[globals]` sets; `${EXTEN}` and `${CONTEXT}` stay, for hintd fills them itself. */
  expand(text: string): Expanded {
    const unknown: string[] = [];
    const filled = this.#fill(text, (variable, name) => {
      if (name !== "EXTEN" && name !== "CONTEXT") unknown.push(variable);
      return undefined;
    });
    if (filled.includes("$[")) unknown.push("$[…]");
    return { text: filled, unknown };
  }

  /** Fills variables, the innermost first. `otherwise` gives what stands for one that is not known; undefined leaves it. */
  #fill(text: string, otherwise: (variable: string, name: string) => string | undefined): string {
    let rest = text;
    let done = "";
    for (let count = 0; count < VARIABLES_MAX; count++) {
      const match = /\$\{([^${}]*)\}/.exec(rest);
      if (match === null || done.length + rest.length > 2 * VALUE_MAX) break;
      const [variable, expression = ""] = match;
      const value = this.#value(expression) ?? otherwise(variable, nameOf(expression));
      if (value !== undefined) rest = rest.slice(0, match.index) + value + rest.slice(match.index + variable.length);
      else {
        const end = match.index + variable.length;
        done += rest.slice(0, end);
        rest = rest.slice(end);
      }
    }
    return done + rest;
  }

  /** Value of `NAME`, `NAME:offset:length` or `GLOBAL(NAME)`. */
  #value(expression: string): string | undefined {
    const [, name = "", offset, length] = /^([^:]*)(?::(-?\d+)(?::(-?\d+))?)?$/.exec(expression.trim()) ?? [];
    const value = this.#values.get(/^GLOBAL\((.*)\)$/i.exec(name)?.[1] ?? name);
    if (value === undefined || offset === undefined) return value;
    const rest = value.slice(Number(offset));
    return length === undefined ? rest : rest.slice(0, Number(length));
  }
}

function nameOf(expression: string): string {
  return expression.split(":", 1)[0]!;
}
