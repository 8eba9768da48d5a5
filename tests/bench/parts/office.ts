/** A whole core on a real disk whose sockets are arrays, and the messages of its phones, to be measured in one process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Core } from "../../../lib/app/core.ts";
import type { Subscription } from "../../../lib/event/subscription.ts";
import type { SubscriptionsPort } from "../../../lib/event/subscription_record.ts";
import type { Clock } from "../../../lib/runtime/clock.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { systemEntropy } from "../../../lib/runtime/entropy.ts";
import { silentLog } from "../../../lib/runtime/log.ts";
import { Timers } from "../../../lib/runtime/timers.ts";
import { Turn } from "../../../lib/runtime/turn.ts";
import { BindingsStore } from "../../../lib/store/bindings_store.ts";
import { type Database, openDatabase } from "../../../lib/store/database.ts";
import { noFile } from "../../../lib/store/flushed_file.ts";
import { FeaturesStore } from "../../../lib/store/features_store.ts";
import { Journal } from "../../../lib/store/journal.ts";
import { PublicationsStore } from "../../../lib/store/publications_store.ts";
import { StatesStore } from "../../../lib/store/states_store.ts";
import { SubscriptionsStore } from "../../../lib/store/subscriptions_store.ts";
import { TagsStore } from "../../../lib/store/tags_store.ts";
import type { Flow } from "../../../lib/transport/transport.ts";
import { configOf, scriptedEntropy } from "../../support/site.ts";
import { flowInto } from "../flow.ts";
import { demand } from "./measure.ts";

/** Of the appliance and of its phones. */
export const ADDRESS = "127.0.0.1";
/** Of all phones: nothing reads it but answers. */
export const PHONE_PORT = 40_000;
/** Hints, from 2000. */
export const EXTENSIONS = 100;
/** SUBSCRIBEs that arrive in one turn of the event loop. */
export const TURN_COUNT = 40;

const directory = mkdtempSync(join(tmpdir(), "hintd-parts-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

/** `guest` is believed, `alice` has a password, `publisher` may publish for all. */
export const config = await configOf(`
[[listen]]
transport = "udp"
bind = "${ADDRESS}:5060"
[defaults.endpoint]
max_subscriptions = 250000
[endpoints.guest]
[endpoints.publisher]
publish = ["*"]
[endpoints.alice]
auth = { username = "alice", password = "secret", supported_algorithms_uas = ["SHA-256"] }
[contexts.default.hints]
${Array.from({ length: EXTENSIONS }, (_, i) => `${2000 + i} = "Custom:d${2000 + i}"`).join("\n")}
`);

/** A disk with nothing on it, whose flushes are over at once: hintd does not wait for them, and nothing here does. */
export function openFresh(): Database {
  const path = mkdtempSync(join(directory, "disk-"));
  return openDatabase({ directory: path, log: silentLog, clock: systemClock, fileAt: () => noFile });
}

/** Rows of a table. */
export function rowCount(database: Database, table: string): number {
  return database.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)[0]!.count;
}

/** The machine's time, which can be moved forward; turns end and deadlines pass when they are told to. */
export class Time implements Clock {
  #skipped = 0;
  #ring = () => {};
  #end = () => {};
  readonly turn = new Turn((end) => void (this.#end = end));
  readonly timers: Timers = new Timers(this, { set: (_, ring) => void (this.#ring = ring), clear: () => {} });

  now(): number {
    return systemClock.now() + this.#skipped;
  }

  wall(): number {
    return systemClock.wall() + this.#skipped;
  }

  /** Ends the turn. */
  finish(): void {
    this.#end();
  }

  /** Lets time pass. */
  pass(millis: number): void {
    this.#skipped += millis;
    this.#ring();
  }
}

/** A path to all phones that keeps what is sent. */
export function openFlow(sent: Uint8Array[]): Flow {
  return flowInto([ADDRESS, 5060], [ADDRESS, PHONE_PORT], (bytes) => sent.push(bytes) > 0);
}

/** An appliance and its phones. */
export class Office {
  readonly time = new Time();
  readonly database = openFresh();
  /** What has left and nobody has taken yet. */
  readonly sent: Uint8Array[] = [];
  readonly flow = openFlow(this.sent);
  readonly core: Core;
  readonly #journal: Journal;

  /** @param isForgetful Keeps no subscriptions. */
  constructor(isForgetful: boolean) {
    const { database, flow, time } = this;
    const journal = this.#journal = new Journal({ database, turn: time.turn, timers: time.timers });
    const nowhere: SubscriptionsPort = { load: () => [], start: 1, save() {}, saveNumbers() {}, remove() {} };
    this.core = new Core({
      config,
      clock: time,
      timers: time.timers,
      turn: time.turn,
      entropy: systemEntropy,
      log: silentLog,
      states: new StatesStore(database),
      features: new FeaturesStore(database),
      bindings: new BindingsStore(database, journal),
      subscriptions: isForgetful ? nowhere : new SubscriptionsStore(database, journal),
      publications: new PublicationsStore(database, journal),
      tags: new TagsStore(database, journal, time),
      durability: journal,
      nonceSecret: new Uint8Array(32).fill(7),
      flows: { flowFor: () => Promise.resolve(flow) },
      contactFlows: { flowFor: () => Promise.resolve(flow) },
      serverFlows: { flowFor: () => Promise.resolve(flow), noteFailure() {} },
      routes: { responseFlow: () => flow },
    });
    this.core.begin();
  }

  /** Has messages arrive in one turn. */
  receive(messages: readonly Uint8Array[]): void {
    for (const bytes of messages) this.core.receiveMessage(bytes, 0, bytes.length, this.flow);
    this.time.finish();
  }

  /** Takes what has left. */
  take(): Uint8Array[] {
    return this.sent.splice(0);
  }

  /** Ends turns and answers NOTIFYs until nobody is owed one. */
  tellAll(): void {
    for (;;) {
      this.time.finish();
      const notifies = this.take().filter(isNotify);
      if (notifies.length === 0) return;
      this.receive(notifies.map(answerTo));
    }
  }

  /** Has watchers from `first` on subscribe and be told. */
  settle(first: number, count: number): void {
    for (let at = 0; at < count; at += TURN_COUNT) {
      this.receive(Array.from({ length: Math.min(TURN_COUNT, count - at) }, (_, i) => subscribe(first + at + i)));
      this.tellAll();
    }
  }

  /** Ends all subscriptions without a word. */
  dropAll(): void {
    for (const subscription of [...this.core.subscriptions.all()]) this.core.fanout.drop(subscription);
    this.tellAll();
    demand(this.core.subscriptions.count === 0, "all subscriptions end");
  }

  /** Ends it; what is on the disk is gone with the directory. */
  close(): void {
    this.time.timers.stop();
    this.#journal.flush();
    this.database.close();
  }
}

const ids = scriptedEntropy();

/** A new SUBSCRIBE, as the phones of a load test write it. */
export function subscribe(watcher: number, user = "guest", credentials = ""): Uint8Array {
  const exten = 2000 + watcher % EXTENSIONS;
  const [branch, tag, call] = [ids.token(12), ids.token(10), ids.token(16)];
  return Buffer.from(
    `SUBSCRIBE sip:${exten}@${ADDRESS}:5060 SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${ADDRESS}:${PHONE_PORT};rport;branch=z9hG4bK${branch}\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:${user}@${ADDRESS}>;tag=${tag}\r\nTo: <sip:${exten}@${ADDRESS}>\r\n` +
      `Call-ID: ${call}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:w${watcher}@${ADDRESS}:${PHONE_PORT}>\r\nEvent: dialog\r\n` +
      `Accept: application/dialog-info+xml\r\n${credentials}Expires: 3600\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** The SUBSCRIBE that refreshes a subscription. */
export function refresh({ dialog }: Pick<Subscription, "dialog">, cseq = dialog.remoteSequence + 1): Uint8Array {
  return Buffer.from(
    `SUBSCRIBE sip:${ADDRESS}:5060 SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${ADDRESS}:${PHONE_PORT};rport;branch=z9hG4bK${ids.token(12)}\r\n` +
      `Max-Forwards: 70\r\nFrom: <${dialog.remoteUri}>;tag=${dialog.remoteTag}\r\n` +
      `To: <${dialog.localUri}>;tag=${dialog.localTag}\r\nCall-ID: ${dialog.callId}\r\nCSeq: ${cseq} SUBSCRIBE\r\n` +
      `Contact: <${dialog.remoteTarget}>\r\nEvent: dialog\r\nAccept: application/dialog-info+xml\r\n` +
      `Expires: 3600\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** A PUBLISH that says of an extension that it is in a call, or that it rings. */
export function publish(exten: number, isBusy: boolean, entityTag?: string): Uint8Array {
  const body = '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" ' +
    `version="1" state="full" entity="sip:${exten}@${ADDRESS}">\n` +
    `<dialog id="d${exten}" direction="recipient"><state>${isBusy ? "confirmed" : "early"}</state></dialog>\n` +
    "</dialog-info>\n";
  return Buffer.from(
    `PUBLISH sip:${exten}@${ADDRESS}:5060 SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${ADDRESS}:${PHONE_PORT};rport;branch=z9hG4bK${ids.token(12)}\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:publisher@${ADDRESS}>;tag=${ids.token(10)}\r\nTo: <sip:${exten}@${ADDRESS}>\r\n` +
      `Call-ID: ${ids.token(16)}\r\nCSeq: 1 PUBLISH\r\nEvent: dialog\r\nExpires: 3600\r\n` +
      (entityTag === undefined ? "" : `SIP-If-Match: ${entityTag}\r\n`) +
      `Content-Type: application/dialog-info+xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Whether it is a NOTIFY. */
export function isNotify(bytes: Uint8Array): boolean {
  return bytes[0] === 0x4e;
}

/** Whether it is a 200. */
export function isGranted(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53 && bytes[8] === 0x32;
}

/** The 200 of a phone to a NOTIFY. */
export function answerTo(notify: Uint8Array): Uint8Array {
  const text = Buffer.from(notify).toString("latin1");
  const lines = ["Via", "From", "To", "Call-ID", "CSeq"].map((name) =>
    new RegExp(`\r\n${name}: [^\r]*`).exec(text)![0]
  );
  return Buffer.from(`SIP/2.0 200 OK${lines.join("")}\r\nContent-Length: 0\r\n\r\n`, "latin1");
}
