/**
 * Owns the JSON API: a table of calls, mounted under /api/v1.
 *
 * Rows of `Controls` go out as they are; a listing is `{"items": […]}`; a refusal is a thrown Problem.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import type { Clock } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { type HttpEnv, requireScope, type Scope } from "./access.ts";
import type { ApiSchemaName } from "./api_schemas.ts";
import type { Controls, HintRow } from "./controls.ts";
import type { ApiEvents } from "./events.ts";
import { explain } from "./explain.ts";
import { captureResponse } from "./messages.ts";
import { Problem } from "./problem.ts";
import {
  boundedMessageQuery,
  deviceStateBody,
  faultsOf,
  mailboxBody,
  messageQuery,
  presenceStateBody,
  writableDevice,
  writableMailbox,
  writableProvider,
} from "./schemas.ts";

/** What the calls work on. */
export interface ApiParts {
  /** What is shown and acted on. */
  readonly controls: Controls;
  /** Source of time. */
  readonly clock: Clock;
  /** The event stream of the API. */
  readonly events: ApiEvents;
}

/** One call of the API. */
export interface ApiCall {
  /** HTTP method; GET answers HEAD too. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Path below /api/v1 in hono's notation; names may hold slashes (`PJSIP/alice`). */
  readonly path: string;
  /** What the caller must be allowed. */
  readonly scope: Scope;
  /** What it does, one sentence without full stop. */
  readonly summary: string;
  /** Checks the request body; its absence means that the call has none. */
  readonly body?: z.ZodType;
  /** Checks the query; its absence means that the query is ignored. */
  readonly query?: z.ZodObject;
  /** What it answers when granted: a shape as JSON, nothing (204), the stream of events, the document of the API, a capture. */
  readonly result: ApiSchemaName | "nothing" | "events" | "openapi" | "capture";
  /** Does it, or throws a Problem. */
  readonly answer: (request: ApiRequest, parts: ApiParts) => Promise<Response> | Response;
}

/** A request whose path and body have been read. */
interface ApiRequest {
  readonly context: Context<HttpEnv>;
  /** A decoded part of the path. */
  param(name: string): string;
  /** The body, checked by the call's schema, which the type argument must be of. */
  body<T>(schema: z.ZodType<T>): Promise<T>;
  /** The query, checked as the body is. */
  query<T>(schema: z.ZodType<T>): T;
}

/** Every call, in the order of the documentation. */
export const apiCalls: readonly ApiCall[] = [
  {
    method: "GET",
    path: "/status",
    scope: "read",
    summary: "Version, uptime, and counters per layer",
    result: "Status",
    answer: (_, { controls }) => json(controls.status()),
  },
  {
    method: "GET",
    path: "/problems",
    scope: "read",
    summary: "What an operator should know or do, errors first",
    result: "Problems",
    answer: (_, { controls }) => json({ items: controls.problems() }),
  },
  {
    method: "GET",
    path: "/history",
    scope: "read",
    summary: "The last hour: rates and latencies, a sample every ten seconds, oldest first",
    result: "Samples",
    answer: (_, { controls }) => json({ items: controls.history() }),
  },
  {
    method: "GET",
    path: "/hints",
    scope: "read",
    summary: "Every hint with its lamp, its devices and its presence",
    result: "Hints",
    answer: (_, { controls }) => json({ items: controls.hints() }),
  },
  {
    method: "GET",
    path: "/hints/:context/:exten{.+}",
    scope: "read",
    summary: "One hint and who watches it",
    result: "HintDetail",
    answer: (request, { controls }) => {
      const hint = findHint(request, controls);
      return json({ ...hint, watchers: controls.watchersOf(hint.context, hint.exten) });
    },
  },
  {
    method: "GET",
    path: "/explain/:context/:exten{.+}",
    scope: "read",
    summary: "Why the lamp is as it is",
    result: "Explanation",
    answer: (request, { controls, clock }) => {
      const hint = findHint(request, controls);
      return json(explain(hint, controls.watchersOf(hint.context, hint.exten), controls.publications(), clock.wall()));
    },
  },
  {
    method: "GET",
    path: "/device-states",
    scope: "read",
    summary: "The state of every known device",
    result: "Devices",
    answer: (_, { controls }) => json({ items: controls.deviceStates() }),
  },
  {
    method: "GET",
    path: "/device-states/:device{.+}",
    scope: "read",
    summary: "The state of one device",
    result: "Device",
    answer: (request, { controls }) => {
      const device = request.param("device");
      return json(controls.deviceState(device) ?? notFound(`device "${device}"`));
    },
  },
  {
    method: "PUT",
    path: "/device-states/:device{.+}",
    scope: "write",
    summary: "Sets a Custom: device; answered once it is on disk",
    result: "Device",
    body: deviceStateBody,
    answer: async (request, { controls }) => {
      const device = writableDeviceOf(request);
      const { state } = await request.body(deviceStateBody);
      return json(await controls.setDeviceState(device, state));
    },
  },
  {
    method: "DELETE",
    path: "/device-states/:device{.+}",
    scope: "write",
    summary: "Forgets a Custom: device",
    result: "nothing",
    answer: async (request, { controls }) => {
      const device = writableDeviceOf(request);
      return await controls.deleteDeviceState(device) ? done() : notFound(`device "${device}"`);
    },
  },
  {
    method: "GET",
    path: "/presence-states",
    scope: "read",
    summary: "The state of every known presence provider",
    result: "Presences",
    answer: (_, { controls }) => json({ items: controls.presenceStates() }),
  },
  {
    method: "GET",
    path: "/presence-states/:provider{.+}",
    scope: "read",
    summary: "The state of one presence provider",
    result: "Presence",
    answer: (request, { controls }) => {
      const provider = request.param("provider");
      return json(controls.presenceState(provider) ?? notFound(`presence provider "${provider}"`));
    },
  },
  {
    method: "PUT",
    path: "/presence-states/:provider{.+}",
    scope: "write",
    summary: "Sets a CustomPresence: provider; answered once it is on disk",
    result: "Presence",
    body: presenceStateBody,
    answer: async (request, { controls }) => {
      const provider = writableProviderOf(request);
      return json(await controls.setPresenceState(provider, await request.body(presenceStateBody)));
    },
  },
  {
    method: "DELETE",
    path: "/presence-states/:provider{.+}",
    scope: "write",
    summary: "Forgets a CustomPresence: provider",
    result: "nothing",
    answer: async (request, { controls }) => {
      const provider = writableProviderOf(request);
      return await controls.deletePresenceState(provider) ? done() : notFound(`presence provider "${provider}"`);
    },
  },
  {
    method: "GET",
    path: "/mailboxes",
    scope: "read",
    summary: "The message counts of every known mailbox",
    result: "Mailboxes",
    answer: (_, { controls }) => json({ items: controls.mailboxes() }),
  },
  {
    method: "GET",
    path: "/mailboxes/:mailbox{.+}",
    scope: "read",
    summary: "The message counts of one mailbox",
    result: "Mailbox",
    answer: (request, { controls }) => {
      const mailbox = request.param("mailbox");
      return json(controls.mailbox(mailbox) ?? notFound(`mailbox "${mailbox}"`));
    },
  },
  {
    method: "PUT",
    path: "/mailboxes/:mailbox{.+}",
    scope: "write",
    summary: "Sets the message counts of a mailbox; answered once they are on disk",
    result: "Mailbox",
    body: mailboxBody,
    answer: async (request, { controls }) => {
      const mailbox = writableMailboxOf(request);
      return json(await controls.setMailbox(mailbox, await request.body(mailboxBody)));
    },
  },
  {
    method: "DELETE",
    path: "/mailboxes/:mailbox{.+}",
    scope: "write",
    summary: "Forgets the message counts of a mailbox",
    result: "nothing",
    answer: async (request, { controls }) => {
      const mailbox = writableMailboxOf(request);
      return await controls.deleteMailbox(mailbox) ? done() : notFound(`message count of mailbox "${mailbox}"`);
    },
  },
  {
    method: "GET",
    path: "/endpoints",
    scope: "read",
    summary: "Every endpoint with its contacts",
    result: "Endpoints",
    answer: (_, { controls }) => json({ items: controls.endpoints() }),
  },
  {
    method: "GET",
    path: "/contacts",
    scope: "read",
    summary: "Every contact and whether it can be reached",
    result: "Contacts",
    answer: (_, { controls }) => json({ items: controls.contacts() }),
  },
  {
    method: "GET",
    path: "/lists",
    scope: "read",
    summary: "Every configured list, its members and who watches it",
    result: "Lists",
    answer: (_, { controls }) => json({ items: controls.lists() }),
  },
  {
    method: "GET",
    path: "/publications",
    scope: "read",
    summary: "What others publish here",
    result: "Publications",
    answer: (_, { controls }) => json({ items: controls.publications() }),
  },
  {
    method: "GET",
    path: "/outbound-publications",
    scope: "read",
    summary: "What is published to other servers",
    result: "OutboundPublications",
    answer: (_, { controls }) => json({ items: controls.outboundPublications() }),
  },
  {
    method: "GET",
    path: "/subscriptions",
    scope: "read",
    summary: "Every subscription and what became of its last NOTIFY",
    result: "Subscriptions",
    answer: (_, { controls }) => json({ items: controls.subscriptions() }),
  },
  {
    method: "DELETE",
    path: "/subscriptions/:id",
    scope: "write",
    summary: "Ends a subscription with reason deactivated; the phone may subscribe anew",
    result: "nothing",
    answer: (request, { controls }) => {
      const id = request.param("id");
      return controls.endSubscription(id) ? done() : notFound(`subscription "${id}"`);
    },
  },
  {
    method: "GET",
    path: "/messages",
    scope: "read",
    summary: "Recent SIP messages of the dialogs asked for, oldest first",
    query: boundedMessageQuery,
    result: "Messages",
    answer: async (request, { controls }) => {
      const { limit, ...query } = request.query(boundedMessageQuery);
      return json({ items: await controls.messages.messages(query, limit) });
    },
  },
  {
    method: "GET",
    path: "/messages.pcap",
    scope: "read",
    summary: "The same as a capture file for Wireshark and tshark",
    query: messageQuery,
    result: "capture",
    answer: async (request, { controls }) => captureResponse(await controls.messages.pcap(request.query(messageQuery))),
  },
  {
    method: "GET",
    path: "/events",
    scope: "read",
    summary: "Server-sent events of every change; resumes after Last-Event-ID",
    result: "events",
    answer: ({ context }, { events }) => events.open(context.req.header("last-event-id"), context.get("caller")!),
  },
  {
    method: "GET",
    path: "/openapi.json",
    scope: "read",
    summary: "This API for programs, as OpenAPI 3.1",
    result: "openapi",
    answer: async () => json((await import("./openapi.ts")).openApiDocument(apiCalls)),
  },
  {
    method: "POST",
    path: "/reload",
    scope: "write",
    summary: "Reads config.toml again; a bad file changes nothing",
    result: "ReloadReport",
    answer: async (_, { controls }) => {
      const report = await controls.reload();
      if (report.is_applied) return json(report);
      throw new Problem(422, "bad_configuration", "The configuration has errors; the old one stays in force", {
        errors: report.errors.map((detail) => ({ detail })),
      });
    },
  },
];

/** Makes the application of the API, to be mounted under /api/v1; callers have been identified before. */
export function createApi(parts: ApiParts): Hono<HttpEnv> {
  const api = new Hono<HttpEnv>();
  api.use(requireBody);
  const methodsOf = new Map<string, string[]>();
  for (const call of apiCalls) {
    api.on(call.method, call.path, requireScope(call.scope), (context) => call.answer(apiRequest(context), parts));
    methodsOf.set(call.path, [
      ...(methodsOf.get(call.path) ?? []),
      ...(call.method === "GET" ? ["GET", "HEAD"] : [call.method]),
    ]);
  }
  for (const [path, methods] of methodsOf) {
    api.all(path, requireScope("read"), (context) => {
      throw new Problem(405, "method_not_allowed", `${context.req.method} is not possible here`, {
        headers: { allow: methods.join(", ") },
      });
    });
  }
  api.all("*", requireScope("read"), (context) => notFound(`call ${context.req.path}`));
  return api;
}

/** Bodies within bounds. */
const requireBody = bodyLimit({
  maxSize: limits.httpBodyBytes,
  onError: () => {
    throw new Problem(413, "body_too_large", `The body must not be larger than ${limits.httpBodyBytes} bytes`);
  },
});

function apiRequest(context: Context<HttpEnv>): ApiRequest {
  return {
    context,
    param: (name) => context.req.param(name as never) ?? "",
    body: (schema) => readBody(context, schema),
    query: (schema) => checked(schema, context.req.query(), "invalid_query"),
  };
}

/** Reads a JSON body; throws a Problem: 415 for another type, 400 for text that is no JSON, 422 for the wrong content. */
async function readBody<T>(context: Context<HttpEnv>, schema: z.ZodType<T>): Promise<T> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/(\S+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem(415, "not_json", "The body must be application/json", {
      headers: { "accept": "application/json" },
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(await context.req.text());
  } catch (error) {
    if (error instanceof Problem || !(error instanceof SyntaxError)) throw error;
    throw new Problem(400, "malformed_json", "The body is not well-formed JSON");
  }
  return checked(schema, value, "invalid_body");
}

/** The value as the schema reads it; throws a Problem 422 that names all faults. */
function checked<T>(schema: z.ZodType<T>, value: unknown, code: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = faultsOf(result.error);
  throw new Problem(422, code, errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; "), { errors });
}

function findHint(request: ApiRequest, controls: Controls): HintRow {
  const context = request.param("context");
  const exten = request.param("exten");
  return controls.hint(context, exten) ?? notFound(`hint for "${exten}" in context "${context}"`);
}

function writableDeviceOf(request: ApiRequest): string {
  const device = request.param("device");
  if (writableDevice.safeParse(device).success) return device;
  throw new Problem(403, "device_not_writable", `Only devices named Custom:… may be written, not "${device}"`);
}

function writableProviderOf(request: ApiRequest): string {
  const provider = request.param("provider");
  if (writableProvider.safeParse(provider).success) return provider;
  throw new Problem(
    403,
    "provider_not_writable",
    `Only providers named CustomPresence:… may be written, not "${provider}"`,
  );
}

function writableMailboxOf(request: ApiRequest): string {
  const mailbox = request.param("mailbox");
  if (writableMailbox.safeParse(mailbox).success) return mailbox;
  throw new Problem(403, "mailbox_not_writable", `A mailbox is named like 100 or 100@default, not "${mailbox}"`);
}

function json(value: unknown): Response {
  return Response.json(value);
}

function done(): Response {
  return new Response(null, { status: 204 });
}

function notFound(what: string): never {
  throw new Problem(404, "not_found", `There is no ${what}`);
}
