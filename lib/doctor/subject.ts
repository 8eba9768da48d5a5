/**
 * Owns what is examined: a configuration, and the hintd that runs on it or should.
 */
import type { Config } from "../config/config.ts";
import { splitBind } from "../config/options.ts";
import { paramOf } from "../sip/params.ts";
import { parseUri } from "../sip/uri.ts";
import type { Machine, Place } from "./machine.ts";

/** One recent message, as the API tells it. */
export interface Message {
  readonly is_sent: boolean;
  /** Null for a request. */
  readonly status: number | null;
  /** User part of From. */
  readonly from: string;
  /** The peer's address and port; IPv6 in brackets. */
  readonly remote: string;
  readonly text: string;
}

/** What a running hintd tells of itself. */
export interface Running {
  readonly version: string;
  /** How long it has been running, in words. */
  readonly upFor: string;
  /** When the configuration in force was read, milliseconds since 1970. */
  readonly configLoadedAt: number;
  readonly problems: readonly {
    readonly severity: string;
    readonly area: string;
    readonly message: string;
    readonly remedy: string;
  }[];
  readonly contacts: readonly { readonly endpoint: string; readonly uri: string }[];
  readonly messages: readonly Message[];
}

/** The hintd of the configuration: it answers, nobody does, it hangs, or whoever asks may not speak to it. */
export type Hintd =
  | { readonly state: "runs"; readonly running: Running }
  | { readonly state: "stopped" }
  | { readonly state: "silent" | "closed"; readonly why: string };

/** The user that the service runs as. */
export interface ServiceUser {
  readonly name: string;
  /** Undefined where the machine has no such user. */
  readonly userId: number | undefined;
  readonly groupId: number | undefined;
}

/** What is examined. */
export interface Subject {
  readonly machine: Machine;
  /** Absolute path of config.toml. */
  readonly configFile: string;
  /** What is in force, or what can be had of a configuration that is wrong. */
  readonly config: Config;
  /** What is wrong with the configuration. */
  readonly errors: readonly string[];
  /** What the loader warns of. */
  readonly warnings: readonly string[];
  /** Whether the configuration holds anything secret. */
  readonly hasSecrets: boolean;
  /** Absolute path of `server.data_dir`. */
  readonly dataDirectory: string;
  /** Of the program that examines. */
  readonly version: string;
  /** When it was built, milliseconds since 1970; undefined where that is not known. */
  readonly builtAt: number | undefined;
  /** Undefined for a configuration that is not the one of the service. */
  readonly service: ServiceUser | undefined;
  readonly hintd: Hintd;
}

/** What a running hintd tells; undefined for one that does not. */
export function runningOf({ hintd }: Pick<Subject, "hintd">): Running | undefined {
  return hintd.state === "runs" ? hintd.running : undefined;
}

/** Every listener that is served on a port that is known before. */
export function listenersOf({ config }: Pick<Subject, "config">): Place[] {
  return config.listen.flatMap(({ transport, bind }) => {
    const split = splitBind(bind);
    if ((transport !== "udp" && transport !== "tcp") || split === undefined || split.port === 0) return [];
    return [{ transport, address: split.address === "localhost" ? "127.0.0.1" : split.address, port: split.port }];
  });
}

/** What a SIP URI says of the next hop. */
export interface SipTarget {
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly transport: "udp" | "tcp" | undefined;
}

/** The target of a SIP URI; undefined for what is none. */
export function sipTargetOf(uri: string): SipTarget | undefined {
  try {
    const { host, port, params } = parseUri(uri);
    const named = paramOf(params, "transport")?.toLowerCase();
    return host === "" ? undefined : { host, port, transport: named === "udp" || named === "tcp" ? named : undefined };
  } catch {
    return undefined;
  }
}
