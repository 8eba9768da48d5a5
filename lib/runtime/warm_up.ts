/**
 * Owns the end of the start, as far as the host's compiler to machine code is concerned.
 *
 * The executable starts with that compiler held back (build/compile.ts): what runs at start alone is not worth compiling. From
 * here on it works as usual, so that what runs for every NOTIFY becomes fast at once.
 */

/** The start is over: what runs often from now on is worth compiling. */
export function startIsOver(): void {
  Bun.unsafe.setJITPolicy(1);
}
