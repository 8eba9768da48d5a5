/** Owns the CSeq value. */
import { Cursor } from "./cursor.ts";
import { Method, methodName, methodOf } from "./method.ts";
import { bytesOf, decimalOf, skipClass } from "./slice.ts";
import { CharClass } from "./chars.ts";

/** Sequence number and method of a request, also of its responses. */
export interface Cseq {
  /** 0 … 2^31 − 1. */
  readonly sequence: number;
  /** Id of the method; `Method.unknown` for others. */
  readonly method: Method;
  /** The method as written. */
  readonly methodText: string;
}

/** Largest sequence number, 2^31 − 1. Source: RFC 3261 §8.1.1.5. */
export const cseqMax = 2_147_483_647;

/** Parses a CSeq value. Throws `ParseFailure` for numbers above 2^31 − 1 too. Source: RFC 3261 §20.16. */
export function parseCseq(text: string): Cseq {
  const cursor = Cursor.over(text, "CSeq");
  cursor.skipLws();
  const start = cursor.at;
  cursor.at = skipClass(cursor.bytes, start, cursor.end, CharClass.digit);
  const sequence = decimalOf(cursor.bytes, start, cursor.at);
  if (sequence < 0) cursor.fail("sequence number expected", "RFC 3261 §20.16");
  if (sequence > cseqMax) cursor.fail("sequence number is above 2147483647", "RFC 3261 §8.1.1.5");
  cursor.skipLws();
  const methodText = cursor.token("method");
  cursor.finish("method", "RFC 3261 §20.16");
  const method = bytesOf(methodText);
  return { sequence, method: methodOf(method, 0, method.length), methodText };
}

/** Writes a CSeq value. */
export function writeCseq(cseq: Pick<Cseq, "sequence" | "method"> & { readonly methodText?: string }): string {
  return `${cseq.sequence} ${cseq.method === Method.unknown ? cseq.methodText ?? "" : methodName(cseq.method)}`;
}
