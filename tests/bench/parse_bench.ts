/**
 * Measures the parser on what the data plane sees most: the 200 to a NOTIFY, and a SUBSCRIBE.
 *
 * Run: node_modules/bun/bin/bun.exe tests/bench/parse_bench.ts. Budgets: a 200 looked at in 0.5 µs, indexed in 1.5 µs; a
 * SUBSCRIBE in 3 µs. Prints one JSON line, so that two runs can be compared. The engine tells no allocation per call; the code has
 * none to make.
 */
import { checkSyntax } from "../../lib/sip/check.ts";
import { glanceAtSuccess } from "../../lib/sip/glance.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { writeResponse } from "../../lib/sip/response.ts";
import { bytesOf } from "../../lib/sip/slice.ts";

const RESPONSE = bytesOf([
  "SIP/2.0 200 OK",
  "Via: SIP/2.0/UDP 192.168.1.10:5060;rport=5060;received=192.168.1.10;branch=z9hG4bKPjc585e46a5e2f4867b3ee8d07",
  "From: <sip:2900@192.168.1.10>;tag=85b0fda1dae94f96854c38beecd6f270",
  'To: "Alice" <sip:alice@192.168.1.20>;tag=kimwul7ohg',
  "Call-ID: i3z3k602yy7misle@192.168.1.20",
  "CSeq: 32603 NOTIFY",
  "Contact: <sip:alice@192.168.1.20:5060>",
  "User-Agent: Yealink SIP-T54W 96.86.0.20",
  "Content-Length: 0",
  "",
  "",
].join("\r\n"));

const SUBSCRIBE = bytesOf([
  "SUBSCRIBE sip:2900@192.168.1.10:5060 SIP/2.0",
  "Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bKlcga0q9uai33;rport",
  "Max-Forwards: 70",
  'From: "Alice" <sip:alice@192.168.1.10>;tag=kimwul7ohg',
  "To: <sip:2900@192.168.1.10>",
  "Call-ID: i3z3k602yy7misle@192.168.1.20",
  "CSeq: 749 SUBSCRIBE",
  "Contact: <sip:alice@192.168.1.20:5060>",
  "Event: dialog",
  "Accept: application/dialog-info+xml, application/pidf+xml;q=0.5",
  "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE",
  "Supported: replaces, eventlist, path",
  "Expires: 600",
  "User-Agent: Yealink SIP-T54W 96.86.0.20",
  "Content-Length: 0",
  "",
  "",
].join("\r\n"));

const message = new Message();
let sink = 0;

function measure(name: string, rounds: number, step: () => void): { name: string; nanos: number } {
  for (let i = 0; i < rounds; i++) step();
  let best = Infinity;
  for (let run = 0; run < 20; run++) {
    const begin = Bun.nanoseconds();
    for (let i = 0; i < rounds; i++) step();
    best = Math.min(best, (Bun.nanoseconds() - begin) / rounds);
  }
  return { name, nanos: Math.round(best) };
}

function index(bytes: Uint8Array): void {
  if (parseMessage(bytes, 0, bytes.length, message) !== undefined) throw message.failure;
  sink += message.branchStart + message.cseqNumber + message.status;
}

function glance(bytes: Uint8Array): void {
  if (!glanceAtSuccess(bytes, 0, bytes.length, message)) throw new Error("not told at one look");
  sink += message.branchStart + message.status;
}

const results = [
  measure("200 at one look", 50_000, () => glance(RESPONSE)),
  measure("200 indexed", 50_000, () => index(RESPONSE)),
  measure("SUBSCRIBE indexed", 50_000, () => index(SUBSCRIBE)),
  measure("SUBSCRIBE read in full", 10_000, () => {
    index(SUBSCRIBE);
    if (checkSyntax(message) !== undefined) throw message.failure;
  }),
  measure("SUBSCRIBE answered", 25_000, () => {
    index(SUBSCRIBE);
    sink += writeResponse(message, { status: 200, toTag: "abc", received: "192.168.1.20", rport: 5060 }).length;
  }),
];

const lines = [`${JSON.stringify({ bench: "parse", results })}`];
for (const { name, nanos } of results) lines.push(`${name.padEnd(24)} ${nanos} ns`);
process.stdout.write(`${lines.join("\n")}\n`);
if (sink < 0) process.exit(1);
