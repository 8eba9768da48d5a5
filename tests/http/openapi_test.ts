import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Access } from "../../lib/http/access.ts";
import { apiCalls, createApi } from "../../lib/http/api.ts";
import { apiSchemas } from "../../lib/http/api_schemas.ts";
import { EventHistory } from "../../lib/http/event_history.ts";
import { ApiEvents } from "../../lib/http/events.ts";
import { type OpenApiDocument, openApiDocument } from "../../lib/http/openapi.ts";
import { systemEntropy as entropy } from "../../lib/runtime/entropy.ts";
import { silentLog as log } from "../../lib/runtime/log.ts";
import { Timers } from "../../lib/runtime/timers.ts";
import { expectContract, faultsOfShape } from "../support/api_contract.ts";
import { endpointRow, MemoryControls, subscriptionRow } from "./memory_controls.ts";
import { MovableClock, officeHints, startServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

/** Everything that the document refers to. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => key === "$ref" ? [String(each)] : references(each));
}

async function call(path: string, method = "GET", body?: string, type = "application/json"): Promise<number> {
  const response = await server.request(
    `/api/v1${path}`,
    body === undefined ? { method } : { method, body, headers: { "content-type": type } },
  );
  await expectContract(method, path, response);
  return response.status;
}

describe("the OpenAPI document", () => {
  test("has every call that is routed, and no other", () => {
    const clock = new MovableClock();
    const events = new ApiEvents(
      new EventHistory(entropy),
      new Access({ clock, entropy, log }),
      new Timers(clock, clock),
    );
    const { routes } = createApi({ controls: new MemoryControls(officeHints), clock, events });
    const routed = routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
    const told = Object.entries(openApiDocument(apiCalls).paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    );
    expect(routed.length).toBeGreaterThan(25);
    expect([...new Set(routed)].sort()).toEqual(told.sort());
  });

  test("is served, and refers to nothing that it does not have", async () => {
    const response = await server.request("/api/v1/openapi.json");
    const document = await response.json() as OpenApiDocument;
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument(apiCalls))));
    expect(document.openapi).toStartWith("3.1.");
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(references(document))].filter((each) => !known.includes(each))).toEqual([]);
  });

  test("explains every field and every parameter", () => {
    const { components, paths } = openApiDocument(apiCalls);
    const mute = Object.entries(components.schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).filter(([, { description }]) => description === undefined)
        .map(([field]) => `${name}.${field}`)
    );
    // A listing has nothing to say but its name.
    expect(mute.filter((each) => !each.endsWith(".items"))).toEqual([]);
    const calls = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(calls.flatMap(({ parameters }) => parameters).filter(({ description }) => description === "")).toEqual([]);
    expect(new Set(calls.map(({ operationId }) => operationId)).size).toBe(apiCalls.length);
  });

  test("uses every shape that there is a name for", () => {
    const used = references(openApiDocument(apiCalls)).map((each) => each.slice(each.lastIndexOf("/") + 1));
    expect(Object.keys(apiSchemas).filter((name) => !used.includes(name))).toEqual([]);
  });

  test("tells the answers as they are, granted and refused", async () => {
    server.controls.endpointRows.push(endpointRow({ name: "alice" }));
    server.controls.subscribe(subscriptionRow({ exten: "1001" }));
    for (const { path } of apiCalls.filter(({ method, path }) => method === "GET" && !path.includes(":"))) {
      if (path !== "/events") expect(await call(path)).toBe(200);
    }
    expect(await call("/hints/default/1001")).toBe(200);
    expect(await call("/explain/default/1001")).toBe(200);
    expect(await call("/hints/default/none")).toBe(404);
    expect(await call("/device-states/Custom:door", "PUT", '{"state":"INUSE"}')).toBe(200);
    expect(await call("/device-states/Custom:door", "PUT", '{"state":"in use"}')).toBe(422);
    expect(await call("/device-states/Custom:door", "PUT", "{")).toBe(400);
    expect(await call("/device-states/Custom:door", "PUT", "x", "text/plain")).toBe(415);
    expect(await call("/device-states/PJSIP/alice", "PUT", '{"state":"INUSE"}')).toBe(403);
    expect(await call("/device-states/Custom:door", "DELETE")).toBe(204);
    expect(await call("/presence-states/CustomPresence:bob", "PUT", '{"state":"dnd"}')).toBe(200);
    expect(await call("/mailboxes/100@default", "PUT", '{"new":1}')).toBe(200);
    expect(await call("/reload", "POST")).toBe(200);
    expect(await call("/nothing")).toBe(404);
    expect(await call("/reload")).toBe(405);
  });

  test("would notice a field too many, and one too few", () => {
    const { watcher_count: _count, ...hint } = server.controls.hints()[0]!;
    expect(faultsOfShape("Hint", server.controls.hints()[0])).toEqual([]);
    expect(faultsOfShape("Hint", { ...hint, secret: 1 })).toHaveLength(2);
  });
});

describe("the page at /api", () => {
  test("shows every call and every shape", async () => {
    const response = await server.request("/api");
    expect(response.status).toBe(200);
    const text = await response.text();
    const { paths, components } = openApiDocument(apiCalls);
    for (const path of Object.keys(paths)) expect(text).toContain(`/api/v1${path}</code>`);
    for (const name of Object.keys(components.schemas)) expect(text).toContain(`id="${name}"`);
    const links = [...text.matchAll(/href="#(\w+)"/g)].map((match) => match[1]!);
    expect([...new Set(links)].filter((name) => !(name in components.schemas))).toEqual([]);
  });

  test("asks for the password like every page", async () => {
    await server.stop();
    server = await startServer({ password_hash: "$plain$x" });
    expect((await server.request("/api")).headers.get("location")).toBe("/login?next=%2Fapi");
  });
});
