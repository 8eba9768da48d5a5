/** @jsxImportSource hono/jsx */
/**
 * Owns the routes of the page of recent messages.
 */
import { Hono } from "hono";
import type { Clock } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { HttpEnv } from "./access.ts";
import type { Controls } from "./controls.ts";
import type { LiveMessages } from "./live_messages.ts";
import { captureResponse, type DialogRow, type MessageQuery, type Messages } from "./messages.ts";
import { documentText } from "./page/document.tsx";
import { MessagesPage } from "./page/messages_page.tsx";

/** What the pages are made of. */
export interface MessagePageParts {
  /** What is shown. */
  readonly controls: Controls;
  /** Source of time. */
  readonly clock: Clock;
  /** The open pages. */
  readonly liveMessages: LiveMessages;
}

/** Makes the application of the pages; callers have been let in before. */
export function createMessagePages({ controls, clock, liveMessages }: MessagePageParts): Hono<HttpEnv> {
  const pages = new Hono<HttpEnv>();

  pages.get("/messages", async (context) => {
    const query = queryOf((name) => context.req.query(name));
    const { messages: port } = controls;
    const { lastId } = port;
    const dialogs = await port.dialogs({ ...query, dialog: "" });
    const chosen = query.dialog || dialogs[0]?.dialog;
    const { shown, messages } = chosen === undefined ? nothingShown : await ladderOf(port, chosen, dialogs);
    const { listeners } = controls.status();
    const maySignOut = context.get("caller")?.session !== undefined;
    const props = { query, dialogs, shown, messages, lastId, listeners, wall: clock.wall(), maySignOut };
    return context.html(documentText(<MessagesPage {...props} />));
  });

  pages.get("/messages.pcap", async (context) => {
    return captureResponse(await controls.messages.pcap(queryOf((name) => context.req.query(name))));
  });

  pages.get("/messages/live", (context) => {
    const since = context.req.header("last-event-id") ?? context.req.query("since") ?? "";
    return liveMessages.open(since, context.get("caller")!);
  });

  return pages;
}

const nothingShown = { shown: undefined, messages: [] };

/** The dialog of that name, in the list or not, and its messages; nothing when it is not kept. */
async function ladderOf(port: Messages, chosen: string, dialogs: readonly DialogRow[]) {
  const exactly = { dialog: chosen, call_id: "", extension: "", address: "", method: "" };
  const shown = dialogs.find(({ dialog }) => dialog === chosen) ?? (await port.dialogs(exactly))[0];
  return { shown, messages: shown === undefined ? [] : await port.messages(exactly, limits.shownMessageCount) };
}

/** What the address asks for; what is too long is cut, and finds nothing. */
function queryOf(field: (name: string) => string | undefined): MessageQuery {
  const text = (name: string) => (field(name) ?? "").trim().slice(0, limits.messageQueryChars);
  return {
    dialog: text("dialog"),
    call_id: text("call_id"),
    extension: text("extension"),
    address: text("address"),
    method: text("method"),
  };
}
