import { afterEach, describe, expect, it } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpServer } from "../../lib/http/server.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { Timers } from "../../lib/runtime/timers.ts";
import { MemoryControls } from "./memory_controls.ts";
import { MovableClock, startServer, type TestServer } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "hintd-server-"));
const socket = join(directory, "control.sock");
const settings = { bind: "127.0.0.1:0", password_hash: "", tokens: [] };
const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
  rmSync(socket, { force: true });
});

function makeServer(controlSocket = socket): HttpServer {
  const clock = new MovableClock();
  const server = new HttpServer({
    controls: new MemoryControls([]),
    clock,
    timers: new Timers(clock, clock),
    entropy: systemEntropy,
    log: silentLog,
    controlSocket,
  });
  started.push(server);
  return server;
}

async function open(overrides: Parameters<typeof startServer>[0]): Promise<TestServer> {
  const server = await startServer(overrides);
  started.push(server);
  return server;
}

describe("the control socket", () => {
  it("needs neither password nor token and is its owner's alone", async () => {
    const server = await open({ password_hash: "$plain$x" });
    const response = await fetch("http://localhost/api/v1/status", { unix: server.controlSocket });
    expect(response.status).toBe(200);
    expect(statSync(server.controlSocket).mode & 0o777).toBe(0o600);
  });

  it("leaves the umask as it was", async () => {
    const before = process.umask();
    await makeServer().start(settings);
    expect(process.umask()).toBe(before);
  });

  it("replaces one that a killed process left behind", async () => {
    const script = `require("net").createServer().listen(${
      JSON.stringify(socket)
    }, () => process.kill(process.pid, "SIGKILL"))`;
    Bun.spawnSync([process.execPath, "-e", script]);
    expect(existsSync(socket)).toBe(true);
    await makeServer().start(settings);
    expect((await fetch("http://localhost/healthz", { unix: socket })).status).toBe(200);
  });

  it("is never taken from a running hintd", async () => {
    await makeServer().start(settings);
    await expect(makeServer().start(settings)).rejects.toThrow(/Another hintd is running/);
    expect((await fetch("http://localhost/healthz", { unix: socket })).status).toBe(200);
  });

  it("is not made over a file of that name", async () => {
    writeFileSync(socket, "somebody's notes");
    await expect(makeServer().start(settings)).rejects.toThrow(socket);
    expect(await Bun.file(socket).text()).toBe("somebody's notes");
  });

  it("says so when its path is too long for the kernel", async () => {
    const long = join(directory, "x".repeat(120), "control.sock");
    await expect(makeServer(long).start(settings)).rejects.toThrow(/more than 107 bytes/);
  });

  it("is gone after a stop", async () => {
    const server = makeServer();
    await server.start(settings);
    await server.stop();
    expect(existsSync(socket)).toBe(false);
  });
});

describe("the public address", () => {
  it("is named in one line when it is taken", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port))
    );
    await expect(makeServer().start({ ...settings, bind: `127.0.0.1:${port}` })).rejects.toThrow(
      `Cannot serve HTTP on 127.0.0.1:${port}: the address is in use`,
    );
    expect(existsSync(socket)).toBe(false);
    other.close();
  });

  it("is not opened to the network without a password", async () => {
    await expect(makeServer().start({ ...settings, bind: "0.0.0.0:0" })).rejects.toThrow(/without http.password_hash/);
  });

  it("serves IPv6", async () => {
    const server = makeServer();
    await server.start({ ...settings, bind: "[::1]:0" });
    expect((await fetch(`http://[::1]:${server.port}/api/v1/status`)).status).toBe(200);
  });

  it("moves on reload, and stays when the new one cannot be had", async () => {
    const server = makeServer();
    await server.start(settings);
    const first = server.port;
    expect(() => server.apply({ ...settings, bind: "203.0.113.1:1", password_hash: "x" })).toThrow(/Cannot serve HTTP/);
    expect((await fetch(`http://127.0.0.1:${first}/healthz`)).status).toBe(200);
    server.apply({ ...settings, bind: "localhost:0" });
    expect(server.port).not.toBe(first);
    expect((await fetch(`http://localhost:${server.port}/healthz`)).status).toBe(200);
  });

  it("answers the request by which it was told to move", async () => {
    const { server, controls, request } = await open({});
    const former = server.port;
    const reload = controls.reload.bind(controls);
    controls.reload = () => {
      server.apply({ ...settings, bind: "localhost:0" });
      return reload();
    };
    expect((await request("/api/v1/reload", { method: "POST" })).status).toBe(200);
    expect(server.port).not.toBe(former);
  });

  it("survives bytes that are no HTTP, and a request that never ends", async () => {
    const server = makeServer();
    await server.start(settings);
    const answers: string[] = [];
    for (
      const bytes of [
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
      ]
    ) {
      await Bun.connect({
        hostname: "127.0.0.1",
        port: server.port,
        socket: { open: (socket) => void socket.write(bytes), data: (_, data) => void answers.push(String(data)) },
      });
    }
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
  });
});
