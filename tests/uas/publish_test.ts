/**
 * PUBLISH from the wire to the wire: router, authenticator, compositor and transactions as they are, publishers on a memory network.
 *
 *     PUA                                     hintd
 *      |-- PUBLISH -------------------------->|
 *      |<----------------- 401 + challenges --|
 *      |-- PUBLISH + Authorization ---------->|
 *      |<--------- 200 + SIP-ETag, Expires --|
 */
import { describe, expect, test } from "bun:test";
import { Authenticator } from "../../lib/auth/authenticator.ts";
import { FailureLog } from "../../lib/auth/failures.ts";
import type { Publications } from "../../lib/publication/publications.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { transactionTimings } from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../lib/transaction/transactions.ts";
import type { Flow, FlowReceiver } from "../../lib/transport/transport.ts";
import { createPublishHandler } from "../../lib/uas/publish.ts";
import { Router, routerCounters } from "../../lib/uas/router.ts";
import { answer } from "../auth/support.ts";
import { bench, Grants, textPackage } from "../publication/publications_support.ts";
import { endpoint, scriptedEntropy } from "../registrar/support.ts";
import { MemoryNetwork } from "../support/memory_network.ts";

/** A publisher that keeps what it hears. */
class Publisher implements FlowReceiver {
  readonly heard: string[] = [];

  receiveMessage(bytes: Uint8Array, start: number, end: number): void {
    this.heard.push(new TextDecoder().decode(bytes.subarray(start, end)));
  }

  receiveUnframed(): void {}

  flowClosed(): void {}

  /** Status line of the last message. */
  get last(): string {
    return this.heard.at(-1)?.split("\r\n")[0] ?? "";
  }

  /** Values of a header in the last message. */
  values(name: string): string[] {
    const prefix = `${name}: `;
    const lines = this.heard.at(-1)?.split("\r\n") ?? [];
    return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  }
}

const none = { isDue: false, whenWritten() {}, whenDurable() {} };

/** hintd at 192.0.2.1; alice proves herself by digest, presentity and bob are believed. */
function office() {
  const grants = new Grants();
  grants.granted.set("presentity", ["presentity"]);
  const world = bench({ grants, packages: [textPackage("presence"), textPackage("mood")] });
  const { clock, timers, publications } = world;
  const network = new MemoryNetwork(clock);
  const entropy = scriptedEntropy(7);
  const layer = new TransactionLayer({
    timers,
    entropy,
    log: silentLog,
    counters: transactionCounters(),
    timings: transactionTimings(),
  });
  const open = { ...endpoint(), permit: [], deny: [], match: [], identify_by: ["username"] as const };
  const endpoints = {
    alice: { ...open, auth: { username: "alice", password: "secret" } },
    bob: open,
    presentity: open,
    gone: open,
  };
  const server = { realm: "hintd", ignore_uri_user_options: false };
  const authenticator = new Authenticator({
    config: { server, endpoints },
    secret: new Uint8Array(32).fill(7),
    clock,
    entropy,
    failures: new FailureLog({ clock, log: silentLog }),
  });
  const router = new Router({
    handlers: [createPublishHandler({
      authenticator,
      publications,
      publisherOf: (name) => name in endpoints && name !== "gone" ? { isRportForced: true } : undefined,
    })],
    counters: routerCounters(),
    log: silentLog,
    durability: none,
  });
  layer.attach(router, network);
  network.bind({ address: "192.0.2.1", name: "lan" }, {
    receiveMessage: (bytes, start, end, flow) => layer.receiveMessage(bytes, start, end, flow),
    receiveUnframed: (failure, bytes, start, end, flow) => layer.receiveUnframed(failure, bytes, start, end, flow),
    flowClosed: (flow) => layer.flowClosed(flow),
  });
  const publisher = new Publisher();
  const listener = network.bind({ address: "192.0.2.3" }, publisher);
  const flow: Flow = listener.flowTo("192.0.2.1")!;

  /** Sends a message, lines apart by plain newlines; the blank line before a body too. */
  function send(text: string): string {
    const [head, body = ""] = text.trim().split("\n\n");
    const lines = head!.split("\n").map((line) => line.trim());
    const whole = `${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    flow.send(new TextEncoder().encode(whole));
    clock.advance(0);
    return whole;
  }
  let sequence = 0;
  /** Sends a PUBLISH, proving itself with the challenge it heard last, if told. */
  function publish(parts: { user?: string; proves?: boolean; password?: string; extra?: string; body?: string } = {}) {
    const { user = "bob", body = "x" } = parts;
    const challenge = publisher.values("WWW-Authenticate").find((value) => value.includes("algorithm=MD5"));
    const uri = "sip:1000@example.com";
    const proof = parts.proves && challenge !== undefined
      ? `Authorization: ${answer(challenge, { method: "PUBLISH", uri, password: parts.password ?? "secret" })}\n`
      : "";
    sequence++;
    return send(
      `PUBLISH ${uri} SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK${sequence}\nMax-Forwards: 70\n` +
        `From: <sip:${user}@example.com>;tag=f\nTo: <sip:1000@example.com>\nCall-ID: c${sequence}\nCSeq: 1 PUBLISH\n` +
        `Event: presence\n${proof}${parts.extra ?? ""}${body === "" ? "" : `Content-Type: text/plain\n\n${body}`}`,
    );
  }
  return { ...world, publisher, flow, send, publish };
}

/** The M5, M9 and M11 of the RFC; their document is plain text here. */
const example = {
  initial: `
    PUBLISH sip:presentity@example.com SIP/2.0
    Via: SIP/2.0/UDP pua.example.com;branch=z9hG4bK652hsge
    To: <sip:presentity@example.com>
    From: <sip:presentity@example.com>;tag=1234wxyz
    Call-ID: 81818181@pua.example.com
    CSeq: 1 PUBLISH
    Max-Forwards: 70
    Expires: 3600
    Event: presence
    Content-Type: text/plain\n\nopen`,
  refresh: (entityTag: string) => `
    PUBLISH sip:presentity@example.com SIP/2.0
    Via: SIP/2.0/UDP pua.example.com;branch=z9hG4bK771ash02
    To: <sip:presentity@example.com>
    From: <sip:presentity@example.com>;tag=1234kljk
    Call-ID: 98798798@pua.example.com
    CSeq: 1 PUBLISH
    Max-Forwards: 70
    SIP-If-Match: ${entityTag}
    Expires: 3600
    Event: presence`,
  modify: (entityTag: string) => `
    PUBLISH sip:presentity@example.com SIP/2.0
    Via: SIP/2.0/UDP pua.example.com;branch=z9hG4bKcdad2
    To: <sip:presentity@example.com>
    From: <sip:presentity@example.com>;tag=54321mm
    Call-ID: 5566778@pua.example.com
    CSeq: 1 PUBLISH
    Max-Forwards: 70
    SIP-If-Match: ${entityTag}
    Expires: 3600
    Event: presence
    Content-Type: text/plain\n\nclosed`,
};

/** The header lines of an answer that the RFC prints, without what is random. */
function printed(text: string): string[] {
  return text.split("\r\n").filter((line) => line !== "")
    .map((line) => line.replace(/(;tag=|SIP-ETag: )[0-9a-v]{12,}$/, "$1*"));
}

describe("the example of RFC 3903 §15", () => {
  test("M5 to M12: published, refreshed without a word to watchers, modified", () => {
    const { send, publisher, composed, publications } = office();
    publications.replaceRules({ minExpirySeconds: 60, maxExpirySeconds: 1800 });
    send(example.initial);
    expect(printed(publisher.heard[0]!)).toEqual([
      "SIP/2.0 200 OK",
      "Via: SIP/2.0/UDP pua.example.com;branch=z9hG4bK652hsge;received=192.0.2.3;rport=5060",
      "From: <sip:presentity@example.com>;tag=1234wxyz",
      "To: <sip:presentity@example.com>;tag=*",
      "Call-ID: 81818181@pua.example.com",
      "CSeq: 1 PUBLISH",
      "SIP-ETag: *",
      "Expires: 1800",
      "Content-Length: 0",
    ]);
    expect(composed).toEqual(["presence presentity: presentity=open"]);

    send(example.refresh(publisher.values("SIP-ETag")[0]!));
    expect([publisher.last, publisher.values("Expires")]).toEqual(["SIP/2.0 200 OK", ["1800"]]);
    expect(composed.length).toBe(1);

    publications.replaceRules({ minExpirySeconds: 60, maxExpirySeconds: 3600 });
    send(example.modify(publisher.values("SIP-ETag")[0]!));
    expect([publisher.last, publisher.values("Expires")]).toEqual(["SIP/2.0 200 OK", ["3600"]]);
    expect(composed.slice(1)).toEqual(["presence presentity: presentity=closed"]);
    const tags = publisher.heard.map((text) => /SIP-ETag: (\S+)/.exec(text)![1]);
    expect(new Set(tags).size).toBe(3);
  });
  test("sent again by the network is answered again and done once (RFC 3261 §17.2.2)", () => {
    const { send, publisher, flow, clock, composed, counters } = office();
    const text = send(example.initial);
    flow.send(new TextEncoder().encode(text));
    clock.advance(0);
    expect(publisher.heard[1]).toBe(publisher.heard[0]!);
    expect([composed.length, counters.published]).toEqual([1, 1]);
  });
});

describe("PUBLISH on the wire", () => {
  const nothing = (publications: Publications) => expect(publications.count).toBe(0);

  test("is challenged, then granted with entity-tag, lifetime and To tag (RFC 3903 §6, §14.1)", () => {
    const { publish, publisher, publications } = office();
    publish({ user: "alice" });
    expect(publisher.last).toBe("SIP/2.0 401 Unauthorized");
    nothing(publications);
    publish({ user: "alice", proves: true });
    expect(publisher.last).toBe("SIP/2.0 200 OK");
    expect(publisher.values("SIP-ETag")[0]).toMatch(/^[0-9a-v]{20}$/);
    expect([publisher.values("Expires"), publisher.values("Contact"), publisher.values("Record-Route")])
      .toEqual([["3600"], [], []]);
  });
  test("with a wrong password is challenged again, and changes nothing", () => {
    const { publish, publisher, publications } = office();
    publish({ user: "alice" });
    publish({ user: "alice", proves: true, password: "wrong" });
    expect(publisher.last).toBe("SIP/2.0 401 Unauthorized");
    nothing(publications);
  });
  test("of a stranger is challenged, whatever it names", () => {
    const { publish, publisher } = office();
    publish({ user: "mallory", extra: "SIP-If-Match: x\n" });
    expect(publisher.last).toBe("SIP/2.0 401 Unauthorized");
  });
  test("of an endpoint that a reload has removed is refused with 403", () => {
    const { publish, publisher } = office();
    publish({ user: "gone" });
    expect(publisher.last).toBe("SIP/2.0 403 Forbidden");
  });
  test("with Record-Route gets none back (RFC 3903 §6)", () => {
    const { publish, publisher } = office();
    publish({ extra: "Record-Route: <sip:proxy.example.com;lr>\n" });
    expect([publisher.last, publisher.values("Record-Route")]).toEqual(["SIP/2.0 200 OK", []]);
  });
  const refusals: [string, { extra?: string; body?: string }, string, string, string[]][] = [
    ["a tag of nobody's", { extra: "SIP-If-Match: x\n" }, "SIP/2.0 412 Conditional Request Failed", "Contact", []],
    ["two tags", { extra: "SIP-If-Match: x, y\n" }, "SIP/2.0 400 Bad SIP-If-Match header: ", "Contact", []],
    ["two tags in two lines", { extra: "SIP-If-Match: x\nSIP-If-Match: y\n" }, "SIP/2.0 400 ", "Contact", []],
    ["a short lifetime", { extra: "Expires: 5\n" }, "SIP/2.0 423 Interval Too Brief", "Min-Expires", ["60"]],
    ["no body", { body: "" }, "SIP/2.0 400 Missing SIP-If-Match header Or Body", "Contact", []],
    [
      "an encoded body",
      { extra: "Content-Encoding: gzip\n" },
      "SIP/2.0 415 Unsupported Media Type",
      "Accept-Encoding",
      ["identity"],
    ],
    ["an unknown extension", { extra: "Require: teleport\n" }, "SIP/2.0 420 Bad Extension", "Unsupported", [
      "teleport",
    ]],
  ];
  test.each(refusals)("with %s is refused", (_what, parts, line, header, values) => {
    const { publish, publisher, publications } = office();
    publish(parts);
    expect(publisher.last).toStartWith(line);
    expect(publisher.values(header)).toEqual(values);
    nothing(publications);
  });
});
