/**
 * A strict little XML 1.0 reader for tests, written apart from the library that builds the documents: no DTD, no comments, no CDATA; everything
 * it does not know is an error. Gives the information set: names with namespaces, attributes as a set, text, order.
 */

/** One element: `name` and attribute names are `{namespace}local` where there is a namespace. */
export interface InfoElement {
  name: string;
  attributes: Record<string, string>;
  /** Children and texts in order; texts of whitespace between elements are left out. */
  children: (InfoElement | string)[];
}

const references: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads a document; throws an Error that says where it is not well-formed. */
export function readInfoset(text: string): InfoElement {
  return new Reader(text).document();
}

class Reader {
  #at = 0;
  constructor(readonly text: string) {}

  document(): InfoElement {
    // deno-lint-ignore no-control-regex -- XML 1.0 §2.2 forbids these
    const illegal = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/.exec(this.text);
    if (illegal || !this.text.isWellFormed()) this.#fail("illegal character");
    this.#expect('<?xml version="1.0" encoding="UTF-8"?>');
    this.#blanks();
    const root = this.#element(new Map([["xml", "http://www.w3.org/XML/1998/namespace"]]));
    this.#blanks();
    if (this.#at !== this.text.length) this.#fail("something behind the root element");
    return root;
  }

  #element(outer: Map<string, string>): InfoElement {
    this.#expect("<");
    const rawName = this.#name();
    const raw: [string, string][] = [];
    while (this.#blanks() && !/[/>]/.test(this.#peek())) {
      const name = this.#name();
      this.#expect("=");
      if (raw.some(([other]) => other === name)) this.#fail(`attribute ${name} twice`);
      raw.push([name, this.#quoted()]);
    }
    const scope = new Map(outer);
    for (const [name, value] of raw) {
      if (name === "xmlns") scope.set("", value);
      else if (name.startsWith("xmlns:")) scope.set(name.slice(6), value);
    }
    const element: InfoElement = { name: this.#expand(rawName, scope, true), attributes: {}, children: [] };
    for (const [name, value] of raw) {
      if (name !== "xmlns" && !name.startsWith("xmlns:")) element.attributes[this.#expand(name, scope, false)] = value;
    }
    if (this.#take("/>")) return element;
    this.#expect(">");
    this.#content(element, scope);
    this.#expect(`</${rawName}>`);
    return element;
  }

  #content(element: InfoElement, scope: Map<string, string>): void {
    while (!this.text.startsWith("</", this.#at)) {
      if (this.#peek() === "<") element.children.push(this.#element(scope));
      else element.children.push(this.#characters(/[<]/));
    }
    const hasElements = element.children.some((child) => typeof child !== "string");
    if (hasElements) {
      element.children = element.children.filter((child) => typeof child !== "string" || child.trim() !== "");
    }
  }

  /** Text up to a character of `end`, references resolved. */
  #characters(end: RegExp): string {
    let value = "";
    while (!end.test(this.#peek())) {
      const character = this.#peek();
      if (character !== "&") {
        // XML 1.0 §2.11 and §3.3.3 would change these on reading.
        if (character === "\r" || (end.source !== "[<]" && /[\n\t]/.test(character))) {
          this.#fail("bare line end or tab");
        }
        value += character;
        this.#at++;
        continue;
      }
      const semicolon = this.text.indexOf(";", this.#at);
      const reference = this.text.slice(this.#at + 1, semicolon);
      const resolved = /^#\d+$/.test(reference)
        ? String.fromCodePoint(Number(reference.slice(1)))
        : references[reference];
      if (resolved === undefined) this.#fail(`unknown reference &${reference.slice(0, 20)}`);
      value += resolved;
      this.#at = semicolon + 1;
    }
    return value;
  }

  #quoted(): string {
    this.#expect('"');
    const value = this.#characters(/["<]/);
    this.#expect('"');
    return value;
  }

  #name(): string {
    const name = /^[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?/.exec(this.text.slice(this.#at, this.#at + 100))?.[0];
    if (name === undefined) this.#fail("name wanted");
    this.#at += name.length;
    return name;
  }

  #expand(name: string, scope: Map<string, string>, isElement: boolean): string {
    const [local, prefix] = name.split(":").reverse() as [string, string | undefined];
    if (prefix === undefined && !isElement) return local;
    const namespace = scope.get(prefix ?? "");
    if (namespace === undefined && prefix !== undefined) this.#fail(`prefix ${prefix} not declared`);
    return namespace === undefined || namespace === "" ? local : `{${namespace}}${local}`;
  }

  #peek(): string {
    return this.text[this.#at] ?? this.#fail("document ends early");
  }

  #blanks(): boolean {
    while (/[ \n]/.test(this.text[this.#at] ?? "x")) this.#at++;
    return true;
  }

  #take(literal: string): boolean {
    const isThere = this.text.startsWith(literal, this.#at);
    if (isThere) this.#at += literal.length;
    return isThere;
  }

  #expect(literal: string): void {
    if (!this.#take(literal)) this.#fail(`${literal} wanted`);
  }

  #fail(why: string): never {
    throw new Error(`${why} at ${this.#at}: ${this.text.slice(Math.max(0, this.#at - 40), this.#at + 40)}`);
  }
}

/** The element of that local name below `element`, itself included; throws when there is none. */
export function findElement(element: InfoElement, localName: string): InfoElement {
  const found = findAll(element, localName)[0];
  if (!found) throw new Error(`No element ${localName}`);
  return found;
}

/** All elements of that local name below `element`, itself included, in document order. */
export function findAll(element: InfoElement, localName: string): InfoElement[] {
  const isIt = element.name === localName || element.name.endsWith(`}${localName}`);
  const below = element.children.flatMap((child) => typeof child === "string" ? [] : findAll(child, localName));
  return isIt ? [element, ...below] : below;
}

/** The text directly inside an element. */
export function textOf(element: InfoElement): string {
  return element.children.filter((child) => typeof child === "string").join("");
}
