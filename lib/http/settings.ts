/**
 * Owns what the HTTP side needs to know of config.toml: `[http]` and `[[webhooks]]`.
 */

/** The section `[http]`, keys as there. */
export interface HttpSettings {
  /** `0.0.0.0:8080`, `[::1]:8080`. */
  readonly bind: string;
  /** "" only where `bind` is a loopback address: then whoever reaches it is let in. */
  readonly password_hash: string;
  /** What programs may use instead of the password. */
  readonly tokens: readonly TokenSettings[];
}

/** One API token. */
export interface TokenSettings {
  /** For the log. */
  readonly name: string;
  /** `SHA-256:hex` or what `hintd hash-password` prints. */
  readonly hash: string;
  /** What its bearer may do. */
  readonly scope: "read" | "write";
}

/** One `[[webhooks]]`, keys as there. */
export interface WebhookSettings {
  /** For page, log and metrics; never empty. */
  readonly name: string;
  /** Where events are posted. */
  readonly url: string;
  /** Kinds of events that it wants. */
  readonly events: readonly string[];
  /** Key of the signature; "" for none. */
  readonly secret: string;
  /** Seconds that the answer may take. */
  readonly timeout: number;
}

/** Address and port of `bind`, brackets removed. */
export function addressOf(bind: string): { address: string; port: number } {
  const colon = bind.lastIndexOf(":");
  return { address: bind.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(bind.slice(colon + 1)) };
}

/** Whether only this machine reaches `address`. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
