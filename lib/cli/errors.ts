/**
 * Owns how a command ends when it cannot do what it was asked.
 */

/** An end with a reason for people: one line, no stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** 1 failed, 2 wrong usage or wrong configuration. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
