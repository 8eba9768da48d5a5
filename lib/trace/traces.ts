/**
 * Owns the view of the recent messages: those of a dialog, an extension or a phone, at a glance, as text, or as a capture.
 *
 * Theory. Nothing is read until somebody looks. Then each message is read once, in portions with pauses between, and its
 * summary is kept for the next look for as long as the message itself. What is shown is always whole dialogs: of each in which
 * one message fits all that is asked for.
 */
import type { RecordedMessage, Recorder, SocketAddress } from "../transport/recorder.ts";
import { writePcap } from "./pcap.ts";
import { redacted } from "./redact.ts";
import { type MessageSummary, summarise } from "./summary.ts";

/** Which dialogs are asked for; "" asks for any. */
export interface TraceQuery {
  /** Exactly this dialog, by its key. */
  readonly dialog: string;
  /** A part of the Call-ID. */
  readonly callId: string;
  /** User part of From, To or the Request-URI. */
  readonly extension: string;
  /** A part of the peer's `address:port`; IPv6 in brackets. */
  readonly address: string;
  /** Method of a request in it. */
  readonly method: string;
}

/** Messages of one Call-ID, oldest first; those without a readable one form one dialog per peer. */
export interface TracedDialog {
  /** The Call-ID; where none can be read, the peer's `@address:port`. */
  readonly key: string;
  /** At least one. */
  readonly messages: readonly MessageSummary[];
}

/** Messages read without a pause: 3 ms on a small appliance. */
const portion = 256;

/** The recent messages, for people. */
export class Traces {
  readonly #recorder: Recorder;
  readonly #pause: () => Promise<void>;
  /** In the order of ids, without gaps; the first may have given way already. */
  #summaries: MessageSummary[] = [];

  /** Of what `recorder` keeps; `pause` lets the appliance do other things. */
  constructor(recorder: Recorder, pause: () => Promise<void>) {
    this.#recorder = recorder;
    this.#pause = pause;
  }

  /** Id of the newest message; it grows with every message. */
  get lastId(): number {
    return this.#recorder.nextId - 1;
  }

  /** The dialogs asked for, the one with the newest message first. */
  async dialogs(query: TraceQuery): Promise<TracedDialog[]> {
    const dialogs = new Map<string, { key: string; messages: MessageSummary[]; isWanted: boolean }>();
    for (const summary of await this.#all()) {
      const key = summary.callId === "" ? `@${hostPort(summary.remote)}` : summary.callId;
      if (query.dialog !== "" && query.dialog !== key) continue;
      const dialog = dialogs.get(key) ?? { key, messages: [], isWanted: false };
      // The map has the order in which dialogs last spoke.
      dialogs.delete(key);
      dialogs.set(key, dialog);
      dialog.messages.push(summary);
      dialog.isWanted ||= isAskedFor(summary, query);
    }
    return [...dialogs.values()].filter(({ isWanted }) => isWanted).reverse();
  }

  /** The message called `id` as text without its proofs of passwords; `undefined` when it has given way. */
  text(id: number): string | undefined {
    const recorded = this.#recorder.message(id);
    return recorded === undefined ? undefined : new TextDecoder().decode(redacted(recorded.bytes));
  }

  /** The messages of the dialogs asked for as a capture file without proofs of passwords. */
  async pcap(query: TraceQuery): Promise<Uint8Array<ArrayBuffer>> {
    const ids = (await this.dialogs(query)).flatMap(({ messages }) => messages.map(({ id }) => id)).sort((a, b) =>
      a - b
    );
    return writePcap(this.#recorded(ids));
  }

  *#recorded(ids: readonly number[]): Iterable<RecordedMessage> {
    for (const id of ids) {
      const recorded = this.#recorder.message(id);
      if (recorded !== undefined) yield { ...recorded, bytes: redacted(recorded.bytes) };
    }
  }

  /** The summaries of all messages that are kept. */
  async #all(): Promise<readonly MessageSummary[]> {
    for (;;) {
      const summaries = this.#summaries;
      const { oldestId, nextId } = this.#recorder;
      const gone = summaries.findIndex(({ id }) => id >= oldestId);
      summaries.splice(0, gone < 0 ? summaries.length : gone);
      const first = summaries.length === 0 ? oldestId : summaries.at(-1)!.id + 1;
      const end = Math.min(nextId, first + portion);
      for (let id = first; id < end; id++) summaries.push(summarise(this.#recorder.message(id)!));
      if (end === nextId) return summaries;
      await this.#pause();
    }
  }
}

/** An address and port in one: `192.168.1.20:5060`, IPv6 in brackets. */
export function hostPort({ address, port }: SocketAddress): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function isAskedFor(summary: MessageSummary, { callId, extension, address, method }: TraceQuery): boolean {
  return contains(summary.callId, callId) &&
    (method === "" || (summary.method === method.toUpperCase() && summary.status === 0)) &&
    (address === "" || hostPort(summary.remote).includes(address)) &&
    (extension === "" || [summary.requestUser, summary.fromUser, summary.toUser].includes(extension));
}

function contains(text: string, part: string): boolean {
  return part === "" || text.includes(part);
}
