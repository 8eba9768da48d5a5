/** Measures what reads and writes messages, transactions, and who is asking: each alone, on the bytes of many phones. */
import { Authenticator } from "../../../lib/auth/authenticator.ts";
import { FailureLog } from "../../../lib/auth/failures.ts";
import { hashPassword } from "../../../lib/auth/digest.ts";
import type { NonceSnapshot } from "../../../lib/auth/nonces.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { systemEntropy } from "../../../lib/runtime/entropy.ts";
import { silentLog } from "../../../lib/runtime/log.ts";
import { checkSyntax } from "../../../lib/sip/check.ts";
import { glanceAtSuccess } from "../../../lib/sip/glance.ts";
import { Header } from "../../../lib/sip/header_names.ts";
import { Message } from "../../../lib/sip/message.ts";
import { Method } from "../../../lib/sip/method.ts";
import { parseMessage } from "../../../lib/sip/parse.ts";
import { writeResponse } from "../../../lib/sip/response.ts";
import { textOf } from "../../../lib/sip/slice.ts";
import { type ClientUser, transactionTimings } from "../../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../../lib/transaction/transactions.ts";
import { afterwards, copy, demand, less, look, type Micros, microsOf, type Part, sink, within } from "./measure.ts";
import { ADDRESS, answerTo, config, openFlow, PHONE_PORT, subscribe, Time } from "./office.ts";

/** Requests that are taken in turn: what differs between phones differs between them. */
const POOL = 400;
/** NOTIFYs on their way at once. */
const WINDOW = 120;
/** Longer than Timer J, and than a client's slot waits. */
const AGE_MILLIS = 33_000;

/** A message of its own for bytes: parsed, and read in full where it is a request. */
export function read(bytes: Uint8Array): Message {
  const message = new Message();
  demand(parseMessage(bytes, 0, bytes.length, message) === undefined, "the message is parsed");
  if (message.isRequest) demand(checkSyntax(message) === undefined, "its syntax is good");
  return message;
}

const scratch = new Message();

function parse(bytes: Uint8Array): Message {
  if (parseMessage(bytes, 0, bytes.length, scratch) !== undefined) throw scratch.failure;
  return scratch;
}

const parseMicros = (pool: readonly Uint8Array[]) => microsOf(pool.length, (i) => void parse(pool[i]!));
const lookMicros = (pool: readonly Uint8Array[]) => microsOf(pool.length, (i) => look(pool[i]!));

/** Indexing a message. */
export function indexPart(name: string, pool: readonly Uint8Array[]): Part {
  return { name, own: parseMicros(pool), floor: lookMicros(pool), what: "every byte looked at once" };
}

/** Knowing a 2xx at one look. */
function glancePart(name: string, pool: readonly Uint8Array[]): Part {
  const own = microsOf(pool.length, (i) => {
    if (!glanceAtSuccess(pool[i]!, 0, pool[i]!.length, scratch)) throw new Error("It is not known at one look");
  });
  return { name, own, floor: lookMicros(pool), what: "every byte looked at once" };
}

const READ_HEADERS = [Header.via, Header.from, Header.to, Header.contact, Header.event, Header.accept] as const;

/** Reading all typed values of a request that is indexed. */
export function checkPart(name: string, pool: readonly Uint8Array[], indexed: Micros): Part {
  const both = microsOf(pool.length, (i) => {
    if (checkSyntax(parse(pool[i]!)) !== undefined) throw scratch.failure;
  });
  const messages = pool.map(read);
  const floor = microsOf(pool.length, (i) => {
    const { bytes, uriStart, uriEnd, firstLines, valueStarts, valueEnds } = messages[i]!;
    sink.value += textOf(bytes, uriStart, uriEnd).length;
    for (const header of READ_HEADERS) {
      const line = firstLines[header]!;
      sink.value += textOf(bytes, valueStarts[line]!, valueEnds[line]!).length;
    }
  });
  return {
    name,
    own: less(both, indexed),
    floor,
    what: "the texts of the Request-URI and the six headers that it reads",
  };
}

/** Making, finding, keeping and ending a server transaction; what is answered is ready. */
export function serverPart(name: string, pool: readonly Uint8Array[], indexed: Micros): Part {
  const time = new Time();
  const sent: Uint8Array[] = [];
  const flow = openFlow(sent);
  const answer = Buffer.from("SIP/2.0 200 OK\r\n\r\n");
  const layer = newLayer(time);
  layer.attach({
    receiveRequest(_request, transaction) {
      transaction.isSenderProven = true;
      transaction.respond(answer);
    },
  }, { responseFlow: () => flow });
  let requests = 0;
  const both = microsOf(pool.length, (i) => {
    const bytes = pool[i]!;
    layer.receiveMessage(bytes, 0, bytes.length, flow);
    if (i === pool.length - 1) time.pass(AGE_MILLIS);
  }, () => {
    requests += pool.length;
    sent.length = 0;
  });
  afterwards(() => {
    demand(layer.counters.requestsReceived === requests && sent.length === pool.length, "every request is new");
    demand(layer.snapshot().serverCount === 0, "every transaction ends");
    time.timers.stop();
  });

  const messages = pool.map(read);
  const transactions = new Map<string, object>();
  const floor = microsOf(pool.length, (i) => {
    const { bytes, branchStart, branchEnd } = messages[i]!;
    const key = textOf(bytes, branchStart, branchEnd);
    transactions.set(key, { key, flow, answer, state: "completed", endsAt: i });
    sink.value += transactions.delete(key) ? 1 : 0;
  });
  return { name, own: less(both, indexed), floor, what: "the text of its branch, one object in a Map, and out of it" };
}

function newLayer(time: Time): TransactionLayer {
  return new TransactionLayer({
    timers: time.timers,
    entropy: systemEntropy,
    log: silentLog,
    counters: transactionCounters(),
    timings: transactionTimings(),
  });
}

/** Client transactions that begin and are answered, a window at a time. */
function openWindow(notify: Uint8Array) {
  const time = new Time();
  const flow = openFlow([]);
  const layer = newLayer(time);
  const answers = Array.from({ length: WINDOW }, () => answerTo(notify));
  const branchAt = Buffer.from(answers[0]!).indexOf("z9hG4bK");
  let [begun, answered] = [0, 0];
  const user: ClientUser = {
    receiveResponse: () => void answered++,
    transactionTimedOut() {},
    transactionFailed() {},
  };
  afterwards(() => {
    demand(begun - answered === 0 || begun - answered === WINDOW, "every NOTIFY is answered");
    demand(begun > 0 && layer.counters.responsesStray === 0, "every answer finds its NOTIFY");
    time.timers.stop();
  });
  const take = (i: number) => layer.receiveMessage(answers[i]!, 0, answers[i]!.length, flow);
  const forAll = (step: (i: number) => void) => {
    for (let i = 0; i < WINDOW; i++) step(i);
  };
  return {
    answers,
    begin(i: number) {
      begun++;
      const transaction = layer.begin(flow, Method.notify, user)!;
      answers[i]!.set(transaction.branch, branchAt);
      transaction.send(notify);
    },
    take,
    takeAll() {
      if (begun > answered) forAll(take);
    },
    forAll,
  };
}

/** Beginning a NOTIFY's transaction, knowing its 200, and ending it with that. */
export function clientParts(notify: Uint8Array): [sent: Part, matched: Part, known: Part] {
  const sending = openWindow(notify);
  const sent = microsOf(WINDOW, sending.begin, () => sending.takeAll());
  const slots: unknown[] = [];
  const slotFloor = microsOf(WINDOW, (i) => {
    slots[i] = { branch: systemEntropy.uint32(), serial: systemEntropy.uint32(), notify, i };
  });
  const taking = openWindow(notify);
  const both = microsOf(WINDOW, taking.take, () => taking.forAll(taking.begin));
  const known = glancePart("know the NOTIFY's 200 at one look", taking.answers);
  return [
    {
      name: "begin and send the NOTIFY's transaction",
      own: sent,
      floor: slotFloor,
      what: "eight random bytes and an object in an array",
    },
    {
      name: "match the 200, end the transaction",
      own: less(both, known.own),
      floor: within,
      what: "within looking at its bytes",
    },
    known,
  ];
}

/** Writing the 200 of a SUBSCRIBE. */
export function answerPart(pool: readonly Uint8Array[]): Part {
  const messages = pool.map(read);
  const options = {
    status: 200,
    toTag: "o240tp91qamltoen",
    headers: [["Expires", "3600"], ["Contact", `<sip:${ADDRESS}:5060>`]],
    received: ADDRESS,
    rport: PHONE_PORT,
    isRportForced: true,
  } as const;
  const own = microsOf(pool.length, (i) => void (sink.value += writeResponse(messages[i]!, options).length));
  const written = writeResponse(messages[0]!, options);
  return { name: "write the 200", own, floor: microsOf(POOL, () => copy(written)), what: "as many bytes copied" };
}

/** SUBSCRIBEs of many phones. */
export function newRequests(): Uint8Array[] {
  return Array.from({ length: POOL }, (_, i) => subscribe(i));
}

const SECRET = new Uint8Array(32).fill(7);

function newAuthenticator(resumedNonces?: NonceSnapshot): Authenticator {
  return new Authenticator({
    config,
    secret: SECRET,
    clock: systemClock,
    entropy: systemEntropy,
    failures: new FailureLog({ clock: systemClock, log: silentLog }),
    resumedNonces,
  });
}

const peer = { remoteAddress: ADDRESS };

/** Believing a request of an endpoint without password; in its dialog, too. */
export function believeParts(pool: readonly Uint8Array[]): [outside: Part, inDialog: Part] {
  const messages = pool.map(read);
  const authenticator = newAuthenticator();
  const binding = { endpoint: "guest", sourceAddress: ADDRESS };
  const outside = microsOf(POOL, (i) => {
    if (authenticator.authenticate(messages[i]!, peer).outcome !== "accepted") throw new Error("challenged");
  });
  const inDialog = microsOf(POOL, (i) => {
    const verdict = authenticator.authenticateInDialog(messages[i]!, peer, binding);
    if (verdict.outcome !== "accepted") throw new Error("challenged");
  });
  const endpoints = new Map([["guest", {}], ["alice", {}]]);
  const floor = microsOf(POOL, (i) => {
    sink.value += endpoints.has(messages[i]!.from.uri.user!) && endpoints.has(peer.remoteAddress) ? 1 : 2;
  });
  const what = "two lookups in a Map";
  return [
    { name: "identify the sender, without password", own: outside, floor, what },
    { name: "identify the sender in its dialog", own: inDialog, floor, what },
  ];
}

/** What a password costs: the challenge, reading the credentials, and proving them. */
export function digestParts(checked: Micros): Part[] {
  const strangers = Array.from({ length: POOL }, (_, i) => read(subscribe(i, "alice")));
  const challenger = newAuthenticator();
  const challenge = microsOf(POOL, (i) => {
    if (challenger.authenticate(strangers[i]!, peer).outcome !== "challenge") throw new Error("accepted");
  });

  const authenticator = newAuthenticator();
  const pool = strangers.map((stranger, i) => {
    const verdict = authenticator.authenticate(stranger, peer);
    if (verdict.outcome !== "challenge") throw new Error("accepted");
    const [, nonce] = /nonce="([^"]*)"/.exec(verdict.headers[0]![1])!;
    return subscribe(i, "alice", credentialsOf(`sip:${2000 + i % 100}@${ADDRESS}:5060`, nonce!));
  });
  const indexed = parseMicros(pool);
  const withCredentials = checkPart("", pool, indexed).own;
  // Each nonce serves once: every round begins with all of them issued and none used.
  const issued = { ...authenticator.snapshotNonces(), counts: [] };
  let fresh = authenticator;
  const proven = pool.map(read);
  const prove = microsOf(POOL, (i) => {
    const verdict = fresh.authenticate(proven[i]!, peer);
    if (verdict.outcome !== "accepted" || !verdict.credentialsProven) throw new Error("not proven");
  }, () => void (fresh = newAuthenticator(issued)));

  const { nonce, nonceCount, cnonce, uri } = proven[0]!.authorizations[0]!;
  const hash = (text: string) => Bun.SHA256.hash(text, "hex");
  const passwordHash = hash("alice");
  const floor = microsOf(POOL, () => {
    const requestHash = hash(`SUBSCRIBE:${uri}`);
    sink.value += hash(`${passwordHash}:${nonce}:${nonceCount}:${cnonce}:auth:${requestHash}`).length;
  });
  const signed = microsOf(POOL, () => {
    sink.value += new Bun.CryptoHasher("sha256", SECRET).update(`1 2 ${ADDRESS} hintd`).digest().length;
  });
  const length = pool[0]!.length - subscribe(0, "alice").length;
  return [
    { name: "challenge: nonce and header", own: challenge, floor: signed, what: "the HMAC that signs the nonce" },
    {
      name: "read the credentials",
      own: less(withCredentials, checked),
      floor: microsOf(POOL, () => look(pool[0]!.subarray(0, length))),
      what: "every byte of the header looked at once",
    },
    {
      name: "prove the credentials, SHA-256",
      own: prove,
      floor: () => floor() + signed(),
      what: "the two hashes of RFC 7616 §3.4.1, and the HMAC of the nonce",
    },
  ];
}

/** The Authorization header of `alice`, with line end. Source: RFC 7616 §3.4. */
function credentialsOf(uri: string, nonce: string): string {
  const { realm } = config.server;
  const hash = (text: string) => Bun.SHA256.hash(text, "hex");
  const passwordHash = hashPassword("SHA-256", { username: "alice", realm, password: "secret" });
  const response = hash(`${passwordHash}:${nonce}:00000001:c:auth:${hash(`SUBSCRIBE:${uri}`)}`);
  return `Authorization: Digest username="alice", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c", response="${response}"\r\n`;
}
