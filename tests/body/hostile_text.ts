/** Makes the text that hurts documents most. */
import fc from "fast-check";

/** Pieces that hurt: markup, references, control characters, marks of holes and escapes, halves of pairs. */
const nasty = fc.constantFrom(
  ..."<>&\"'\r\n\t ]",
  "]]>",
  "&amp;",
  "&#0;",
  "&lt;",
  "<![CDATA[",
  "<!--",
  "\u0000",
  "\u001F",
  "\uFFFE",
  "\uFFFF",
  "\uD800",
  "\uDC00",
  "\uFDD0",
  "\uFDD2",
  "\uFDE0",
  "\uFDEF",
  "😀",
  "é",
);
/** Any code units, with a taste for those that hurt. */
export const hostileText = fc.array(fc.oneof(nasty, fc.string({ unit: "binary" })), { maxLength: 12 }).map((parts) =>
  parts.join("")
);
