/**
 * Owns the checks of the data directory: room, and a database that is sound.
 */
import { join } from "node:path";
import { databaseFile } from "../store/database.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Subject } from "./subject.ts";

const MEBIBYTE = 1_048_576;
/** Room below which a disk is as good as full. */
const lowBytes = 100 * MEBIBYTE;
const lowFiles = 100;

/** Whether there is room where the data is. */
export function checkDisk({ machine, dataDirectory }: Subject): Finding[] {
  if (machine.factsOf(dataDirectory) === undefined) {
    return [ok("disk", `${dataDirectory} is not there yet; hintd makes it when it starts`)];
  }
  const room = machine.roomAt(dataDirectory);
  if (room === undefined) return [ok("disk", `the room where ${dataDirectory} is cannot be told`)];
  const mebibytes = Math.floor(room.bytes / MEBIBYTE);
  if (room.bytes >= lowBytes && room.files >= lowFiles) {
    return [ok("disk", `${mebibytes} MiB left where ${dataDirectory} is`)];
  }
  const left = room.bytes < lowBytes ? `${mebibytes} MiB` : `${room.files} more files (inodes)`;
  const isFull = room.bytes < MEBIBYTE || room.files === 0;
  const text = `Room for ${left} is left where ${dataDirectory} is`;
  return [(isFull ? problem : warning)("disk", text, "Make room there; hintd goes on by itself")];
}

/** Whether the database is sound; that of a hintd that runs is its own, which it checks at every start. */
export function checkDatabase({ machine, dataDirectory, hintd }: Subject): Finding[] {
  if (hintd.state !== "stopped") return [];
  const file = join(dataDirectory, databaseFile);
  const found = machine.inspectDatabase(dataDirectory);
  switch (found.kind) {
    case "none":
      return [];
    case "sound":
      return [ok("database", `sound, ${Math.ceil(found.bytes / 1_024)} KiB`)];
    case "open":
      return [ok("database", "not closed; hintd checks it when it starts")];
    case "newer":
      return [
        problem("database", `${file} was written by a newer hintd`, "Install that one again, or put a backup there"),
      ];
    case "damaged":
      return [
        problem(
          "database",
          `${file} is damaged: ${found.reason}`,
          "Put a backup there; else hintd sets it aside when it starts, and phones subscribe and register anew",
        ),
      ];
    case "unreadable":
      return [warning("database", `${file} cannot be looked at: ${found.reason}`, "sudo hintd doctor")];
  }
}
