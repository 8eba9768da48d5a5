/**
 * Owns the web application: order of checks, headers, what becomes of errors. No socket is opened here.
 *
 * A request passes: security headers → /healthz → who is asking → API, metrics, or else the pages → errors.
 */
import { Hono, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Clock } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import type { Log } from "../runtime/log.ts";
import type { Timers } from "../runtime/timers.ts";
import { Access, type HttpEnv, requireScope } from "./access.ts";
import { createApi } from "./api.ts";
import type { Controls } from "./controls.ts";
import { EventHistory } from "./event_history.ts";
import { ApiEvents } from "./events.ts";
import { metricsResponse } from "./metrics.ts";
import type { PageApp } from "./page_app.tsx";
import type { VerifyPassword } from "./passwords.ts";
import { isRefusal, Problem, problemResponse, type Refusal } from "./problem.ts";
import { Webhooks } from "./webhooks.ts";

/** Seconds after which an action the disk refused may be tried again. */
const STORE_RETRY_SECONDS = 5;

/** What the application is made of. */
export interface HttpAppParts {
  /** What is shown and acted on. */
  readonly controls: Controls;
  /** Source of time. */
  readonly clock: Clock;
  /** What drives delays and heartbeats. */
  readonly timers: Timers;
  /** Source of session ids and tokens. */
  readonly entropy: Entropy;
  /** Where refusals and failures are noted. */
  readonly log: Log;
  /** Replaces Argon2 in tests. */
  readonly verifyPassword?: VerifyPassword;
}

/** The web application. */
export interface HttpApp {
  /** Who may do what. */
  readonly access: Access;
  /** Who is told of events elsewhere. */
  readonly webhooks: Webhooks;
  /** Answers one request. */
  readonly fetch: (request: Request, peer: HttpEnv["Bindings"]) => Response | Promise<Response>;
  /** Ends every event stream and stops listening to the appliance. */
  readonly close: () => void;
}

/** Makes the application; it listens to `controls` until closed. */
export function createHttpApp(parts: HttpAppParts): HttpApp {
  const { controls, clock, timers, entropy, log } = parts;
  const access = new Access(parts);
  const history = new EventHistory(entropy);
  const events = new ApiEvents(history, access, timers);
  const webhooks = new Webhooks(parts);
  let pages: PageApp | undefined;
  async function loadPages(): Promise<PageApp> {
    const { createPageApp } = await import("./page_app.tsx");
    return pages ??= createPageApp({ controls, clock, timers, access, history });
  }
  const unlisten = controls.onEvent((event) => {
    const entry = history.append(event);
    events.send(entry);
    pages?.receive(event);
    webhooks.receive(entry);
  });

  const app = new Hono<HttpEnv>();
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    strictTransportSecurity: false,
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
  }));
  app.use(neverCached);
  app.get("/healthz", (context) => {
    const trouble = controls.health();
    return trouble === undefined ? context.text("ok\n") : context.text(`${trouble}\n`, 503);
  });
  app.use("/metrics", access.identify);
  app.use("/api/v1/*", access.identify);
  app.get("/metrics", requireScope("read"), () => metricsResponse(controls.measurements()));
  app.route("/api/v1", createApi({ controls, clock, events }));
  app.all("/api/v1/*", (context) => context.notFound());
  app.all("*", async (context) => await (await loadPages()).fetch(context.req.raw, context.env));

  /** A page for browsers that navigate, a problem document for everybody else. */
  async function refuse(problem: Problem, request: Request): Promise<Response> {
    const isPage = !new URL(request.url).pathname.startsWith("/api/") &&
      (request.headers.get("accept") ?? "").includes("text/html");
    return isPage ? (await loadPages()).errorPage(problem) : problemResponse(problem);
  }
  app.notFound((context) =>
    refuse(new Problem(404, "not_found", `There is nothing at ${context.req.path}`), context.req.raw)
  );
  app.onError((error, context) => {
    if (error instanceof Problem) return refuse(error, context.req.raw);
    if (isRefusal(error)) return refuse(storeProblem(error), context.req.raw);
    log.error("http", "A request failed", { path: context.req.path, error: String(error.stack ?? error) });
    return refuse(new Problem(500, "internal_error", "Something went wrong; the log says what"), context.req.raw);
  });

  return {
    access,
    webhooks,
    fetch: (request, peer) => app.fetch(request, peer),
    close() {
      unlisten();
      events.close();
      pages?.close();
      webhooks.stop();
    },
  };
}

/** What is true now may be false in a second; only files named by their content say otherwise. */
const neverCached: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
};

function storeProblem(error: Refusal): Problem {
  if (error.name === "ControlsError" && error.kind === "full") {
    return new Problem(507, "table_full", error.message);
  }
  return new Problem(503, "not_stored", error.message, { headers: { "retry-after": String(STORE_RETRY_SECONDS) } });
}
