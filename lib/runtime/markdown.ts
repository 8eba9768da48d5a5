/**
 * Owns the rendering of Markdown, by the runtime's own library.
 */

/** HTML of a text of our own; headings carry ids made of their words. Never for the words of strangers: tags pass through. */
export function markdownHtml(text: string): string {
  return Bun.markdown.html(text, { headings: { ids: true } });
}
