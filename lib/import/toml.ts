/**
 * Owns the writing of TOML for people: tables, aligned comments, lines that fit a screen.
 */

/** What may stand behind a key. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | { readonly [key: string]: TomlValue };

const WIDTH = 120;

/** A TOML text under construction. */
export class TomlText {
  readonly #lines: string[] = [];

  /** The whole text. */
  toString(): string {
    return `${this.#lines.join("\n").trimEnd()}\n`;
  }

  /** An empty line, unless one is there. */
  blank(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  /** `# --- Title ---…` with room around it. */
  title(title: string): void {
    this.blank();
    this.#lines.push(`# --- ${title} `.padEnd(WIDTH, "-"), "");
  }

  /** A comment, folded to the width; lines after the first are indented by `indent`. */
  comment(text: string, indent = ""): void {
    let line = "#";
    for (const word of printable(text).split(/ +/)) {
      if (line.length + 1 + word.length > WIDTH && line.trim() !== "#") {
        this.#lines.push(line);
        line = `#${indent}`;
      }
      line += ` ${word}`;
    }
    this.#lines.push(line.trimEnd());
  }

  /** A line of TOML that is not in force. */
  disabled(line: string): void {
    this.#lines.push(`# ${printable(line)}`);
  }

  /** `[a.b]`, with room above it. */
  table(...path: string[]): void {
    this.blank();
    this.#lines.push(tableHead(path));
  }

  /** `[[a]]`, with room above it. */
  arrayTable(...path: string[]): void {
    this.blank();
    this.#lines.push(`[${tableHead(path)}]`);
  }

  /** `key = value`. */
  pair(key: string, value: TomlValue): void {
    this.#lines.push(pairText(key, value));
  }
}

/** `key = value`; a list that is too long for a line takes one line per member. */
export function pairText(key: string, value: TomlValue): string {
  const line = `${keyText(key)} = ${valueText(value)}`;
  if (line.length <= WIDTH || !Array.isArray(value)) return line;
  return `${keyText(key)} = [\n${value.map((each) => `  ${valueText(each)},\n`).join("")}]`;
}

/** `[a.b]`. */
export function tableHead(path: readonly string[]): string {
  return `[${path.map(keyText).join(".")}]`;
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : stringText(key);
}

function valueText(value: TomlValue): string {
  if (typeof value === "string") return stringText(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  const pairs = Object.entries(value).map(([key, each]) => `${keyText(key)} = ${valueText(each)}`);
  return `{ ${pairs.join(", ")} }`;
}

function stringText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

/** Text without what a comment cannot hold. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ").replace(/\p{Cs}/gu, "\ufffd");
}
