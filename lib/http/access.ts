/**
 * Owns who may do what over HTTP.
 *
 * Four ways in: the control socket (the file's mode is the proof), a bearer token, a session cookie, and, where no
 * password is set, the loopback address itself. The last two are ambient: a browser offers them without being asked, so
 * changes made by them must come from our own pages, and names that rebind to 127.0.0.1 are turned away.
 */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { Clock } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { hashHex } from "../runtime/hash.ts";
import type { Log } from "../runtime/log.ts";
import { Attempts } from "./attempts.ts";
import { PasswordQueue, type VerifyPassword } from "./passwords.ts";
import { Problem } from "./problem.ts";
import { Sessions } from "./sessions.ts";
import { addressOf, type HttpSettings, isLoopback, type TokenSettings } from "./settings.ts";

/** What a caller may do; who may write may read. */
export type Scope = "read" | "write";

/** A caller who has been let in. */
export interface Caller {
  /** For the log: `session`, `token crm`, `control socket`, `loopback`. */
  readonly name: string;
  /** What it may do. */
  readonly scope: Scope;
  /** Its session, where it has one. */
  readonly session: string | undefined;
  /** Whether the browser proves it without being asked. */
  readonly isAmbient: boolean;
}

/** What the server knows of a request beyond its bytes. */
export interface Peer {
  /** Source address; "" on the control socket. */
  readonly address: string;
  /** Whether it came by the control socket. */
  readonly isControlSocket: boolean;
}

/** Types of the hono application. */
export interface HttpEnv {
  /** What the server knows of the request. */
  Bindings: Peer;
  /** What the checks found out; undefined for a stranger. */
  Variables: { caller: Caller | undefined };
}

/** Name of the session cookie. */
export const SESSION_COOKIE = "hintd_session";

const CONTROL_SOCKET: Caller = { name: "control socket", scope: "write", session: undefined, isAmbient: false };
const LOOPBACK: Caller = { name: "loopback", scope: "write", session: undefined, isAmbient: true };

/** Parts of Access. */
export interface AccessParts {
  /** Source of time. */
  readonly clock: Clock;
  /** Source of session ids and tokens. */
  readonly entropy: Entropy;
  /** Where refusals and failures are noted. */
  readonly log: Log;
  /** Replaces Argon2 in tests. */
  readonly verifyPassword?: VerifyPassword;
}

/** Recognises callers. */
export class Access {
  readonly #log: Log;
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;
  readonly #passwords: PasswordQueue;
  /** Tokens that proved themselves against a slow hash, by their fast one. */
  readonly #provenTokens = new Map<string, TokenSettings>();
  #settings: HttpSettings | undefined;

  /** Nobody is let in before the first `apply`, but for the control socket. */
  constructor(parts: AccessParts) {
    this.#log = parts.log;
    this.#sessions = new Sessions(parts.clock, parts.entropy);
    this.#attempts = new Attempts(parts.clock);
    this.#passwords = new PasswordQueue(parts.verifyPassword);
  }

  /** Whether browsers must sign in. */
  get needsPassword(): boolean {
    return (this.#settings?.password_hash ?? "") !== "";
  }

  /** Takes new settings; a changed password ends all sessions. */
  apply(settings: HttpSettings): void {
    if (this.#settings !== undefined && this.#settings.password_hash !== settings.password_hash) {
      this.#sessions.closeAll();
    }
    this.#settings = settings;
    this.#provenTokens.clear();
  }

  /**
   * Middleware that finds out who is asking and leaves it in `caller`.
   *
   * Throws a Problem: 401 for a token that is wrong, 429 after too many, 403 for a Host that is not ours or a change
   * that did not come from our own pages.
   */
  readonly identify: MiddlewareHandler<HttpEnv> = async (context, next) => {
    const caller = await this.#callerOf(context);
    if (caller?.isAmbient && !isOwnChange(context.req.raw)) {
      throw new Problem(403, "cross_origin", "Changes must come from hintd's own pages or carry a bearer token");
    }
    context.set("caller", caller);
    await next();
  };

  /**
   * Opens a session for who knows the password.
   *
   * @returns The session's id; `wrong`; or how many seconds to wait before another attempt.
   */
  async signIn(password: string, address: string): Promise<{ session: string } | { waitSeconds: number } | "wrong"> {
    const waitSeconds = this.#waitSeconds(address);
    if (waitSeconds > 0) return { waitSeconds };
    this.#attempts.begin(address);
    if (!await this.#passwords.verify(password, this.#settings?.password_hash ?? "")) {
      this.#log.warn("http", "Refused a wrong password", { source: address });
      return "wrong";
    }
    this.#attempts.succeed(address);
    this.#log.info("http", "Signed in", { source: address });
    return { session: this.#sessions.open() };
  }

  /** Ends a session. */
  signOut(session: string): void {
    this.#sessions.close(session);
  }

  /** Whether `caller` may still listen to a stream it opened; looking does not keep a session alive. */
  mayListen(caller: Caller): boolean {
    if (caller.session !== undefined) return this.#sessions.has(caller.session, false);
    return caller !== LOOPBACK || !this.needsPassword;
  }

  async #callerOf(context: Context<HttpEnv>): Promise<Caller | undefined> {
    const peer = context.env;
    if (peer.isControlSocket) return CONTROL_SOCKET;
    const authorization = context.req.header("authorization");
    if (authorization !== undefined) return await this.#tokenCaller(authorization, peer.address);
    if (!this.needsPassword) {
      if (!this.#isOwnHost(context.req.header("host") ?? "")) {
        throw new Problem(403, "foreign_host", "This Host is not hintd's; use the address in http.bind or localhost");
      }
      return LOOPBACK;
    }
    const session = getCookie(context, SESSION_COOKIE);
    if (session === undefined || !this.#sessions.has(session)) return undefined;
    return { name: "session", scope: "write", session, isAmbient: true };
  }

  /** Source: RFC 6750 §2.1, §3. */
  async #tokenCaller(authorization: string, address: string): Promise<Caller> {
    const token = /^Bearer +([^\s]{1,512})$/i.exec(authorization)?.[1];
    if (token === undefined) throw unauthorized("Authorization must be a bearer token");
    const fast = hashHex("SHA-256", token);
    const known = this.#settings?.tokens.find((one) => one.hash.toLowerCase() === `sha-256:${fast}`) ??
      this.#provenTokens.get(fast);
    if (known !== undefined) return tokenCaller(known);

    const waitSeconds = this.#waitSeconds(address);
    if (waitSeconds > 0) throw tooMany(waitSeconds);
    this.#attempts.begin(address);
    for (const one of this.#settings?.tokens ?? []) {
      if (one.hash.startsWith("$") && await this.#passwords.verify(token, one.hash)) {
        this.#attempts.succeed(address);
        this.#provenTokens.set(fast, one);
        return tokenCaller(one);
      }
    }
    this.#log.warn("http", "Refused an unknown token", { source: address });
    throw unauthorized("Unknown token");
  }

  #waitSeconds(address: string): number {
    return this.#passwords.isFull ? 1 : this.#attempts.waitSeconds(address);
  }

  /** Guards a server without password against DNS rebinding: the name asked for must be one of this machine's own. */
  #isOwnHost(host: string): boolean {
    const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
    return isLoopback(name) || name.endsWith(".localhost") || name === addressOf(this.#settings?.bind ?? "").address;
  }
}

/** Middleware that lets callers of `scope` through. Throws a Problem: 401 for strangers, 403 for tokens that may only read. */
export function requireScope(scope: Scope): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const caller = context.get("caller");
    if (caller === undefined) throw unauthorized("Sign in, or send a bearer token");
    if (scope === "write" && caller.scope === "read") {
      throw new Problem(403, "read_only_token", "This token may only read", {
        headers: { "www-authenticate": `Bearer realm="hintd", error="insufficient_scope", scope="write"` },
      });
    }
    await next();
  };
}

/** Whether a request is harmless or was made by a page of ours; what is no browser sends neither header. */
export function isOwnChange(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = request.headers.get("origin");
  return origin === null || origin.replace(/^https?:\/\//, "") === request.headers.get("host");
}

/** The refusal of one who must wait. */
export function tooMany(waitSeconds: number): Problem {
  return new Problem(429, "too_many_attempts", `Too many wrong attempts; wait ${waitSeconds} s`, {
    headers: { "retry-after": String(waitSeconds) },
  });
}

function unauthorized(detail: string): Problem {
  return new Problem(401, "unauthorized", detail, { headers: { "www-authenticate": `Bearer realm="hintd"` } });
}

function tokenCaller(token: TokenSettings): Caller {
  return { name: `token ${token.name}`, scope: token.scope, session: undefined, isAmbient: false };
}
