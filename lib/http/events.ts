/**
 * Owns GET /api/v1/events: every change as a server-sent event with an id to resume from.
 *
 * Each event is named after the kind of thing that changed; its data is `{"change": …, "item": row}`. A client whose
 * Last-Event-ID is too old, or from before a restart, first gets `reset`: it must fetch what it shows anew.
 */
import type { Timers } from "../runtime/timers.ts";
import type { Access, Caller } from "./access.ts";
import { EventChannel, eventText } from "./event_channel.ts";
import type { EventHistory, HistoryEntry } from "./event_history.ts";
import { Problem } from "./problem.ts";

/** The event stream of the API. */
export class ApiEvents {
  readonly #history: EventHistory;
  readonly #access: Access;
  readonly #channel: EventChannel;

  /** Has no listener yet. */
  constructor(history: EventHistory, access: Access, timers: Timers) {
    this.#history = history;
    this.#access = access;
    this.#channel = new EventChannel(timers);
  }

  /** Opens a stream; throws a Problem 503 when there are too many. */
  open(lastEventId: string | undefined, caller: Caller): Response {
    if (this.#channel.isFull) throw tooManyListeners();
    return this.#channel.open(this.#missed(lastEventId), () => this.#access.mayListen(caller));
  }

  /** Tells every listener of `entry`. */
  send(entry: HistoryEntry): void {
    if (this.#channel.clientCount > 0) this.#channel.send(entryText(entry));
  }

  /** Ends every stream. */
  close(): void {
    this.#channel.close();
  }

  #missed(lastEventId: string | undefined): string {
    if (lastEventId === undefined || lastEventId === "") return eventText("ready", "{}", this.#history.lastId);
    const entries = this.#history.after(lastEventId);
    if (entries === undefined) return eventText("reset", "{}", this.#history.lastId);
    return entries.map(entryText).join("");
  }
}

/** The refusal of one listener too many. */
export function tooManyListeners(): Problem {
  return new Problem(503, "too_many_listeners", "Too many event streams are open", {
    headers: { "retry-after": "10" },
  });
}

function entryText({ id, event }: HistoryEntry): string {
  return eventText(event.type, JSON.stringify({ change: event.change, item: event.item }), id);
}
