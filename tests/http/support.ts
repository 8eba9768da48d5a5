/**
 * A real HTTP server over the office in memory, on a free port and a control socket of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpServer } from "../../lib/http/server.ts";
import type { HttpSettings } from "../../lib/http/settings.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { type Alarm, systemAlarm, Timers } from "../../lib/runtime/timers.ts";
import { MemoryControls, type OfficeHint } from "./memory_controls.ts";

/** Hints of the office that most tests use. */
export const officeHints: readonly OfficeHint[] = [
  { exten: "1000", name: "Alice", devices: ["PJSIP/alice"] },
  {
    exten: "1001",
    name: "Bob B",
    devices: ["PJSIP/bob", "Custom:bob-mobile"],
    providers: ["CustomPresence:bob"],
  },
  { exten: "1002", devices: ["Custom:door"] },
];

/** A clock and its alarm that tests may move on. */
export class MovableClock implements Clock, Alarm {
  #offset = 0;
  #ring: () => void = () => {};
  readonly #alarm = systemAlarm();
  now(): number {
    return performance.now() + this.#offset;
  }
  wall(): number {
    return Date.now() + this.#offset;
  }
  set(millis: number, ring: () => void): void {
    this.#ring = ring;
    this.#alarm.set(millis, ring);
  }
  clear(): void {
    this.#alarm.clear();
  }
  /** Lets `millis` pass at once. */
  advance(millis: number): void {
    this.#offset += millis;
    this.#ring();
  }
}

/** A running server and what stands behind it. */
export interface TestServer {
  readonly server: HttpServer;
  readonly controls: MemoryControls;
  readonly clock: MovableClock;
  readonly url: string;
  readonly controlSocket: string;
  /** Makes a request of the public address; redirects are not followed. */
  request(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a server on 127.0.0.1 without password unless `settings` say otherwise. */
export async function startServer(
  settings: Partial<HttpSettings> = {},
  hints: readonly OfficeHint[] = officeHints,
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "hintd-http-"));
  const controlSocket = join(directory, "control.sock");
  const controls = new MemoryControls(hints);
  const clock = new MovableClock();
  const timers = new Timers(clock, clock);
  const server = new HttpServer({
    controls,
    clock,
    timers,
    entropy: systemEntropy,
    log: silentLog,
    controlSocket,
    verifyPassword: (password, hash) => Promise.resolve(hash === `$plain$${password}`),
  });
  await server.start({ bind: "127.0.0.1:0", password_hash: "", tokens: [], ...settings });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    server,
    controls,
    clock,
    url,
    controlSocket,
    request: (path, init) => fetch(url + path, { redirect: "manual", ...init }),
    async stop() {
      await server.stop();
      timers.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Reads server-sent events off a response, one at a time. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    this.#reader = response.body!.getReader();
  }

  /** The next event that has a name. */
  async next(): Promise<{ event: string; id: string; data: Record<string, unknown> }> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { done, value } = await this.#reader.read();
        if (done) throw new Error("The stream ended");
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const block = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      const field = (name: string) => block.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (field("event") !== "") return { event: field("event"), id: field("id"), data: JSON.parse(field("data")) };
    }
  }

  /** Whether the stream ends, whatever still comes before. */
  async ends(): Promise<boolean> {
    for (;;) if ((await this.#reader.read()).done) return true;
  }

  /** Hangs up. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
