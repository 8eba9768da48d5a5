/**
 * Owns what is taken out of everything that goes to a stranger, whatever it was made from: proofs of passwords, passwords in
 * URIs, what people say of themselves.
 */

/** What stands in place of it. */
const mask = "(not told)";

/** A header that proves who somebody is, with the lines that continue it. */
const proofHeaders =
  /^((?:proxy-)?authorization|(?:proxy|www)-authenticate|authentication-info|cookie|set-cookie)[ \t]*:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)/gim;

/** Parts of such a header that prove nothing. */
const plainParts = /\b(?:username|realm|uri|algorithm|qop|nc|stale)[ \t]*=[ \t]*(?:"[^"]*"|[^\s,"]+)/gi;

/** Texts that people wrote of themselves. Source: RFC 3863 §4.1.6. */
const notes = /<((?:[\w.-]+:)?(?:note|digium_presence))\b([^>]*)>[\s\S]*?(?:<\/\1\s*>|$)/gi;

/** A SIP message with its proofs and notes taken out; bodies that are plain text are somebody's words. */
export function redactedMessage(text: string): string {
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const head = text.slice(0, end).replace(proofHeaders, (_, name: string, value: string) => {
    const scheme = /^digest\b/i.exec(value)?.[0] ?? "";
    const parts = scheme === "" ? [] : value.match(plainParts) ?? [];
    return `${name}: ${[scheme, [...parts, mask].join(", ")].join(" ").trim()}`;
  });
  const body = text.slice(end);
  if (/^(?:content-type|c)[ \t]*:[ \t]*text\//im.test(head)) return `${head}\r\n\r\n${mask}`;
  return head + redactedNotes(body);
}

/** Documents, or pieces of them, without the texts that people wrote of themselves. */
export function redactedNotes(text: string): string {
  return text.replace(notes, (_, name: string, attributes: string) => `<${name}${attributes}>${mask}</${name}>`)
    .replace(/("note":")(?:[^"\\]|\\.)*("|$)/g, `$1${mask}$2`);
}

/**
 * Makes a function that takes out of any text the secrets themselves, and passwords in URIs.
 *
 * @param names What must stay readable even if somebody has chosen it for a password, too.
 */
export function scrubber(secrets: readonly string[], names: readonly string[]): (text: string) => string {
  // A short password is part of too many words; where it stands by itself, it was masked by the name of its option.
  const wanted = secrets.filter((secret) => secret.length >= 6 && !names.includes(secret))
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text.replace(/(\bsips?:[^\s@:;<>"]+):[^\s@;<>"]+@/gi, `$1:${mask}@`)
      .replace(/(:\/\/[^\s/@:<>"]+):[^\s/@<>"]+@/g, `$1:${mask}@`);
    for (const secret of wanted) clean = clean.replaceAll(secret, mask);
    return clean;
  };
}
