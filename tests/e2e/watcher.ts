/** Watches something at a server in raw bytes: subscribes, answers every NOTIFY, and tells each once. */
import { body, header, okTo, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

/** What a watcher watches, and where. */
export type Watched = {
  port: number;
  host?: string;
  exten: string;
  event?: string;
  accept?: string;
  /** Who watches. */
  user?: string;
};

/** One subscription over UDP. */
export class Watcher {
  readonly #wire: Wire;
  readonly #seen = new Set<string>();

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Subscribes; rejects unless that is granted with 200. */
  static async begin(
    { port, host = "127.0.0.1", exten, event = "dialog", accept = "application/dialog-info+xml", user = "guest" }:
      Watched,
  ): Promise<Watcher> {
    const wire = await openUdp(port, { server: host });
    wire.send(requestFrom(wire, "UDP", {
      method: "SUBSCRIBE",
      uri: `sip:${exten}@${host}:${port}`,
      from: `<sip:${user}@127.0.0.1>;tag=w${wire.port}`,
      headers: [`Event: ${event}`, `Accept: ${accept}`, "Expires: 600"],
    }));
    const answer = startLine(await wire.next((message) => message.startsWith("SIP/2.0 ")));
    if (answer !== "SIP/2.0 200 OK") throw new Error(`${exten} cannot be watched: ${answer}`);
    return new Watcher(wire);
  }

  /** Body of the next NOTIFY. */
  async next(): Promise<string> {
    for (;;) {
      const notify = await this.#wire.next((message) => message.startsWith("NOTIFY "));
      this.#wire.send(okTo(notify));
      const number = header(notify, "CSeq");
      if (this.#seen.has(number)) continue;
      this.#seen.add(number);
      return body(notify);
    }
  }

  /** The next body in which the pattern is found. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const document = await this.next();
      if (pattern.test(document)) return document;
    }
  }

  close(): void {
    this.#wire.close();
  }
}

/** The first `count` documents that a watcher gets while `action` goes on, which is over when this resolves. */
export async function documentsDuring(
  watched: Watched,
  count: number,
  action: () => Promise<unknown>,
): Promise<string[]> {
  const watcher = await Watcher.begin(watched);
  const documents: string[] = [];
  const watch = async () => {
    while (documents.length < count) documents.push(await watcher.next());
  };
  await Promise.all([watch(), action()]);
  watcher.close();
  return documents;
}

/** How the lamp of a dialog-info document shows a device state. */
export const lampOf = {
  RINGING: /<state>early</,
  INUSE: /<state>confirmed</,
  NOT_INUSE: /<state>terminated</,
} as const;
