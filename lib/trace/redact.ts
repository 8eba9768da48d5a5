/**
 * Owns what must not leave the appliance in a message that is shown: the proofs of passwords, which can be guessed at offline.
 */

/** Headers that carry such proofs, with the lines that continue them. */
const proofLines = /^(?:(?:proxy-)?authorization|authentication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;

/** The parameters that are proofs, and credentials of schemes that have no parameters. */
const proofs = /(\b(?:response|rspauth)\s*=\s*)("[^"]*"?|[^\s,"]+)|(:\s*(?:basic|bearer)\s+)(\S+)/gi;

/**
 * A copy of a message in which each character of a proof is an `x`; all else, lengths included, stays.
 *
 * Source: RFC 3261 §22.4, RFC 7616 §3.4.1 (response), §3.5 (rspauth).
 */
export function redacted(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  // One byte is one character, so that places in the text are places in the bytes.
  for (const line of copy.toString("latin1").matchAll(proofLines)) {
    for (const proof of line[0].matchAll(proofs)) {
      const [, before = "", value = "", beforeCredentials = "", credentials = ""] = proof;
      const start = line.index + proof.index + before.length + beforeCredentials.length;
      const length = value.length + credentials.length;
      const quotes = Number(value.startsWith('"')) + Number(value.length > 1 && value.endsWith('"'));
      copy.fill("x", start + Number(value.startsWith('"')), start + length - Math.max(0, quotes - 1));
    }
  }
  return copy;
}
