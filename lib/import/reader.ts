/**
 * Owns the syntax that all of Asterisk's files share: sections, templates, additions, includes, assignments.
 *
 * Theory. `[name](!)` is a template, `[name](a,b)` begins with copies of what stands in a and b, `[name](+)` goes on with the
 * first section of that name, `[name](+type=aor)` with the first one that has such a line. An include stands for the text of
 * its file. Files are named relative to the directory, wherever the include stands. What Asterisk itself would refuse is an
 * error, what it would skip with a warning a remark.
 */
import { CommentStripper } from "./comments.ts";
import type { Place, Report } from "./report.ts";

/** `name = value`. */
export interface Entry {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
}

/** A section with what it inherited, in order. */
export interface Section {
  readonly name: string;
  readonly place: Place;
  readonly isTemplate: boolean;
  readonly entries: Entry[];
}

/** Where files come from. */
export interface ConfigDirectory {
  /** Names of the files that a name or a glob means, in order; empty when there are none. */
  find(pattern: string): readonly string[];
  /** Text of a file. Throws Error: it cannot be read, it is no file, it has more than `bytesMax` bytes. */
  read(name: string, bytesMax: number): string;
}

/** Bounds of what is read for one file and its includes; the configuration of a thousand phones fits ten times. */
const bounds = {
  /** Of all files together. */
  bytes: 32 * 1024 * 1024,
  files: 2_000,
  /** Includes in includes. */
  depth: 32,
  /** Assignments, those that templates multiply included. */
  entries: 400_000,
} as const;

/**
 * Reads a file with all that it includes.
 *
 * @returns Its sections, templates left out; empty after an error.
 */
export function readSections(directory: ConfigDirectory, file: string, report: Report): readonly Section[] {
  const reader = new Reader(directory, report);
  reader.read(file, file, []);
  return reader.sections.filter((section) => !section.isTemplate);
}

/** What has been read so far. */
class Reader {
  readonly sections: Section[] = [];
  readonly #byName = new Map<string, Section[]>();
  readonly #directory: ConfigDirectory;
  readonly #report: Report;
  /** Where assignments go; those behind a head that could not be read go nowhere. */
  #current: Section | "unreadable" | undefined;
  #bytesLeft: number = bounds.bytes;
  #filesLeft: number = bounds.files;
  #entriesLeft: number = bounds.entries;
  /** A bound was reached: nothing more is read. */
  #isFull = false;

  constructor(directory: ConfigDirectory, report: Report) {
    this.#directory = directory;
    this.#report = report;
  }

  /** Reads `file`; `place` is who asks for it, `trail` the files around it. */
  read(file: string, place: Place | string, trail: readonly string[]): void {
    if (this.#isFull) return;
    if (trail.includes(file)) {
      const circle = [...trail.slice(trail.indexOf(file)), file].join(" → ");
      return this.#report.error(place, `includes itself: ${circle}`);
    }
    if (trail.length === bounds.depth) return this.#stop(place, `includes are nested deeper than ${bounds.depth}`);
    if (this.#filesLeft-- === 0) return this.#stop(place, `there are more than ${bounds.files} files`);
    let text: string;
    try {
      text = this.#directory.read(file, this.#bytesLeft);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#report.error(place, `"${file}" cannot be read: ${reason}`);
    }
    this.#bytesLeft -= text.length;
    const comments = new CommentStripper();
    const inner = [...trail, file];
    let line = 0;
    for (const raw of text.split("\n")) {
      if (this.#isFull) return;
      const here = { file, line: ++line };
      try {
        this.#readLine(comments.strip(raw).trim(), here, inner);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return this.#stop(here, error.message);
      }
    }
    if (comments.openSince !== undefined) {
      this.#report.remark({ file, line: comments.openSince }, 'the comment ";--" that begins here has no end "--;"');
    }
  }

  #readLine(line: string, place: Place, trail: readonly string[]): void {
    if (line === "") return;
    if (line.startsWith("[")) this.#readHead(line, place);
    else if (line.startsWith("#")) this.#readDirective(line, place, trail);
    else this.#readAssignment(line, place);
  }

  #readHead(line: string, place: Place): void {
    this.#current = "unreadable";
    const close = line.indexOf("]");
    if (close < 0) return this.#report.error(place, `"${line}" has no "]"`);
    const name = line.slice(1, close).trim();
    if (name === "") return this.#report.error(place, `"${shortened(line)}" names no section`);
    const rest = line.slice(close + 1);
    if (!rest.startsWith("(")) {
      if (rest !== "") this.#report.remark(place, `"${rest.trim()}" behind [${name}] means nothing`);
      this.#current = this.#add(name, place, false);
      return;
    }
    const end = rest.indexOf(")");
    if (end < 0) return this.#report.error(place, `"${rest}" behind [${name}] has no ")"`);
    const words = rest.slice(1, end).split(",").map((word) => word.trim()).filter((word) => word !== "");
    const addition = words.find((word) => word.startsWith("+"));
    const section = addition === undefined
      ? this.#add(name, place, words.includes("!"))
      : this.#find(name, addition.slice(1));
    if (section === undefined) {
      return this.#report.error(place, `there is no section [${name}] before this line to add to`);
    }
    this.#current = section;
    for (const word of words) {
      if (word === "!" || word.startsWith("+")) continue;
      const base = this.#find(word, "");
      if (base === undefined) this.#report.error(place, `[${name}] is made from [${word}], which is not there`);
      else for (const entry of [...base.entries]) this.#append(section, entry);
    }
  }

  /** The first section of that name, in its own case if there is one; `filter` is a `name=value` that it must have. */
  #find(name: string, filter: string): Section | undefined {
    const candidates = this.#byName.get(name.toLowerCase()) ?? [];
    const exact = candidates.filter((section) => section.name === name);
    const sections = exact.length > 0 ? exact : candidates;
    if (filter === "") return sections[0];
    const [option = "", value = ""] = filter.split("=", 2).map((word) => word.trim());
    return sections.find((section) =>
      section.entries.some((entry) => matches(option, entry.name) && matches(value, entry.value))
    );
  }

  #add(name: string, place: Place, isTemplate: boolean): Section {
    const section = { name, place, isTemplate, entries: [] };
    this.sections.push(section);
    const key = name.toLowerCase();
    const known = this.#byName.get(key);
    if (known === undefined) this.#byName.set(key, [section]);
    else known.push(section);
    return section;
  }

  #append(section: Section, entry: Entry): void {
    if (this.#isFull) return;
    if (this.#entriesLeft-- === 0) {
      return this.#stop(entry.place, `there are more than ${bounds.entries} lines, templates included`);
    }
    section.entries.push(entry);
  }

  #readDirective(line: string, place: Place, trail: readonly string[]): void {
    const [, directive = "", rest = ""] = /^#\s*(\w*)\s*(.*)$/.exec(line) ?? [];
    const pattern = /^"([^"]*)"|^<([^>]*)>/.exec(rest);
    const name = pattern?.[1] ?? pattern?.[2] ?? rest;
    switch (directive.toLowerCase()) {
      case "exec":
        return this.#report.error(place, "#exec is not run: put what the program prints into a file and include that");
      case "include":
      case "tryinclude": {
        if (name === "") return this.#report.error(place, `#${directive} names no file`);
        const files = this.#directory.find(name);
        for (const file of files) this.read(file, place, trail);
        if (files.length > 0) return;
        if (directive.toLowerCase() === "include" && !/[*?[{]/.test(name)) {
          return this.#report.error(place, `there is no file "${name}"`);
        }
        return this.#report.remark(place, `there is no file "${name}" to include`);
      }
      default:
        return this.#report.remark(place, `"#${directive}" is no directive: the line means nothing`);
    }
  }

  #readAssignment(line: string, place: Place): void {
    const at = line.indexOf("=");
    if (at < 0) return this.#report.remark(place, `"${shortened(line)}" has no "=": the line means nothing`);
    const section = this.#current;
    if (section === "unreadable") return;
    if (section === undefined) return this.#report.error(place, `"${shortened(line)}" stands in no section`);
    const isAppended = line[at - 1] === "+";
    const name = line.slice(0, isAppended ? at - 1 : at).trim();
    const value = line.slice(line[at + 1] === ">" ? at + 2 : at + 1).trim();
    const former = isAppended ? section.entries.findLastIndex((entry) => entry.name === name) : -1;
    if (former < 0) this.#append(section, { name, value, place });
    else section.entries[former] = { name, value: section.entries[former]!.value + value, place };
  }

  #stop(place: Place | string, message: string): void {
    this.#isFull = true;
    this.#report.error(place, message);
  }
}

/** Whether a regular expression, unanchored, fits; one that is none is taken literally. */
function matches(expression: string, text: string): boolean {
  try {
    return new RegExp(expression).test(text);
  } catch {
    return expression === text;
  }
}

function shortened(line: string): string {
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}
