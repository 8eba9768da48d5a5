/**
 * Owns what is said about the files that are read: where it stands, what is wrong, what is worth a look.
 */

/** A line of a file. */
export interface Place {
  /** Path below the imported directory, or absolute outside it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Messages of one kind beyond which the rest is counted only. */
const MESSAGES_MAX = 200;

/** Everything that is said while an import is under way. */
export class Report {
  readonly #errors: string[] = [];
  readonly #remarks: string[] = [];
  #untoldErrors = 0;
  #untoldRemarks = 0;

  /** What makes the import impossible. */
  get errors(): readonly string[] {
    return withRest(this.#errors, this.#untoldErrors);
  }

  /** What does not, but somebody should look at it. */
  get remarks(): readonly string[] {
    return withRest(this.#remarks, this.#untoldRemarks);
  }

  /** Notes an error at a place, or of a file as a whole. */
  error(place: Place | string, message: string): void {
    if (this.#errors.length < MESSAGES_MAX) this.#errors.push(`${placeText(place)}: ${message}`);
    else this.#untoldErrors++;
  }

  /** Notes a remark at a place, or of a file as a whole. */
  remark(place: Place | string, message: string): void {
    if (this.#remarks.length < MESSAGES_MAX) this.#remarks.push(`${placeText(place)}: ${message}`);
    else this.#untoldRemarks++;
  }
}

/** `pjsip.conf:12`. */
export function placeText(place: Place | string): string {
  return typeof place === "string" ? place : `${place.file}:${place.line}`;
}

function withRest(messages: readonly string[], untold: number): readonly string[] {
  return untold === 0 ? messages : [...messages, `and ${untold} more`];
}
