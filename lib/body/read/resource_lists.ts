/**
 * Owns the reading of application/resource-lists+xml (RFC 4826): whom a request wants to watch.
 */
import { DocumentFault } from "./document_fault.ts";
import { readXml, type XmlElement } from "./xml_reader.ts";

const NAMESPACE = "urn:ietf:params:xml:ns:resource-lists";

/**
 * Reads a document.
 *
 * Lists within lists count as one; references to entries elsewhere, names for people and extensions play no part.
 *
 * @returns URIs of all entries in order, each once; or what is wrong: anything of `readXml`, another root, an entry without URI.
 * Source: RFC 4826 §3.1, RFC 5367 §4.
 */
export function readResourceLists(bytes: Uint8Array): readonly string[] | DocumentFault {
  return readXml(bytes, (root) => {
    if (root.name !== "resource-lists" || root.namespace !== NAMESPACE) {
      root.fail(`the root must be resource-lists of ${NAMESPACE}`);
    }
    return [...new Set(entriesOf(root))];
  });
}

function* entriesOf(element: XmlElement): Generator<string> {
  for (const child of element.children) {
    if (child.namespace !== NAMESPACE) continue;
    if (child.name === "entry") yield child.required("uri");
    else if (child.name === "list") yield* entriesOf(child);
  }
}
