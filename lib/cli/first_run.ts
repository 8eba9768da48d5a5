/**
 * Owns what hintd says when it is started without a configuration.
 */
import { fail, print } from "./terminal.ts";

/** Explains itself and what to do first; resolves to exit code 2, as every wrong configuration does. */
export function explainFirstRun(configFile: string): number {
  print("hintd tells phones who is free, ringing, talking or away: presence and busy-lamp fields over SIP.");
  print("It needs a configuration, which is one file:");
  print("");
  print("  hintd init                         writes a config.toml to begin with, passwords included");
  print("  hintd import-asterisk DIRECTORY    makes one from pjsip.conf and extensions.conf");
  print("  hintd run -c FILE                  runs on another one");
  print("  hintd --help                       lists all commands");
  print("");
  fail(`Cannot read ${configFile}: there is no such file`);
  return 2;
}
