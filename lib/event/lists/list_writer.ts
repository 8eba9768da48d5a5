/**
 * Owns the bytes of a list's NOTIFY: RLMI and the documents of the chosen members, lists within lists.
 *
 * One buffer serves all NOTIFYs: what is written is copied into the message before the next one is begun.
 * Data plane: no allocation once the buffer has grown.
 */
import { ByteWriter } from "../../body/byte_writer.ts";
import {
  multipartBytesMax,
  type MultipartLayout,
  partBytesMax,
  writeMultipartEnd,
  writeMultipartStart,
  writePartEnd,
  writePartHeaders,
  writePartStart,
  writeSeparator,
} from "../../body/multipart.ts";
import {
  type InstanceState,
  listBytesMax,
  resourceBytesMax,
  writeCid,
  writeListEnd,
  writeListStart,
  writeResource,
  writeResourceEnd,
} from "../../body/rlmi.ts";
import type { TerminationReason } from "../subscription_transitions.ts";
import type { ListRow, MemberRow } from "./list_tree.ts";

const utf8 = new TextEncoder();
const RLMI_TYPE = "application/rlmi+xml";
const RLMI_PREFIX = utf8.encode("r");
const DOT = utf8.encode(".");
const NO_RESOURCE = utf8.encode("noresource");
const REASONS: Readonly<Record<TerminationReason, Uint8Array>> = {
  timeout: utf8.encode("timeout"),
  noresource: NO_RESOURCE,
  deactivated: utf8.encode("deactivated"),
  rejected: utf8.encode("rejected"),
  giveup: utf8.encode("giveup"),
};

/** What a NOTIFY of a list says besides its rows. */
export interface ListNotify {
  /** Version of the outermost RLMI document. */
  version: number;
  /** How the members stand that are there. */
  state: InstanceState;
  /** Why they have ended. */
  reason: TerminationReason | undefined;
  /** Media type of the members' documents. */
  mediaType: string;
  /** Behind the numbers of a Content-ID: what makes it differ from those of others. */
  idSuffix: string;
  layout: MultipartLayout;
}

/** Digits of position and version, letter and dot in a Content-ID. */
const ID_BYTES = 18;

/** Writes multiparts. */
export class ListWriter {
  readonly #out = new ByteWriter();

  /** Writes the chosen rows of `root`; the bytes are good until the next writing. */
  write(root: ListRow, notify: ListNotify): Uint8Array {
    this.#out.reset();
    this.#writeList(root, notify.version, notify);
    return this.#out.written;
  }

  #writeList(list: ListRow, version: number, notify: ListNotify): void {
    const out = this.#out;
    const { chosen } = list;
    const { layout } = notify;
    writeMultipartStart(out, layout);
    writePartStart(out, list.boundary);
    out.append(RLMI_PREFIX);
    this.#writeId(list, notify);
    const start = writePartHeaders(out, RLMI_TYPE, layout);
    writeListStart(out, list, version, list.isFullOwed);
    for (let i = 0; i < chosen.length; i++) this.#writeResource(chosen[i]!, notify);
    writeListEnd(out);
    writePartEnd(out, start, layout);
    for (let i = 0; i < chosen.length; i++) this.#writePart(chosen[i]!, list, notify);
    writeMultipartEnd(out, list.boundary);
  }

  #writeResource(row: MemberRow | ListRow, notify: ListNotify): void {
    const out = this.#out;
    if (row.kind === "member" && row.watched === undefined) {
      writeResource(out, row, "terminated", NO_RESOURCE);
    } else {
      writeResource(out, row, notify.state, notify.reason && REASONS[notify.reason]);
      writeCid(out);
      this.#writeId(row, notify);
    }
    writeResourceEnd(out);
  }

  #writePart(row: MemberRow | ListRow, list: ListRow, notify: ListNotify): void {
    if (row.kind === "member" && row.watched === undefined) return;
    const out = this.#out;
    writeSeparator(out);
    writePartStart(out, list.boundary);
    this.#writeId(row, notify);
    const start = writePartHeaders(out, row.kind === "member" ? notify.mediaType : row.contentType, notify.layout);
    if (row.kind === "list") this.#writeList(row, row.version, notify);
    else out.appendBody(row.body!, row.fill);
    writePartEnd(out, start, notify.layout);
  }

  /** A Content-ID; that of an RLMI part differs from its list's by a letter. */
  #writeId(row: MemberRow | ListRow, notify: ListNotify): void {
    const out = this.#out;
    out.appendDecimal(row.position);
    out.append(DOT);
    out.appendDecimal(notify.version);
    out.appendText(notify.idSuffix);
  }
}

/** Most bytes that a member adds to a NOTIFY. */
export function memberBytes(row: MemberRow, notify: ListNotify): number {
  const bytes = resourceBytesMax + row.uri.length + row.name.length + row.instanceId.length;
  if (row.watched === undefined) return bytes;
  return bytes + 2 * (ID_BYTES + notify.idSuffix.length) + partBytesMax + row.parent.boundary.length +
    notify.mediaType.length + row.body!.byteLength(row.fill);
}

/** Most bytes that a list adds to a NOTIFY before any of its members do. */
export function listBytes(list: ListRow, notify: ListNotify): number {
  const idBytes = ID_BYTES + notify.idSuffix.length;
  const inner = partBytesMax + RLMI_TYPE.length + idBytes + 2 * list.boundary.length + multipartBytesMax +
    listBytesMax +
    list.uri.length + list.name.length;
  if (list.parent === undefined) return inner;
  return inner + resourceBytesMax + list.uri.length + list.name.length + list.instanceId.length + 2 * idBytes +
    partBytesMax + list.parent.boundary.length + list.contentType.length;
}
