/**
 * Owns the bundle for whoever is asked for help: what was found and what there is, without secrets.
 */
import { packed } from "../runtime/archive.ts";

/** What goes into a bundle, by the name of its file. */
export type Contents = Readonly<Record<string, unknown>>;

/** What is left out of every file. */
export const leftOut = "passwords, digests, tokens, keys, comments of config.toml, Authorization headers";

/** A gzipped tar with a directory of that name; texts as they are, all else as JSON, and no credentials in either. */
export async function bundle(name: string, contents: Contents): Promise<Uint8Array> {
  const files = Object.entries(contents).map(([file, content]) => [
    `${name}/${file}`,
    withoutCredentials(typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`),
  ]);
  return await packed(Object.fromEntries(files));
}

/**
 * Takes what proves who somebody is out of SIP messages, whether they stand as they are or in JSON: from a digest, passwords can be
 * guessed.
 */
function withoutCredentials(text: string): string {
  return text.replace(/((?:Proxy-)?Authorization\s*:\s*)(?:(?!\\r|\\n)[^\r\n])*/gi, "$1(not told)");
}
