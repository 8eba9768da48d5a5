/**
 * Owns the end of the start, as far as the host is concerned: its compiler to machine code, and its memory.
 *
 * The executable starts with that compiler held back (build/compile.ts): what runs at start alone is not worth compiling. From
 * here on it works as usual, so that what runs for every NOTIFY becomes fast at once. What the start alone needed is given back
 * a little later, once the host has nothing to do: 2 MB of idle memory.
 */

/** Milliseconds after the start when its memory is given back: phones that waited for it come first. */
const AFTERGLOW_MILLIS = 500;

/** The start is over: what runs often from now on is worth compiling, and what only the start needed can go. */
export function startIsOver(): void {
  Bun.unsafe.setJITPolicy(1);
  setTimeout(() => Bun.shrink(), AFTERGLOW_MILLIS).unref();
}
