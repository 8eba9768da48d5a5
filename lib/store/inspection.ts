/**
 * Owns the look at a database that nobody uses, which leaves everything as it is.
 *
 * Theory. To open a database of the kind with a write-ahead log makes files beside it, even for reading; they would belong to
 * whoever looks. So the file is opened as one that cannot change, which only holds while no log lies beside it: then hintd uses
 * it, or was killed, and looks at it itself when it starts.
 */
import { constants, Database as Connection } from "bun:sqlite";
import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { damageIn, databaseFile, explain } from "./database.ts";
import { migrations } from "./migrations.ts";

/** What the look found. */
export type Inspection =
  | { readonly kind: "sound"; readonly bytes: number }
  /** There is none yet, it was not closed, or a newer hintd wrote it. */
  | { readonly kind: "none" | "open" | "newer" }
  | { readonly kind: "damaged" | "unreadable"; readonly reason: string };

/** Looks at the database of a data directory. */
export function inspectDatabase(directory: string): Inspection {
  const path = join(directory, databaseFile);
  try {
    const bytes = sizeOf(path);
    if (bytes === undefined) return { kind: "none" };
    if (bytes === 0) return { kind: "damaged", reason: "it is empty" };
    if ((sizeOf(`${path}-wal`) ?? 0) > 0) return { kind: "open" };
    const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
    using connection = new Connection(`${pathToFileURL(path).href}?immutable=1`, flags);
    using check = connection.prepare<{ quick_check: string }, []>("PRAGMA quick_check(1)");
    const finding = check.get()!.quick_check;
    if (finding !== "ok") return { kind: "damaged", reason: finding };
    using version = connection.prepare<{ user_version: number }, []>("PRAGMA user_version");
    return version.get()!.user_version > migrations.length ? { kind: "newer" } : { kind: "sound", bytes };
  } catch (error) {
    const damage = damageIn(error);
    return damage === undefined ? { kind: "unreadable", reason: explain(error) } : { kind: "damaged", reason: damage };
  }
}

/** Bytes of a file; undefined where there is none. Throws where that cannot be told. */
function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
