/**
 * Owns `hintd version`.
 */
import { build } from "../runtime/version.ts";
import { print } from "./terminal.ts";

/** Prints version, commit and date. */
export function printVersion(): number {
  print(`hintd ${build.version} (commit ${build.commit}, ${build.built})`);
  return 0;
}
