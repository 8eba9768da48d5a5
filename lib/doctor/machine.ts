/**
 * Owns what the examination asks of the machine: files, commands, sockets, names. A test answers in its place.
 */
import type { Inspection } from "../store/inspection.ts";
import type { SipTarget } from "./subject.ts";

/** Outcome of an attempt to listen. */
export type BindOutcome = "free" | "taken" | "denied" | "no such address";

/** What is known of a file or directory without reading it. */
export interface FileFacts {
  /** Permission bits. */
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  /** When it was last written, milliseconds since 1970. */
  readonly changedAt: number;
}

/** What a name leads to, and how long it took to learn. */
export interface Resolved {
  readonly addresses: readonly string[];
  readonly millis: number;
}

/** A place that listens, or should. */
export interface Place {
  readonly transport: "udp" | "tcp";
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** What is asked. Nothing of it changes anything, and all of it ends within three seconds. */
export interface Machine {
  /** Who asks; 0 is root. */
  readonly userId: number;
  /** The machine's own name. */
  readonly hostName: string;
  /** Instant of now, milliseconds since 1970. */
  now(): number;
  /** Text of a file; undefined where it cannot be read. */
  read(path: string): string | undefined;
  /** Names in a directory; none where it cannot be read. */
  names(path: string): readonly string[];
  /** Where a symbolic link leads; undefined where it cannot be told. */
  linkOf(path: string): string | undefined;
  /** Undefined where there is nothing, or it cannot be told. */
  factsOf(path: string): FileFacts | undefined;
  /** Room left: bytes and files; undefined where it cannot be told. */
  roomAt(path: string): { readonly bytes: number; readonly files: number } | undefined;
  /** What a command prints; undefined where there is none of that name, it fails, or takes too long. */
  run(command: string, ...args: readonly string[]): Promise<string | undefined>;
  /** Addresses of the machine's interfaces, loopback aside. */
  addresses(): readonly string[];
  /** Tries to listen there, and stops at once. */
  tryBind(place: Place): Promise<BindOutcome>;
  /** Status line of the answer to an OPTIONS sent there; undefined when none comes in two seconds. */
  options(place: Place): Promise<string | undefined>;
  /** Status line of the answer of the page there; undefined when none comes in two seconds. */
  page(address: string, port: number): Promise<string | undefined>;
  /** Addresses of a name; why not, as a text. */
  resolve(name: string): Promise<Resolved | string>;
  /** The same by way of SRV, as requests go. Source: RFC 3263 §4. */
  resolveSip(target: SipTarget): Promise<Resolved | string>;
  /** The database of a data directory that nobody uses. */
  inspectDatabase(directory: string): Inspection;
}
