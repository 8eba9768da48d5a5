/**
 * Owns GET /messages/live: tells open pages that there are new messages, at most once a second; they fetch what they show.
 */
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import type { Access, Caller } from "./access.ts";
import type { Controls } from "./controls.ts";
import { EventChannel, eventText } from "./event_channel.ts";
import { tooManyListeners } from "./events.ts";

/** Between two looks, which cost nothing but a comparison: messages themselves tell nobody. */
const LOOK_MILLIS = 1_000;

/** Parts of LiveMessages. */
export interface LiveMessagesParts {
  /** Where the messages are. */
  readonly controls: Pick<Controls, "messages">;
  /** Who may do what. */
  readonly access: Access;
  /** What drives looks and heartbeats. */
  readonly timers: Timers;
}

/** The open pages of messages. */
export class LiveMessages {
  readonly #parts: LiveMessagesParts;
  readonly #channel: EventChannel;
  readonly #timer = new TimerEntry({ timerFired: () => this.#look() });
  #toldId = 0;

  /** Looks at nothing until a page is open. */
  constructor(parts: LiveMessagesParts) {
    this.#parts = parts;
    this.#channel = new EventChannel(parts.timers);
  }

  /** Opens the stream of a page that shows everything up to message `since`. Throws a Problem 503 when there are too many. */
  open(since: string, caller: Caller): Response {
    if (this.#channel.isFull) throw tooManyListeners();
    const { lastId } = this.#parts.controls.messages;
    this.#toldId = lastId;
    if (!this.#timer.isArmed) this.#parts.timers.arm(this.#timer, LOOK_MILLIS);
    const first = since === String(lastId) ? "" : this.#event();
    return this.#channel.open(first, () => this.#parts.access.mayListen(caller));
  }

  /** Ends every stream. */
  close(): void {
    this.#parts.timers.cancel(this.#timer);
    this.#channel.close();
  }

  #look(): void {
    if (this.#channel.clientCount === 0) return;
    const { lastId } = this.#parts.controls.messages;
    if (lastId !== this.#toldId) {
      this.#toldId = lastId;
      this.#channel.send(this.#event());
    }
    this.#parts.timers.arm(this.#timer, LOOK_MILLIS);
  }

  #event(): string {
    return eventText("messages", JSON.stringify({ last_id: this.#toldId }), String(this.#toldId));
  }
}
