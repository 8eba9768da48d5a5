/**
 * Owns the description of the API for programs: the table of calls in `api.ts` and the shapes of both directions, as OpenAPI.
 *
 * Made when somebody asks for the first time. A call is in the document because it is in the table that routes it.
 *
 * Source: https://spec.openapis.org/oas/v3.1.1.html
 */
import { z } from "zod";
import { build } from "../runtime/version.ts";
import { SESSION_COOKIE } from "./access.ts";
import type { ApiCall } from "./api.ts";
import { type ApiSchemaName, apiSchemas } from "./api_schemas.ts";
import type { ControlEvent } from "./controls.ts";
import { captureType } from "./messages.ts";
import { deviceStateBody, mailboxBody, presenceStateBody } from "./schemas.ts";

/** The document, as far as we read it ourselves. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** Path → method in small letters → call. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiCall>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** One call. */
export interface OpenApiCall {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly description: string }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  /** Status → response. */
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

/** One response. */
export interface OpenApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

/** A JSON Schema, draft 2020-12, as plain data. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly default?: unknown;
}

/** Bodies that calls take in, by their names in the document. */
const bodies = {
  DeviceStateInput: deviceStateBody,
  PresenceStateInput: presenceStateBody,
  MailboxInput: mailboxBody,
} as const;

/** What the item of each event is. */
const eventItems = {
  hint: "Hint",
  "device-state": "Device",
  "presence-state": "Presence",
  mailbox: "Mailbox",
  subscription: "Subscription",
  contact: "Contact",
  problem: "Problem",
  reload: "ReloadReport",
} as const satisfies Record<ControlEvent["type"], ApiSchemaName>;

const parameterWords: Readonly<Record<string, string>> = {
  context: "Context of the extension",
  exten: "The extension",
  device: "Name of the device; slashes may stand as they are: `PJSIP/alice`",
  provider: "Name of the presence provider: `CustomPresence:alice`",
  mailbox: "Name of the mailbox: `100@default`; without a context, `@default` is meant",
  id: "Id of the subscription",
};

const statusWords: Readonly<Record<number, string>> = {
  400: "The body is not well-formed JSON",
  401: "Neither signed in nor a token that is known",
  403: "A token that may only read, a name that may not be written, or a page of another site",
  404: "There is no such thing",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "The body, the query, or the configuration, has mistakes; all of them are named",
  429: "Too many wrong attempts; Retry-After says how long to wait",
  500: "An error of hintd itself; its log says more",
  503: "Not now: the disk refuses, or too many listen; Retry-After says when to try again",
  507: "There is no room for another one",
};

let made: OpenApiDocument | undefined;

/** The document of this binary, whose calls are always the same. */
export function openApiDocument(calls: readonly ApiCall[]): OpenApiDocument {
  return made ??= makeDocument(calls);
}

/** The path of a call as OpenAPI writes it: `/hints/:context/:exten{.+}` → `/hints/{context}/{exten}`. */
export function openApiPath({ path }: ApiCall): string {
  return path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}

function makeDocument(calls: readonly ApiCall[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiCall>> = {};
  for (const call of calls) (paths[openApiPath(call)] ??= {})[call.method.toLowerCase()] = describeCall(call);
  return {
    openapi: "3.1.1",
    info: {
      title: "hintd",
      version: build.version,
      description:
        "SIP presence and busy-lamp fields. A listing is `items`; instants are RFC 3339 in UTC; names that end in " +
        "`_seconds` or `_ms` say their unit; what is not known is null. A refusal is a problem document (RFC 9457).",
    },
    ...{ servers: [{ url: "/api/v1" }], security: [{ token: [] }, { session: [] }] },
    paths,
    components: {
      schemas: schemasOf(),
      ...{
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "A token of [http].tokens in config.toml." },
          session: {
            type: "apiKey",
            in: "cookie",
            name: SESSION_COOKIE,
            description: "Made by signing in on the page.",
          },
        },
      },
    },
  };
}

function describeCall(call: ApiCall): OpenApiCall {
  const path = openApiPath(call);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  return {
    operationId: `${call.method.toLowerCase()}${
      path.replace(/[{}]/g, "").replace(/[/.-](\w)/g, (_, letter) => letter.toUpperCase())
    }`,
    summary: call.summary,
    ...(call.result === "events" ? { description: describeEvents() } : {}),
    parameters: [
      ...names.map((name) => ({
        name,
        in: "path",
        required: true,
        description: parameterWords[name] ?? "",
        schema: { type: "string" },
      })),
      ...queryParameters(call),
      ...(call.result === "events"
        ? [{
          name: "Last-Event-ID",
          in: "header",
          required: false,
          description: "Id of the last event that was heard; what has happened since is told first",
          schema: { type: "string" },
        }]
        : []),
    ],
    ...(call.body === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: refTo(bodyName(call.body)) } } },
    }),
    responses: { ...grantOf(call), ...refusalsOf(call, names.length > 0) },
  };
}

function queryParameters({ query }: ApiCall) {
  const { properties = {} } = query === undefined ? {} : z.toJSONSchema(query, { io: "input" }) as JsonSchema;
  return Object.entries(properties).map(([name, { description = "", ...schema }]) => ({
    name,
    in: "query",
    required: false,
    description,
    schema,
  }));
}

function grantOf({ result }: ApiCall): Record<string, OpenApiResponse> {
  switch (result) {
    case "nothing":
      return { 204: { description: "Done" } };
    case "events":
      return { 200: { description: "The stream", content: { "text/event-stream": { schema: { type: "string" } } } } };
    case "openapi":
      return { 200: { description: "This document", content: { "application/json": { schema: { type: "object" } } } } };
    case "capture":
      return { 200: { description: "The file", content: { [captureType]: { schema: {} } } } };
    default: {
      const { description = "" } = apiSchemas[result].meta() ?? {};
      return { 200: { description, content: { "application/json": { schema: refTo(result) } } } };
    }
  }
}

/** A call refuses what its kind can refuse. */
function refusalsOf(
  { method, body, query, result, scope, path }: ApiCall,
  isOfOne: boolean,
): Record<string, OpenApiResponse> {
  const statuses = [
    401,
    403,
    429,
    500,
    ...(isOfOne && method !== "PUT" ? [404] : []),
    ...(body === undefined ? [] : [400, 413, 415, 422, 507]),
    ...(path === "/reload" || query !== undefined ? [422] : []),
    ...(scope === "write" || result === "events" ? [503] : []),
  ];
  const content = { "application/problem+json": { schema: refTo("ProblemDocument") } };
  return Object.fromEntries(
    statuses.sort().map((status) => [status, { description: statusWords[status]!, content }]),
  );
}

function describeEvents(): string {
  const kinds = Object.entries(eventItems).map(([event, item]) => `\`${event}\` (${item})`).join(", ");
  return `Each event has an id to resume from, is named after what changed, and its data is an Event: ${kinds}. ` +
    "A stream begins with `ready`, or with what was missed since Last-Event-ID; when not all of that can be told, it begins " +
    "with `reset`: whoever hears that fetches what it shows anew.";
}

function bodyName(body: z.ZodType): string {
  return Object.entries(bodies).find(([, schema]) => schema === body)![0];
}

function refTo(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function schemasOf(): Record<string, JsonSchema> {
  const items = z.union(Object.values(eventItems).map((name) => apiSchemas[name]) as unknown as [z.ZodType, z.ZodType]);
  const Event = z.strictObject({
    change: z.enum(["added", "changed", "removed"]).describe("What happened to it."),
    item: items.describe("The thing as it is now; as it last was, when it was removed."),
  }).meta({ description: "Data of one event of the stream." });
  return { ...convert({ ...apiSchemas, Event }, "output"), ...convert(bodies, "input") };
}

function convert(shapes: Readonly<Record<string, z.ZodType>>, io: "input" | "output"): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(shapes)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => {
      // What a double can count, the expression behind a format, and what only the compiler guards say nothing to people.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      delete jsonSchema.readOnly;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [id, schema as JsonSchema]),
  );
}
