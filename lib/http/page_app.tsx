/**
 * Owns everything that is for eyes: pages, their files and their live streams. Loaded when somebody first looks, because most of
 * the time nobody does.
 */
import { Hono } from "hono";
import type { HttpEnv } from "./access.ts";
import { apiCalls } from "./api.ts";
import type { ControlEvent } from "./controls.ts";
import { LivePages } from "./live.tsx";
import { LiveMessages } from "./live_messages.ts";
import { assets } from "./page/document.tsx";
import { createPages, errorPage, type PageParts } from "./pages.tsx";
import { Problem } from "./problem.ts";
import type { Timers } from "../runtime/timers.ts";

/** What the application is made of. */
export interface PageAppParts extends Omit<PageParts, "live" | "liveMessages"> {
  /** What drives delays and heartbeats. */
  readonly timers: Timers;
}

/** The application of the pages. */
export interface PageApp {
  /** Answers one request, or rejects with a Problem or with what else was thrown. */
  readonly fetch: (request: Request, bindings: HttpEnv["Bindings"]) => Response | Promise<Response>;
  /** Keeps open pages true. */
  readonly receive: (event: ControlEvent) => void;
  /** The page of a refusal. */
  readonly errorPage: (problem: Problem) => Response;
  /** Ends every stream. */
  readonly close: () => void;
}

/** Makes it. */
export function createPageApp(parts: PageAppParts): PageApp {
  const live = new LivePages(parts);
  const liveMessages = new LiveMessages(parts);
  const app = new Hono<HttpEnv>();
  for (const { path, type, text } of Object.values(assets)) {
    const headers = { "content-type": type, "cache-control": "public, max-age=31536000, immutable" };
    app.get(path, () => new Response(text, { headers }));
  }
  app.use(parts.access.identify);
  app.route("/", createPages({ ...parts, live, liveMessages }));
  app.get("/help", async (context) => {
    const { helpText } = await import("./help_pages.tsx");
    return context.html(helpText(context.get("caller")?.session !== undefined));
  });
  app.get("/help/:name", async (context) => {
    const { guideText } = await import("./help_pages.tsx");
    const text = guideText(context.req.param("name"), context.get("caller")?.session !== undefined);
    return text === undefined ? context.notFound() : context.html(text);
  });
  app.get("/api", async (context) => {
    const [{ openApiDocument }, { apiPageText }] = await Promise.all([
      import("./openapi.ts"),
      import("./api_page.tsx"),
    ]);
    return context.html(apiPageText(openApiDocument(apiCalls), context.get("caller")?.session !== undefined));
  });
  app.notFound((context) => {
    throw new Problem(404, "not_found", `There is nothing at ${context.req.path}`);
  });
  app.onError((error) => {
    throw error;
  });
  return {
    fetch: (request, bindings) => app.fetch(request, bindings),
    receive: (event) => live.receive(event),
    errorPage,
    close() {
      live.close();
      liveMessages.close();
    },
  };
}
