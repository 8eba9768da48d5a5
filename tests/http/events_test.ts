import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { EventHistory } from "../../lib/http/event_history.ts";
import type { ControlEvent } from "../../lib/http/controls.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { EventReader, startServer, type TestServer } from "./support.ts";
import { subscriptionRow } from "./memory_controls.ts";

let server: TestServer;
const readers: EventReader[] = [];
beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.cancel()));
  await server.stop();
});

async function listen(path = "/api/v1/events", headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await server.request(path, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  const reader = new EventReader(response);
  readers.push(reader);
  return reader;
}

describe("GET /api/v1/events", () => {
  it("tells every change with its row", async () => {
    const events = await listen();
    expect((await events.next()).event).toBe("ready");
    await server.controls.setDeviceState("Custom:door", "RINGING");
    const device = await events.next();
    expect(device).toMatchObject({ event: "device-state", data: { change: "added", item: { device: "Custom:door" } } });
    const hint = await events.next();
    expect(hint).toMatchObject({
      event: "hint",
      data: { change: "changed", item: { exten: "1002", state: "RINGING" } },
    });
    server.controls.subscribe(subscriptionRow({ id: "s9" }));
    expect(await events.next()).toMatchObject({ event: "subscription", data: { change: "added", item: { id: "s9" } } });
  });

  it("goes on after Last-Event-ID without a gap", async () => {
    const events = await listen();
    const { id } = await events.next();
    await events.cancel();
    await server.controls.setDeviceState("Custom:door", "RINGING");
    await server.controls.setDeviceState("Custom:door", "NOT_INUSE");
    const again = await listen("/api/v1/events", { "last-event-id": id });
    const states: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { event, data } = await again.next();
      if (event === "hint") states.push((data.item as { state: string }).state);
    }
    expect(states).toEqual(["RINGING", "NOT_INUSE"]);
  });

  it("says reset when it cannot tell everything that was missed", async () => {
    for (const id of ["otherstart-5", "garbage", "-1"]) {
      const events = await listen("/api/v1/events", { "last-event-id": id });
      expect((await events.next()).event).toBe("reset");
    }
  });

  it("refuses one listener too many with 503", async () => {
    for (let i = 0; i < limits.eventClientCount; i++) await listen();
    const response = await server.request("/api/v1/events");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "too_many_listeners" });
  });

  it("forgets listeners that hang up", async () => {
    for (let i = 0; i < limits.eventClientCount; i++) await listen();
    await Promise.all(readers.splice(0).map((reader) => reader.cancel()));
    let status = 503;
    for (let tries = 0; status === 503 && tries < 200; tries++) {
      const response = await server.request("/api/v1/events");
      status = response.status;
      await response.body?.cancel();
    }
    expect(status).toBe(200);
  });

  it("cuts off a listener that does not read instead of remembering for it", async () => {
    const socket = await new Promise<Bun.Socket>((resolve) => {
      void Bun.connect({
        hostname: "127.0.0.1",
        port: server.server.port,
        socket: {
          open(socket) {
            socket.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            socket.pause();
            resolve(socket);
          },
          data() {},
        },
      });
    });
    const other = await listen();
    expect((await other.next()).event).toBe("ready");
    const message = "x".repeat(1_000);
    // What earlier tests left behind would count, when its time comes.
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20_000; i++) {
      await server.controls.setPresenceState("CustomPresence:bob", { state: "dnd", subtype: "", message });
      await other.next();
      await other.next();
    }
    Bun.gc(true);
    // 20,000 changes make 60 MB of text; the stalled reader may hold what the kernel and its backlog take.
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
    socket.end();
  }, 30_000);

  it("works on the control socket", async () => {
    const events = new EventReader(await fetch("http://localhost/api/v1/events", { unix: server.controlSocket }));
    expect((await events.next()).event).toBe("ready");
    await events.cancel();
  });
});

describe("GET /live", () => {
  it("sends a changed lamp as the page shows it, escaped", async () => {
    server.controls.addHint({ exten: "13", name: `<img src=x onerror="alert(1)">`, devices: ["Custom:evil"] });
    const live = await listen("/live?since=" + await sinceOfPage());
    await server.controls.setDeviceState("Custom:evil", "INUSE");
    const { event, data } = await live.next();
    expect(event).toBe("element");
    expect(data.id).toBe("lamp/default/13");
    expect(data.html).toContain("In use");
    expect(data.html).toContain("&lt;img");
    expect(data.html).not.toContain("<img");
  });

  it("begins with what the page missed since it was rendered", async () => {
    const since = await sinceOfPage();
    await server.controls.setDeviceState("Custom:door", "RINGING");
    const live = await listen("/live?since=" + since);
    expect((await live.next()).data).toMatchObject({ id: "lamp/default/1002" });
  });

  it("has a page of another start fetch itself", async () => {
    const live = await listen("/live?since=elsewhen-3");
    expect((await live.next()).event).toBe("refresh");
  });

  it("sends a storm of changes as one lamp", async () => {
    const live = await listen("/live?since=" + await sinceOfPage());
    for (let i = 0; i < 500; i++) {
      await server.controls.setDeviceState("Custom:door", i % 2 === 0 ? "RINGING" : "ONHOLD");
    }
    const ids: unknown[] = [];
    server.clock.advance(1_000);
    for (let event = await live.next(); ids.push(event.data.id), event.data.id !== "subscriptions";) {
      event = await live.next();
    }
    expect(ids).toEqual(["lamp/default/1002", "legend", "endpoints", "subscriptions"]);
  });

  it("sends a lamp at once, and one that changes again and again four times a second", async () => {
    const live = await listen("/live?since=" + await sinceOfPage());
    const texts: string[] = [];
    const change = async (state: "RINGING" | "INUSE" | "ONHOLD", millis: number) => {
      await server.controls.setDeviceState("Custom:door", state);
      server.clock.advance(millis);
    };
    await change("RINGING", 50);
    texts.push((await live.next()).data.html as string);
    await change("INUSE", 50);
    await change("ONHOLD", 200);
    texts.push((await live.next()).data.html as string);
    expect(texts.map((text) => /Ringing|In use|On hold/.exec(text)![0])).toEqual(["Ringing", "On hold"]);
  });

  it("sends problems once as they come to be, of which no event tells", async () => {
    const live = await listen("/live?since=" + await sinceOfPage());
    server.clock.advance(2_000);
    expect((await live.next()).data.html).toContain("No problems");
    server.clock.advance(2_000);
    server.controls.problemRows.push({
      severity: "error",
      area: "store",
      where: "",
      message: "the disk is full",
      remedy: "",
      count: 1,
      first_at: "2026-01-02T03:04:05.678Z",
      last_at: "2026-01-02T03:04:05.678Z",
    });
    server.clock.advance(2_000);
    const { data } = await live.next();
    expect(data.id).toBe("problems");
    expect(data.html).toContain("the disk is full");
  });

  it("sends the charts every ten seconds", async () => {
    const live = await listen("/live?since=" + await sinceOfPage());
    for (const _ of [1, 2]) {
      server.clock.advance(10_000);
      let event = await live.next();
      while (event.data.id === "problems") event = await live.next();
      expect(event.data.id).toBe("charts");
    }
  });
});

async function sinceOfPage(): Promise<string> {
  const page = await (await server.request("/")).text();
  return /data-since="([^"]+)"/.exec(page)![1]!;
}

describe("the history of events", () => {
  const event = { type: "reload", change: "changed" } as ControlEvent;

  it("gives what came after an id while the ring holds it", () => {
    const history = new EventHistory(systemEntropy, 4);
    const ids = [history.lastId, ...Array.from({ length: 10 }, () => history.append(event).id)];
    expect(history.after(ids[10]!)).toEqual([]);
    expect(history.after(ids[6]!)?.map((entry) => entry.id)).toEqual(ids.slice(7));
    expect(history.after(ids[5]!)).toBeUndefined();
  });

  it("knows no ids of the future or of another start", () => {
    const history = new EventHistory(systemEntropy, 4);
    const start = history.lastId.split("-")[0];
    for (const id of [`${start}-1`, `${start}--1`, `${start}-1.5`, `${start}-x`, "other-0", ""]) {
      expect(history.after(id)).toBeUndefined();
    }
  });
});
