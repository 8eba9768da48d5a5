/**
 * Owns the load generator's publisher: it changes the state of a resource by PUBLISH (RFC 3903), as Kamailio and hintd both
 * understand it, or signals the floor.
 */
import type { Phones } from "./phones.ts";

/** How changes are made. */
export type Trigger = "dialog" | "presence" | "floor";

const TYPES = { dialog: "application/dialog-info+xml", presence: "application/pidf+xml" } as const;

/** A PUBLISH without an answer is sent again after so long. */
const T1_MILLIS = 500;

/** Publishes one document per resource, turn about. */
export class Publisher {
  readonly #phones: Phones;
  readonly #address: string;
  readonly #port: number;
  readonly #trigger: Trigger;
  readonly #etags = new Map<string, string>();
  readonly #waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  readonly #run = Math.random().toString(36).slice(2, 8);
  #cseq = 0;

  constructor(phones: Phones, { address, port, trigger }: { address: string; port: number; trigger: Trigger }) {
    this.#phones = phones;
    this.#address = address;
    this.#port = port;
    this.#trigger = trigger;
    phones.onRawAnswer = (text) => this.#receive(text);
  }

  /** Sets the resource's state to one of two; resolves when that was answered. */
  change(exten: string, isBusy: boolean): Promise<void> {
    if (this.#trigger === "floor") {
      this.#phones.sendRaw(Buffer.from(`CHANGE ${exten}\r\nContent-Length: 0\r\n\r\n`));
      return Promise.resolve();
    }
    const body = this.#trigger === "dialog" ? this.#dialogInfo(exten, isBusy) : this.#pidf(exten, isBusy);
    const etag = this.#etags.get(exten);
    const callId = `${exten}-p${this.#run}${++this.#cseq}`;
    const bytes = Buffer.from(
      `PUBLISH sip:${exten}@${this.#address}:${this.#port} SIP/2.0\r\n` +
        `Via: SIP/2.0/${this.#phones.transportToken} ${this.#address}:${this.#phones.rawPort};rport;branch=z9hG4bKp${this.#run}${this.#cseq}\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:publisher@${this.#address}>;tag=p${this.#cseq}\r\n` +
        `To: <sip:${exten}@${this.#address}>\r\nCall-ID: ${callId}\r\nCSeq: 1 PUBLISH\r\n` +
        `Event: ${this.#trigger}\r\nExpires: 3600\r\n${etag === undefined ? "" : `SIP-If-Match: ${etag}\r\n`}` +
        `Content-Type: ${TYPES[this.#trigger]}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    this.#phones.sendRaw(bytes);
    const isRepeated = this.#phones.transportToken === "UDP";
    const again = isRepeated ? setInterval(() => this.#phones.sendRaw(bytes), T1_MILLIS) : undefined;
    return new Promise<void>((resolve, reject) => this.#waiting.set(callId, { resolve, reject }))
      .finally(() => clearInterval(again));
  }

  #receive(text: string): void {
    const callId = /\r\nCall-ID: (\S+)/i.exec(text)?.[1] ?? "";
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined || text.startsWith("SIP/2.0 1")) return;
    this.#waiting.delete(callId);
    if (!text.startsWith("SIP/2.0 200")) return waiting.reject(new Error(`PUBLISH refused:\n${text}`));
    this.#etags.set(callId.slice(0, callId.indexOf("-")), /\r\nSIP-ETag: (\S+)/i.exec(text)![1]!);
    waiting.resolve();
  }

  #dialogInfo(exten: string, isBusy: boolean): string {
    return '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" ' +
      `version="${this.#cseq}" state="full" entity="sip:${exten}@${this.#address}">\n` +
      `<dialog id="d${exten}" direction="recipient"><state>${isBusy ? "confirmed" : "early"}</state></dialog>\n` +
      "</dialog-info>\n";
  }

  #pidf(exten: string, isBusy: boolean): string {
    return '<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" ' +
      `entity="sip:${exten}@${this.#address}">\n<tuple id="t${exten}"><status><basic>${
        isBusy ? "closed" : "open"
      }</basic></status></tuple>\n</presence>\n`;
  }
}
