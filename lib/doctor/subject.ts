/**
 * Owns what is examined: a configuration, and the hintd that runs on it.
 */
import type { Config } from "../config/config.ts";
import type { Machine } from "./machine.ts";

/** A running hintd, as its API tells. */
export interface Running {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly problems: readonly {
    readonly severity: string;
    readonly area: string;
    readonly message: string;
    readonly remedy: string;
  }[];
  readonly contacts: readonly { readonly endpoint: string; readonly uri: string; readonly status: string }[];
}

/** What is examined. */
export interface Subject {
  readonly machine: Machine;
  /** Path of config.toml. */
  readonly configFile: string;
  readonly config: Config;
  /** What the loader warns of. */
  readonly warnings: readonly string[];
  /** Absolute path of `server.data_dir`. */
  readonly dataDirectory: string;
  /** Of the program that examines. */
  readonly version: string;
  /** When it was built, milliseconds since 1970; undefined where that is not known. */
  readonly builtAt: number | undefined;
  /** Undefined while none answers on the control socket. */
  readonly running: Running | undefined;
}

/** Address and port of every listener that is served. */
export function listenersOf({ config }: Subject): { transport: "udp" | "tcp"; address: string; port: number }[] {
  return config.listen.flatMap(({ transport, bind }) => {
    if (transport !== "udp" && transport !== "tcp") return [];
    const cut = bind.lastIndexOf(":");
    return [{ transport, address: bind.slice(0, cut).replace(/^\[|\]$/g, ""), port: Number(bind.slice(cut + 1)) }];
  });
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address === "localhost";
}

/** Whether an address means nothing beyond the office's own network. Source: RFC 1918 §3, RFC 4193 §3.1, RFC 3927 §1.4. */
export function isPrivate(address: string): boolean {
  return isLoopback(address) || /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd]|fe80:)/i.test(address);
}
