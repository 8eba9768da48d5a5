/**
 * Owns the listening sockets of HTTP: the address of `[http]` and the control socket. The outer ring of this directory:
 * the only file that touches Bun's server and the file system.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { umask } from "node:process";
import { limits } from "../runtime/limits.ts";
import type { Peer } from "./access.ts";
import { createHttpApp, type HttpApp, type HttpAppParts } from "./app.ts";
import type { Webhooks } from "./webhooks.ts";
import { addressOf, type HttpSettings, isLoopback } from "./settings.ts";

/** Longest path the kernel takes for a socket (sockaddr_un). */
const SOCKET_PATH_BYTES = 107;
/** A little above the bound of the application, whose refusal is a problem document. */
const BODY_BYTES = 2 * limits.httpBodyBytes;
/** Seconds a silent connection may last; event streams beat more often. */
const IDLE_SECONDS = 60;
/** Bun obeys it on Unix sockets too, but its types deny that; the default of 10 s would end event streams. */
const unixOptions: object = { idleTimeout: IDLE_SECONDS };
const ALIVE_MILLIS = 1_000;
const GRACE_MILLIS = 500;

/** A socket that cannot be had; the message is one line that names it. */
export class HttpListenError extends Error {
  /** Tells it from other errors. */
  override readonly name = "HttpListenError";
}

/** What the server is made of. */
export interface HttpServerParts extends HttpAppParts {
  /** `data_dir/control.sock`. */
  readonly controlSocket: string;
}

/** Both listening sockets over one application. */
export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #app: HttpApp;
  #control: Bun.Server<undefined> | undefined;
  #public: Bun.Server<undefined> | undefined;
  #bind = "";

  /** Opens nothing yet. */
  constructor(parts: HttpServerParts) {
    this.#parts = parts;
    this.#app = createHttpApp(parts);
  }

  /** Port of the public address, for tests that bind port 0; 0 while closed. */
  get port(): number {
    return this.#public?.port ?? 0;
  }

  /**
   * Opens both sockets. Throws HttpListenError: another hintd answers on the control socket, its path is too long, the
   * address is taken or not ours, or it is reachable from outside without a password.
   */
  async start(settings: HttpSettings): Promise<void> {
    await this.#openControl();
    try {
      this.apply(settings);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes changed settings; an unchanged address keeps its connections. Throws HttpListenError and changes nothing. */
  apply(settings: HttpSettings): void {
    const { address, port } = addressOf(settings.bind);
    if (settings.password_hash === "" && !isLoopback(address)) {
      throw new HttpListenError(`Cannot serve HTTP on ${settings.bind} without http.password_hash`);
    }
    if (settings.bind !== this.#bind) {
      const server = this.#listen(address, port, settings.bind);
      // The very request that asked for the change may have come by the former address.
      void stopServer(this.#public);
      this.#public = server;
      this.#bind = settings.bind;
    }
    this.#app.access.apply(settings);
  }

  /** Who is told of events elsewhere. */
  get webhooks(): Webhooks {
    return this.#app.webhooks;
  }

  /** Ends event streams, lets running requests finish and closes both sockets. */
  async stop(): Promise<void> {
    this.#app.close();
    const hadControl = this.#control !== undefined;
    await Promise.all([stopServer(this.#public), stopServer(this.#control)]);
    this.#public = this.#control = undefined;
    if (hadControl) removeSocket(this.#parts.controlSocket);
  }

  #listen(hostname: string, port: number, bind: string): Bun.Server<undefined> {
    try {
      return Bun.serve({
        hostname,
        port,
        maxRequestBodySize: BODY_BYTES,
        idleTimeout: IDLE_SECONDS,
        fetch: (request, server) =>
          this.#answer(request, { address: server.requestIP(request)?.address ?? "", isControlSocket: false }),
      });
    } catch (error) {
      throw new HttpListenError(`Cannot serve HTTP on ${bind}: ${reasonOf(error)}`, { cause: error });
    }
  }

  async #openControl(): Promise<void> {
    const path = this.#parts.controlSocket;
    if (new TextEncoder().encode(path).length > SOCKET_PATH_BYTES) {
      throw new HttpListenError(
        `Cannot make the control socket ${path}: the path has more than ${SOCKET_PATH_BYTES} bytes`,
      );
    }
    if (await isAnswered(path)) throw new HttpListenError(`Another hintd is running: it answers on ${path}`);
    removeSocket(path);
    // The mode must hold from the first moment: whoever can open the file may do anything.
    const mask = umask(0o177);
    try {
      this.#control = Bun.serve({
        unix: path,
        maxRequestBodySize: BODY_BYTES,
        ...unixOptions,
        fetch: (request) => this.#answer(request, { address: "", isControlSocket: true }),
      });
      chmodSync(path, 0o600);
    } catch (error) {
      throw new HttpListenError(`Cannot make the control socket ${path}: ${reasonOf(error)}`, { cause: error });
    } finally {
      umask(mask);
    }
  }

  #answer(request: Request, peer: Peer): Response | Promise<Response> {
    return this.#app.fetch(request, peer);
  }
}

/** Lets running requests finish, but does not wait for those that a client never ends. */
async function stopServer(server: Bun.Server<undefined> | undefined): Promise<void> {
  if (server === undefined) return;
  await Promise.race([server.stop(), Bun.sleep(GRACE_MILLIS)]);
  void server.stop(true);
}

/** Whether somebody serves HTTP on the socket at `path`. */
async function isAnswered(path: string): Promise<boolean> {
  try {
    await fetch("http://localhost/healthz", { unix: path, signal: AbortSignal.timeout(ALIVE_MILLIS) });
    return true;
  } catch (error) {
    // A process that hangs still holds its socket.
    return error instanceof Error && error.name === "TimeoutError";
  }
}

/** Removes a socket left behind; anything else of that name stays and makes the start fail. */
function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // There is none.
  }
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code;
  if (code === "EADDRINUSE") return "the address is in use";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
