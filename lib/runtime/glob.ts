/**
 * Owns names with a wildcard, as the configuration grants things by.
 */

/** Whether `text` is what `glob` names: any case, `*` stands for any characters. Never goes back. */
export function matchesGlob(glob: string, text: string): boolean {
  const whole = text.toLowerCase();
  const [first, ...others] = glob.toLowerCase().split("*") as [string, ...string[]];
  const last = others.pop();
  if (last === undefined) return whole === first;
  if (!whole.startsWith(first)) return false;
  let end = first.length;
  for (const piece of others) {
    // The first place that fits leaves most to the pieces after it.
    const at = whole.indexOf(piece, end);
    if (at < 0) return false;
    end = at + piece.length;
  }
  return whole.length - last.length >= end && whole.endsWith(last);
}
