/**
 * Owns what may stand in the text of a document: legal characters, escapes, and the marks of holes.
 *
 * Theory. Unicode sets 32 noncharacters aside (U+FDD0–U+FDEF) that no text needs. While a document is being built, seven of them mark holes
 * and eight stand for the characters that XML wants escaped, so the document builder never sees markup in a text and never decides about
 * escaping. All foreign text passes `documentText`, which removes what XML 1.0 cannot carry and these noncharacters themselves, therefore
 * nobody outside can forge a hole. In the serialised document `writeReferences` turns the marks of characters into references, and
 * `findHoles` finds those of holes among its bytes.
 */

/**
 * What differs between two watchers of one body, with the last byte of its mark; `entityScheme` and `entityAddress` are `entity` up to
 * and behind its first colon, `entityHost` is its host and port.
 */
export const HoleCode = {
  entity: 0x90,
  remote: 0x91,
  version: 0x92,
  guid: 0x93,
  entityScheme: 0x94,
  entityAddress: 0x95,
  entityHost: 0x96,
} as const;

/** Mark of each hole, to be put into a document that is being built. */
export const holeMark: Readonly<Record<keyof typeof HoleCode, string>> = {
  entity: "\uFDD0",
  remote: "\uFDD1",
  version: "\uFDD2",
  guid: "\uFDD3",
  entityScheme: "\uFDD4",
  entityAddress: "\uFDD5",
  entityHost: "\uFDD6",
};

/** Bytes that a mark takes in UTF-8: 0xEF, 0xB7, and one that differs. */
export const HOLE_BYTES = 3;
const MARK_BYTE = 0xef;
const MARK_BYTE_2 = 0xb7;

/** Character, its mark while building, its reference on the wire; quotes and line ends as the recorded bodies write them. */
const escapes = [
  ["&", "\uFDE0", "&amp;"],
  ["<", "\uFDE1", "&lt;"],
  [">", "\uFDE2", "&gt;"],
  ['"', "\uFDE3", "&quot;"],
  ["'", "\uFDE4", "&apos;"],
  ["\r", "\uFDE5", "&#13;"],
  ["\n", "\uFDE6", "&#10;"],
  ["\t", "\uFDE7", "&#9;"],
] as const;

const markOfCharacter = new Map<string, string>(escapes.map(([character, mark]) => [character, mark]));
const referenceOfCharacter = new Map<string, string>(escapes.map(([character, , reference]) => [character, reference]));
const referenceOfMark = new Map<string, string>(escapes.map(([, mark, reference]) => [mark, reference]));

// deno-fmt-ignore
// deno-lint-ignore no-control-regex -- the control characters that XML 1.0 §2.2 forbids are what it looks for
const unusable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFDD0-\uFDEF\uFFFE\uFFFF]/g;
const special = /[&<>"'\r\n\t]/g;
/** Marks of characters, and those that mean nothing. */
const otherMarks = /[\uFDD7-\uFDEF]/g;
// deno-lint-ignore no-control-regex -- ASCII begins with its control characters
const beyondAscii = /[^\x00-\x7F]/gu;
/** What nearly all texts consist of: nothing in them has to be replaced. */
const plain = /^[ !#-%(-;=?-~]*$/;

/** Text without the characters that no document can carry; each becomes U+FFFD. Source: XML 1.0 §2.2. */
export function sanitizeText(text: string): string {
  return plain.test(text) ? text : text.toWellFormed().replace(unusable, "\uFFFD");
}

/** Foreign text made ready for a document that is being built: sanitised, special characters marked. */
export function documentText(text: string): string {
  return sanitizeText(text).replace(special, (character) => markOfCharacter.get(character) ?? character);
}

/**
 * Foreign text made ready for a hole: sanitised, special characters escaped for element content and quoted attribute values
 * alike, all others as references to what they are, so that the result is ASCII.
 */
export function escapeText(text: string): string {
  if (plain.test(text)) return text;
  return sanitizeText(text)
    .replace(special, (character) => referenceOfCharacter.get(character) ?? character)
    .replace(beyondAscii, (character) => `&#${character.codePointAt(0)};`);
}

/** Writes the references of a serialised document; of all marks those of holes are left. */
export function writeReferences(serialized: string): string {
  return serialized.replace(otherMarks, (mark) => referenceOfMark.get(mark) ?? "");
}

/** Where the marks of holes are in a document of UTF-8, in order. */
export function findHoles(bytes: Buffer): number[] {
  const holes: number[] = [];
  let at = bytes.indexOf(MARK_BYTE);
  while (at >= 0) {
    const code = bytes[at + 2]!;
    if (bytes[at + 1] === MARK_BYTE_2 && code >= HoleCode.entity && code <= HoleCode.entityHost) holes.push(at);
    at = bytes.indexOf(MARK_BYTE, at + HOLE_BYTES);
  }
  return holes;
}
