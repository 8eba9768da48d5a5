/**
 * Owns where things stand in a TOML text: path of keys → line and column.
 *
 * Loaded only when there is something to report.
 */
import { parseTOML } from "toml-eslint-parser";

/** Keys and array indexes from the top of the file. */
export type Path = readonly (string | number)[];

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys in a path whose place is worth knowing; no option has more than half of them. */
const depthMax = 8;

type Document = ReturnType<typeof parseTOML>["body"][0];
type Member = Document["body"][number];
type KeyValue = Extract<Member, { type: "TOMLKeyValue" }>;
type Value = KeyValue["value"];
type Located = { readonly loc: { readonly start: { readonly line: number; readonly column: number } } };

/** Places of keys and of values, by path. */
export class Positions {
  readonly #keys = new Map<string, Position>();
  readonly #values = new Map<string, Position>();

  /** @param text A TOML text without syntax errors. */
  constructor(text: string) {
    for (const member of parseTOML(text).body[0].body) {
      if (member.type === "TOMLKeyValue") this.#addPair([], member);
      else {
        const path = member.resolvedKey;
        this.#addKeys(path, member.key);
        for (const pair of member.body) this.#addPair(path, pair);
      }
    }
  }

  /** Where the key at `path` stands; for a key that is nowhere, its nearest table. */
  key(path: Path): Position {
    return this.#nearest(this.#keys, path);
  }

  /** Where the value at `path` stands. */
  value(path: Path): Position {
    return this.#values.get(textOf(path)) ?? this.key(path);
  }

  #nearest(places: ReadonlyMap<string, Position>, path: Path): Position {
    for (let length = path.length; length > 0; length--) {
      const found = places.get(textOf(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return { line: 1, column: 1 };
  }

  #addKeys(path: Path, key: Located): void {
    const place = placeOf(key);
    for (let length = Math.min(path.length, depthMax); length > 0; length--) {
      const text = textOf(path.slice(0, length));
      if (!this.#keys.has(text)) this.#keys.set(text, place);
    }
  }

  #addPair(table: Path, pair: KeyValue): void {
    const path = [...table, ...pair.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value)];
    this.#addKeys(path, pair.key);
    this.#addValue(path, pair.value);
  }

  #addValue(path: Path, value: Value): void {
    this.#values.set(textOf(path), placeOf(value));
    if (value.type === "TOMLInlineTable") { for (const pair of value.body) this.#addPair(path, pair); }
    else if (value.type === "TOMLArray") {
      value.elements.forEach((element, i) => {
        this.#keys.set(textOf([...path, i]), placeOf(element));
        this.#addValue([...path, i], element);
      });
    }
  }
}

function placeOf({ loc }: Located): Position {
  return { line: loc.start.line, column: loc.start.column + 1 };
}

function textOf(path: Path): string {
  return JSON.stringify(path);
}
