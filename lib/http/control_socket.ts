/**
 * Owns where the control socket lies, for the server that makes it and the CLI that speaks to it.
 */
import { dirname, resolve } from "node:path";

/** Directory of `server.data_dir`; a relative one lies beside config.toml, whatever the working directory. */
export function dataDirectory(configFile: string, dataDir: string): string {
  return resolve(dirname(configFile), dataDir);
}

/** Path of the control socket. */
export function controlSocketPath(configFile: string, dataDir: string): string {
  return resolve(dataDirectory(configFile, dataDir), "control.sock");
}
