/** Owns the question how much room the disk has. */
import { statfsSync } from "node:fs";

/** Bytes that a process without privileges may still write beside `path`; undefined when the host does not tell. */
export function freeBytesBeside(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
