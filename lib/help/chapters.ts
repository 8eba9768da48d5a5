/**
 * Owns which chapter of help explains the problems of an area. It carries no texts, so that asking costs nothing.
 */

const chapters: ReadonlyMap<string, string> = new Map([
  ["auth", "/help/troubleshooting#the-password-is-refused"],
  ["config", "/help/reference"],
  ["event", "/help/troubleshooting#after-a-new-router-or-address"],
  ["reload", "/help/reference"],
  ["watchdog", "/help/troubleshooting#a-lamp-is-stuck"],
]);

/** Every chapter that a problem may lead to. */
export const problemChapters: readonly string[] = [...chapters.values()];

/** Where the problems of `area` are explained; undefined where a problem says all that there is to say. */
export function chapterOf(area: string): string | undefined {
  return chapters.get(area);
}
