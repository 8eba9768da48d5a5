/**
 * Reads what a NOTIFY of a list says, as strictly as RFC 4662 §5 has it, and keeps a watcher's picture by §5.6.
 */
import { findAll, type InfoElement, readInfoset, textOf } from "../body/infoset.ts";

const RLMI = "{urn:ietf:params:xml:ns:rlmi}";

/** One member in a document. */
export interface ListResource {
  readonly uri: string;
  readonly name: string;
  readonly id: string;
  readonly state: string;
  readonly reason: string | undefined;
  /** Content-ID of its part. */
  readonly cid: string | undefined;
  /** Its document, or that of a list. */
  readonly body: string | ListDocument | undefined;
  readonly mediaType: string | undefined;
}

/** One RLMI document with what belongs to it. */
export interface ListDocument {
  readonly uri: string;
  readonly name: string;
  readonly version: number;
  readonly isFull: boolean;
  readonly boundary: string;
  readonly rootId: string;
  readonly resources: readonly ListResource[];
}

interface Part {
  readonly id: string;
  readonly contentType: string;
  readonly content: string;
}

/** Reads a multipart/related body; an Error says what is wrong with it. */
export function readListDocument(contentType: string, body: string): ListDocument {
  const boundary = /^multipart\/related;type="application\/rlmi\+xml";boundary=([0-9a-z]{1,70})$/.exec(contentType)
    ?.[1];
  if (boundary === undefined) throw new Error(`No list: ${contentType}`);
  const [root, ...parts] = partsOf(body, boundary);
  if (root?.contentType !== "application/rlmi+xml") throw new Error("RFC 4662 §5: the first part is RLMI");
  const list = readInfoset(root.content);
  if (list.name !== `${RLMI}list`) throw new Error(`Root is ${list.name}`);
  const resources = findAll(list, `${RLMI}resource`).map((resource): ListResource => {
    const instances = findAll(resource, `${RLMI}instance`);
    if (instances.length !== 1) throw new Error(`${instances.length} instances`);
    const { id, state, reason, cid } = instances[0]!.attributes;
    const part = parts.find((one) => one.id === cid);
    // RFC 4662 §5.5: an active instance has a part, a terminated one a reason.
    if (state === "active" && part === undefined) throw new Error(`No part for ${cid}`);
    if ((cid === undefined) !== (part === undefined)) throw new Error(`No part for ${cid}`);
    return {
      uri: resource.attributes.uri!,
      name: textOf(findAll(resource, `${RLMI}name`)[0]!),
      id: id!,
      state: state!,
      reason,
      cid,
      body: part?.contentType.startsWith("multipart/")
        ? readListDocument(part.contentType, part.content)
        : part?.content,
      mediaType: part?.contentType,
    };
  });
  if (parts.length !== resources.filter((one) => one.cid !== undefined).length) throw new Error("A part of nobody");
  return {
    uri: list.attributes.uri!,
    name: textOf(list.children[0] as InfoElement),
    version: Number(list.attributes.version),
    isFull: list.attributes.fullState === "true",
    boundary,
    rootId: root.id,
    resources,
  };
}

/** Members that a document tells of, those of lists in it included. */
export function resourceCountOf({ resources }: ListDocument): number {
  return resources.reduce((sum, { body }) => sum + (typeof body === "object" ? resourceCountOf(body) : 1), 0);
}

/** RFC 2046 §5.1: delimiters at the start of lines, a close delimiter, nothing outside; lengths as the parts say. */
function partsOf(body: string, boundary: string): Part[] {
  const close = `\r\n--${boundary}--\r\n`;
  if (!body.endsWith(close)) throw new Error("No close delimiter");
  const whole = body.startsWith("\r\n") ? body : `\r\n${body}`;
  const [preamble, ...texts] = whole.slice(0, -close.length).split(`\r\n--${boundary}\r\n`);
  if (preamble !== "") throw new Error(`Preamble: ${preamble}`);
  const parts = texts.map((text) => {
    const end = text.indexOf("\r\n\r\n");
    const head = text.slice(0, end);
    const content = text.slice(end + 4);
    const fields =
      /^Content-ID: <([^<>\s]+@[^<>\s]+)>\r\nContent-Type: (\S+)\r\nContent-(?:Length: *(\d+)|Transfer-Encoding: binary)$/
        .exec(head);
    if (fields === null) throw new Error(`Part headers: ${head}`);
    const [, id, contentType, length] = fields;
    const bytes = new TextEncoder().encode(content).length;
    if (length !== undefined && Number(length) !== bytes) throw new Error(`Content-Length ${length} of ${bytes} bytes`);
    return { id: id!, contentType: contentType!, content };
  });
  if (new Set(parts.map((part) => part.id)).size !== parts.length) throw new Error("Two parts of one Content-ID");
  return parts;
}

/** What a watcher knows, rebuilt only from what it got. Source: RFC 4662 §5.6. */
export class ListPicture {
  /** Version of the last document taken, by the URI of its list, or of a member whose documents have one. */
  readonly versions = new Map<string, number>();
  /** URI of each living member → its document; members of lists within lists stand beside the others. */
  readonly members = new Map<string, string>();
  /** Every instance id seen, by URI. */
  readonly ids = new Map<string, Set<string>>();
  /** Documents out of order or repeated, which RFC 4662 §5.6 has thrown away. */
  discardedCount = 0;
  /** URIs of the rows of each list. */
  readonly #rows = new Map<string, Set<string>>();

  /** Takes a document as it came. */
  take(document: ListDocument): void {
    const version = this.versions.get(document.uri) ?? -1;
    if (document.version <= version) {
      this.discardedCount++;
      return;
    }
    this.versions.set(document.uri, document.version);
    const rows = this.#rows.get(document.uri) ?? new Set();
    this.#rows.set(document.uri, rows);
    if (document.isFull) { for (const uri of [...rows]) this.#forget(document.uri, uri); }
    for (const { uri, id, state, body } of document.resources) {
      const ids = this.ids.get(uri) ?? new Set();
      this.ids.set(uri, ids.add(id));
      if (state === "terminated") this.#forget(document.uri, uri);
      else {
        rows.add(uri);
        if (typeof body === "string") this.#setMember(uri, body);
        else if (body !== undefined) this.take(body);
      }
    }
  }

  #setMember(uri: string, body: string): void {
    const version = /<dialog-info [^>]*version="(\d+)"/.exec(body)?.[1];
    if (version !== undefined) {
      if (Number(version) <= (this.versions.get(uri) ?? -1)) this.discardedCount++;
      this.versions.set(uri, Number(version));
    }
    this.members.set(uri, body);
  }

  #forget(list: string, uri: string): void {
    this.#rows.get(list)?.delete(uri);
    this.members.delete(uri);
    for (const below of [...this.#rows.get(uri) ?? []]) this.#forget(uri, below);
  }
}
