/**
 * Owns what the host is told of its own work: when its compiler to machine code is let go, and when its memory is looked through.
 *
 * The executable starts with that compiler held back (build/compile.ts): what runs at start alone is not worth compiling. From
 * the end of the start on it works as usual, so that what runs for every NOTIFY becomes fast at once; and earlier where the start
 * itself is much work. What the start alone needed is given back a little later, 2 MB of idle memory, where nobody has come
 * meanwhile: compiled code goes with it, and amid a crowd that holds everything up for a fifth of a second.
 */

import { heapSize } from "bun:jsc";

/** Milliseconds after the start when its memory is given back: phones that waited for it come first. */
const AFTERGLOW_MILLIS = 500;

/** Much is done from now on: what runs often is worth compiling. */
export function workBegins(): void {
  Bun.unsafe.setJITPolicy(1);
}

/**
 * The start is over: work begins, and what only the start needed can go.
 *
 * @param isBusy Asked once, a little later: whether the code that runs now is needed.
 */
export function startIsOver(isBusy: () => boolean): void {
  workBegins();
  setTimeout(() => {
    if (!isBusy()) Bun.shrink();
  }, AFTERGLOW_MILLIS).unref();
}

/** Milliseconds within which a collection beside the work has ended. */
const COLLECTION_MILLIS = 2_000;

/** As large as all that lives, and no page of it is ever touched; there for as long as that takes. */
const ballast: ArrayBuffer[] = [];

/**
 * Has the memory of all that lives no more given back, beside the work that goes on; the compiled code is kept.
 *
 * Asked to collect, the engine looks at what is young, and at everything only once much has been added. So it is asked twice, the first
 * time with something large added, which is gone the second time.
 */
export function collectGarbage(): void {
  try {
    ballast.push(new ArrayBuffer(heapSize()));
  } catch {
    // A machine that promises no more memory than it has: what is young is looked at all the same.
  }
  Bun.gc(false);
  setTimeout(() => {
    ballast.length = 0;
    Bun.gc(false);
  }, COLLECTION_MILLIS).unref();
}
