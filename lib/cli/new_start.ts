/**
 * Owns the new start of `hintd run`: with what its host asks the environment for before anything else runs.
 */

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
