/**
 * Owns what is wrong with a document from others.
 */

const RULE_CHARS = 120;

/** Why a document was refused: thrown while it is being read, handed out as a value by whoever reads it whole. */
export class DocumentFault extends Error {
  override readonly name = "DocumentFault";
  /** Line of the document, from 1. */
  readonly line: number;
  /** The rule that it breaks; short, printable ASCII whatever it quotes. */
  readonly rule: string;

  constructor(line: number, rule: string) {
    const printable = rule.replace(/[^ -~]/g, "?");
    const short = printable.length > RULE_CHARS ? `${printable.slice(0, RULE_CHARS)}...` : printable;
    super(`Line ${line}: ${short}`);
    this.line = line;
    this.rule = short;
  }
}

/** Runs `read`; what it throws as a fault becomes its result. */
export function faultOr<T>(read: () => T): T | DocumentFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof DocumentFault) return error;
    throw error;
  }
}

/**
 * Text of a document.
 *
 * @throws DocumentFault for bytes that are no UTF-8, which is all that these formats allow.
 */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new DocumentFault(1, "the document must be UTF-8");
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
