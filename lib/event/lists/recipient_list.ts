/**
 * Owns the list that a SUBSCRIBE brings along.
 */
import { inflated } from "../../body/read/deflated.ts";
import { DocumentFault } from "../../body/read/document_fault.ts";
import { readResourceLists } from "../../body/read/resource_lists.ts";
import { limits } from "../../runtime/limits.ts";
import type { Reject } from "../../runtime/result.ts";
import type { Message } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";
import type { MemberShape } from "./list_shape.ts";

/** Option tag of a SUBSCRIBE that contains its list. Source: RFC 5367 §9.2. */
export const recipientListOption = "recipient-list-subscribe";

/** Codings that a list may come in. */
export const recipientListCodings = ["deflate", "identity"] as const;

const MEDIA_TYPE = "application/resource-lists+xml";

/**
 * Reads the list of a request that requires it to be read.
 *
 * @param extenOf What the user of a URI means.
 * @returns Its members in order; a URI that is none of ours has an empty name, which nothing has. Or a Reject: 415 another media
 * type or coding, 400 a document that cannot be read, 413 too many members.
 * Source: RFC 5367 §5, RFC 5363 §3.
 */
export function recipientListOf(request: Message, extenOf: (user: string) => string): readonly MemberShape[] | Reject {
  const { contentType, contentEncoding: codings } = request;
  if (contentType === undefined || `${contentType.type}/${contentType.subtype}`.toLowerCase() !== MEDIA_TYPE) {
    return { status: 415, headers: [["Accept", MEDIA_TYPE]], why: "the list that is required is missing" };
  }
  const isDeflated = codings.includes("deflate");
  if (codings.some((coding) => coding !== "identity" && coding !== "deflate") || codings.length > 1) {
    return { status: 415, headers: [["Accept-Encoding", recipientListCodings.join(", ")]], why: "encoded body" };
  }
  const bytes = isDeflated ? inflated(request.body) : request.body;
  const uris = bytes instanceof DocumentFault ? bytes : readResourceLists(bytes);
  if (uris instanceof DocumentFault) {
    return { status: 400, reason: `Bad list: ${uris.message}`, why: `bad recipient list: ${uris.message}` };
  }
  if (uris.length > limits.listMemberCount) {
    return { status: 413, why: `a list of more than ${limits.listMemberCount} members` };
  }
  return uris.map((uri) => ({ kind: "member", exten: extenOf(userOf(uri)), uri }));
}

/** User of a SIP URI; empty for any other. */
function userOf(text: string): string {
  try {
    const { scheme, user = "" } = parseUri(text);
    return scheme === "sip" || scheme === "sips" ? user : "";
  } catch {
    return "";
  }
}
