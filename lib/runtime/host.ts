/**
 * Owns what the host is told of its own work: when its compiler to machine code is let go, and when its memory is looked through.
 *
 * The executable starts with that compiler held back (build/compile.ts): what runs at start alone is not worth compiling. From
 * the end of the start on it works as usual, so that what runs for every NOTIFY becomes fast at once; and earlier where the start
 * itself is much work. What the start alone needed is given back a little later, once the host has nothing to do: 2 MB of idle
 * memory.
 */

/** Milliseconds after the start when its memory is given back: phones that waited for it come first. */
const AFTERGLOW_MILLIS = 500;

/** Much is done from now on: what runs often is worth compiling. */
export function workBegins(): void {
  Bun.unsafe.setJITPolicy(1);
}

/** The start is over: work begins, and what only the start needed can go. */
export function startIsOver(): void {
  workBegins();
  setTimeout(() => Bun.shrink(), AFTERGLOW_MILLIS).unref();
}

/** Gives back the memory of all that lives no more, and keeps the compiled code. Everything waits until it is done. */
export function collectGarbage(): void {
  Bun.gc(true);
}
