/**
 * Owns the comments of Asterisk's files: `;` to the end of the line, `;-- … --;` over lines, nested; `\;` is no comment.
 */

/** Comments in comments beyond which a file is refused. */
const DEPTH_MAX = 128;

/** Takes the comments out of the lines of one file, in order. */
export class CommentStripper {
  /** Lines on which the comments that are still open began. */
  readonly #open: number[] = [];
  #line = 0;

  /** Line on which a comment began that nobody ended; undefined when there is none. */
  get openSince(): number | undefined {
    return this.#open.at(-1);
  }

  /** The next line without comments. Throws RangeError when comments are nested too deep. */
  strip(line: string): string {
    this.#line++;
    let kept = "";
    let from = 0;
    for (let at = line.indexOf(";"); at >= 0; at = line.indexOf(";", from)) {
      const before = line.slice(from, at);
      const isCommented = this.#open.length > 0;
      if (at > 0 && line[at - 1] === "\\") {
        if (!isCommented) kept += `${before.slice(0, -1)};`;
        from = at + 1;
      } else if (line.startsWith(";--", at) && line[at + 3] !== "-") {
        if (this.#open.length === DEPTH_MAX) throw new RangeError(`comments are nested deeper than ${DEPTH_MAX}`);
        if (!isCommented) kept += before;
        this.#open.push(this.#line);
        from = at + 3;
      } else if (isCommented) {
        if (before.endsWith("--")) this.#open.pop();
        from = at + 1;
      } else return kept + before;
    }
    return this.#open.length > 0 ? kept : kept + line.slice(from);
  }
}
