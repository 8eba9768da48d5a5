import { afterEach, describe, expect, it } from "bun:test";
import { hashPassword, makeToken, PasswordQueue } from "../../lib/http/passwords.ts";
import { Sessions } from "../../lib/http/sessions.ts";
import type { HttpSettings } from "../../lib/http/settings.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { EventReader, MovableClock, startServer, type TestServer } from "./support.ts";

const PASSWORD = "open sesame";
let server: TestServer;
afterEach(() => server?.stop());

async function guarded(settings: Partial<HttpSettings> = {}): Promise<void> {
  server = await startServer({ password_hash: `$plain$${PASSWORD}`, ...settings });
}

function signIn(password: string, headers: Record<string, string> = {}, next = "/"): Promise<Response> {
  return server.request("/login", { method: "POST", body: new URLSearchParams({ password, next }), headers });
}

/** Signs in and returns the cookie as a browser would send it. */
async function session(): Promise<string> {
  return (await signIn(PASSWORD)).headers.get("set-cookie")!.split(";")[0]!;
}

const change = { method: "PUT", body: `{"state":"INUSE"}`, headers: { "content-type": "application/json" } };

describe("a server with a password", () => {
  it("sends browsers to the login page and back to where they wanted", async () => {
    await guarded();
    const response = await server.request("/hints/default/1000");
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/login?next=%2Fhints%2Fdefault%2F1000");
    expect(await (await server.request("/login?next=%2Fhints%2Fdefault%2F1000")).text()).toContain(
      `value="/hints/default/1000"`,
    );
    expect((await signIn(PASSWORD, {}, "/hints/default/1000")).headers.get("location")).toBe("/hints/default/1000");
  });

  it("never goes to another site after signing in", async () => {
    await guarded();
    for (const next of ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]) {
      expect((await signIn(PASSWORD, {}, next)).headers.get("location")).toBe("/");
    }
  });

  it("answers 401 with a challenge to programs without a token (RFC 6750 §3)", async () => {
    await guarded();
    for (const path of ["/status", "/nothing", "/events"]) {
      const response = await server.request(`/api/v1${path}`);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe(`Bearer realm="hintd"`);
    }
    expect((await server.request("/live")).status).toBe(401);
  });

  it("gives a session cookie that scripts and other sites cannot use", async () => {
    await guarded();
    const cookie = (await signIn(PASSWORD)).headers.get("set-cookie")!;
    expect(cookie).toMatch(/^hintd_session=[0-9a-v]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
    const secure = (await signIn(PASSWORD, { "x-forwarded-proto": "https" })).headers.get("set-cookie")!;
    expect(secure).toContain("; Secure");
  });

  it("lets a session read and write until it signs out", async () => {
    await guarded();
    const cookie = await session();
    const headers = { ...change.headers, cookie };
    expect((await server.request("/", { headers: { cookie } })).status).toBe(200);
    expect((await server.request("/api/v1/device-states/Custom:a", { ...change, headers })).status).toBe(200);
    await server.request("/logout", { method: "POST", headers: { cookie } });
    expect((await server.request("/api/v1/status", { headers: { cookie } })).status).toBe(401);
  });

  it("ends sessions that nobody uses, and all when the password changes", async () => {
    await guarded();
    const cookie = await session();
    server.clock.advance(25 * 3_600_000);
    expect((await server.request("/api/v1/status", { headers: { cookie } })).status).toBe(401);
    const other = await session();
    server.server.apply({ bind: "127.0.0.1:0", password_hash: "$plain$new", tokens: [] });
    expect((await server.request("/api/v1/status", { headers: { cookie: other } })).status).toBe(401);
  });

  it("refuses changes from other sites even with a session", async () => {
    await guarded();
    const cookie = await session();
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      const response = await server.request("/api/v1/reload", { method: "POST", headers: { cookie, ...headers } });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "cross_origin" });
      expect((await signIn(PASSWORD, headers)).status).toBe(403);
    }
    const own: Record<string, string>[] = [{ origin: server.url }, { "sec-fetch-site": "same-origin" }, {}];
    for (const headers of own) {
      const response = await server.request("/api/v1/reload", { method: "POST", headers: { cookie, ...headers } });
      expect(response.status).toBe(200);
    }
  });

  it("says that a password is wrong, and after five asks for patience for the rest of the minute", async () => {
    await guarded();
    for (let i = 0; i < 5; i++) {
      const response = await signIn("guess");
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("That is not the password");
    }
    const response = await signIn(PASSWORD);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeWithin(50, 61);
    server.clock.advance(61_000);
    expect((await signIn(PASSWORD)).status).toBe(303);
  });

  it("counts guesses made at the same time", async () => {
    await guarded();
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => signIn("guess").then((response) => response.status)),
    );
    expect(statuses.filter((status) => status === 403).length).toBeLessThanOrEqual(5);
  });

  it("ends the event streams of a session that signed out at the next heartbeat", async () => {
    await guarded();
    const cookie = await session();
    const stream = new EventReader(await server.request("/api/v1/events", { headers: { cookie } }));
    expect((await stream.next()).event).toBe("ready");
    await server.request("/logout", { method: "POST", headers: { cookie } });
    server.clock.advance(16_000);
    expect(await stream.ends()).toBe(true);
  });
});

describe("bearer tokens", () => {
  const { token, hash } = makeToken(systemEntropy);
  const tokens = [
    { name: "wall", hash, scope: "read" as const },
    { name: "crm", hash: "$plain$crm-token", scope: "write" as const },
  ];
  const bearer = (value: string) => ({ ...change.headers, authorization: `Bearer ${value}` });

  it("read with scope read, and write only with scope write", async () => {
    await guarded({ tokens });
    expect((await server.request("/api/v1/hints", { headers: bearer(token) })).status).toBe(200);
    const refused = await server.request("/api/v1/device-states/Custom:a", { ...change, headers: bearer(token) });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "read_only_token" });
    for (let i = 0; i < 10; i++) {
      const response = await server.request("/api/v1/device-states/Custom:a", {
        ...change,
        headers: bearer("crm-token"),
      });
      expect(response.status).toBe(200);
    }
    const form = {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ id: "x" }),
    };
    expect((await server.request("/hints/default/1000/end", form)).status).toBe(403);
  });

  it("are no ambient proof, so another site's page may not be guessed at", async () => {
    await guarded({ tokens });
    const headers = { ...bearer("crm-token"), origin: "http://elsewhere.example" };
    expect((await server.request("/api/v1/device-states/Custom:a", { ...change, headers })).status).toBe(200);
  });

  it("that are wrong get 401 and soon 429", async () => {
    await guarded({ tokens });
    const ask = async () => (await server.request("/api/v1/status", { headers: bearer("guess") })).status;
    for (let i = 0; i < 5; i++) expect(await ask()).toBe(401);
    expect(await ask()).toBe(429);
    expect((await server.request("/api/v1/status", { headers: bearer(token) })).status).toBe(200);
  });

  it("of another scheme get 401", async () => {
    await guarded({ tokens });
    const response = await server.request("/api/v1/status", { headers: { authorization: "Basic YTpi" } });
    expect(response.status).toBe(401);
  });

  it("stop working when a reload removes them", async () => {
    await guarded({ tokens });
    const ask = async () => (await server.request("/api/v1/status", { headers: bearer("crm-token") })).status;
    expect(await ask()).toBe(200);
    server.server.apply({ bind: "127.0.0.1:0", password_hash: `$plain$${PASSWORD}`, tokens: [] });
    expect(await ask()).toBe(401);
  });
});

describe("a loopback server without a password", () => {
  it("lets this machine in by any of its names", async () => {
    server = await startServer();
    for (const host of ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:8080", "hintd.localhost", "127.0.0.2:1"]) {
      expect((await server.request("/api/v1/status", { headers: { host } })).status).toBe(200);
    }
  });

  it("turns away names that were made to point here", async () => {
    server = await startServer();
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "192.168.1.5"]) {
      const response = await server.request("/api/v1/status", { headers: { host } });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "foreign_host" });
    }
  });

  it("refuses changes from other sites", async () => {
    server = await startServer();
    const headers = { origin: "http://evil.example" };
    expect((await server.request("/api/v1/reload", { method: "POST", headers })).status).toBe(403);
  });
});

describe("passwords", () => {
  it("are hashed with Argon2id and verified", async () => {
    server = await startServer();
    const hash = await hashPassword("correct horse");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    const queue = new PasswordQueue();
    expect(await queue.verify("correct horse", hash)).toBe(true);
    expect(await queue.verify("wrong horse", hash)).toBe(false);
    expect(await queue.verify("anything", "no hash at all")).toBe(false);
  });

  it("are verified one at a time", async () => {
    server = await startServer();
    let running = 0;
    let most = 0;
    const queue = new PasswordQueue(async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return false;
    });
    const all = Array.from({ length: 8 }, () => queue.verify("", ""));
    expect(queue.isFull).toBe(true);
    await Promise.all(all);
    expect(most).toBe(1);
    expect(queue.isFull).toBe(false);
  });
});

describe("the table of sessions", () => {
  it("never holds more than its bound", async () => {
    server = await startServer();
    const sessions = new Sessions(new MovableClock(), systemEntropy);
    const first = sessions.open();
    for (let i = 0; i < limits.sessionCount; i++) sessions.open();
    expect(sessions.has(first)).toBe(false);
  });
});
