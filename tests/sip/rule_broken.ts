/** What a parse function complains of. */
import { ParseFailure } from "../../lib/sip/parse_failure.ts";

/** The rule that `parse` says is broken; `undefined` when it takes its text. */
export function ruleBroken(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof ParseFailure) return error.rule;
    throw error;
  }
}
