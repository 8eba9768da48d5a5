/**
 * Owns the configuration that a new installation begins with: the shipped config.toml with passwords of its own.
 */
import reference from "../../config.toml" with { type: "text" };
import type { Entropy } from "../runtime/entropy.ts";

/** How the page may be reached. */
export interface PageAccess {
  /** `address:port`. */
  readonly bind: string;
  /** What `hashPassword` makes of the page's password; "" on a loopback address. */
  readonly passwordHash: string;
}

/** The port of the page in the shipped configuration. */
export const PAGE_PORT = 8080;

/**
 * Writes the configuration: every demo password becomes a random one.
 *
 * Throws Error when the shipped file has no longer what is to be replaced.
 */
export function initialConfig(entropy: Entropy, page: PageAccess): string {
  const shipped: string = reference;
  const edits: readonly (readonly [RegExp, () => string])[] = [
    [
      /^# hintd configuration: .*$/m,
      () => "# hintd configuration, begun by `hintd init`: an office with three phones. It runs as it is.",
    ],
    [/(?<=password = )"\w+-demo"/g, () => JSON.stringify(entropy.token(20))],
    [/ Change the demo passwords!/, () => " These were made by `hintd init`."],
    [/^bind = "127\.0\.0\.1:8080"$/m, () => `bind = ${JSON.stringify(page.bind)}`],
    [
      /^# password_hash = ""$/m,
      () => page.passwordHash === "" ? '# password_hash = ""' : `password_hash = "${page.passwordHash}"`,
    ],
  ];
  return edits.reduce((text, [what, by]) => {
    if (text.search(what) < 0) throw new Error(`The shipped configuration has no ${what}`);
    return text.replace(what, by);
  }, shipped);
}

/** A password that people can read out and type: four groups of four characters, 80 bits. */
export function readablePassword(entropy: Entropy): string {
  return entropy.token(16).match(/.{4}/g)!.join("-");
}
