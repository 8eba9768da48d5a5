/**
 * Owns what leaves on stdout and stderr: lines, JSON, aligned tables.
 */

/** Prints one line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a value as JSON for programs, indented for people. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Says on stderr why a command failed. */
export function fail(message: string): void {
  process.stderr.write(`hintd: ${message}\n`);
}

/** Ends stdout and resolves when all that was printed has left, or nobody reads it any more. */
export function endPrinting(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once("error", () => resolve());
    process.stdout.end(() => resolve());
  });
}

/** One column of a table. */
export interface Column<Row> {
  /** Title, in capitals. */
  readonly head: string;
  /** What stands in a row. */
  readonly value: (row: Row) => string | number;
}

/** Prints rows under aligned heads; numbers to the right. Says `empty` when there is none. */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
  if (rows.length === 0) return print(empty);
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.head), ...cells.map((line) => widthOf(shown(line[at]!))))
  );
  const line = (values: readonly (string | number)[]) =>
    values.map((value, at) => {
      const text = shown(value);
      const gap = " ".repeat(widths[at]! - widthOf(text));
      return typeof cells[0]![at] === "number" ? gap + text : text + gap;
    }).join("  ").trimEnd();
  print(line(columns.map((column) => column.head)));
  for (const values of cells) print(line(values));
}

/** Text that cannot move the cursor or fake another line, whoever chose it. */
export function shown(value: string | number): string {
  return String(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** Columns a text takes: marks that combine take none, wide East Asian characters and emoji two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
          .test(character)
        ? 2
        : 1;
  }
  return width;
}
