/** @jsxImportSource hono/jsx */
/**
 * Owns the routes of the pages: signing in and out, status, one hint and its forms.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, setCookie } from "hono/cookie";
import { limits } from "../runtime/limits.ts";
import { type Access, type HttpEnv, isOwnChange, SESSION_COOKIE } from "./access.ts";
import type { Controls, HintRow, ReloadReport } from "./controls.ts";
import type { EventHistory } from "./event_history.ts";
import { explain } from "./explain.ts";
import type { LivePages } from "./live.tsx";
import { createMessagePages, type MessagePageParts } from "./message_pages.tsx";
import { documentText } from "./page/document.tsx";
import { HintPage } from "./page/hint_page.tsx";
import { hintPath } from "./page/lamp.tsx";
import { ErrorPage, LoginPage } from "./page/login_page.tsx";
import { StatusPage } from "./page/status_page.tsx";
import { isRefusal, Problem } from "./problem.ts";
import { deviceStateBody, presenceStateBody } from "./schemas.ts";

/** What the pages are made of. */
export interface PageParts extends MessagePageParts {
  /** What is shown and acted on. */
  readonly controls: Controls;
  /** Who may do what. */
  readonly access: Access;
  /** The recent events. */
  readonly history: EventHistory;
  /** The open pages. */
  readonly live: LivePages;
}

/** Makes the application of the pages; callers have been identified before. */
export function createPages(parts: PageParts): Hono<HttpEnv> {
  const { controls, clock, access, history, live } = parts;
  const pages = new Hono<HttpEnv>();
  pages.use(bodyLimit({
    maxSize: limits.formBytes,
    onError: () => {
      throw new Problem(413, "body_too_large", "The form is too large");
    },
  }));

  pages.get("/login", (context) => {
    if (!access.needsPassword || context.get("caller") !== undefined) return context.redirect("/", 303);
    return context.html(documentText(<LoginPage next={nextPath(context.req.query("next"))} />));
  });

  pages.post("/login", async (context) => {
    if (!isOwnChange(context.req.raw)) {
      throw new Problem(403, "cross_origin", "The form must come from hintd's own page");
    }
    const form = await readForm(context);
    const next = nextPath(form.next);
    const result = await access.signIn(form.password ?? "", context.env.address);
    if (typeof result === "object" && "session" in result) {
      setCookie(context, SESSION_COOKIE, result.session, {
        path: "/",
        httpOnly: true,
        sameSite: "Strict",
        secure: isHttps(context),
      });
      return context.redirect(next, 303);
    }
    if (result === "wrong") {
      return context.html(documentText(<LoginPage next={next} complaint="That is not the password" />), 403);
    }
    const complaint = `Too many attempts; try again in ${result.waitSeconds} s`;
    context.header("retry-after", String(result.waitSeconds));
    return context.html(documentText(<LoginPage next={next} complaint={complaint} />), 429);
  });

  pages.post("/logout", (context) => {
    const session = context.get("caller")?.session;
    if (session !== undefined) access.signOut(session);
    deleteCookie(context, SESSION_COOKIE, { path: "/" });
    return context.redirect("/login", 303);
  });

  pages.use(async (context, next) => {
    const caller = context.get("caller");
    if (caller === undefined) {
      const { pathname } = new URL(context.req.url);
      if (context.req.method !== "GET" || pathname.endsWith("/live")) {
        throw new Problem(401, "unauthorized", "Sign in first");
      }
      return context.redirect(pathname === "/" ? "/login" : `/login?next=${encodeURIComponent(pathname)}`, 303);
    }
    if (caller.scope === "read" && context.req.method !== "GET" && context.req.method !== "HEAD") {
      throw new Problem(403, "read_only_token", "This token may only read");
    }
    await next();
  });

  pages.get("/live", (context) => {
    const since = context.req.header("last-event-id") ?? context.req.query("since") ?? "";
    return live.open(since, context.get("caller")!);
  });

  let lastReport: ReloadReport | undefined;
  pages.get("/", (context) => {
    const maySignOut = context.get("caller")?.session !== undefined;
    const search = (context.req.query("q") ?? "").slice(0, 80);
    const report = context.req.query("reloaded") === undefined ? undefined : lastReport;
    const props = { controls, wall: clock.wall(), since: history.lastId, search, maySignOut, report };
    return context.html(documentText(<StatusPage {...props} />));
  });

  pages.post("/reload", async (context) => {
    lastReport = await controls.reload();
    return context.redirect("/?reloaded", 303);
  });

  pages.route("/", createMessagePages(parts));

  pages.get("/hints/:context/:exten{.+}", (context) => hintPage(context, findHint(context), undefined));

  pages.post("/hints/:context/:exten/device", async (context) => {
    const hint = findHint(context);
    const form = await readForm(context);
    const device = hint.devices.find(({ device }) => device === form.device && device.startsWith("Custom:"));
    const body = deviceStateBody.safeParse({ state: form.state });
    if (device === undefined || !body.success) return hintPage(context, hint, "That device cannot be set so");
    return await attempt(context, hint, () => controls.setDeviceState(device.device, body.data.state));
  });

  pages.post("/hints/:context/:exten/presence", async (context) => {
    const hint = findHint(context);
    const form = await readForm(context);
    const provider = hint.presence?.providers.find((one) => one === form.provider && one.startsWith("CustomPresence:"));
    const body = presenceStateBody.safeParse({
      state: form.state,
      subtype: form.subtype?.trim(),
      message: form.message?.trim(),
    });
    if (provider === undefined || !body.success) return hintPage(context, hint, "That presence cannot be set so");
    return await attempt(context, hint, () => controls.setPresenceState(provider, body.data));
  });

  pages.post("/hints/:context/:exten/end", async (context) => {
    const hint = findHint(context);
    const { id } = await readForm(context);
    if (id === undefined || !controls.endSubscription(id)) return hintPage(context, hint, "It was over already");
    return context.redirect(hintPath(hint), 303);
  });

  /** Does what a form asks and goes back to the hint, or says why not. */
  async function attempt(context: Context<HttpEnv>, hint: HintRow, action: () => Promise<unknown>): Promise<Response> {
    try {
      await action();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return hintPage(context, hint, `Nothing was changed: ${error.message}`);
    }
    return context.redirect(hintPath(hint), 303);
  }

  function hintPage(context: Context<HttpEnv>, hint: HintRow, complaint: string | undefined): Response {
    const wall = clock.wall();
    const explanation = explain(hint, controls.watchersOf(hint.context, hint.exten), controls.publications(), wall);
    const maySignOut = context.get("caller")?.session !== undefined;
    const props = { explanation, wall, since: history.lastId, maySignOut, complaint };
    return context.html(documentText(<HintPage {...props} />), complaint === undefined ? 200 : 422) as Response;
  }

  function findHint(context: Context<HttpEnv>): HintRow {
    const name = context.req.param("context" as never) ?? "";
    const exten = context.req.param("exten" as never) ?? "";
    const hint = controls.hint(name, exten);
    if (hint === undefined) throw new Problem(404, "not_found", `There is no hint for "${exten}" in context "${name}"`);
    return hint;
  }

  return pages;
}

/** The page of a refusal, for browsers. */
export function errorPage(problem: Problem): Response {
  const text = documentText(<ErrorPage title={titleOf(problem.status)} detail={`${problem.message}.`} />);
  return new Response(text, {
    status: problem.status,
    headers: { "content-type": "text/html; charset=utf-8", ...problem.options.headers },
  });
}

function titleOf(status: number): string {
  if (status === 404) return "Not found";
  if (status === 403) return "Not allowed";
  return status < 500 ? "That did not work" : "Something went wrong";
}

/** The text fields of a form; files and repetitions are ignored. */
async function readForm(context: Context<HttpEnv>): Promise<Partial<Record<string, string>>> {
  const fields: Partial<Record<string, string>> = {};
  const body = await context.req.parseBody();
  for (const name in body) {
    const value = body[name];
    if (typeof value === "string") fields[name] = value;
  }
  return fields;
}

/** Where to go after signing in: a path of our own, never another site. */
function nextPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) && next !== "/login" ? next : "/";
}

/** A proxy in front may have taken TLS off; believing it wrongly only makes the cookie stricter. */
function isHttps(context: Context<HttpEnv>): boolean {
  return context.req.url.startsWith("https:") || context.req.header("x-forwarded-proto") === "https";
}
