/**
 * Owns options on their way: read once and remembered as read, from Asterisk's words to values that the schema accepts.
 */
import type { Entry } from "./reader.ts";
import type { Place } from "./report.ts";
import type { TomlValue } from "./toml.ts";

/** How Asterisk writes an option. */
export type Kind = "flag" | "number" | "text" | "list";

/** One option of hintd's configuration, as far as an import needs it. */
export interface TargetOption {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly data?: unknown;
    readonly error?: { readonly issues: readonly object[] };
  };
}

/** A section of pjsip.conf that remembers which of its options somebody has asked for. */
export class PjsipObject {
  readonly name: string;
  readonly type: string;
  readonly place: Place;
  readonly #entries: readonly Entry[];
  readonly #read = new Set<string>(["type"]);

  /** `entries` with what was inherited; later ones win. */
  constructor(name: string, type: string, place: Place, entries: readonly Entry[]) {
    this.name = name;
    this.type = type;
    this.place = place;
    this.#entries = entries;
  }

  /** Every line of an option; its name in any case. */
  all(option: string): readonly Entry[] {
    this.#read.add(option);
    return this.#entries.filter((entry) => entry.name.toLowerCase() === option);
  }

  /** The lines of several options in the order in which they stand. */
  among(options: readonly string[]): readonly Entry[] {
    for (const option of options) this.#read.add(option);
    return this.#entries.filter((entry) => options.includes(entry.name.toLowerCase()));
  }

  /** The line that counts, where one value does. */
  last(option: string): Entry | undefined {
    return this.all(option).at(-1);
  }

  /** The value that counts; "" when there is none. */
  text(option: string): string {
    return this.last(option)?.value ?? "";
  }

  /** Whether an option is there and true. */
  flag(option: string, otherwise = false): boolean {
    const found = this.last(option);
    return found === undefined ? otherwise : isTrue(found.value);
  }

  /** The members of a list: lines and commas both divide. */
  list(option: string): string[] {
    return this.all(option).flatMap((entry) => listOf(entry.value));
  }

  /** Lines that nobody has asked for. */
  unread(): readonly Entry[] {
    return this.#entries.filter((entry) => !this.#read.has(entry.name.toLowerCase()));
  }
}

/** Members between commas. */
export function listOf(value: string): string[] {
  return value.split(",").map((each) => each.trim()).filter((each) => each !== "");
}

/** A boolean as Asterisk reads it: what is not true is false. */
export function isTrue(value: string): boolean {
  return /^(yes|true|y|t|1|on)$/i.test(value);
}

/**
 * Turns an option into a value that `target` accepts.
 *
 * @param complain Told when the value had to be changed or could not be used.
 * @returns undefined when the option is not there or means nothing to `target`.
 */
export function convert(
  object: PjsipObject,
  option: string,
  kind: Kind,
  target: TargetOption,
  complain: (text: string) => void,
): TomlValue | undefined {
  const entry = object.last(option);
  if (entry === undefined) return undefined;
  const wanted = valueOf(object, entry, option, kind);
  if (wanted === undefined) {
    complain(`${option} = ${entry.value}: not a number`);
    return undefined;
  }
  const judged = target.safeParse(wanted);
  if (judged.success) return wanted;
  const nearest = typeof wanted === "number" ? boundOf(judged.error?.issues[0]) : undefined;
  if (nearest === undefined) complain(`${option} = ${entry.value}: cannot be used here`);
  else complain(`${option} = ${entry.value}: out of range here, so ${nearest}`);
  return nearest;
}

/** What hintd takes when the option is left out. */
export function defaultOf(target: TargetOption): unknown {
  return target.safeParse(undefined).data;
}

function valueOf(object: PjsipObject, entry: Entry, option: string, kind: Kind): TomlValue | undefined {
  switch (kind) {
    case "flag":
      return isTrue(entry.value);
    case "number":
      return /^-?\d+(\.\d+)?$/.test(entry.value) ? Number(entry.value) : undefined;
    case "list":
      return object.list(option);
    case "text":
      return entry.value;
  }
}

/** The bound that a number has passed. */
function boundOf(issue: object | undefined): number | undefined {
  const { maximum, minimum } = (issue ?? {}) as { maximum?: unknown; minimum?: unknown };
  if (typeof maximum === "number") return maximum;
  return typeof minimum === "number" ? minimum : undefined;
}
