/**
 * Owns one channel of server-sent events and its clients: one text in, the same bytes out to all.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";

/** A comment now and then keeps proxies and idle timeouts away, and finds connections that are gone. */
const HEARTBEAT_MILLIS = 15_000;
/** How long a client waits before it connects again. */
const RETRY_MILLIS = 2_000;

const encoder = new TextEncoder();
const heartbeat = encoder.encode(":\n\n");

interface Client {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Whether whoever opened it may still listen. */
  readonly mayListen: () => boolean;
}

/** Clients that hear the same. */
export class EventChannel {
  readonly #timers: Timers;
  readonly #clients = new Set<Client>();
  readonly #beat: TimerEntry;

  /** Has no client yet. */
  constructor(timers: Timers) {
    this.#timers = timers;
    this.#beat = new TimerEntry({ timerFired: () => this.#heartbeat() });
  }

  /** How many listen. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /** Whether another client would be one too many. */
  get isFull(): boolean {
    return this.#clients.size >= limits.eventClientCount;
  }

  /**
   * Opens a stream that starts with `first` and goes on with all that is sent from now.
   *
   * @param mayListen Asked at every heartbeat; the stream ends when it says no.
   */
  open(first: string, mayListen: () => boolean): Response {
    let client: Client | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        client = { controller, mayListen };
        this.#clients.add(client);
        if (this.#clients.size === 1) this.#timers.arm(this.#beat, HEARTBEAT_MILLIS);
        controller.enqueue(encoder.encode(`retry: ${RETRY_MILLIS}\n\n${first}`));
      },
      cancel: () => {
        this.#clients.delete(client!);
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: limits.eventBacklogBytes }));
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      },
    });
  }

  /** Sends `text`, one or more finished events, to every client. */
  send(text: string): void {
    if (this.#clients.size > 0) this.#write(encoder.encode(text));
  }

  /** Ends every stream. */
  close(): void {
    this.#timers.cancel(this.#beat);
    for (const client of this.#clients) this.#end(client);
  }

  #write(bytes: Uint8Array): void {
    for (const client of this.#clients) {
      if ((client.controller.desiredSize ?? 0) <= 0) this.#end(client);
      else client.controller.enqueue(bytes);
    }
  }

  #end(client: Client): void {
    this.#clients.delete(client);
    try {
      client.controller.close();
    } catch {
      // It was closed by the other side meanwhile.
    }
  }

  #heartbeat(): void {
    for (const client of this.#clients) {
      if (!client.mayListen()) this.#end(client);
    }
    this.#write(heartbeat);
    if (this.#clients.size > 0) this.#timers.arm(this.#beat, HEARTBEAT_MILLIS);
  }
}

/** One event as it travels; `data` must be one line, as JSON is. */
export function eventText(type: string, data: string, id?: string): string {
  return `event: ${type}\n${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}
