/**
 * Owns the refusals that the packages share.
 */
import type { DocumentFault } from "../../body/read/document_fault.ts";
import type { Reject } from "../../runtime/result.ts";

/** 400 for a document that cannot be read; the reason names line and rule. Source: RFC 3903 §6. */
export function rejectFault(fault: DocumentFault): Reject {
  return { status: 400, reason: fault.message, why: fault.message };
}

/** 400 for a document that can be read and still makes no sense. */
export function rejectDocument(reason: string): Reject {
  return { status: 400, reason, why: reason };
}

/** 403 for a document that speaks of what its sender may not publish. */
export function rejectName(name: string): Reject {
  return { status: 403, why: `may not publish for "${name}"` };
}
