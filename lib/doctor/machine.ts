/**
 * Owns what the examination asks of the machine: files, commands, sockets, names. A test answers in its place.
 */

/** Outcome of an attempt to listen. */
export type BindOutcome = "free" | "taken" | "denied" | "no such address";

/** A finished command. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** What is asked; nothing of it changes anything. */
export interface Machine {
  /** Who asks; 0 is root. */
  readonly userId: number;
  /** Instant of now, milliseconds since 1970. */
  now(): number;
  /** Text of a file; undefined where it cannot be read. */
  read(path: string): string | undefined;
  /** Names in a directory; none where it cannot be read. */
  names(path: string): readonly string[];
  /** Where a symbolic link leads; undefined where it cannot be told. */
  linkOf(path: string): string | undefined;
  /** Permission bits and owner; undefined where there is nothing, or it cannot be told. */
  modeOf(path: string): { readonly mode: number; readonly userId: number } | undefined;
  /** Whether whoever asks may write there. */
  mayWrite(path: string): boolean;
  /** Room left: bytes and files; undefined where it cannot be told. */
  roomAt(path: string): { readonly bytes: number; readonly files: number } | undefined;
  /** Runs a command; undefined where there is none of that name, or it takes too long. */
  run(command: string, args: readonly string[]): CommandOutcome | undefined;
  /** Addresses of the machine's interfaces, loopback aside. */
  addresses(): readonly string[];
  /** Tries to listen there, and stops at once. */
  tryBind(transport: "udp" | "tcp", address: string, port: number): Promise<BindOutcome>;
  /** Status line of the answer to an OPTIONS sent there; undefined when none comes in two seconds. */
  options(transport: "udp" | "tcp", address: string, port: number): Promise<string | undefined>;
  /** Addresses of a name and how long it took to learn them; why not, as a text. */
  resolve(name: string): Promise<{ readonly addresses: readonly string[]; readonly millis: number } | string>;
  /** What a check of the database in that file finds; undefined for a sound one. */
  databaseTrouble(path: string): string | undefined;
}
