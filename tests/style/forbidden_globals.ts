/**
 * Where the world may come in, as data: the globals that read a clock, dice, sockets, files or the terminal.
 *
 * Everything else gets these through an interface of `lib/runtime`, so that a test can hold the clock and the dice.
 */

/** Globals that are not everybody's. A name with a dot is one member of a global. */
export const watchedGlobals = [
  "Bun",
  "Date",
  "Math.random",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "crypto",
  "performance",
  "process",
  "console",
] as const;

/** Layer or file → the globals that it may touch, each with the reason that makes it the place for it. */
export const allowedGlobals: Readonly<Record<string, readonly string[]>> = {
  // The ring that turns the machine into interfaces.
  "lib/runtime": ["Bun", "Date", "Math.random", "setTimeout", "setInterval", "setImmediate", "crypto", "performance"],
  // Sockets, and the turn of the loop in which a batch is sent.
  "lib/transport": ["Bun", "setTimeout", "setInterval", "setImmediate"],
  // The database.
  "lib/store": ["Bun"],
  // The HTTP server and the memory-hard hash of its passwords.
  "lib/http/server": ["Bun"],
  "lib/http/passwords": ["Bun"],
  // argv, exit code, signals and the terminal.
  "main.ts": ["process"],
  "lib/cli": ["process"],
};
