/**
 * Owns what the host is told of its own work: when its compiler to machine code is let go, when its memory is looked through, and how long
 * it keeps what was freed.
 *
 * The executable starts with that compiler held back (build/compile.ts): what runs at start alone is not worth compiling. From
 * the end of the start on it works as usual, so that what runs for every NOTIFY becomes fast at once; and earlier where the start
 * itself is much work. What the start alone needed is given back a little later, 2 MB of idle memory, where nobody has come
 * meanwhile: compiled code goes with it, and amid a crowd that holds everything up for a fifth of a second.
 */

/** Milliseconds after the start when its memory is given back: phones that waited for it come first. */
const AFTERGLOW_MILLIS = 500;

/**
 * What keeps memory for ten seconds after it was freed, instead of a tenth of one: the allocator's threads look less often for what they
 * can give back, and none is started anew, at short intervals, to touch new memory ahead and to give it back before it ends.
 */
const KEEPING = { MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "10000", BUN_JSC_useWarmUpMarkedBlocks: "0" };

/** Where an executable's own sources seem to lie. */
const EMBEDDED = "/$bunfs/";

/**
 * Has the host keep freed memory for a while: the next burst needs what the last one gave up, and memory that comes from the kernel page by
 * page was a third of what a new subscription cost. The host asks its environment before anything else runs. So the process begins
 * anew, as the same process, unless it was started with an answer.
 */
export function keepFreedMemory(): void {
  const { argv, env, execPath } = process;
  if (Object.keys(KEEPING).every((name) => env[name] !== undefined)) return;
  const script = argv[1]!.startsWith(EMBEDDED) ? [] : [argv[1]!];
  try {
    process.execve?.(execPath, [execPath, ...script, ...argv.slice(2)], { ...KEEPING, ...env });
  } catch {
    // It cannot be started again: it serves as well, for a little more.
  }
}

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

/** Gives back the memory of all that lives no more, and keeps the compiled code. Everything waits until it is done. */
export function collectGarbage(): void {
  Bun.gc(true);
}
