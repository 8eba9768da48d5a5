/**
 * Owns the reading of XML documents from others: the one user of the XML reading library.
 *
 * Theory. The library is strict about well-formedness and namespaces, and knows no entities but XML's own five. What it leaves open
 * is closed here: a document type is refused, so nothing can be declared or fetched; the encoding is UTF-8; depth, elements,
 * attributes and texts are bounded, each while it is being read. So the work is linear in the bytes of one SIP message.
 */
import { type SaxesAttributeNS, SaxesParser } from "saxes";
import { limits } from "../../runtime/limits.ts";
import { DocumentFault, faultOr, utf8Text } from "./document_fault.ts";

/** One element of a document that was read. */
export class XmlElement {
  /** URI of its namespace; empty for none. */
  readonly namespace: string;
  /** Name without prefix. */
  readonly name: string;
  /** Line of the document, from 1. */
  readonly line: number;
  readonly #attributes: Readonly<Record<string, SaxesAttributeNS>>;
  readonly #children: XmlElement[] = [];
  #text = "";

  constructor(tag: { uri: string; local: string; attributes: Record<string, SaxesAttributeNS> }, line: number) {
    this.namespace = tag.uri;
    this.name = tag.local;
    this.line = line;
    this.#attributes = tag.attributes;
  }

  /** Its own text, without that of its children and without white space at both ends. */
  get text(): string {
    return this.#text.trim();
  }

  /** Its child elements in order. */
  get children(): readonly XmlElement[] {
    return this.#children;
  }

  /** Value of the attribute of that name in no namespace. */
  attribute(name: string): string | undefined {
    return this.#attributes[name]?.value;
  }

  /** Value of an attribute that must be there and not empty; throws a DocumentFault otherwise. */
  required(name: string): string {
    const value = this.attribute(name);
    if (value === undefined || value === "") this.fail(`<${this.name}> needs the attribute ${name}`);
    return value;
  }

  /** Children of that name in a namespace, by default its own. */
  all(name: string, namespace: string = this.namespace): readonly XmlElement[] {
    return this.#children.filter((child) => child.name === name && child.namespace === namespace);
  }

  /** The first of `all`. */
  first(name: string, namespace: string = this.namespace): XmlElement | undefined {
    return this.#children.find((child) => child.name === name && child.namespace === namespace);
  }

  /** Refuses the document for what is wrong with this element. */
  fail(rule: string): never {
    throw new DocumentFault(this.line, rule);
  }

  /** Takes the next child while the document is being read. */
  append(child: XmlElement): void {
    this.#children.push(child);
  }

  /** Takes the next piece of text while the document is being read. */
  appendText(text: string): void {
    if (this.#text.length + text.length > limits.xmlTextChars) this.fail(`the text of <${this.name}> is too long`);
    this.#text += text;
  }
}

/**
 * Reads a document and takes from it what it says.
 *
 * @param bytes The whole document; not kept.
 * @param take Gets the root element; may call its `fail`.
 * @returns What `take` returned, or the fault: not UTF-8, not well-formed, with a document type, too deep, too much of anything.
 * Source: XML 1.0 §2.1, §2.8, §4.3.3; Namespaces in XML 1.0 §8.
 */
export function readXml<T>(bytes: Uint8Array, take: (root: XmlElement) => T): T | DocumentFault {
  return faultOr(() => take(rootOf(bytes)));
}

/** Whether a text of that encoding is one of UTF-8: of the others those are, as long as they keep to ASCII. */
function isUtf8(encoding: string, text: string): boolean {
  const name = encoding.toLowerCase();
  // COMPAT(Yealink, Poly): feature events say that they are ISO-8859-1.
  return name === "utf-8" || (["us-ascii", "iso-8859-1"].includes(name) && !/[^ -~\s]/.test(text));
}

/** The library's parser with what is wanted of it; good for one document after another, until one has a fault. */
class Reader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #open: XmlElement[] = [];
  #text = "";
  #root: XmlElement | undefined;
  #elementCount = 0;
  #attributeCount = 0;

  constructor() {
    const parser = this.#parser;
    parser.on("error", (error) => this.#fail(`not well-formed: ${error.message}`));
    parser.on("xmldecl", ({ version, encoding }) => {
      if (version !== undefined && version !== "1.0") this.#fail("the document must be XML 1.0");
      if (encoding !== undefined && !isUtf8(encoding, this.#text)) this.#fail("the document must be UTF-8");
    });
    parser.on("doctype", () => this.#fail("a document type is not allowed"));
    parser.on("opentagstart", () => {
      this.#attributeCount = 0;
      if (++this.#elementCount > limits.xmlElementCount) this.#fail("the document has too many elements");
      if (this.#open.length >= limits.xmlDepth) this.#fail("the elements are nested too deeply");
    });
    parser.on("attribute", ({ value }) => {
      if (++this.#attributeCount > limits.xmlAttributeCount) this.#fail("an element has too many attributes");
      if (value.length > limits.xmlTextChars) this.#fail("an attribute is too long");
    });
    parser.on("opentag", (tag) => {
      const element = new XmlElement(tag, parser.line);
      this.#root ??= element;
      this.#open.at(-1)?.append(element);
      this.#open.push(element);
    });
    parser.on("closetag", () => void this.#open.pop());
    const appendText = (piece: string) => this.#open.at(-1)?.appendText(piece);
    parser.on("text", appendText);
    parser.on("cdata", appendText);
  }

  /** The root element of a document; throws a DocumentFault, and is of no use then. */
  read(text: string): XmlElement {
    this.#text = text;
    this.#elementCount = 0;
    this.#parser.write(text).close();
    const root = this.#root ?? this.#fail("the document is empty");
    this.#text = "";
    this.#root = undefined;
    return root;
  }

  #fail(rule: string): never {
    throw new DocumentFault(this.#parser.line, rule);
  }
}

let reader = new Reader();

function rootOf(bytes: Uint8Array): XmlElement {
  if (bytes.length > limits.messageBytes) throw new DocumentFault(1, "the document is too long");
  const text = utf8Text(bytes);
  try {
    return reader.read(text);
  } catch (error) {
    reader = new Reader();
    throw error;
  }
}
