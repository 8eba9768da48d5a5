/** @jsxImportSource hono/jsx */
/**
 * Owns the frame of every page and the files it needs, embedded in the binary and named by their content.
 */
import type { Child } from "hono/jsx";
import { hashHex } from "../../runtime/hash.ts";
import helpStyle from "../assets/help.css" with { type: "text" };
import icon from "../assets/icon.svg" with { type: "text" };
import script from "../assets/live.js" with { type: "text" };
import messagesStyle from "../assets/messages.css" with { type: "text" };
import messagesScript from "../assets/messages.js" with { type: "text" };
import style from "../assets/style.css" with { type: "text" };

/** A file of the page; its address changes with its content, so browsers may keep it for ever. */
export interface Asset {
  /** Where it is served. */
  readonly path: string;
  /** Its content type. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

type AssetName = "icon" | "script" | "style" | "messagesScript" | "messagesStyle" | "helpStyle";

/** The files, by use. */
export const assets: Readonly<Record<AssetName, Asset>> = {
  icon: asset("icon", "svg", "image/svg+xml", icon),
  script: asset("live", "js", "text/javascript; charset=utf-8", script),
  style: asset("style", "css", "text/css; charset=utf-8", style),
  messagesScript: asset("messages", "js", "text/javascript; charset=utf-8", messagesScript),
  messagesStyle: asset("messages", "css", "text/css; charset=utf-8", messagesStyle),
  helpStyle: asset("help", "css", "text/css; charset=utf-8", helpStyle),
};

function asset(name: string, extension: string, type: string, text: string): Asset {
  return { path: `/assets/${name}.${hashHex("SHA-256", text).slice(0, 12)}.${extension}`, type, text };
}

/** The ways that every page offers. */
const sites = [["/", "Lamps"], ["/messages", "Messages"], ["/api", "API"], ["/help", "Help"]] as const;

/** Where one of them leads. */
export type SitePath = (typeof sites)[number][0];

/** What every page says of itself. */
export interface DocumentProps {
  /** Shown by the browser. */
  readonly title: string;
  /** Which of `sites` it belongs to; undefined for none. */
  readonly site?: SitePath;
  /** Id of the last event the page shows; undefined for pages that stand still. */
  readonly since?: string;
  /** Whether there is a session to end. */
  readonly maySignOut: boolean;
  /** Whether the way to other pages is shown; it is unless this says otherwise. */
  readonly hasNav?: boolean;
  /** Files that only this page needs. */
  readonly own?: readonly Asset[];
  /** What `main` holds. */
  readonly children?: Child;
}

/** A page with its frame. */
export function Document({ title, site, since, maySignOut, hasNav = true, own = [], children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={assets.icon.path} />
        <link rel="stylesheet" href={assets.style.path} />
        {since !== undefined && <script src={assets.script.path} type="module" />}
        {own.map(({ path, type }) =>
          type.startsWith("text/css")
            ? <link key={path} rel="stylesheet" href={path} />
            : <script key={path} src={path} type="module" />
        )}
      </head>
      <body data-since={since}>
        <header class="top">
          <a class="brand" href="/">
            <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
              <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="3" />
              <circle cx="12" cy="12" r="3" fill="currentColor" />
            </svg>
            hintd
          </a>
          {hasNav && (
            <nav class="pages" aria-label="Pages">
              {sites.map(([path, name]) => (
                <a key={path} href={path} aria-current={path === site ? "page" : undefined}>{name}</a>
              ))}
            </nav>
          )}
          {since !== undefined && <span class="live" id="live" role="status" />}
          {maySignOut && (
            <form method="post" action="/logout">
              <button type="submit" class="quiet">Sign out</button>
            </form>
          )}
        </header>
        <main id="main">{children}</main>
      </body>
    </html>
  );
}

/** The text of a page. */
export function documentText(node: unknown): string {
  return `<!DOCTYPE html>${String(node)}`;
}
