/**
 * Owns how a command ends when it cannot do what it was asked.
 */

/** An end with a reason for people: one line, no stack. */
export class CliError extends Error {
  /** Tells it from other errors. */
  override readonly name = "CliError";
  /** 1 failed, 2 wrong usage or wrong configuration. */
  readonly exitCode: 1 | 2;

  /** Message: one sentence for the person at the terminal. */
  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
