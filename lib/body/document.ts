/**
 * Owns how documents are built and laid out: the one user of the XML library.
 *
 * Layout: declaration on its own line, one blank of indentation per level, ` />` for empty elements, a line end after the last tag; phones
 * with hand-made parsers are used to it.
 */
import { create } from "xmlbuilder2";
import type { XMLBuilder } from "xmlbuilder2/lib/interfaces.d.ts";

/** One element of a document that is being built. */
export type Element = XMLBuilder;

/** Attributes in the order of writing; `undefined` leaves one out. Values are our own words or marks; foreign text goes through `documentText`. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Starts a document and returns its root element. */
export function createDocument(name: string, attributes: Attributes = {}): Element {
  return setAttributes(create({ version: "1.0", encoding: "UTF-8" }).ele(name), attributes);
}

/** Appends an element. */
export function append(parent: Element, name: string, attributes: Attributes = {}): Element {
  return setAttributes(parent.ele(name), attributes);
}

/** Appends an element with text content; foreign text goes through `documentText`. */
export function appendText(parent: Element, name: string, text: string, attributes: Attributes = {}): Element {
  const element = append(parent, name, attributes);
  if (text !== "") element.txt(text);
  return element;
}

/** Sets attributes of an element, leaving out those without a value. */
export function setAttributes(element: Element, attributes: Attributes): Element {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.att(name, value);
  return element;
}

/** Moves an element before its first sibling of the given name, if there is one. */
export function moveBefore(element: Element, siblingName: string): void {
  const parent = element.node.parentNode;
  const sibling = [...(parent?.childNodes ?? [])].find((node) => node.nodeName === siblingName);
  if (parent && sibling) parent.insertBefore(element.node, sibling);
}

/** Writes a document, hole marks included. */
export function serialize(root: Element): string {
  return root.end({ prettyPrint: true, indent: " ", spaceBeforeSlash: true }) + "\n";
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
