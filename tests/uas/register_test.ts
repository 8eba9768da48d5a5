/**
 * REGISTER from the wire to the wire: router, authenticator, registrar and transactions as they are, phones on a memory network.
 *
 *     phone                                   hintd
 *       |-- REGISTER ------------------------->|
 *       |<------------------ 401 + challenges --|
 *       |-- REGISTER + Authorization --------->|
 *       |<---------------- 200 + all contacts --|
 *       |<------------------------ OPTIONS -----|
 *       |-- 200 ------------------------------>|
 */
import { describe, expect, test } from "bun:test";
import { Authenticator } from "../../lib/auth/authenticator.ts";
import { FailureLog } from "../../lib/auth/failures.ts";
import type { RegistrantOptions } from "../../lib/registrar/aor.ts";
import { qualifyCounters } from "../../lib/registrar/qualify.ts";
import { Registrar, registrarCounters } from "../../lib/registrar/registrar.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { transactionTimings } from "../../lib/transaction/transaction.ts";
import { transactionCounters } from "../../lib/transaction/transaction_counters.ts";
import { TransactionLayer } from "../../lib/transaction/transactions.ts";
import type { Flow, FlowReceiver } from "../../lib/transport/transport.ts";
import { createRegisterHandler } from "../../lib/uas/register.ts";
import { Router, routerCounters } from "../../lib/uas/router.ts";
import { answer } from "../auth/support.ts";
import { endpoint, MemoryBindings, scriptedEntropy } from "../registrar/support.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MemoryNetwork } from "../support/memory_network.ts";

const domain = "sip:192.0.2.1";

/** A phone that keeps what it hears and answers OPTIONS while it is awake. */
class Phone implements FlowReceiver {
  readonly heard: string[] = [];
  isAwake = true;

  receiveMessage(bytes: Uint8Array, start: number, end: number, flow: Flow): void {
    const text = new TextDecoder().decode(bytes.subarray(start, end));
    this.heard.push(text);
    if (!this.isAwake || !text.startsWith("OPTIONS ")) return;
    const lines = text.split("\r\n").filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    flow.send(new TextEncoder().encode(`SIP/2.0 200 OK\r\n${lines.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`));
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

/** hintd at 192.0.2.1 and phones at 192.0.2.20 and 192.0.2.21, by UDP and TCP. */
function office(options: Partial<RegistrantOptions> = {}) {
  const clock = new ManualClock();
  const timers = clock.timers();
  const network = new MemoryNetwork(clock);
  const entropy = scriptedEntropy();
  const layer = new TransactionLayer({
    timers,
    entropy,
    log: silentLog,
    counters: transactionCounters(),
    timings: transactionTimings(),
  });
  const auth = { username: "alice", password: "secret" };
  const alice = {
    ...endpoint({ rewrite_contact: true, qualify_frequency: 60, ...options }),
    permit: [],
    deny: [],
    match: [],
  };
  const endpoints = {
    alice: { ...alice, identify_by: ["username"] as const, auth },
    trusted: { ...alice, identify_by: ["username"] as const },
  };
  const server = { realm: "hintd", ignore_uri_user_options: false, max_initial_qualify_time: 0 };
  const registrar = new Registrar({
    clock,
    timers,
    entropy,
    log: silentLog,
    counters: registrarCounters(),
    qualifyCounters: qualifyCounters(),
    port: new MemoryBindings(),
    transactions: layer,
    flows: { flowFor: () => Promise.resolve(undefined) },
    listener: { contactChanged() {}, registrationChanged() {}, reachabilityChanged() {} },
    isContactPermitted: () => true,
    userAgent: () => "",
  });
  registrar.start({ server, endpoints, aors: {} });
  const authenticator = new Authenticator({
    config: { server, endpoints },
    secret: new Uint8Array(32).fill(7),
    clock,
    entropy,
    failures: new FailureLog({ clock, log: silentLog }),
  });
  const router = new Router({
    durability: { isDue: false, whenWritten() {}, whenDurable() {} },
    handlers: [createRegisterHandler({
      authenticator,
      registrar,
      registrantOf: (name) => name in endpoints ? { isRportForced: true } : undefined,
    })],
    counters: routerCounters(),
    log: silentLog,
  });
  layer.attach(router, network);
  const receiver: FlowReceiver = {
    receiveMessage: (bytes, start, end, flow) => layer.receiveMessage(bytes, start, end, flow),
    receiveUnframed: (failure, bytes, start, end, flow) => layer.receiveUnframed(failure, bytes, start, end, flow),
    flowClosed(flow) {
      layer.flowClosed(flow);
      registrar.flowClosed(flow);
    },
  };
  network.bind({ address: "192.0.2.1", name: "lan" }, receiver);
  network.bind({ address: "192.0.2.1", name: "lan-tcp", transport: "tcp" }, receiver);
  let branch = 0;

  function phoneAt(address: string) {
    const phone = new Phone();
    const listeners = {
      udp: network.bind({ address }, phone),
      tcp: network.bind({ address, transport: "tcp" }, phone),
    };
    let sequence = 0;
    /** Sends a REGISTER, proving itself with the challenge it heard last, if told. */
    function register(
      parts: {
        user?: string;
        to?: string;
        contact?: string;
        transport?: "udp" | "tcp";
        proves?: boolean;
        password?: string;
        extra?: string;
      } = {},
    ) {
      const { user = "alice", transport = "udp", contact = `<sip:alice@${address}>` } = parts;
      const challenge = phone.values("WWW-Authenticate").find((value) => value.includes("algorithm=MD5"));
      const authorization = parts.proves && challenge !== undefined
        ? `Authorization: ${
          answer(challenge, { method: "REGISTER", uri: domain, password: parts.password ?? "secret" })
        }\r\n`
        : "";
      const flow = listeners[transport].flowTo("192.0.2.1")!;
      const text = `REGISTER ${domain} SIP/2.0\r\n` +
        `Via: SIP/2.0/${transport.toUpperCase()} ${address};branch=z9hG4bK${++branch}\r\nMax-Forwards: 70\r\n` +
        `From: <sip:${user}@192.0.2.1>;tag=f\r\nTo: <sip:${parts.to ?? user}@192.0.2.1>\r\nCall-ID: c-${address}\r\n` +
        `CSeq: ${++sequence} REGISTER\r\n${contact === "" ? "" : `Contact: ${contact}\r\n`}${authorization}` +
        `${parts.extra ?? ""}Content-Length: 0\r\n\r\n`;
      flow.send(new TextEncoder().encode(text));
      clock.advance(0);
      return { text, flow };
    }
    return { phone, register };
  }
  return { clock, network, registrar, phoneAt };
}

describe("REGISTER on the wire", () => {
  test("is challenged, then granted with contacts, Date and a To tag (RFC 3261 §10.3, §22.4)", () => {
    const { phoneAt, registrar } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register();
    expect(phone.last).toBe("SIP/2.0 401 Unauthorized");
    expect(registrar.contactCount).toBe(0);
    register({ proves: true });
    expect(phone.last).toBe("SIP/2.0 200 OK");
    expect(phone.values("Contact")).toEqual(["<sip:alice@192.0.2.20>;expires=3600"]);
    expect(phone.values("Date")).toEqual(["Thu, 01 Jan 2026 00:00:00 GMT"]);
    expect(phone.values("To")[0]).toMatch(/^<sip:alice@192\.0\.2\.1>;tag=\w+$/);
    expect(registrar.isOnline("alice")).toBe(true);
  });
  test("with a wrong password is challenged again, and changes nothing", () => {
    const { phoneAt, registrar } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register();
    register({ proves: true, password: "wrong" });
    expect(phone.last).toBe("SIP/2.0 401 Unauthorized");
    expect(registrar.contactCount).toBe(0);
  });
  test("of a stranger looks like that of a phone without credentials", () => {
    const { phoneAt } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register();
    const known = phone.heard.at(-1)!;
    register({ user: "mallory" });
    const blur = (text: string) => text.replace(/nonce="[^"]*"|branch=\w+|tag=\w+|CSeq: \d|alice|mallory/g, "*");
    expect(blur(phone.heard.at(-1)!)).toBe(blur(known));
  });
  test("for another's address-of-record is refused with 404 after proof", () => {
    const { phoneAt } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ to: "trusted" });
    expect(phone.last).toBe("SIP/2.0 401 Unauthorized");
    register({ to: "trusted", proves: true });
    expect(phone.last).toBe("SIP/2.0 404 Not Found");
  });
  test("of an endpoint without credentials is believed", () => {
    const { phoneAt, registrar } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ user: "trusted" });
    expect(phone.last).toBe("SIP/2.0 200 OK");
    expect(registrar.isOnline("trusted")).toBe(true);
  });
  test("repeated by the network is answered again and counted once (RFC 3261 §17.2.2)", () => {
    const { phoneAt, registrar, clock } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    const { text, flow } = register({ user: "trusted" });
    flow.send(new TextEncoder().encode(text));
    clock.advance(0);
    expect(phone.heard.length).toBe(2);
    expect(phone.heard[1]).toBe(phone.heard[0]!);
    expect(registrar.contactCount).toBe(1);
  });
  const bad: [string, string, string][] = [
    ["a Contact that cannot be read", "<sip:", "SIP/2.0 400 Bad Contact header: > expected after URI"],
    ["* among others", "*, <sip:alice@192.0.2.20>", "SIP/2.0 400"],
    ["* without Expires", "*", "SIP/2.0 400 Contact * Needs Expires: 0"],
    ["a tel Contact", "<tel:+4930>", "SIP/2.0 400 Contact URI Is Neither sip Nor sips"],
  ];
  test.each(bad)("with %s is refused", (_what, contact, line) => {
    const { phoneAt } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ user: "trusted", contact });
    expect(phone.last).toStartWith(line);
  });
  test("that requires an unknown extension is refused with 420 (RFC 3261 §8.2.2.3)", () => {
    const { phoneAt } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ user: "trusted", extra: "Require: teleport\r\n" });
    expect([phone.last, phone.values("Unsupported")]).toEqual(["SIP/2.0 420 Bad Extension", ["teleport"]]);
  });
});

describe("a registered phone on the wire", () => {
  test("is probed by the way it came, and its round trip is known", () => {
    const { phoneAt, registrar, clock, network } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ user: "trusted", contact: "<sip:trusted@10.0.0.9:5099>" });
    network.fate = () => [20];
    clock.advance(1_100);
    expect(phone.last).toBe("OPTIONS sip:trusted@10.0.0.9:5099 SIP/2.0");
    const [contact] = registrar.snapshot();
    expect([contact?.status, contact?.roundTripMillis]).toEqual(["reachable", 40]);
  });
  test("that falls asleep is unreachable after qualify_timeout, and online again when it wakes", () => {
    const { phoneAt, registrar, clock } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    register({ user: "trusted" });
    clock.advance(5_000);
    expect(registrar.isOnline("trusted")).toBe(true);
    phone.isAwake = false;
    clock.advance(63_000);
    expect(registrar.isOnline("trusted")).toBe(false);
    phone.isAwake = true;
    clock.advance(60_000);
    expect(registrar.isOnline("trusted")).toBe(true);
  });
  test("over TCP is probed by its connection, and is offline as soon as that is cut", () => {
    const { phoneAt, registrar, clock, network } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    const { flow } = register({ user: "trusted", transport: "tcp" });
    clock.advance(1_100);
    expect(phone.last).toBe("OPTIONS sip:alice@192.0.2.20 SIP/2.0");
    expect(phone.values("Via")[0]).toStartWith("SIP/2.0/TCP 192.0.2.1:5060;rport;branch=z9hG4bK");
    expect(registrar.isOnline("trusted")).toBe(true);
    network.cut(flow);
    expect([registrar.isOnline("trusted"), registrar.contactCount]).toEqual([false, 0]);
  });
  test("may register an outbound flow over TCP (RFC 5626 §6)", () => {
    const { phoneAt } = office();
    const { phone, register } = phoneAt("192.0.2.20");
    const contact = '<sip:alice@192.0.2.20;transport=tcp>;reg-id=1;+sip.instance="<urn:uuid:1>"';
    register({ user: "trusted", transport: "tcp", contact, extra: "Supported: outbound\r\n" });
    expect([phone.last, phone.values("Require")]).toEqual(["SIP/2.0 200 OK", ["outbound"]]);
  });
  test("sees the phone that pushes it out in its next query", () => {
    const { phoneAt } = office({ max_contacts: 1 });
    const first = phoneAt("192.0.2.20");
    const second = phoneAt("192.0.2.21");
    first.register({ user: "trusted" });
    second.register({ user: "trusted" });
    first.register({ user: "trusted", contact: "" });
    expect(first.phone.values("Contact")).toEqual(["<sip:alice@192.0.2.21>;expires=3600"]);
  });
});
