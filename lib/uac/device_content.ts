/**
 * Owns what a publication tells of many things one at a time: each of its documents is about one of them.
 */
import { limits } from "../runtime/limits.ts";
import type { PublicationContent } from "./content.ts";
import type { PublishDocument } from "./publish_request.ts";

/** What there is to tell. */
export interface ItemSource {
  /** Names of everything there is, each once. */
  names(): Iterable<string>;
  /** Whether there is one of that name. */
  has(name: string): boolean;
  /** The message about one of them, as it is now; equal texts say the same. */
  messageOf(name: string): string;
}

/** Names remembered, and names waiting: everything that may be set from outside, twice over. */
const NAMES_MAX = 2 * limits.storedStateCount;

/** In place of a message: the server may have heard of it, or not. */
const UNCERTAIN = "";

const encoder = new TextEncoder();

/** A queue of names; a name that waits already keeps its place, and what is told is what is true when its turn comes. */
export class DeviceContent implements PublicationContent {
  readonly #source: ItemSource;
  readonly #waiting = new Set<string>();
  /** Message by name, of what the server has, or `UNCERTAIN`. */
  readonly #held = new Map<string, string>();
  #taken: { readonly name: string; readonly message: string } | undefined = undefined;
  readonly isEnded = false;
  /** A message to precede all others; empty when there is none. */
  #greeting: string;

  /** @param greeting Told first, once; empty for none. */
  constructor(source: ItemSource, greeting: string) {
    this.#source = source;
    this.#greeting = greeting;
    this.forgotten();
  }

  get hasNews(): boolean {
    return this.#greeting !== "" || this.#waiting.size > 0;
  }

  /** A name may have something new to tell; one that is gone, only where the server has heard of it. */
  changed(name: string): void {
    if (!this.#source.has(name) && !this.#held.has(name) && this.#taken?.name !== name) {
      this.#waiting.delete(name);
      return;
    }
    if (this.#held.get(name) === this.#source.messageOf(name) && this.#taken?.name !== name) return;
    this.#waiting.add(name);
    dropOldest(this.#waiting);
  }

  take(): PublishDocument {
    const [name = ""] = this.#greeting === "" ? this.#waiting : [];
    const message = name === "" ? this.#greeting : this.#source.messageOf(name);
    this.#taken = { name, message };
    return { contentType: "application/json", bytes: encoder.encode(message) };
  }

  delivered(): void {
    if (this.#taken === undefined) return;
    const { name, message } = this.#taken;
    this.#taken = undefined;
    if (name === "") {
      this.#greeting = "";
      return;
    }
    this.#held.set(name, message);
    dropOldest(this.#held);
    if (this.#source.messageOf(name) === message) this.#waiting.delete(name);
  }

  lost(): void {
    if (this.#taken !== undefined) this.#held.set(this.#taken.name, UNCERTAIN);
    this.#taken = undefined;
  }

  /** May be called while a message is on its way: it is told again, except the greeting. */
  forgotten(): void {
    this.#held.clear();
    if (this.#taken?.name !== "") this.#taken = undefined;
    for (const name of this.#source.names()) this.#waiting.add(name);
  }
}

/** Keeps a table within its bound; names that come and go may not make it grow. */
function dropOldest(table: Set<string> | Map<string, string>): void {
  if (table.size <= NAMES_MAX) return;
  for (const oldest of table.keys()) {
    table.delete(oldest);
    return;
  }
}
