import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { ControlsError } from "../../lib/http/controls.ts";
import { instantText } from "../../lib/runtime/instant.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { endpointRow, subscriptionRow } from "./memory_controls.ts";
import { startServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

async function get(path: string): Promise<Record<string, never> & { items: Record<string, unknown>[] }> {
  const response = await server.request(`/api/v1${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  return await response.json();
}

function put(path: string, body: string, type = "application/json"): Promise<Response> {
  return server.request(`/api/v1${path}`, { method: "PUT", body, headers: { "content-type": type } });
}

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.status).toBe(status);
  const problem = await response.json();
  expect(problem).toMatchObject({ type: "about:blank", status, code });
  expect(problem.title).toBeString();
  expect(problem.detail).toBeString();
  return problem;
}

describe("reading", () => {
  it("tells the status with counters per layer", async () => {
    expect(await get("/status")).toMatchObject({
      version: "1.2.3",
      hint_count: 3,
      counters: { sip: { received: 120 } },
    });
  });

  it("lists hints in the order of config.toml", async () => {
    expect((await get("/hints")).items.map((row) => row.exten)).toEqual(["1000", "1001", "1002"]);
  });

  it("shows one hint with its watchers", async () => {
    server.controls.subscribe(subscriptionRow({ exten: "1001" }));
    const hint = await get("/hints/default/1001");
    expect(hint).toMatchObject({ exten: "1001", state: "NOT_INUSE", watcher_count: 1 });
    expect((hint as unknown as { watchers: unknown[] }).watchers).toHaveLength(1);
  });

  it("takes device names with a slash encoded and plain", async () => {
    await server.controls.setDeviceState("PJSIP/alice", "INUSE");
    for (const name of ["PJSIP/alice", "PJSIP%2Falice"]) {
      expect(await get(`/device-states/${name}`)).toMatchObject({ device: "PJSIP/alice", state: "INUSE" });
    }
  });

  it("lists devices, providers, endpoints, subscriptions and problems as items", async () => {
    server.controls.endpointRows.push(endpointRow({ name: "alice" }));
    for (
      const path of ["/device-states", "/presence-states", "/mailboxes", "/endpoints", "/subscriptions", "/problems"]
    ) {
      expect((await get(path)).items).toBeArray();
    }
  });

  it("explains a lamp from hint to last NOTIFY", async () => {
    await server.controls.setDeviceState("Custom:bob-mobile", "RINGING");
    server.controls.subscribe(subscriptionRow({ exten: "1001", endpoint: "alice" }));
    const { steps } = await get("/explain/default/1001") as unknown as { steps: { title: string; lines: string[] }[] };
    expect(steps.map((step) => step.title)).toEqual(["Hint", "Devices", "Lamp", "Presence", "Watchers"]);
    expect(steps[2]!.lines[0]).toContain("because of Custom:bob-mobile RINGING");
    expect(steps[4]!.lines[0]).toContain("200 after 4 ms");
  });

  it("explains who says of a device what the lamp shows", async () => {
    const publication = {
      id: "p1",
      endpoint: "pbx",
      event: "dialog",
      target: "Custom:bob-mobile",
      media_type: "application/dialog-info+xml",
      description: "a call confirmed, with Carla",
      published_at: instantText(Date.now()),
      expires_at: instantText(Date.now() + 3_600_000),
    };
    server.controls.publicationRows.push(publication, { ...publication, id: "p2", target: "PJSIP/carol" });
    const { steps } = await get("/explain/default/1001") as unknown as { steps: { title: string; lines: string[] }[] };
    expect(steps.find(({ title }) => title === "Published")!.lines).toEqual([
      expect.stringMatching(/^pbx says of Custom:bob-mobile \(dialog\): a call confirmed, with Carla; holds in /),
    ]);
  });

  it("answers HEAD as GET without a body", async () => {
    const response = await server.request("/api/v1/status", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });
});

describe("reading what comes and goes by SIP", () => {
  it("lists contacts of all endpoints", async () => {
    const contact = {
      endpoint: "alice",
      uri: "sip:alice@192.0.2.10",
      is_permanent: false,
      status: "reachable" as const,
      round_trip_ms: 12,
      user_agent: "Phone",
      expires_at: null,
    };
    server.controls.endpointRows.push(
      endpointRow({ name: "alice", contacts: [contact] }),
      endpointRow({ name: "bob" }),
    );
    expect((await get("/contacts")).items).toEqual([contact]);
  });

  it("lists what others publish and what is published to others", async () => {
    const at = instantText(0);
    const received = {
      id: "p1",
      endpoint: "alice",
      event: "dialog",
      target: "PJSIP/alice",
      media_type: "application/dialog-info+xml",
      description: "{}",
      published_at: at,
      expires_at: at,
    };
    const sent = {
      section: "trunk",
      event: "dialog",
      exten: "1000",
      uri: "sip:1000@presence.example.com",
      state: "failing" as const,
      last_status: 403,
      why: "403 Forbidden",
      failing_since: at,
    };
    server.controls.publicationRows.push(received);
    server.controls.outboundRows.push(sent);
    expect((await get("/publications")).items).toEqual([received]);
    expect((await get("/outbound-publications")).items).toEqual([sent]);
    expect((await get("/lists")).items).toEqual([]);
  });
});

describe("writing", () => {
  it("sets, shows and forgets a Custom: device", async () => {
    const response = await put("/device-states/Custom:bob-mobile", `{"state":"INUSE"}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      device: "Custom:bob-mobile",
      state: "INUSE",
      hints: ["1001@default"],
    });
    expect(await get("/hints/default/1001")).toMatchObject({ state: "INUSE" });
    const path = "/api/v1/device-states/Custom:bob-mobile";
    expect((await server.request(path, { method: "DELETE" })).status).toBe(204);
    await expectProblem(await server.request(path, { method: "DELETE" }), 404, "not_found");
  });

  it("sets a presence and fills in what is left out", async () => {
    const response = await put("/presence-states/CustomPresence:bob", `{"state":"dnd","message":"back at two"}`);
    expect(await response.json()).toMatchObject({ state: "dnd", subtype: "", message: "back at two" });
  });

  it("sets the messages of a mailbox, fills in what is left out, and forgets them", async () => {
    const response = await put("/mailboxes/100@default", `{"new":2,"old":5}`);
    const row = { mailbox: "100@default", new: 2, old: 5, new_urgent: 0, old_urgent: 0, is_published: false };
    expect(await response.json()).toMatchObject(row);
    expect(await (await put("/mailboxes/100%40default", `{"new":2,"new_urgent":2}`)).json()).toMatchObject({
      ...row,
      old: 0,
      new_urgent: 2,
    });
    expect(await get("/mailboxes/100@default")).toMatchObject({ new: 2 });
    expect((await get("/mailboxes")).items).toBeArrayOfSize(1);
    const remove = () => server.request("/api/v1/mailboxes/100@default", { method: "DELETE" });
    expect((await remove()).status).toBe(204);
    await expectProblem(await remove(), 404, "not_found");
    await expectProblem(await server.request("/api/v1/mailboxes/100@default"), 404, "not_found");
  });

  it("ends a subscription", async () => {
    server.controls.subscribe(subscriptionRow({ id: "abc" }));
    const end = () => server.request("/api/v1/subscriptions/abc", { method: "DELETE" });
    expect((await end()).status).toBe(204);
    await expectProblem(await end(), 404, "not_found");
  });

  it("reloads and tells what changed", async () => {
    server.controls.reloadReport = { is_applied: true, errors: [], warnings: [], changes: ["3 hints added"] };
    const response = await server.request("/api/v1/reload", { method: "POST" });
    expect(await response.json()).toMatchObject({ changes: ["3 hints added"] });
  });

  it("says every error of a configuration that it did not apply", async () => {
    const errors = ["config.toml:1:1: first", "config.toml:2:1: second"];
    server.controls.reloadReport = { is_applied: false, errors, warnings: [], changes: [] };
    const response = await server.request("/api/v1/reload", { method: "POST" });
    const problem = await expectProblem(response, 422, "bad_configuration");
    expect(problem.errors).toEqual(errors.map((detail) => ({ detail })));
  });

  const refusals: [title: string, path: string, body: string, status: number, code: string, detail: string][] = [
    [
      "a device that is not Custom:",
      "/device-states/PJSIP%2Falice",
      `{"state":"INUSE"}`,
      403,
      "device_not_writable",
      "",
    ],
    ["a Custom: device without name", "/device-states/Custom:", `{"state":"INUSE"}`, 403, "device_not_writable", ""],
    ["a name no hint can spell", "/device-states/Custom:a%26b", `{"state":"INUSE"}`, 403, "device_not_writable", ""],
    ["a foreign provider", "/presence-states/Other:a", `{"state":"dnd"}`, 403, "provider_not_writable", ""],
    ["a mailbox with two contexts", "/mailboxes/a@b@c", `{"new":1}`, 403, "mailbox_not_writable", "100@default"],
    ["a mailbox without name", "/mailboxes/@default", `{"new":1}`, 403, "mailbox_not_writable", ""],
    ["no number of new messages", "/mailboxes/1", `{"old":1}`, 422, "invalid_body", "#/new"],
    ["a part of a message", "/mailboxes/1", `{"new":1.5}`, 422, "invalid_body", "whole number"],
    ["fewer messages than none", "/mailboxes/1", `{"new":-1}`, 422, "invalid_body", "whole number"],
    ["more messages than can be told", "/mailboxes/1", `{"new":4294967296}`, 422, "invalid_body", "whole number"],
    ["messages as text", "/mailboxes/1", `{"new":"1"}`, 422, "invalid_body", "#/new"],
    ["more urgent messages than messages", "/mailboxes/1", `{"new":1,"new_urgent":2}`, 422, "invalid_body", "new ones"],
    ["more urgent old ones", "/mailboxes/1", `{"new":1,"old":1,"old_urgent":2}`, 422, "invalid_body", "old ones"],
    ["text that is no JSON", "/device-states/Custom:a", `{"state":`, 400, "malformed_json", ""],
    ["an empty body", "/device-states/Custom:a", "", 400, "malformed_json", ""],
    ["a body that is no object", "/device-states/Custom:a", "7", 422, "invalid_body", "#: Must be an object"],
    ["a state that is none", "/device-states/Custom:a", `{"state":"inuse"}`, 422, "invalid_body", "NOT_INUSE, INUSE"],
    ["a missing field", "/device-states/Custom:a", "{}", 422, "invalid_body", "#/state"],
    ["an unknown field", "/device-states/Custom:a", `{"state":"INUSE","sate":1}`, 422, "invalid_body", `"sate"`],
    [
      "control characters",
      "/presence-states/CustomPresence:a",
      `{"state":"dnd","message":"a\\u0000"}`,
      422,
      "invalid_body",
      "printable",
    ],
    [
      "lone surrogates",
      "/presence-states/CustomPresence:a",
      `{"state":"dnd","message":"\\ud800"}`,
      422,
      "invalid_body",
      "printable",
    ],
    [
      "noncharacters",
      "/presence-states/CustomPresence:a",
      `{"state":"dnd","message":"\\ufdd0"}`,
      422,
      "invalid_body",
      "printable",
    ],
    [
      "long texts",
      "/presence-states/CustomPresence:a",
      `{"state":"dnd","message":"${"x".repeat(1_025)}"}`,
      422,
      "invalid_body",
      "1024",
    ],
  ];
  for (const [title, path, body, status, code, detail] of refusals) {
    it(`refuses ${title} with ${status} ${code}`, async () => {
      const problem = await expectProblem(await put(path, body), status, code);
      expect(problem.detail).toContain(detail);
      expect(server.controls.devices.size + server.controls.providers.size).toBe(0);
    });
  }

  it("refuses another content type with 415", async () => {
    await expectProblem(await put("/device-states/Custom:a", `{"state":"INUSE"}`, "text/plain"), 415, "not_json");
  });

  it("refuses a body over the bound with 413, announced or chunked", async () => {
    const text = `{"state":"${"x".repeat(limits.httpBodyBytes)}"}`;
    await expectProblem(await put("/device-states/Custom:a", text), 413, "body_too_large");
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    const headers = { "content-type": "application/json" };
    const response = await server.request("/api/v1/device-states/Custom:a", { method: "PUT", body: chunked, headers });
    await expectProblem(response, 413, "body_too_large");
  });

  it("answers 503 and Retry-After when the disk refuses, and 507 when the table is full", async () => {
    const storeError = new Error("disk I/O error");
    storeError.name = "StoreError";
    const cases: [Error, number, string][] = [
      [storeError, 503, "not_stored"],
      [new ControlsError("unstored", "disk full"), 503, "not_stored"],
      [new ControlsError("full", "10000 states are stored"), 507, "table_full"],
    ];
    for (const [failure, status, code] of cases) {
      server.controls.failure = failure;
      const response = await put("/device-states/Custom:a", `{"state":"INUSE"}`);
      expect(response.headers.get("retry-after")).toBe(status === 503 ? "5" : null);
      await expectProblem(response, status, code);
    }
  });

  it("answers 500 without telling the reason of a bug", async () => {
    server.controls.failure = new Error("secret detail");
    const problem = await expectProblem(
      await put("/device-states/Custom:a", `{"state":"INUSE"}`),
      500,
      "internal_error",
    );
    expect(JSON.stringify(problem)).not.toContain("secret");
  });
});

describe("refusals of the frame", () => {
  it("answers 404 for calls and things that do not exist", async () => {
    for (
      const path of [
        "/nothing",
        "/hints/default/9",
        "/explain/other/1000",
        "/device-states/Custom:x",
        "/presence-states/a",
      ]
    ) {
      await expectProblem(await server.request(`/api/v1${path}`), 404, "not_found");
    }
  });

  it("answers 405 with Allow for other methods (RFC 9110 §15.5.6)", async () => {
    const cases = [
      ["POST", "/hints", "GET, HEAD"],
      ["PATCH", "/device-states/Custom:a", "GET, HEAD, PUT, DELETE"],
      ["GET", "/reload", "POST"],
    ] as const;
    for (const [method, path, allow] of cases) {
      const response = await server.request(`/api/v1${path}`, { method });
      expect(response.headers.get("allow")).toBe(allow);
      await expectProblem(response, 405, "method_not_allowed");
    }
  });

  it("serves liveness without a name or a login", async () => {
    const response = await server.request("/healthz", { headers: { host: "elsewhere.example" } });
    expect(await response.text()).toBe("ok\n");
  });

  it("sends the headers that keep browsers honest", async () => {
    const { headers } = await server.request("/");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });
});
