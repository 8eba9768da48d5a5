/**
 * Owns how documents are built and laid out.
 *
 * Layout: declaration on its own line, one blank of indentation per level, ` />` for empty elements, a line end after the last tag; phones
 * with hand-made parsers are used to it. Nothing is escaped here: texts are our own words, or marks (text.ts).
 */

/** Attributes in the order of writing; `undefined` leaves one out. Values are our own words or marks; foreign text goes through `documentText`. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** One element of a document that is being built: it holds elements or a text. */
export interface Element {
  readonly name: string;
  readonly parent: Element | undefined;
  readonly text: string;
  /** As they stand in its tag. */
  attributes: string;
  readonly children: Element[];
}

function createElement(name: string, attributes: Attributes, text = "", parent?: Element): Element {
  return { name, parent, text, attributes: attributesText(attributes), children: [] };
}

/** Starts a document and returns its root element. */
export function createDocument(name: string, attributes: Attributes = {}): Element {
  return createElement(name, attributes);
}

/** Appends an element. */
export function append(parent: Element, name: string, attributes: Attributes = {}): Element {
  return appendText(parent, name, "", attributes);
}

/** Appends an element with text content; foreign text goes through `documentText`. */
export function appendText(parent: Element, name: string, text: string, attributes: Attributes = {}): Element {
  const element = createElement(name, attributes, text, parent);
  parent.children.push(element);
  return element;
}

/** Adds attributes to those that an element has, which are others. */
export function addAttributes(element: Element, attributes: Attributes): void {
  element.attributes += attributesText(attributes);
}

function attributesText(attributes: Attributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) text += ` ${name}="${value}"`;
  }
  return text;
}

/** Moves an element before its first sibling of the given name, if there is one. */
export function moveBefore(element: Element, siblingName: string): void {
  const siblings = element.parent?.children ?? [];
  const sibling = siblings.find(({ name }) => name === siblingName);
  if (sibling === undefined) return;
  siblings.splice(siblings.indexOf(element), 1);
  siblings.splice(siblings.indexOf(sibling), 0, element);
}

/** Writes a document, hole marks included. */
export function serialize(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${written(root, "")}`;
}

function written({ name, attributes, text, children }: Element, indentation: string): string {
  const tag = `${indentation}<${name}${attributes}`;
  if (text !== "") return `${tag}>${text}</${name}>\n`;
  if (children.length === 0) return `${tag} />\n`;
  let inner = "";
  for (const child of children) inner += written(child, indentation + " ");
  return `${tag}>\n${inner}${indentation}</${name}>\n`;
}

/**
 * Makes an id of XML type ID from any text; different texts make different ids.
 *
 * @param prefix A letter; separates the kinds of ids of one document.
 * Source: XML Schema Part 2 §3.3.8: an NCName, which must not begin with a digit.
 */
export function safeId(prefix: string, text: string): string {
  return prefix + text.replace(/[^A-Za-z0-9.-]/gu, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
}
