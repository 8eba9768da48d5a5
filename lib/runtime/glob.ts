/**
 * Owns names with a wildcard, as the configuration grants things by.
 */

/** Whether `text` is what `glob` names: any case, `*` stands for any characters. */
export function matchesGlob(glob: string, text: string): boolean {
  return new RegExp(`^${glob.split("*").map(RegExp.escape).join(".*")}$`, "is").test(text);
}
