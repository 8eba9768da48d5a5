/**
 * Owns application/rlmi+xml: what a list consists of, and how each member's virtual subscription stands.
 *
 * Written as bytes, element by element, because a member's change makes a new document for every watcher of the list. The layout is
 * that of `document.ts`.
 * Data plane: no allocation. Source: RFC 4662 §5.
 */
import type { ByteWriter } from "./byte_writer.ts";

/** How a virtual subscription stands. Source: RFC 4662 §5.5. */
export type InstanceState = "pending" | "active" | "terminated";

const utf8 = new TextEncoder();
const LIST_URI = utf8.encode(
  '<?xml version="1.0" encoding="UTF-8"?>\n<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="',
);
const VERSION = utf8.encode('" version="');
const FULL_STATE = utf8.encode('" fullState="true">\n <name>');
const PARTIAL_STATE = utf8.encode('" fullState="false">\n <name>');
const END_OF_NAME = utf8.encode("</name>\n");
const RESOURCE_URI = utf8.encode(' <resource uri="');
const RESOURCE_NAME = utf8.encode('">\n  <name>');
const INSTANCE_ID = utf8.encode('</name>\n  <instance id="');
const STATES: Readonly<Record<InstanceState, Uint8Array>> = {
  pending: utf8.encode('" state="pending'),
  active: utf8.encode('" state="active'),
  terminated: utf8.encode('" state="terminated'),
};
const REASON = utf8.encode('" reason="');
const CID = utf8.encode('" cid="');
const END_OF_RESOURCE = utf8.encode('" />\n </resource>\n');
const END_OF_LIST = utf8.encode("</list>\n");

/** One member of a list, or a list; texts as `escapeText` makes them. */
export interface RlmiResource {
  readonly uri: string;
  /** Name for people. */
  readonly name: string;
  /** Which of the resource's notifiers this is; hintd is the only one, so that it is the same for good. */
  readonly instanceId: string;
}

/** Writes everything before the members. Source: RFC 4662 §5.2, §5.4. */
export function writeListStart(
  out: ByteWriter,
  list: RlmiResource,
  version: number,
  isFull: boolean,
): void {
  out.append(LIST_URI);
  out.appendText(list.uri);
  out.append(VERSION);
  out.appendDecimal(version);
  out.append(isFull ? FULL_STATE : PARTIAL_STATE);
  out.appendText(list.name);
  out.append(END_OF_NAME);
}

/** Writes a member up to its instance's reason; `writeCid` may follow, `writeResourceEnd` must. Source: RFC 4662 §5.3–§5.5. */
export function writeResource(
  out: ByteWriter,
  resource: RlmiResource,
  state: InstanceState,
  reason: Uint8Array | undefined,
): void {
  out.append(RESOURCE_URI);
  out.appendText(resource.uri);
  out.append(RESOURCE_NAME);
  out.appendText(resource.name);
  out.append(INSTANCE_ID);
  out.appendText(resource.instanceId);
  out.append(STATES[state]);
  if (reason === undefined) return;
  out.append(REASON);
  out.append(reason);
}

/** Begins the attribute that names the member's part; the caller writes its Content-ID behind it. */
export function writeCid(out: ByteWriter): void {
  out.append(CID);
}

/** Ends a member. */
export function writeResourceEnd(out: ByteWriter): void {
  out.append(END_OF_RESOURCE);
}

/** Ends the document. */
export function writeListEnd(out: ByteWriter): void {
  out.append(END_OF_LIST);
}

/** Most bytes of a member in a document besides its URI, name and Content-ID. */
export const resourceBytesMax: number = RESOURCE_URI.length + RESOURCE_NAME.length + INSTANCE_ID.length +
  STATES.terminated.length + REASON.length + CID.length + END_OF_RESOURCE.length + 32;

/** Most bytes of a document without members besides its URI and name. */
export const listBytesMax: number = LIST_URI.length + VERSION.length + PARTIAL_STATE.length + END_OF_NAME.length +
  END_OF_LIST.length + 10;
